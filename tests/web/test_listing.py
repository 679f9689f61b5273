from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sqlalchemy import select

from titian.kernel import audit
from titian.kernel.scope import Scope
from titian.kernel.tables import user_account
from titian.web.i18n import lazy, speaking
from titian.web.listing import Column, Kind, Query, State, Table, answering, rows_from, rows_of
from titian.web.listing.exporting import as_csv, harmless, value_of
from titian.web.listing.showing import written
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
USERS = "/at/union/users"


def node(text: str, selector: str) -> LexborNode:
    found = LexborHTMLParser(text).css_first(selector)
    assert found is not None, selector
    return found


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with speaking("en"):
        yield


def names(answer: Any) -> list[str]:
    page = LexborHTMLParser(answer.text)
    return [cell.text(strip=True) for cell in page.css("td.main")]


def test_it_works(admin: Walker) -> None:
    assert names(admin.get(USERS)) == ["Admin", "Li", "Qian", "Sun", "Zhao"]


def test_filters_and_sorting_live_in_the_address(admin: Walker) -> None:
    assert names(admin.get(f"{USERS}?role=bank_admin&sort=-user_id")) == ["Qian", "Li"]
    assert names(admin.get(f"{USERS}?q=SU")) == ["Sun"]
    assert names(admin.get(f"{USERS}?bank=union&sort=user_id")) == ["Admin", "Zhao"]


@pytest.mark.parametrize(
    "query",
    [
        "sort=password_hash",
        "sort=--",
        "role=emperor",
        "page=0",
        "page=x",
        "page=99999999999999",
        "size=1000000",
        "date=tomorrow",
        "nonsense=1",
    ],
)
def test_a_question_that_makes_no_sense_is_left_out(admin: Walker, query: str) -> None:
    answer = admin.get(f"{USERS}?{query}")
    assert answer.status_code == 200


def test_pages_and_their_links(admin: Walker) -> None:
    page = admin.get(f"{USERS}?size=25&page=2").text
    assert node(page, "[rel=prev]").attributes["href"] == f"{USERS}?size=25"
    assert LexborHTMLParser(page).css_first("[rel=next]") is None


def test_a_filter_that_nothing_fits_offers_to_clear(admin: Walker) -> None:
    page = admin.get(f"{USERS}?q=nobody&sort=user_id").text
    assert "Nothing fits" in node(page, ".empty-title").text()
    assert node(page, ".empty-state a").attributes["href"] == f"{USERS}?sort=user_id"


def test_htmx_gets_the_list_alone_and_the_address_to_show(admin: Walker) -> None:
    answer = admin.get(
        f"{USERS}?q=su&page=1", **{"hx-request": "true", "hx-request-type": "partial"}
    )
    assert answer.text.lstrip().startswith('<div class="panel data-panel" id="list-users"')
    assert answer.headers["hx-push-url"] == f"{USERS}?q=su"
    whole = admin.get(f"{USERS}?q=su")
    assert answer.text.strip()[:2_000] in whole.text


def test_the_swapped_part_keeps_a_pages_own_row_actions(admin: Walker) -> None:
    part = admin.get("/at/union/audit", **{"hx-request": "true", "hx-request-type": "partial"})
    assert "list-audit" in part.text


def test_csv_comes_with_a_name_a_mark_and_an_entry_in_the_log(admin: Walker) -> None:
    answer = admin.get(f"{USERS}?role=bank_admin&export=csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "users-union-" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["User name"], row["Roles"]) for row in rows] == [
        ("li", "Bank administrator"),
        ("qian", "Bank administrator"),
    ]
    act = audit.entries(Scope.system(None), action="list.export")[0]
    assert act.detail == {"form": "csv", "rows": 2, "filters": ["role"]}


def test_excel_says_who_took_it(admin: Walker) -> None:
    book = load_workbook(io.BytesIO(admin.get(f"{USERS}?export=xlsx").content))
    assert book["Users"].max_row == 6
    about = {row[0].value: row[1].value for row in book["About this file"].iter_rows()}
    assert about["Taken by"] == "Admin (admin)"
    assert about["Rows"] == "5"


def test_exporting_takes_the_lists_permission(as_user: SignIn) -> None:
    assert as_user("sun").get("/at/qinghe/gallery?export=csv").status_code == 200
    assert as_user("qian").get("/at/qinghe/gallery?export=csv").status_code == 403


def test_an_unknown_form_of_export_is_refused(admin: Walker) -> None:
    answer = admin.get(f"{USERS}?export=exe")
    assert answer.status_code == 422
    assert "csv or xlsx" in answer.text


def test_an_export_has_a_limit(admin: Walker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "MAX_EXPORT_ROWS", 3)
    answer = admin.get(f"{USERS}?export=csv")
    assert answer.status_code == 413
    assert "Set filters" in answer.text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_spreadsheet_takes_a_text_for_a_formula(start: str) -> None:
    assert harmless(f"{start}HYPERLINK()").startswith("'")


