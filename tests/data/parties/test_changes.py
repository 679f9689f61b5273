from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa

from titian.data.parties import Asked, Part, customer
from titian.data.parties.model import Change
from titian.kernel.ids import PartyId, UserId
from titian.kernel.scope import Role, Scope
from titian.lake import store

LAST = date(2026, 3, 31)
PARTY = PartyId("p00100")


def officer(bank: Scope, clearance: int = 3) -> Scope:
    return Scope(UserId("lou"), bank.bank, frozenset({Role.LOAN_OFFICER}), clearance)


def changed(bank: Scope, day: date, **values: object) -> None:
    rows = store.read(bank, "core.party", business_date=LAST).drop_columns("business_date")
    at = rows.column("party_id").to_pylist().index(PARTY)
    for name, value in values.items():
        listed = rows.column(name).to_pylist()
        listed[at] = value
        position = rows.schema.get_field_index(name)
        rows = rows.set_column(position, name, pa.array(listed, rows.schema.field(name).type))
    store.write_date(bank, store.describe(bank, "core.party"), day, rows)


def history(bank: Scope, scope: Scope) -> dict[str, Change]:
    found = customer(scope, PARTY, None, Asked(frozenset({Part.CHANGES}))).changes
    assert len({one.column.name for one in found}) == len(found)
    return {one.column.name: one for one in found}


def test_it_works(sample_bank: Scope) -> None:
    changed(sample_bank, LAST + timedelta(7), phone="13911112222", org_id="o2", opt_out=True)
    found = history(sample_bank, officer(sample_bank))
    assert {"phone", "org_id", "opt_out"} <= found.keys()
    phone = found["phone"]
    assert (phone.since, phone.day) == (LAST, LAST + timedelta(7))
    assert (phone.before, phone.after) == ("138****0100", "139****2222")
    assert found["opt_out"].after is True


def test_a_change_that_masking_hides_is_told_without_the_value(sample_bank: Scope) -> None:
    changed(sample_bank, LAST + timedelta(7), phone="13877770100")
    found = history(sample_bank, officer(sample_bank))["phone"]
    assert found.before == found.after == "138****0100"
    low = history(sample_bank, officer(sample_bank, clearance=2))["phone"]
    assert (low.before, low.after) == ("***", "***")


def test_it_is_in_the_clear_for_who_unmasked(sample_bank: Scope) -> None:
    changed(sample_bank, LAST + timedelta(7), phone="13911112222")
    clear = history(sample_bank, officer(sample_bank).unmasked("visit before lending"))
    assert clear["phone"].after == "13911112222"


def test_nothing_is_changed_that_was_not(sample_bank: Scope) -> None:
    changed(sample_bank, LAST + timedelta(7))
    found = customer(officer(sample_bank), PARTY, None, Asked(frozenset({Part.CHANGES})))
    assert [one for one in found.changes if one.day == LAST + timedelta(7)] == []
