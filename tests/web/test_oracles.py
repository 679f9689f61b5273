"""No box, filter or order tells who may not unmask whether a masked value holds what they guess.

Each guess is asked twice, once right and once wrong: the two answers must be the same page.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.support.sample_bank import LAST, pour

from titian.data import parties
from titian.kernel import clock, users
from titian.kernel.errors import Denied, InvalidInput
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Permission, Role, Scope
from titian.kernel.settings import Settings
from titian.kernel.users import User
from titian.lake import query, store
from titian.lake.masking import mask_text
from titian.lake.schema import Mask
from titian.web import pages
from titian.web.listing import FilterKind, Table
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
QINGHE = Scope.system(BankId("qinghe"))
PARTY = "p00090"
MASKED = ("name", "id_no", "phone", "address")
WRONG = {"name": "欧阳", "id_no": "999111", "phone": "777666", "address": "火星"}
NOON = datetime(2026, 4, 1, 4, tzinfo=UTC)
READERS = (Role.ANALYST, Role.DATA_ENGINEER, Role.OPERATOR, Role.COMPLIANCE)
# Boxes that look through data of people, beside every list of the pages.
BOXES = ("/customers", "/search")


@pytest.fixture
def secret(sample_home: Path, home: Settings, password: str) -> Iterator[dict[str, str]]:
    """Fill qinghe, let a person of each kind in who may not unmask, and give one's own data."""
    pour(sample_home, home.home)
    for role in READERS:
        new = User(UserId(f"r_{role.value}"), "R", BankId("qinghe"),
                   frozenset({role}), 3)  # fmt: skip
        users.create(Scope.system(None), new, password)
        assert not new.scope(BankId("qinghe")).allows(Permission.UNMASK)
    rows = store.read(QINGHE, "core.party", business_date=LAST).to_pylist()
    with clock.frozen(NOON):
        yield next(row for row in rows if row["party_id"] == PARTY)


def reader(as_user: SignIn, role: Role) -> Walker:
    return as_user(f"r_{role.value}")


