from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode
from tests.support.published import Figure, publish

from titian.data.indicators import Unit
from titian.kernel import audit, clock, users
from titian.kernel.clock import BANK_TZ
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings
from titian.kernel.users import User
from titian.web.figures import moved, rise, scale_of, written
from titian.web.i18n import speaking
from titian.web.indicators.ranking import Figures, ranked
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
UNION = Scope.system(None)
LAST = date(2026, 3, 31)
DAYS = (LAST - timedelta(365), date(2026, 2, 28), LAST - timedelta(1), LAST)
YI = 1e10  # a hundred million yuan in fen


@pytest.fixture
def figures(home: Settings) -> None:
    """Publish a few figures of two banks, one with two branches."""
    for number, day in enumerate(DAYS):
        balance = 2 * YI + number * 1e8
        branches: dict[str, dict[str, Figure]] = {
            "b1": {"loan_balance": balance * 0.75, "npl_ratio": (3e8, balance * 0.75)},
            "b2": {"loan_balance": balance * 0.25, "npl_ratio": (0.0, balance * 0.25)},
        }
        mine: dict[str, Figure] = {
            "loan_balance": balance,
            "loan_balance_npl": 3e8,
            "npl_ratio": (3e8, balance),
            "npl_party_count": 7.0,
            "entry_count_mtd": 1234.0,
            "entry_count_day": 80.0,
        }
        publish(Scope.system(BankId("qinghe")), day, mine, below=branches)
        theirs: dict[str, Figure] = {
            "loan_balance": YI,
            "loan_balance_npl": 1e8,
            "npl_ratio": (1e8, YI),
        }
        publish(Scope.system(BankId("baishui")), day, {**theirs, "npl_party_count": 9.0}, head="h")


@pytest.fixture
def union(figures: None, as_user: SignIn) -> Walker:
    """Give the browser of the union's administrator, with figures."""
    return as_user("admin")


@pytest.fixture
def analyst(figures: None, as_user: SignIn) -> Walker:
    """Give the browser of qinghe's analyst, with figures."""
    return as_user("sun")


def parse(answer: httpx.Response) -> LexborHTMLParser:
    assert answer.status_code == 200, answer.text[:500]
    return LexborHTMLParser(answer.text)


def said(node: LexborNode | None) -> str:
    assert node is not None
    return " ".join(node.text(separator=" ").split())


def main(answer: httpx.Response) -> str:
    return said(parse(answer).css_first("main"))


def partial(walker: Walker, path: str) -> httpx.Response:
    return walker.get(path, **{"hx-request": "true", "hx-request-type": "partial"})


