from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import select
from structlog.testing import capture_logs
from tests.support.sample_bank import LAST, PARTIES, pour

from titian.data.parties import unmasking
from titian.data.parties.tables import unmasking as unmasked
from titian.kernel import audit, clock, db, users
from titian.kernel.audit import Entry
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import MAX_REASON_CHARACTERS, Role, Scope
from titian.kernel.settings import Settings
from titian.kernel.users import User
from titian.lake import store
from titian.web.customer_parts import TABS
from titian.web.customer_words import Wording
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
UNION = Scope.system(None)
QINGHE = Scope.system(BankId("qinghe"))
BORROWER = "p00090"
HERE = f"/at/qinghe/customers/{BORROWER}"
REASON = "Visit before lending"
PERSONAL = ("name", "id_no", "phone", "address")


@pytest.fixture
def bank(sample_home: Path, home: Settings, password: str) -> dict[str, str]:
    """Fill qinghe's lake, let people in, and give the borrower's personal data."""
    pour(sample_home, home.home)
    for name, at, role in (
        ("lou", "qinghe", Role.LOAN_OFFICER),
        ("kang", "qinghe", Role.CLERK),
        ("mo", "baishui", Role.LOAN_OFFICER),
    ):
        new = User(UserId(name), name.capitalize(), BankId(at), frozenset({role}), 3)
        users.create(UNION, new, password)
    rows = store.read(QINGHE, "core.party", business_date=LAST).to_pylist()
    return next(row for row in rows if row["party_id"] == BORROWER)


@pytest.fixture
def lou(bank: dict[str, str], as_user: SignIn) -> Walker:
    """Give the browser of a loan officer."""
    return as_user("lou")


def text(answer: httpx.Response) -> str:
    main = LexborHTMLParser(answer.text).css_first("main")
    assert main is not None
    return " ".join(main.text(separator=" ").split())


def find(walker: Walker, words: str) -> httpx.Response:
    return walker.post("/at/qinghe/customers", {"q": words})


def acts(action: str) -> list[Entry]:
    return audit.entries(UNION, action=action)


class TestSearch:
    def test_it_works(self, lou: Walker, bank: dict[str, str]) -> None:
        answer = find(lou, bank["phone"])
        row = LexborHTMLParser(answer.text).css_first("#found tbody tr")
        assert row is not None
        assert f'href="{HERE}"' in (row.html or "")
        said = " ".join(row.text(separator=" ").split())
        for shown in (
            "found by phone",
            "Person",
            "138****0090",
            "机构0",
            "东乡第0村",
            "h45",
            "Loan",
        ):
            assert shown in said, shown

    @pytest.mark.parametrize("column", ["party_id", "id_no", "phone", "name"])
    def test_every_way_to_find(self, lou: Walker, bank: dict[str, str], column: str) -> None:
        assert HERE in find(lou, bank[column]).text

    def test_a_part_of_the_page_for_htmx(self, lou: Walker, bank: dict[str, str]) -> None:
        fields = {"q": bank["name"], "csrf_token": lou.token("/account")}
        headers = {"origin": lou.origin, "hx-request": "true", "hx-request-type": "partial"}
        answer = lou.client.post("/at/qinghe/customers", data=fields, headers=headers)
        assert answer.text.lstrip().startswith('<div id="found"')
        assert HERE in answer.text

    def test_the_box_posts(self, lou: Walker) -> None:
        forms = LexborHTMLParser(lou.get("/at/qinghe/customers").text).css("main form")
        assert [form.attributes["method"] for form in forms] == ["post"]

    @pytest.mark.parametrize("words", ["", "王", "x" * 65, " "])
    def test_bad_input_is_explained(self, lou: Walker, words: str) -> None:
        answer = find(lou, words)
        assert answer.status_code == 422
        assert LexborHTMLParser(answer.text).css_first("#found .notice") is not None

    def test_nothing_found_says_what_to_do(self, lou: Walker) -> None:
        assert "No customer fits" in text(find(lou, "13999999999"))

    def test_many_are_cut_and_it_is_said(self, lou: Walker) -> None:
        answer = find(lou, "王小")
        rows = LexborHTMLParser(answer.text).css("#found tbody tr")
        assert 0 < len(rows) < PARTIES
        assert "More than 50 fit" in text(answer)

    def test_a_bank_without_customers_says_so(self, bank: dict[str, str], as_user: SignIn) -> None:
        answer = as_user("mo").post("/at/baishui/customers", {"q": bank["phone"]})
        assert answer.status_code == 422
        assert "has no customers yet" in text(answer)

    def test_the_palette_finds_by_name_and_not_by_number(
        self, lou: Walker, bank: dict[str, str]
    ) -> None:
        found = lou.post("/at/qinghe/search", {"q": bank["name"]})
        assert HERE in found.text
        assert bank["name"] not in LexborHTMLParser(found.text).css("a")[0].text()
        assert HERE not in lou.post("/at/qinghe/search", {"q": bank["phone"]}).text

    def test_the_homes_of_those_who_serve_customers_have_the_box(
        self, lou: Walker, as_user: SignIn
    ) -> None:
        assert 'action="/at/qinghe/customers"' in lou.get("/at/qinghe/").text
        assert 'action="/at/qinghe/customers"' in as_user("sun").get("/at/qinghe/").text
        assert 'action="/at/qinghe/customers"' not in as_user("qian").get("/at/qinghe/").text