def parts(column: str, value: str) -> list[str]:
    """Give pieces of a value that its masked form does not show."""
    third = max(2, len(value) // 3)
    pieces = (value[:third], value[third : third * 2], value[-third:], value[:-1], value[1:])
    shown = mask_text(store.describe(QINGHE, "core.party").column(column).mask, value) or ""
    # Figures alone stand in names of indicators, too; with letters they are of this value only.
    plain = [one for one in pieces if value.isascii() or not one.isascii()]
    return [one for one in plain if one not in shown]


def lists() -> dict[str, Table[Any]]:
    """Find every list of the pages, by module and name."""
    found: dict[str, Table[Any]] = {}
    for module in pkgutil.iter_modules(pages.__path__):
        known = vars(importlib.import_module(f"{pages.__name__}.{module.name}"))
        found |= {f"{module.name}.{key}": it for key, it in known.items() if isinstance(it, Table)}
    return found


def seen(answer: str, guess: str) -> str:
    """Give what a page says, without the words that were asked for and without form tokens."""
    for form in (guess, quote_plus(guess)):
        answer = answer.replace(form, "…")
    answer = re.sub(r'(name="csrf_token" value=|nonce=|hx-vals=)"[^"]*"', "", answer)
    main = LexborHTMLParser(answer).css_first("main") or LexborHTMLParser(answer).body
    return "" if main is None else main.text(separator=" ").strip()


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("column", MASKED)
def test_parts_in_a_box_tell_nothing(
    secret: dict[str, str], as_user: SignIn, box: str, column: str
) -> None:
    walker = reader(as_user, Role.ANALYST)
    for part in parts(column, secret[column])[:3]:
        answers = [
            seen(walker.post(f"/at/qinghe{box}", {"q": guess}).text, guess)
            for guess in (part, WRONG[column])
        ]
        assert answers[0] == answers[1], part


@pytest.mark.parametrize("column", MASKED)
def test_whole_values_in_the_palette_tell_nothing(
    secret: dict[str, str], as_user: SignIn, column: str
) -> None:
    walker = reader(as_user, Role.ANALYST)
    answers = [
        seen(walker.post("/at/qinghe/search", {"q": guess}).text, guess)
        for guess in (secret[column], WRONG[column])
    ]
    assert answers[0] == answers[1]


LIST_PAGES = (
    "/tables", "/indicators", "/tags", "/audiences", "/feeds", "/runs", "/quarantine",
    "/quarantine/mended", "/quarantine/history", "/audit", "/looks", "/jobs", "/users",
    "/tables/core.party/sample", "/indicators/party_count/rows",
)  # fmt: skip


@pytest.mark.parametrize("role", READERS)
def test_filters_of_lists_tell_nothing(secret: dict[str, str], as_user: SignIn, role: Role) -> None:
    walker, opened = reader(as_user, role), 0
    names = {f.name for table in lists().values() for f in table.filters} | {"q", "name", "search"}
    for page in LIST_PAGES:
        if walker.get(f"/at/qinghe{page}").status_code != 200:
            continue
        opened += 1
        for column in MASKED:
            pieces = (parts(column, secret[column])[-1], WRONG[column])
            asked = [
                walker.client.get(f"/at/qinghe{page}", params=dict.fromkeys(names, one)).text
                for one in pieces
            ]
            assert seen(asked[0], pieces[0]) == seen(asked[1], pieces[1]), (page, column)
    assert opened > 1


def test_no_list_sorts_or_searches_by_what_is_masked() -> None:
    hidden = {
        column.name
        for info in ("party", "account", "card", "entry", "event")
        for column in _declared(info)
        if column.mask is not Mask.NONE
    } - {"name"}  # names of tables, jobs and feeds are lists' own
    for place, table in lists().items():
        sortable = {column.name for column in table.columns if column.sortable}
        assert not sortable & hidden, place
        searched = {f.name for f in table.filters if f.kind is FilterKind.SEARCH}
        assert not searched & hidden, place


def _declared(name: str) -> tuple[Any, ...]:
    from importlib import resources

    from titian.data.jobs.header import read_header

    file = Path(str(resources.files("titian.data") / "presets/jobs/core" / f"core.{name}.sql"))
    return read_header(file.read_text(encoding="utf-8"), str(file)).table.columns


def test_audiences_and_tags_ask_nothing_of_masked_columns(
    secret: dict[str, str], as_user: SignIn
) -> None:
    from titian.data.tags import audiences

    analyst = Scope(UserId("ana"), BankId("qinghe"), frozenset({Role.ANALYST}), 3)
    for expression in (
        f"name = '{secret['name']}'", f"phone LIKE '{secret['phone'][:5]}%'",
        f"contains(id_no, '{secret['id_no'][:6]}')", "length(address) > 3",
    ):  # fmt: skip
        assert not audiences.inspect(analyst, expression).right
        with pytest.raises(InvalidInput):
            audiences.count(analyst, expression)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT party_id FROM core.party WHERE name LIKE '{part}%'",
        "SELECT party_id FROM core.party WHERE contains(phone, '{phone}')",
        "SELECT count(*) FROM core.party WHERE substr(id_no, 7, 8) = '{born}'",
        "SELECT party_id FROM core.party WHERE regexp_matches(address, '{road}')",
    ],
)
def test_sql_filters_the_masked_values(secret: dict[str, str], sql: str) -> None:
    analyst = Scope(UserId("ana"), BankId("qinghe"), frozenset({Role.ANALYST}), 3)
    text = sql.format(
        part=secret["name"][:2], phone=secret["phone"][3:9], born=secret["id_no"][6:14],
        road=secret["address"][-3:],
    )  # fmt: skip
    found = query(analyst, text)
    assert found.arrow.num_rows == 0 or found.arrow.column(0).to_pylist() == [0]


def test_an_order_is_that_of_the_masked_values(secret: dict[str, str]) -> None:
    analyst = Scope(UserId("ana"), BankId("qinghe"), frozenset({Role.ANALYST}), 3)
    day = f"WHERE business_date = DATE '{LAST}'"
    listed = query(analyst, f"SELECT name, party_id FROM core.party {day} ORDER BY name, party_id")
    rows = list(zip(*(column.to_pylist() for column in listed.arrow.columns), strict=True))
    assert rows == sorted(rows)


def test_whole_values_that_were_typed_are_found_masked(secret: dict[str, str]) -> None:
    analyst = Scope(UserId("ana"), BankId("qinghe"), frozenset({Role.ANALYST}), 3)
    for column in ("name", "id_no", "phone"):
        hits = parties.search(analyst, secret[column])
        assert PARTY in {hit.party_id for hit in hits}
        assert secret[column] not in str(hits)
    with pytest.raises(Denied):
        analyst.unmasked("visit before lending")