class TestUnion:
    def test_it_works(self, union: Walker) -> None:
        page = parse(union.get("/at/union/indicators/loan_balance"))
        head = said(page.css_first(".figures"))
        assert "Province" in head
        assert "303.00 ¥ M" in head
        assert "2 of 2 banks" in head
        assert said(page.css_first(".changes")).count("%") == 3
        rows = [said(row) for row in page.css("#list-ranking tbody tr")]
        assert [row.split()[:3] for row in rows] == [
            ["1", "Qinghe", "Rural"],
            ["2", "Baishui", "Rural"],
        ]
        assert "67.0%" in rows[0]

    def test_a_ratio_is_divided_anew(self, union: Walker) -> None:
        head = said(parse(union.get("/at/union/indicators/npl_ratio")).css_first(".figures"))
        assert f"{4e8 / (3 * YI + 3e8) * 100:.2f} %" in head
        assert "4.00 ¥ M" in head

    def test_what_does_not_add_up_is_shown_bank_by_bank(self, union: Walker) -> None:
        answer = union.get("/at/union/indicators/npl_party_count")
        assert "Not additive" in main(answer)
        assert "one person may be a customer of several banks" in main(answer)
        assert len(parse(answer).css("#list-ranking tbody tr")) == 2
        assert "not additive" in said(parse(answer).css_first(".tree"))
        trend = parse(union.get("/at/union/indicators/npl_party_count/trend"))
        assert len(trend.css("input[name=bank][checked]")) == 2

    def test_units_are_those_of_the_figures_shown(self, union: Walker) -> None:
        union.client.cookies.set("titian_language", "zh")
        page = parse(union.get("/at/union/indicators/loan_balance"))
        assert "3.03 亿元" in said(page.css_first(".figures"))
        assert "数值（亿元）" in said(page.css_first("#list-ranking thead"))
        facts = said(page.css_first("#definition"))
        assert "单位 亿元" in facts
        assert "存储单位 分" in facts

    def test_a_late_bank_makes_the_total_not_whole(self, union: Walker) -> None:
        late = LAST + timedelta(1)
        publish(Scope.system(BankId("qinghe")), late, {"loan_balance": 5e9})
        text = main(union.get("/at/union/indicators/loan_balance"))
        assert "1 of 2 banks" in text
        assert "the total is not whole yet" in text
        assert "not published yet" in text

    def test_the_trend_leaves_out_days_that_are_not_whole(self, union: Walker) -> None:
        publish(Scope.system(BankId("qinghe")), LAST + timedelta(1), {"loan_balance": 5e9})
        table = parse(union.get("/at/union/indicators/loan_balance/trend")).css(".chart-table tr")
        assert said(table[-1]).split()[:2] == ["04-01", "–"]
        assert "–" not in said(table[-2]).split()[1]

    def test_days_with_other_banks_are_not_compared(self, union: Walker) -> None:
        tomorrow = LAST + timedelta(1)
        publish(Scope.system(BankId("qinghe")), tomorrow, {"loan_balance": YI})
        for bank in ("qinghe", "baishui"):
            publish(Scope.system(BankId(bank)), tomorrow + timedelta(1), {"loan_balance": 3 * YI})
        changes = said(parse(union.get("/at/union/indicators/loan_balance")).css_first(".changes"))
        assert "only 1 of 2 banks has figures on 1 Apr" in changes
        assert "+500" not in changes
        row = said(parse(union.get("/at/union/indicators?q=loan_balance")).css("tbody tr")[0])
        assert "%" not in row

    def test_a_late_day_is_not_compared_with_whole_ones(self, union: Walker) -> None:
        publish(Scope.system(BankId("qinghe")), LAST + timedelta(1), {"loan_balance": 5e9})
        changes = said(parse(union.get("/at/union/indicators/loan_balance")).css_first(".changes"))
        assert "%" not in changes
        assert "only 1 of 2 banks has figures on this day" in changes

    def test_the_year_before_is_drawn_only_with_the_same_banks(self, union: Walker) -> None:
        day = date(2026, 6, 10)
        for bank in ("qinghe", "baishui"):
            publish(Scope.system(BankId(bank)), day, {"loan_balance": YI})
        publish(Scope.system(BankId("qinghe")), day.replace(year=2025), {"loan_balance": YI})
        found = parse(union.get("/at/union/indicators/loan_balance/trend?span=30"))
        assert "A year before" not in said(found.css_first(".chart-table thead"))

    @pytest.mark.parametrize(("span", "shown"), [("30", 2), ("90", 3), ("365", 3), ("7000", 3)])
    def test_the_trend_spans_the_days_asked_for(self, union: Walker, span: str, shown: int) -> None:
        found = parse(union.get(f"/at/union/indicators/loan_balance/trend?span={span}"))
        assert len(found.css(".chart-table tbody tr")) == shown

    def test_the_year_before_lies_under_the_trend(self, union: Walker) -> None:
        found = parse(union.get("/at/union/indicators/loan_balance/trend?span=30"))
        assert "A year before" in said(found.css_first(".chart-table thead"))

    def test_banks_are_compared_side_by_side(self, union: Walker) -> None:
        path = "/at/union/indicators/loan_balance/trend?lines=banks&bank=baishui"
        heads = parse(union.get(path)).css(".chart-table th")
        assert [said(h) for h in heads if said(h)] == ["Baishui Rural Bank"]

    def test_a_bank_opens_to_its_branches(self, union: Walker) -> None:
        page = parse(union.get("/at/union/indicators/loan_balance"))
        first = page.css_first("summary[hx-get*=qinghe]")
        assert first is not None
        twigs = parse(union.get(first.attributes["hx-get"] or ""))
        assert [said(t) for t in twigs.css(".tree-leaf")] == ["支行b1 ¥152.25 M", "支行b2 ¥50.75 M"]
        link = twigs.css_first(".tree-leaf a")
        assert link is not None
        assert link.attributes["href"] == "/at/qinghe/indicators/loan_balance?org=b1"
        assert (
            union.get("/at/union/indicators/loan_balance/branches?bank=nosuch").status_code == 404
        )

    def test_figures_lead_to_their_definition(self, union: Walker) -> None:
        page = parse(union.get("/at/union/indicators/npl_ratio"))
        for figure in page.css(".figure"):
            assert figure.css_first(".what [data-popover]") is not None, said(figure)

    def test_the_ranking_sorts_searches_and_exports(self, union: Walker) -> None:
        path = "/at/union/indicators/loan_balance"
        rows = parse(partial(union, f"{path}?sort=value")).css("tbody tr")
        assert "Baishui" in said(rows[0])
        rows = parse(partial(union, f"{path}?q=Qinghe")).css("tbody tr")
        assert len(rows) == 1
        lines = union.get(f"{path}?export=csv").text.splitlines()
        assert "Qinghe Rural Bank" in lines[1]
        assert any(entry.action == "list.export" for entry in audit.entries(UNION))

    def test_the_list_has_the_provinces_figures(self, union: Walker) -> None:
        rows = {said(r) for r in parse(union.get("/at/union/indicators?q=loan_balance")).css("tr")}
        assert any("loan_balance Credit ¥303.00 M" in row for row in rows)

    def test_a_bank_person_sees_no_other_bank(self, analyst: Walker) -> None:
        assert analyst.get("/at/union/indicators/loan_balance").status_code == 403
        assert analyst.get("/at/qinghe/indicators/loan_balance/branches").status_code == 403

    def test_before_any_figures_it_says_so(self, admin: Walker) -> None:
        assert "No figures yet" in main(admin.get("/at/union/indicators/loan_balance"))
        assert admin.get("/at/union/indicators/loan_balance/trend").status_code == 404