@given(st.text())
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text).removeprefix("'").endswith(text.removeprefix("'"))


ROW = {
    "amount": 123_456,
    "share": 0.5,
    "at": datetime(2026, 3, 31, 16, 30, tzinfo=UTC),
    "name": "=1+1",
    "state": "on",
    "tags": ["a", "b"],
    "none": None,
}
COLUMNS: tuple[Column[Any], ...] = (
    Column("amount", lazy("Amount"), Kind.MONEY),
    Column("share", lazy("Share"), Kind.PERCENT),
    Column("at", lazy("When"), Kind.MOMENT),
    Column("name", lazy("Name")),
    Column("state", lazy("State"), Kind.STATE, states={"on": State("Switched on")}),
    Column("tags", lazy("Tags"), Kind.LIST),
    Column("none", lazy("Nothing"), Kind.NUMBER),
)


def test_values_in_files_are_values_not_pictures_of_values() -> None:
    assert [value_of(column, ROW) for column in COLUMNS] == [
        Decimal("1234.56"),
        0.5,
        datetime(2026, 4, 1, 0, 30),  # noqa: DTZ001  # bank time, without a zone, as Excel has it
        "=1+1",
        "Switched on",
        "a, b",
        None,
    ]


def test_formulas_in_a_csv_are_disarmed_and_numbers_are_not() -> None:
    table = Table("t", lazy("T"), COLUMNS, lambda _scope, _query: rows_of([], Query()))
    text = b"".join(as_csv(table, [{**ROW, "amount": -5}])).decode("utf-8-sig")
    assert "'=1+1" in text
    assert "\r\n-0.05," in text


def test_cells_are_written_the_way_their_column_says() -> None:
    assert [written(column, ROW[column.name]) for column in COLUMNS[:4]] == [
        "¥1,234.56",
        "50.0%",
        "1 Apr 2026 00:30",
        "=1+1",
    ]
    assert written(COLUMNS[-1], None) == "–"


def test_rows_in_memory_sort_nothing_last_and_ignore_case() -> None:
    rows: list[dict[str, str | None]] = [{"n": "b"}, {"n": None}, {"n": "A"}]
    assert [row["n"] for row in rows_of(rows, Query(sort="n")).rows] == ["A", "b", None]


@given(
    st.lists(st.integers(-50, 50), max_size=60),
    st.integers(0, 70),
    st.integers(1, 20),
    st.booleans(),
)
def test_pages_in_memory_together_are_the_sorted_whole(
    numbers: list[int], offset: int, limit: int, descending: bool
) -> None:
    query = Query(sort="n", descending=descending, offset=offset, limit=limit)
    found = rows_of([{"n": number} for number in numbers], query)
    whole = sorted(numbers, reverse=descending)
    assert [row["n"] for row in found.rows] == whole[offset : offset + limit]
    assert found.total == len(numbers)


def test_rows_from_the_database_filter_sort_page_and_count(people: None) -> None:
    statement = select(user_account.c.user_id, user_account.c.display_name, user_account.c.bank)
    query = Query({"q": "i", "bank": "qinghe"}, sort="user_id", descending=True, limit=1)
    found = rows_from(
        statement,
        query,
        search=[user_account.c.user_id],
        keep={"bank": lambda bank: user_account.c.bank == bank},
    )
    assert (found.total, [row["user_id"] for row in found.rows]) == (1, ["qian"])


def test_a_search_in_the_database_takes_wildcards_for_letters(people: None) -> None:
    found = rows_from(
        select(user_account.c.user_id), Query({"q": "%"}), search=[user_account.c.user_id]
    )
    assert found.total == 0


def test_views_are_kept_shown_replaced_and_forgotten(admin: Walker, as_user: SignIn) -> None:
    kept = {"list": "users", "name": "Admins", "next": f"{USERS}?role=bank_admin"}
    assert admin.post("/views/save", kept).status_code == 200
    admin.post("/views/save", {**kept, "next": f"{USERS}?role=clerk"})
    page = LexborHTMLParser(admin.get(USERS).text)
    assert [(a.text(), a.attributes["href"]) for a in page.css(".views-box li a")] == [
        ("Admins", f"{USERS}?role=clerk")
    ]
    assert "Admins" not in as_user("qian").get("/at/qinghe/users").text
    admin.post("/views/forget", kept)
    assert not LexborHTMLParser(admin.get(USERS).text).css(".views-box li")


def test_a_view_needs_a_name(admin: Walker) -> None:
    answer = admin.post("/views/save", {"list": "users", "name": " ", "next": USERS})
    assert "Fill this in." in node(answer.text, ".toast").text()


def test_a_date_in_the_address_reaches_the_question() -> None:
    assert Query(business_date=date(2026, 3, 31)).filter("q") is None
