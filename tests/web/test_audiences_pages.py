from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode
from tests.support.pressing import fields_of, press
from tests.support.sample_bank import pour

from titian.data.tags import audiences, business, drafts, saved
from titian.data.tags.business import Status
from titian.data.tags.drafts import Making
from titian.kernel import users
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings
from titian.kernel.users import User
from titian.web import glossary
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
UNION = Scope.system(None)
QINGHE = Scope.system(BankId("qinghe"))
BUILD = "/at/qinghe/audiences/build"
MAKE = "/at/qinghe/tags/new"


@pytest.fixture
def bank(sample_home: Path, home: Settings, password: str) -> Scope:
    """Fill qinghe's lake, and let a second analyst and a clerk in."""
    pour(sample_home, home.home)
    for name, role in (("ann", Role.ANALYST), ("kang", Role.CLERK)):
        new = User(UserId(name), name.capitalize(), BankId("qinghe"), frozenset({role}), 3)
        users.create(UNION, new, password)
    return QINGHE


@pytest.fixture
def sun(bank: Scope, as_user: SignIn) -> Walker:
    """Give the browser of an analyst."""
    assert bank.bank == "qinghe"
    return as_user("sun")


def parse(answer: httpx.Response) -> LexborHTMLParser:
    assert answer.status_code in {200, 422}, answer.text[:400]
    return LexborHTMLParser(answer.text)


def said(node: LexborNode | None) -> str:
    assert node is not None
    return " ".join(node.text(separator=" ").split())


def total(answer: httpx.Response) -> int:
    return int(said(parse(answer).css_first(".b-total strong")).replace(",", ""))


def rows(answer: httpx.Response) -> list[LexborNode]:
    return parse(answer).css(".b-row")


def members(expression: str) -> int:
    return audiences.count(QINGHE, expression).members


def key_of(row: LexborNode) -> str:
    return row.attributes["id"] or ""