class TestBank:
    def test_it_says_whether_the_figures_are_whole(self, analyst: Walker) -> None:
        with clock.frozen(datetime(2026, 4, 1, 9, tzinfo=BANK_TZ)):
            page = parse(analyst.get("/at/qinghe/indicators/loan_balance"))
        words = said(page.css_first("#completeness"))
        assert "Figures on Credit" in words
        assert "lack organisations" in words
        assert "yet" not in words
        with clock.frozen(datetime(2026, 4, 2, 9, tzinfo=BANK_TZ)):
            page = parse(analyst.get("/at/qinghe/indicators/loan_balance"))
        assert "No figures of 1 Apr 2026 yet" in said(page.css_first("#completeness"))

    def test_it_works(self, analyst: Walker) -> None:
        page = parse(analyst.get("/at/qinghe/indicators/loan_balance"))
        assert "203.00 ¥ M" in said(page.css_first(".figures"))
        rows = [said(row) for row in page.css("#list-ranking tbody tr")]
        assert [row.split()[1] for row in rows] == ["支行b1", "支行b2"]
        assert "75.0%" in rows[0]

    def test_a_branch_has_its_figure_and_those_beside_it(self, analyst: Walker) -> None:
        page = parse(analyst.get("/at/qinghe/indicators/loan_balance?org=b2"))
        assert "50.75 ¥ M" in said(page.css_first(".figures"))
        assert "Organisations beside it" in said(page.css_first("#list-ranking"))
        assert "this organisation" in said(page.css("#list-ranking tbody tr")[1])
        crumbs = said(page.css_first("nav[aria-label=Organisation]"))
        assert crumbs == "总行 支行b2"

    def test_a_figure_says_of_how_many_days_it_is_made(self, analyst: Walker) -> None:
        page = parse(analyst.get("/at/qinghe/indicators/entry_count_mtd"))
        assert "of 0 of the 31 days since 1 Mar 2026" in said(page.css_first(".figures"))

    def test_periods_of_the_measure_lead_to_each_other(self, analyst: Walker) -> None:
        page = parse(analyst.get("/at/qinghe/indicators/entry_count_mtd"))
        links = page.css(".segments a")
        assert "/at/qinghe/indicators/entry_count_day?org=o1" in [
            a.attributes["href"] for a in links
        ]
        assert [said(a) for a in links if "aria-current" in a.attributes] == ["month to date"]

    def test_numerator_and_denominator_have_units(self, analyst: Walker) -> None:
        text = said(parse(analyst.get("/at/qinghe/indicators/npl_ratio")).css_first(".figures"))
        assert "3.00 ¥ M" in text
        assert "203.00 ¥ M" in text
        assert "e+" not in text

    def test_the_trend_of_a_branch(self, analyst: Walker) -> None:
        path = "/at/qinghe/indicators/loan_balance/trend?span=30&org=b1"
        assert len(parse(analyst.get(path)).css(".chart-table tbody tr")) == 2

    def test_an_unknown_organisation_names_the_nearest(self, analyst: Walker) -> None:
        answer = analyst.get("/at/qinghe/indicators/loan_balance?org=b1x")
        assert answer.status_code == 404
        assert "Did you mean &#39;b1&#39;?" in answer.text

    def test_an_unknown_indicator_names_the_nearest(self, analyst: Walker) -> None:
        answer = analyst.get("/at/qinghe/indicators/loan_balanse")
        assert answer.status_code == 404
        assert "loan_balance" in answer.text

    def test_who_may_not_see_indicators_is_refused(
        self, home: Settings, as_user: SignIn, password: str
    ) -> None:
        assert home.home.is_dir()
        new = User(UserId("pat"), "Pat", BankId("qinghe"), frozenset({Role.PARTNER_DEVELOPER}), 1)
        users.create(UNION, new, password)
        assert as_user("pat").get("/at/qinghe/indicators/loan_balance").status_code == 403


