"""Another bank's ids are answered as ids that do not exist: the same page, word for word."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from tests.support.sample_bank import LAST, pour

from titian.kernel import audit, clock, users
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings
from titian.kernel.users import User
from titian.lake import layout, store
from titian.web.customer_parts import TABS
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
UNION = Scope.system(None)
QINGHE, BAISHUI = (Scope.system(BankId(bank)) for bank in ("qinghe", "baishui"))
NOON = datetime(2026, 4, 1, 4, tzinfo=UTC)
REASON = "Visit before lending"
# (of baishui, of nobody), as long as each other: customer, account, card, loan, household.
IDS = (
    ("b00001", "n00001"),
    ("6217990000000001", "6217980000000001"),
    ("6222990000000001", "6222980000000001"),
    ("lb0001", "ln0001"),
    ("hb0001", "hn0001"),
)


def give(table: str, **values: str) -> None:
    """Put a row of baishui's own, with ids nobody else has, into a table of baishui."""
    rows = store.read(QINGHE, table, business_date=LAST).drop_columns("business_date").slice(0, 1)
    for name, value in values.items():
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, name, pa.array([value], rows.schema.field(at).type))
    store.write_date(BAISHUI, store.describe(QINGHE, table), LAST, rows)


@pytest.fixture
def lou(sample_home: Path, home: Settings, password: str, as_user: SignIn) -> Iterator[Walker]:
    """Fill both banks, and give the browser of a loan officer of qinghe."""
    pour(sample_home, home.home)
    shutil.rmtree(layout.root(BAISHUI), ignore_errors=True)
    give("core.party", party_id="b00001", household_id="hb0001")
    give("core.account", party_id="b00001", account_no="6217990000000001", account_id="ab0001")
    give("core.card", party_id="b00001", card_no="6222990000000001", card_id="cb0001")
    give("core.loan", party_id="b00001", loan_id="lb0001")
    give("core.household", household_id="hb0001", head_party_id="b00001")
    for name, bank, role in (
        ("lou", "qinghe", Role.LOAN_OFFICER),
        ("hegui", "qinghe", Role.COMPLIANCE),
        ("mo", "baishui", Role.LOAN_OFFICER),
    ):
        new = User(UserId(name), name.capitalize(), BankId(bank), frozenset({role}), 3)
        users.create(UNION, new, password)
    with clock.frozen(NOON):
        yield as_user("lou")


def same(answers: list[httpx.Response], ids: tuple[str, str]) -> None:
    seen = [
        re.sub(r'(csrf_token" value=|nonce=|request )"?[\w-]+"?', "", answer.text).replace(one, "…")
        for answer, one in zip(answers, ids, strict=True)
    ]
    seen = [re.sub(r"req_\w+", "", text) for text in seen]
    assert answers[0].status_code == answers[1].status_code
    assert seen[0] == seen[1]


def test_the_other_bank_has_what_is_asked_for(lou: Walker, as_user: SignIn) -> None:
    walker = as_user("mo")
    assert walker.get("/at/baishui/customers/b00001").status_code == 200
    for one, _nobody in IDS[:3]:
        found = walker.post("/at/baishui/customers", {"q": one})
        assert 'href="/at/baishui/customers/b00001"' in found.text, one


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("part", TABS)
def test_pages(lou: Walker, ids: tuple[str, str], part: str) -> None:
    path = "" if part == "overview" else f"/{part}"
    answers = [lou.get(f"/at/qinghe/customers/{one}{path}") for one in ids]
    assert answers[0].status_code == 404
    same(answers, ids)


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize(
    ("action", "fields"),
    [("clear", {"reason": REASON}), ("clear", {"reason": "x"}), ("mask", {"part": "overview"})],
)
def test_acts(lou: Walker, ids: tuple[str, str], action: str, fields: dict[str, str]) -> None:
    answers = [lou.post(f"/at/qinghe/customers/{one}/{action}", dict(fields)) for one in ids]
    assert answers[0].status_code == 404
    same(answers, ids)


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("box", ["customers", "search"])
def test_boxes(lou: Walker, ids: tuple[str, str], box: str) -> None:
    same([lou.post(f"/at/qinghe/{box}", {"q": one}) for one in ids], ids)


@pytest.mark.parametrize("ids", IDS)
def test_looks(lou: Walker, as_user: SignIn, ids: tuple[str, str]) -> None:
    as_user("mo").get("/at/baishui/customers/b00001")
    walker = as_user("hegui")
    same([walker.get(f"/at/qinghe/looks?party={one}") for one in ids], ids)


@pytest.mark.parametrize("part", ["", "/loans", "/timeline"])
def test_the_other_banks_place(lou: Walker, part: str) -> None:
    ids = ("b00001", "n00001")
    answers = [lou.get(f"/at/baishui/customers/{one}{part}") for one in ids]
    assert answers[0].status_code == 403
    same(answers, ids)


def test_a_look_at_nobody_is_no_look(lou: Walker) -> None:
    lou.get("/at/qinghe/customers/b00001")
    lou.post("/at/qinghe/customers/b00001/clear", {"reason": REASON})
    assert audit.entries(UNION, contains="b00001") == []