class TestBuilding:
    def test_it_works(self, sun: Walker) -> None:
        page = sun.get(BUILD)
        page = press(sun, page, "add:k0:borrower")
        assert total(page) == members("borrower")
        page = press(sun, page, "add:k0:sex")
        row = rows(page)[1]
        assert "Choose a value" in said(row)
        page = press(sun, page, "look", {f"value.{key_of(row)}": ["male"]})
        assert total(page) == members("borrower AND sex = 'male'")
        assert said(rows(page)[0].css_first(".b-count")) == str(members("borrower"))
        page = press(sun, page, "save", {"name": ["Men who borrow"]})
        assert "Men who borrow is saved." in page.text
        (made,) = saved.find(QINGHE)
        assert made.expression == "borrower AND sex = 'male'"

    def test_any_of_and_none_of(self, sun: Walker) -> None:
        page = press(sun, sun.get(f"{BUILD}?expression=borrower"), "group:k0:none")
        page = press(sun, page, "add:k2:opt_out")
        page = press(sun, page, "look", {"join.k0": ["any"]})
        assert total(page) == members("borrower OR NOT opt_out")

    def test_a_field_takes_operator_and_value(self, sun: Walker) -> None:
        page = press(sun, sun.get(BUILD), "add:k0:deposit_fen")
        page = press(sun, page, "look", {"op.k1": ["between"], "value.k1": ["1000", ""]})
        assert len(rows(page)[0].css("input[type=text]")) == 2
        page = press(sun, page, "look", {"value.k1": ["1000", "60,000"]})
        assert total(page) == members("deposit_fen BETWEEN yuan(1000) AND yuan(60000)")

    def test_to_text_and_back(self, sun: Walker) -> None:
        expression = "(borrower OR sex = 'male') AND NOT (opt_out OR age_years > 60)"
        start = open_with(sun, expression)
        text = press(sun, start, "as_text")
        box = parse(text).css_first("#f-expression")
        assert box is not None
        assert box.text() == expression
        back = press(sun, text, "as_tree")
        assert total(start) == total(text) == total(back) == members(expression)
        assert len(rows(back)) == 4

    def test_a_wrong_text_points_at_the_place(self, sun: Walker) -> None:
        page = press(sun, sun.get(BUILD), "as_text")
        page = press(sun, page, "look", {"expression": ["opt_out AND borower"]})
        assert said(parse(page).css_first(".b-wrong mark")) == "borower"
        assert "column 13" in said(parse(page).css_first(".b-wrong"))
        assert "Did you mean borrower" in said(parse(page).css_first(".b-wrong"))
        assert parse(page).css_first(".b-total") is None

    def test_a_wrong_value_points_at_its_chip(self, sun: Walker) -> None:
        page = press(
            sun, open_with(sun, "age_years > 30 AND borrower"), "look", {"value.k1": ["x"]}
        )
        first, second = rows(page)
        assert "data-wrong" in first.attributes
        assert "cannot be compared" in said(first)
        assert "data-wrong" not in second.attributes
        assert said(second.css_first(".b-count")) == str(members("borrower"))

    def test_parts_move_and_go(self, sun: Walker) -> None:
        page = open_with(sun, "borrower AND (sex = 'male' OR opt_out)")
        page = press(sun, page, "move:k1:k2")
        assert total(page) == members("sex = 'male' OR opt_out OR borrower")
        page = press(sun, page, "remove:k2")
        assert rows(page) == []
        page = press(sun, open_with(sun, "borrower"), "clear")
        assert rows(page) == []

    def test_what_was_typed_survives_leaving(self, sun: Walker, as_user: SignIn) -> None:
        page = press(sun, sun.get(BUILD), "add:k0:sex", {"name": ["Half done"]})
        assert rows(page)
        again = sun.get(BUILD)
        assert "did not save" in said(parse(again).css_first(".notice"))
        assert fields_of(again, "#builder")["name"] == ["Half done"]
        assert "Choose a value" in said(rows(again)[0])
        assert rows(as_user("ann").get(BUILD)) == []
        sun.post(BUILD, {"do": "discard"}, at=BUILD)
        assert rows(sun.get(BUILD)) == []

    def test_saving_ends_the_draft(self, sun: Walker) -> None:
        page = press(sun, sun.get(BUILD), "add:k0:borrower")
        press(sun, page, "save", {"name": ["Borrowers"]})
        assert drafts.find(Scope(UserId("sun"), BankId("qinghe"), frozenset({Role.ANALYST}), 3),
                           Making.AUDIENCE) is None  # fmt: skip

    def test_a_part_comes_back_for_htmx(self, sun: Walker) -> None:
        page = sun.get(BUILD)
        data = {**fields_of(page, "#builder"), "do": ["add:k0:borrower"]}
        headers = {"origin": sun.origin, "hx-request": "true", "hx-request-type": "partial"}
        answer = sun.client.post(BUILD, data=data, headers=headers)
        assert answer.text.lstrip().startswith('<form id="builder"')
        assert 'data-opened="find-k0"' in answer.text
        assert total(answer) == members("borrower")

    @pytest.mark.parametrize(
        ("name", "do", "said_"),
        [("", "add:k0:borrower", "Fill this in."), ("Empty", "look", "Add a tag first.")],
    )
    def test_saving_needs_a_name_and_a_tag(
        self, sun: Walker, name: str, do: str, said_: str
    ) -> None:
        page = press(sun, sun.get(BUILD), do)
        answer = press(sun, page, "save", {"name": [name]})
        assert answer.status_code == 422
        assert said_ in answer.text
        assert saved.find(QINGHE) == []

    @pytest.mark.parametrize("left", ["add:k0:sex", "text:k0", "group:k0:any"])
    def test_an_unfinished_part_is_not_dropped_but_refused(self, sun: Walker, left: str) -> None:
        page = press(sun, press(sun, sun.get(BUILD), "add:k0:borrower"), left)
        answer = press(sun, page, "save", {"name": ["Half"]})
        assert answer.status_code == 422
        assert saved.find(QINGHE) == []
        assert "not finished" in said(parse(answer).css_first(".notice[data-tone=bad]"))
        assert "Finish this part" in said(parse(answer).css_first("#k2 > .wrong"))
        assert "Finish this part" not in said(parse(answer).css_first("#k1"))
        assert 'data-opened="k2"' in answer.text
        page = press(sun, answer, "remove:k2")
        assert "Half is saved." in press(sun, page, "save", {"name": ["Half"]}).text

    def test_values_open_when_a_part_is_added_and_not_again(self, sun: Walker) -> None:
        page = press(sun, sun.get(BUILD), "add:k0:sex")
        assert parse(page).css_first(".b-values[open]") is not None
        assert parse(press(sun, page, "look")).css_first(".b-values[open]") is None
        assert parse(sun.get(BUILD)).css_first(".b-values[open]") is None

    def test_a_name_in_use_is_refused_and_the_tree_stays(self, sun: Walker) -> None:
        saved.save(QINGHE, "Taken", "borrower")
        page = press(sun, sun.get(BUILD), "add:k0:opt_out")
        answer = press(sun, page, "save", {"name": ["Taken"]})
        assert answer.status_code == 422
        assert "already" in answer.text
        assert len(rows(answer)) == 1

    def test_what_is_above_the_clearance_is_neither_offered_nor_counted(
        self, bank: Scope, as_user: SignIn
    ) -> None:
        assert bank.bank
        low = User(UserId("low"), "Low", BankId("qinghe"), frozenset({Role.ANALYST}), 2)
        users.create(UNION, low, "terrace field water")
        walker = as_user("low")
        assert "defaulted" not in walker.get("/at/qinghe/audiences/words?into=k0").text
        page = walker.get(f"{BUILD}?expression=defaulted")
        assert parse(page).css_first(".b-total") is None
        assert "above your clearance" in page.text

    def test_changing_a_saved_audience(self, sun: Walker, as_user: SignIn) -> None:
        press(sun, press(sun, sun.get(BUILD), "add:k0:borrower"), "save", {"name": ["Mine"]})
        (mine,) = saved.find(QINGHE)
        page = sun.get(f"{BUILD}?audience={mine.audience_id}")
        assert len(rows(page)) == 1
        press(sun, press(sun, page, "add:k0:opt_out"), "save", {"name": ["Still mine"]})
        (now,) = saved.find(QINGHE)
        assert (now.name, now.expression) == ("Still mine", "borrower AND opt_out")
        other = as_user("ann")
        assert "audience=" not in other.get(f"/at/qinghe/audiences/{mine.audience_id}").text
        page = other.get(f"{BUILD}?audience={mine.audience_id}")
        answer = press(other, page, "save", {"name": ["Stolen"]})
        assert answer.status_code == 422
        assert saved.get(QINGHE, mine.audience_id).name == "Still mine"

    def test_pictures(self, sun: Walker) -> None:
        page = open_with(sun, "borrower AND sex = 'male'")
        data = fields_of(page, "#builder")
        answer = sun.client.post(
            "/at/qinghe/audiences/pictures", data=data, headers={"origin": sun.origin}
        )
        shown = parse(answer)
        assert len(shown.css("[data-chart]")) == 1
        cells = [said(cell) for cell in shown.css(".overlap tbody tr")[0].css(".overlap-cell")]
        both = members("borrower AND sex = 'male'") / members("borrower")
        assert cells == ["·", f"{both * 100:.0f}%"]

    def test_who_may_not_see_tags_is_refused(self, bank: Scope, as_user: SignIn) -> None:
        assert bank.bank
        assert as_user("kang").get(BUILD).status_code == 403