class TestPicture:
    @pytest.mark.parametrize("part", TABS)
    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_it_works(
        self, bank: dict[str, str], as_user: SignIn, part: str, language: str
    ) -> None:
        answer = as_user("lou", language).get(HERE if part == "overview" else f"{HERE}/{part}")
        assert answer.status_code == 200
        page = LexborHTMLParser(answer.text)
        assert len(page.css(".link-tabs a")) == len(TABS)
        assert len(page.css(".link-tabs a[aria-current]")) == 1
        for column in PERSONAL:
            assert bank[column] not in answer.text, column

    def test_what_each_part_says(self, lou: Walker) -> None:
        for part, words in {
            "household": ("Same household", "Same phone", "p00181", "this customer"),
            "accounts": ("Demand deposit", "Credit card", "****"),
            "loans": ("l90", "20 days past due", "Repaid", "Instalment"),
            "timeline": ("Account entries", "Channel events"),
            "tags": ("Money coming and going", "Salary received", "Borrower"),
            "risk": ("Days past due", "20 days", "Special mention", "No instalment of the last 90"),
            "marketing": ("May be contacted",),
            "history": ("Became a customer", "Took a loan"),
            "audit": ("Compliance reads the record",),
        }.items():
            said = text(lou.get(f"{HERE}/{part}"))
            assert [word for word in words if word not in said] == [], part

    def test_tags_lead_to_their_pages(self, lou: Walker) -> None:
        chips = LexborHTMLParser(lou.get(HERE).text).css(".tag-row a.chip")
        assert chips
        assert all((c.attributes["href"] or "").startswith("/at/qinghe/tags/") for c in chips)

    def test_every_key_figure_says_what_it_is(self, lou: Walker) -> None:
        figures = LexborHTMLParser(lou.get(HERE).text).css(".figure")
        assert len(figures) == 4
        assert all(figure.css_first(".what") is not None for figure in figures)

    def test_the_timeline_is_read_to_its_beginning(self, lou: Walker) -> None:
        url, read = f"{HERE}/timeline", 0
        for _ in range(20):
            answer = lou.get(url)
            page = LexborHTMLParser(answer.text)
            read += len(page.css(".happenings ul > li"))
            older = [a for a in page.css(".earlier a") if "Earlier" in a.text()]
            if not older:
                break
            url = older[0].attributes["href"] or ""
        assert "The bank's data begins on" in text(answer)
        tables = ("core.entry", "core.event", "core.touch", "core.repayment")
        rows = [row for name in tables for row in store.read(QINGHE, name).to_pylist()]
        assert read == sum(1 for row in rows if row["party_id"] == BORROWER) > 20

    def test_the_timeline_filters(self, lou: Walker) -> None:
        events = LexborHTMLParser(lou.get(f"{HERE}/timeline?kind=event").text)
        assert len(events.css(".happenings ul > li")) > 0
        for odd in ("kind=nothing", "from=x", "from=2026-03-31.-5", "from=2026-03-31.99999999"):
            assert lou.get(f"{HERE}/timeline?{odd}").status_code == 200

    def test_money_that_goes_is_never_called_money_that_comes(self) -> None:
        for code in ("deposit", "transfer", "payment", "market", "cash", "unknown"):
            word = Wording({})
            came, went = (word.entry(code, incoming=way) for way in (True, False))
            assert came != went, code

    def test_a_later_date_has_no_figures_yet(self, lou: Walker) -> None:
        table = store.describe(QINGHE, "core.party")
        rows = store.read(QINGHE, "core.party", business_date=LAST).drop_columns("business_date")
        store.write_date(QINGHE, table, LAST + timedelta(1), rows)
        said = text(lou.get(HERE))
        assert "not worked out for this date" in said
        assert "clearance" not in said

    @pytest.mark.parametrize("path", ["/at/qinghe/customers/nobody", f"{HERE}/nothing"])
    def test_what_is_not_there_is_not_found(self, lou: Walker, path: str) -> None:
        assert lou.get(path).status_code == 404

    def test_a_day_without_data_is_explained(self, lou: Walker) -> None:
        answer = lou.get(f"{HERE}?date=2020-01-01")
        assert answer.status_code == 404
        assert "Choose a date from" in text(answer)

    def test_a_firm_shows_what_a_firm_has(self, lou: Walker) -> None:
        said = text(lou.get(f"/at/qinghe/customers/p{PARTIES - 1:05}"))
        assert "Social credit code" in said
        assert "Occupation" not in said

    @pytest.mark.usefixtures("bank")
    def test_low_clearance_sees_no_amounts(self, as_user: SignIn, password: str) -> None:
        low = User(UserId("di"), "Di", BankId("qinghe"), frozenset({Role.LOAN_OFFICER}), 2)
        users.create(UNION, low, password)
        walker = as_user("di")
        for part in TABS:
            path = "" if part == "overview" else f"/{part}"
            assert walker.get(HERE + path).status_code == 200
        assert "not shown at your clearance" in text(walker.get(HERE))

    def test_who_looked_is_for_those_who_read_the_audit_log(
        self, lou: Walker, admin: Walker
    ) -> None:
        lou.get(HERE)
        assert "Looked at a customer" in text(admin.get(f"{HERE}/audit"))


