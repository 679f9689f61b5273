from __future__ import annotations

from datetime import date

import pyarrow as pa

from titian.data.parties import Asked, Part, customer
from titian.data.parties.model import Relations, Tie
from titian.data.parties.relations import MAX_RELATIONS, MAX_SHARERS
from titian.kernel.ids import PartyId, UserId
from titian.kernel.scope import Role, Scope
from titian.lake import store

LAST = date(2026, 3, 31)
PARTY = PartyId("p00100")


def tied(bank: Scope, *, reason: str = "") -> Relations:
    scope = Scope(UserId("lou"), bank.bank, frozenset({Role.LOAN_OFFICER}), 3)
    scope = scope.unmasked(reason) if reason else scope
    return customer(scope, PARTY, None, Asked(frozenset({Part.HOUSEHOLD}))).relations


def with_phones(bank: Scope, sharers: int) -> None:
    """Give the party's phone to so many customers, itself included, in party and profile."""
    for table, column in (("core.party", "phone"), ("mart.party_profile", "phone_sharers")):
        rows = store.read(bank, table, business_date=LAST).drop_columns("business_date")
        ids = rows.column("party_id").to_pylist()
        some = {PARTY, *[one for one in ids if one != PARTY][-(sharers - 1) :]}
        values = rows.column(column).to_pylist()
        new = "13000000000" if column == "phone" else sharers
        values = [new if one in some else old for one, old in zip(ids, values, strict=True)]
        at = rows.schema.get_field_index(column)
        rows = rows.set_column(at, column, pa.array(values, rows.schema.field(column).type))
        store.write_date(bank, store.describe(bank, table), LAST, rows)


def test_it_works(sample_bank: Scope) -> None:
    found = tied(sample_bank)
    assert found.parties[0].party_id == "p00101"
    assert found.parties[0].ties == (Tie.HOUSEHOLD, Tie.ADDRESS)
    assert not found.more
    assert found.crowds == {}


def test_others_stay_masked_when_one_is_unmasked(sample_bank: Scope) -> None:
    assert tied(sample_bank, reason="visit before lending").parties[0].name == "李*"


def test_some_who_share_a_phone_are_tied(sample_bank: Scope) -> None:
    with_phones(sample_bank, 5)
    by_phone = [one for one in tied(sample_bank).parties if Tie.PHONE in one.ties]
    assert len(by_phone) == 4


def test_a_crowd_ties_nobody_and_is_told(sample_bank: Scope) -> None:
    with_phones(sample_bank, MAX_SHARERS + 10)
    found = tied(sample_bank)
    assert found.crowds == {Tie.PHONE: MAX_SHARERS + 10}
    assert all(Tie.PHONE not in one.ties for one in found.parties)
    assert found.parties


def test_there_is_a_limit_and_it_is_told(sample_bank: Scope) -> None:
    rows = store.read(sample_bank, "core.party", business_date=LAST).drop_columns("business_date")
    at = rows.schema.get_field_index("household_id")
    home = pa.array(["h50"] * rows.num_rows, rows.schema.field(at).type)
    store.write_date(
        sample_bank,
        store.describe(sample_bank, "core.party"),
        LAST,
        rows.set_column(at, "household_id", home),
    )
    found = tied(sample_bank)
    assert (len(found.parties), found.more) == (MAX_RELATIONS, True)