def open_with(walker: Walker, expression: str) -> httpx.Response:
    return walker.client.get(BUILD, params={"expression": expression})


class TestWords:
    def test_it_works(self, sun: Walker) -> None:
        found = parse(sun.get("/at/qinghe/audiences/words?into=k3&q=borrow"))
        values = [b.attributes["value"] for b in found.css("[role=option]")]
        assert "add:k3:borrower" in values
        shown = next(b for b in found.css("[role=option]") if b.attributes["value"] == values[0])
        assert shown.css_first(".b-count") is not None

    def test_in_chinese(self, bank: Scope, as_user: SignIn) -> None:
        assert bank.bank
        found = as_user("sun", "zh").get("/at/qinghe/audiences/words?into=k0&q=在贷").text
        assert "在贷客户" in found

    def test_what_is_not_there_gives_what_comes_close(self, sun: Walker) -> None:
        text = sun.get("/at/qinghe/audiences/words?into=k0&q=borower").text
        assert "Did you mean" in text
        assert "add:k0:borrower" in text
        assert "Nothing is called that." in sun.get(
            "/at/qinghe/audiences/words?into=k0&q=qqqqqqqq"
        ).text  # fmt: skip


class TestAudience:
    def test_its_page(self, sun: Walker) -> None:
        one = saved.save(QINGHE, "Borrowers", "borrower")
        saved.save(QINGHE, "Men", "sex = 'male'")
        page = parse(sun.get(f"/at/qinghe/audiences/{one.audience_id}"))
        figures = page.css(".figure")
        assert said(figures[0]).startswith(f"Members {glossary.TERMS['members'].text!s}"[:7])
        assert all(one.css_first(".what") for one in figures)
        shown = parse(sun.get(f"/at/qinghe/audiences/{one.audience_id}/pictures"))
        assert len(shown.css("[data-chart]")) == 2
        assert "Men" in said(shown.css(".chart-table")[-1])

    def test_the_list_says_who_belongs_to_each_and_how_many(self, sun: Walker) -> None:
        saved.save(QINGHE, "Men", "sex = 'male'")
        saved.save(QINGHE, "Borrowers", "borrower")
        page = parse(sun.get("/at/qinghe/audiences?sort=members"))
        rows = [said(row) for row in page.css("tbody tr")]
        sizes = {"Men": members("sex = 'male'"), "Borrowers": members("borrower")}
        assert [row.split()[0] for row in rows] == sorted(sizes, key=lambda one: sizes[one])
        men = next(row for row in page.css("tbody tr") if said(row).startswith("Men"))
        assert "Sex is Male" in said(men)
        assert said(men.css_first(".cell-note code")) == "sex = 'male'"
        assert f" {sizes['Men']} " in said(men)

    def test_a_request_shows_its_condition_before_and_its_approver_after(
        self, sun: Walker, as_user: SignIn
    ) -> None:
        one = saved.save(QINGHE, "Men", "sex = 'male'")
        for name in ("ann", "sun"):
            walker = as_user(name)
            path = f"/at/qinghe/audiences/{one.audience_id}/export"
            walker.post(path, {"purpose": "service", "reason": f"asked by {name}"})
        page = parse(sun.get("/at/qinghe/audiences/exports?q=ann"))
        assert "Sex is Male" in said(page.css_first("tbody tr"))
        asked = page.css_first("button[value=approve]")
        assert asked is not None
        assert "Sex is Male" in (asked.attributes["data-confirm"] or "")
        assert "Ann" in (asked.attributes["data-confirm"] or "")
        sun.post(asked.attributes["formaction"] or "", {"decision": "approve"})
        row = parse(sun.get("/at/qinghe/audiences/exports?q=ann")).css_first("tbody tr")
        assert row is not None
        decided = row.css_first("td[data-label='Decided by']")
        assert said(decided).startswith("Sun")
        assert ":" in said(decided.css_first(".cell-note") if decided else None)

    def test_a_refused_request_keeps_what_was_written(self, sun: Walker) -> None:
        one = saved.save(QINGHE, "Men", "sex = 'male'")
        path = f"/at/qinghe/audiences/{one.audience_id}/export"
        answer = sun.post(path, {"purpose": "risk", "reason": "no"})
        assert answer.status_code == 422
        reason = parse(answer).css_first("#export [name=reason]")
        assert reason is not None
        assert (reason.attributes["value"], reason.attributes["aria-invalid"]) == ("no", "true")
        assert "Say why" in said(parse(answer).css_first("#export"))
        chosen = parse(answer).css_first("#export option[selected]")
        assert chosen is not None
        assert chosen.attributes["value"] == "risk"

    def test_an_unknown_audience_is_not_found(self, sun: Walker) -> None:
        assert sun.get("/at/qinghe/audiences/aud_nosuch").status_code == 404
        assert sun.get(f"{BUILD}?audience=aud_nosuch").status_code == 404