class TestFigures:
    @pytest.mark.parametrize(
        ("value", "unit", "zh", "en"),
        [
            (1.634e10, Unit.FEN, "1.63 亿元", "¥163.40 M"),
            (8.45802e9, Unit.FEN, "8,458.02 万元", "¥84.58 M"),
            (12345.0, Unit.FEN, "123.45 元", "¥123.45"),
            (0.0112, Unit.RATIO, "1.12%", "1.12%"),
            (18795.0, Unit.COUNT, "18,795", "18,795"),
            (2.345, Unit.DAYS, "2.35 天", "2.35 days"),
            (1.63431024e10, Unit.COUNT, "16,343,102,400", "16,343,102,400"),
            (None, Unit.FEN, "–", "–"),
        ],
    )
    def test_written(self, value: float | None, unit: Unit, zh: str, en: str) -> None:
        with speaking("zh"):
            assert written(value, unit) == zh
        with speaking("en"):
            assert written(value, unit) == en

    def test_what_stands_together_has_one_unit(self) -> None:
        with speaking("zh"):
            scale = scale_of(Unit.FEN, [1.4e10, 8e9, None])
            assert [scale.number(v) for v in (1.4e10, 8e9, None)] == ["1.40", "0.80", "–"]

    def test_changes(self) -> None:
        with speaking("en"):
            assert moved(0.05, 0.04, Unit.RATIO) == "+1.00 points"
            assert moved(110, 100, Unit.COUNT) == "+10.00%"
            assert moved(5, 0, Unit.COUNT) is None
            assert moved(None, 1, Unit.COUNT) is None
            assert moved(0.03, 0.03, Unit.RATIO) == "0.00 points"
            assert moved(99.9999999, 100, Unit.COUNT) == "0.00%"
        assert rise(-50, -100) == pytest.approx(0.5)

    def test_the_list_tells_changes_as_the_pages_do(self, analyst: Walker) -> None:
        path = "/at/qinghe/indicators/npl_ratio"
        change = said(parse(analyst.get(path)).css_first(".changes strong"))
        row = parse(analyst.get("/at/qinghe/indicators?q=npl_ratio")).css_first("tbody tr")
        assert row is not None
        assert change.endswith("points")
        assert change in said(row)
        kinds = [cell.attributes["data-kind"] for cell in row.css("td")]
        assert kinds.count("number") == 2

    def test_a_title_is_not_said_twice(self, analyst: Walker) -> None:
        page = parse(analyst.get("/at/qinghe/indicators/npl_ratio"))
        title = said(page.css_first("h1"))
        head = said(page.css_first(".page-head"))
        assert head.count(title.removesuffix(" npl_ratio")) == 1

    def test_equal_figures_share_a_rank_and_unknown_ones_have_none(self) -> None:
        lines = [Figures(n, n, v) for n, v in (("a", 1.0), ("b", None), ("c", 1.0), ("d", 0.5))]
        found = {one.id: (one.rank, one.share) for one in ranked(lines, adds_up=True)}
        assert found == {"a": (1, 0.4), "c": (1, 0.4), "d": (2, 0.2), "b": (None, None)}
        assert all(one.share is None for one in ranked(lines, adds_up=False))
        mixed = [Figures("a", "a", 3.0), Figures("b", "b", -1.0)]
        assert all(one.share is None for one in ranked(mixed, adds_up=True))