class TestOwnership:
    @pytest.mark.parametrize("path", ["/at/qinghe/customers", HERE, f"{HERE}/loans"])
    @pytest.mark.parametrize("name", ["mo", "kang", "qian"])
    def test_others_are_refused(
        self, bank: dict[str, str], as_user: SignIn, path: str, name: str
    ) -> None:
        walker = as_user(name)
        assert walker.get(path).status_code == 403
        assert walker.post("/at/qinghe/customers", {"q": bank["phone"]}).status_code == 403
        assert walker.post(f"{HERE}/clear", {"reason": REASON}).status_code == 403
        assert not acts("party.view") + acts("party.search") + acts("party.unmask")

    @pytest.mark.usefixtures("bank")
    def test_another_banks_place_holds_another_banks_customers(self, as_user: SignIn) -> None:
        assert as_user("mo").get(f"/at/baishui/customers/{BORROWER}").status_code == 404

    def test_no_card_search_or_entry_without_the_permission(
        self, bank: dict[str, str], as_user: SignIn
    ) -> None:
        walker = as_user("kang")
        assert "/customers" not in walker.get("/at/qinghe/").text
        found = walker.post("/at/qinghe/search", {"q": bank["name"]})
        assert BORROWER not in found.text


def unmask(walker: Walker, part: str = "overview", reason: str = REASON) -> httpx.Response:
    return walker.post(f"{HERE}/clear", {"reason": reason, "part": part})