class TestMakingATag:
    def test_it_works(self, sun: Walker, as_user: SignIn) -> None:
        page = press(sun, sun.get(MAKE), "add:k0:deposit_fen")
        page = press(sun, page, "look", {"value.k1": ["500"]})
        assert total(page) == members("deposit_fen >= yuan(500)")
        names = {"zh": ["小额"], "en": ["Some money"], "code": ["some_money"]}
        page = press(sun, page, "propose", names)
        assert "Deposits is at least" in page.text
        (made,) = business.find(QINGHE)
        assert (made.when, made.status) == ("deposit_fen >= yuan(500)", Status.DRAFT)
        other = as_user("ann")
        other.post("/at/qinghe/tags/proposals/some_money", {"decision": "approve"})
        assert business.get(QINGHE, "some_money").status is Status.APPROVED

    def test_rules_read_fields_and_no_tags(self, sun: Walker) -> None:
        page = press(sun, sun.get(MAKE), "add:k0:borrower")
        assert rows(page) == []
        words = sun.get("/at/qinghe/tags/words?into=k0&q=borrower").text
        assert "add:k0:borrower" not in words

    def test_what_was_typed_survives_leaving(self, sun: Walker) -> None:
        page = press(sun, sun.get(MAKE), "add:k0:age_years", {"zh": ["半成品"]})
        press(sun, page, "as_text", {"value.k1": ["40"]})
        again = sun.get(MAKE)
        assert "did not save" in again.text
        fields = fields_of(again, "#builder")
        assert fields["expression"] == ["age_years >= 40"]
        assert fields["zh"] == ["半成品"]

    @pytest.mark.parametrize(
        ("changes", "where", "words"),
        [
            ({"code": ["Not A Name"]}, ".notice", "code"),
            ({"code": ["borrower"]}, "#h-code", "in use"),
            ({"zh": [""]}, "#h-zh", "Fill this in."),
            ({"value.k1": ["many"]}, ".notice", "cannot be compared"),
            ({"value.k1": [""]}, "#k1 .wrong", "Finish this part"),
        ],
    )
    def test_wrong_input_is_shown_beside_what_was_typed(
        self, sun: Walker, changes: dict[str, list[str]], where: str, words: str
    ) -> None:
        page = press(sun, sun.get(MAKE), "add:k0:age_years")
        names = {"zh": ["标签"], "en": ["Tag"], "code": ["my_tag"], "value.k1": ["40"]}
        answer = press(sun, page, "propose", {**names, **changes})
        assert answer.status_code == 422
        assert words in said(parse(answer).css_first(where))
        assert len(rows(answer)) == 1
        assert business.find(QINGHE) == []

    def test_without_a_condition_nothing_is_proposed(self, sun: Walker) -> None:
        names = {"zh": ["标签"], "en": ["Tag"], "code": ["my_tag"]}
        answer = press(sun, sun.get(MAKE), "propose", names)
        assert "Add a field first." in answer.text
        assert business.find(QINGHE) == []

    def test_a_tags_page_explains_its_level_and_words(self, sun: Walker) -> None:
        page = parse(sun.get("/at/qinghe/tags/deposit_band"))
        assert "JR/T 0197-2020" in said(page.css_first(".facts .term"))
        assert len(page.css("th .what")) == 2
        meanings = {said(row.css_first("td")): said(row) for row in page.css("tbody tr")}
        assert "and not: 500,000 yuan and more, 100,000 to 500,000" in meanings["10,000 to 100,000"]
        assert "and not" not in meanings["500,000 yuan and more"]
        listed = parse(sun.get("/at/qinghe/tags"))
        assert listed.css_first("td .level") is not None

    def test_an_unknown_tag_names_the_nearest(self, sun: Walker) -> None:
        answer = sun.get("/at/qinghe/tags/borower")
        assert answer.status_code == 404
        assert "borrower" in answer.text
