from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import pyarrow as pa
import pytest

from titian.data.parties import Asked, Cursor, Part, customer
from titian.data.parties.model import PAGE_DAYS, Act, Happening, Happenings
from titian.kernel.ids import PartyId, UserId
from titian.kernel.scope import Role, Scope
from titian.lake import store

LAST = date(2026, 3, 31)
PARTY = PartyId("p00100")
TIMELINE = frozenset({Part.HAPPENINGS})
TABLES = {
    Act.ENTRY: ("core.entry", "entry_id"),
    Act.EVENT: ("core.event", "event_id"),
    Act.TOUCH: ("core.touch", "touch_id"),
    Act.REPAYMENT: ("core.repayment", "repayment_id"),
}


def officer(bank: Scope) -> Scope:
    return Scope(UserId("lou"), bank.bank, frozenset({Role.LOAN_OFFICER}), 3)


def page(
    bank: Scope, begin: Cursor | None = None, act: Act | None = None, items: int = 30
) -> Happenings:
    return customer(officer(bank), PARTY, None, Asked(TIMELINE, begin, act, items)).happenings


def pages(bank: Scope, act: Act | None = None, items: int = 30) -> Iterator[Happenings]:
    begin: Cursor | None = None
    for _ in range(200):
        found = page(bank, begin, act, items)
        yield found
        begin = found.older
        if begin is None:
            return
    pytest.fail("the timeline does not end")


def truth(bank: Scope, act: Act) -> set[str]:
    table, key = TABLES[act]
    rows = store.read(bank, table, columns=["party_id", key, "business_date"]).to_pylist()
    return {row[key] for row in rows if row["party_id"] == PARTY and row["business_date"] <= LAST}


def test_it_works(sample_bank: Scope) -> None:
    found = page(sample_bank)
    assert {one.act for one in found.items} <= set(Act)
    order = [(one.day, one.at) for one in found.items]
    assert order == sorted(order, reverse=True)
    assert found.until == LAST
    assert found.older is not None
    assert found.since is not None
    assert all(found.since <= one.day <= LAST for one in found.items)
    entry = next(one for one in found.items if one.act is Act.ENTRY)
    assert (entry.what, entry.incoming) == ("utility", True)


@pytest.mark.parametrize("items", [1, 3, 30])
def test_pages_hold_everything_once(sample_bank: Scope, items: int) -> None:
    read: list[Happening] = [one for some in pages(sample_bank, None, items) for one in some.items]
    for act in Act:
        ids = [one.reference for one in read if one.act is act]
        assert len(ids) == len(set(ids)), act
        assert set(ids) == truth(sample_bank, act), act


@pytest.mark.parametrize("act", Act)
def test_one_kind_alone(sample_bank: Scope, act: Act) -> None:
    read = [one for some in pages(sample_bank, act) for one in some.items]
    assert {one.act for one in read} == {act}
    assert {one.reference for one in read} == truth(sample_bank, act)


def test_pages_follow_each_other(sample_bank: Scope) -> None:
    found = list(pages(sample_bank))
    assert found[-1].since == LAST - timedelta(94)
    for newer, older in pairwise(found):
        assert newer.since is not None
        assert older.until is not None
        assert newer.since >= older.until
        assert newer.since - older.until <= timedelta(1)


def test_a_page_reads_so_many_days_and_says_so(sample_bank: Scope) -> None:
    store.write_date(
        sample_bank,
        store.describe(sample_bank, "core.touch"),
        LAST,
        store.read(sample_bank, "core.touch", business_date=LAST).drop_columns("business_date")[:0],
    )
    found = page(sample_bank, None, Act.TOUCH)
    if len(truth(sample_bank, Act.TOUCH)) < 30:
        assert found.since == LAST - timedelta(PAGE_DAYS - 1)
        assert found.older == Cursor(LAST - timedelta(PAGE_DAYS))


def test_a_busy_day_goes_over_pages(sample_bank: Scope) -> None:
    table = store.describe(sample_bank, "core.entry")
    rows = store.read(sample_bank, "core.entry", business_date=LAST).drop_columns("business_date")
    mine = rows.take(pa.array([0] * 70, pa.int64()))
    busy = mine.set_column(0, "entry_id", pa.array([f"busy{n:03}" for n in range(70)]))
    at = busy.schema.get_field_index("party_id")
    busy = busy.set_column(at, "party_id", pa.array([PARTY] * 70))
    store.write_date(sample_bank, table, LAST, busy)
    first = page(sample_bank, None, Act.ENTRY)
    second = page(sample_bank, first.older, Act.ENTRY)
    third = page(sample_bank, second.older, Act.ENTRY)
    assert first.older == Cursor(LAST, 30)
    assert second.older == Cursor(LAST, 60)
    ids = [
        one.reference for some in (first, second, third) for one in some.items if one.day == LAST
    ]
    assert ids == [f"busy{n:03}" for n in range(70)]


@pytest.mark.parametrize(
    "begin", [Cursor(date(2020, 1, 1)), Cursor(LAST, 10**9), Cursor(date(2199, 1, 1), 5)]
)
def test_odd_beginnings_give_a_page_or_nothing(sample_bank: Scope, begin: Cursor) -> None:
    found = page(sample_bank, begin)
    assert all(one.day <= LAST for one in found.items)


def test_an_instalment_that_is_only_billed_is_no_payment(sample_bank: Scope) -> None:
    table = store.describe(sample_bank, "core.repayment")
    day = LAST - timedelta(4)
    row: dict[str, object] = dict.fromkeys(column.name for column in table.columns)
    row |= {"repayment_id": "rx", "loan_id": "l100", "party_id": PARTY, "due_date": day}
    row |= {"due_principal_fen": 700, "due_interest_fen": 7, "days_late": 0, "period": 9}
    rows = pa.Table.from_pylist([row], table.arrow_schema())
    store.write_date(sample_bank, table, day, rows)
    found = page(sample_bank, None, Act.REPAYMENT).items[0]
    assert (found.reference, found.what, found.amount_fen) == ("rx", "instalment_due", 707)


@pytest.mark.parametrize("binds", [0, 2])
def test_events_are_read_for_what_is_notable_only_where_there_is_some(
    sample_bank: Scope, binds: int
) -> None:
    table = store.describe(sample_bank, "mart.party_profile")
    rows = store.read(sample_bank, table.qualified, business_date=LAST)
    rows = rows.drop_columns("business_date")
    for name, value in (("device_binds_30d", binds), ("payee_adds_30d", 0)):
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, name, pa.array([value] * rows.num_rows, pa.int64()))
    store.write_date(sample_bank, table, LAST, rows)
    asked = Asked(TIMELINE, items=200, notable=True)
    found = customer(officer(sample_bank), PARTY, None, asked).happenings
    assert any(one.act is Act.ENTRY for one in found.items)
    assert any(one.act is Act.EVENT for one in found.items) == (binds > 0)