class TestUnmask:
    def test_it_works_for_a_while_and_is_recorded(self, lou: Walker, bank: dict[str, str]) -> None:
        answer = unmask(lou)
        assert answer.url.path == HERE
        for column in PERSONAL:
            assert bank[column] in answer.text, column
        assert "shown in the clear until" in text(answer)
        assert bank["phone"] in lou.get(HERE).text
        assert "6217000000000270" in lou.get(f"{HERE}/accounts").text
        given, *looks = reversed(acts("party.unmask"))
        assert (given.user, given.target, given.detail["reason"]) == ("lou", BORROWER, REASON)
        assert "until" in given.detail
        assert [look.detail["reason"] for look in looks] == [REASON] * 3
        assert not acts("party.view")

    def test_it_ends_by_itself(self, lou: Walker, bank: dict[str, str]) -> None:
        answer = unmask(lou)
        refresh = LexborHTMLParser(answer.text).css_first("meta[http-equiv=refresh]")
        assert refresh is not None
        assert 0 < int(refresh.attributes["content"] or "") <= unmasking.MINUTES * 60 + 1
        with clock.frozen(clock.now() + timedelta(minutes=unmasking.MINUTES)):
            later = lou.get(HERE)
        assert bank["phone"] not in later.text
        assert "shown in the clear" not in text(later)
        assert "http-equiv" not in later.text

    def test_it_is_ended_by_hand(self, lou: Walker, bank: dict[str, str]) -> None:
        unmask(lou)
        masked = lou.post(f"{HERE}/mask", {"part": "accounts"})
        assert masked.url.path == f"{HERE}/accounts"
        assert "6217000000000270" not in masked.text
        assert bank["phone"] not in lou.get(HERE).text
        assert [act.target for act in acts("party.mask")] == [BORROWER]

    def test_it_is_of_one_customer(self, lou: Walker, bank: dict[str, str]) -> None:
        rows = store.read(QINGHE, "core.party", business_date=LAST).to_pylist()
        other = next(row for row in rows if row["party_id"] == "p00181")
        unmask(lou)
        assert other["phone"] != bank["phone"] or other["id_no"] != bank["id_no"]
        theirs = lou.get("/at/qinghe/customers/p00181")
        assert all(other[column] not in theirs.text for column in ("name", "id_no"))
        together = lou.get(f"{HERE}/household")
        assert "p00181" in together.text
        assert other["name"] not in together.text
        found = find(lou, bank["name"])
        assert bank["phone"] not in found.text

    def test_it_is_of_one_sign_in(self, lou: Walker, bank: dict[str, str], as_user: SignIn) -> None:
        unmask(lou)
        assert bank["phone"] not in as_user("lou").get(HERE).text
        lou.post("/signout")
        with db.read() as connection:
            assert connection.execute(select(unmasked)).all() == []

    def test_who_loses_the_right_loses_the_sight(self, lou: Walker, bank: dict[str, str]) -> None:
        unmask(lou)
        user = users.find(UserId("lou"))
        assert user is not None
        users.change(UNION, replace(user, roles=frozenset({Role.ANALYST})))
        assert bank["phone"] not in lou.get(HERE).text

    @pytest.mark.parametrize(
        "reason",
        [
            "",
            "x",
            "   a  ",
            "x" * (MAX_REASON_CHARACTERS + 1),
            "call 138 0000 0090",
            "610100197001010100",
            "case 123456",
            "电话１３８００００００９０",
        ],
    )
    def test_a_bad_reason_shows_nothing(
        self, lou: Walker, bank: dict[str, str], reason: str
    ) -> None:
        answer = unmask(lou, reason=reason)
        assert answer.status_code == 422
        assert "Not shown in the clear" in text(answer)
        assert bank["id_no"] not in answer.text
        assert not acts("party.unmask")

    def test_a_reason_must_not_name_the_customer(self, lou: Walker, bank: dict[str, str]) -> None:
        for said in (bank["name"], " ".join(bank["name"])):
            answer = unmask(lou, reason=f"{said} called")
            assert answer.status_code == 422
        assert not acts("party.unmask")
        refused = acts("party.unmask.refused")
        assert [act.detail for act in refused] == [{"why": "name"}] * 2

    def test_a_short_date_is_a_reason(self, lou: Walker, bank: dict[str, str]) -> None:
        assert bank["phone"] in unmask(lou, reason="complaint of 2026-03-31").text

    @pytest.mark.usefixtures("bank")
    def test_without_the_right_there_is_no_button_and_no_way(self, as_user: SignIn) -> None:
        analyst = as_user("sun")
        assert 'data-open="unmask"' not in analyst.get(HERE).text
        assert unmask(analyst).status_code == 403
        assert not acts("party.unmask")

    def test_an_unknown_part_or_customer(self, lou: Walker) -> None:
        assert unmask(lou, part="nothing").status_code == 404
        nobody = lou.post("/at/qinghe/customers/nobody/clear", {"reason": REASON})
        assert nobody.status_code == 404
        assert not acts("party.unmask")

    def test_opening_the_address_leads_to_the_page(self, lou: Walker, bank: dict[str, str]) -> None:
        answer = lou.get(f"{HERE}/clear")
        assert answer.url.path == HERE
        assert bank["phone"] not in answer.text

    def test_nothing_in_the_clear_is_kept_by_browsers(self, lou: Walker) -> None:
        assert "no-store" in unmask(lou).headers["cache-control"]


def test_personal_values_are_in_no_address_log_or_audit_entry(
    lou: Walker, bank: dict[str, str]
) -> None:
    with capture_logs() as lines:
        pages = [find(lou, bank[column]) for column in PERSONAL]
        pages += [lou.post("/at/qinghe/search", {"q": bank[column]}) for column in PERSONAL]
        pages += [lou.get(HERE), unmask(lou)]
    entries = audit.entries(UNION, limit=500)
    places = {
        "log": str(lines),
        "audit": json.dumps([(e.target, e.detail) for e in entries], ensure_ascii=False),
        "links": " ".join(link for page in pages for link in lou.links(page.text)),
        "addresses": " ".join(str(page.url) for page in pages),
    }
    assert all(places.values())
    assert len(acts("party.search")) > len(PERSONAL)
    for column in PERSONAL:
        assert [place for place, said in places.items() if bank[column] in said] == [], column
