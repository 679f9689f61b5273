from __future__ import annotations

import dataclasses
import shutil
from datetime import date, timedelta

import pytest

from titian.data.parties import customer, looks, unmasked_customer
from titian.data.parties.model import Tie
from titian.data.tags import store as tags
from titian.kernel import audit
from titian.kernel.errors import Denied, NotFound
from titian.kernel.ids import PartyId, UserId
from titian.kernel.scope import Role, Scope
from titian.lake import handles, layout, store

LAST = date(2026, 3, 31)
PARTY = PartyId("p00100")


def officer(bank: Scope, clearance: int = 3, role: Role = Role.LOAN_OFFICER) -> Scope:
    return Scope(UserId("lou"), bank.bank, frozenset({role}), clearance)


def truth(bank: Scope, table: str, party: str = PARTY) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = store.read(bank, table, business_date=LAST).to_pylist()
    return [row for row in rows if row["party_id"] == party]


def test_it_works(sample_bank: Scope) -> None:
    found = customer(officer(sample_bank), PARTY)
    assert found.business_date == LAST
    assert found.identity.rows[0]["party_id"] == PARTY
    assert {row["account_id"] for row in found.accounts.rows} == {
        row["account_id"] for row in truth(sample_bank, "core.account")
    }
    assert [row["loan_id"] for row in found.loans.rows] == ["l100"]
    assert found.loans.rows[0]["balance_fen"] == 6_100_000
    assert found.household.rows[0]["household_id"] == "h50"
    assert found.cards.rows[0]["card_type"] == "debit"
    assert found.may_unmask
    assert not found.unmasked


def test_everything_personal_is_masked(sample_bank: Scope) -> None:
    secrets = {
        str(row[column])
        for table, columns in (
            ("core.party", ("name", "id_no", "phone", "address")),
            ("core.account", ("account_no",)),
            ("core.card", ("card_no",)),
        )
        for row in truth(sample_bank, table)
        for column in columns
    }
    shown = str(dataclasses.asdict(customer(officer(sample_bank), PARTY)))
    assert not [secret for secret in secrets if f"'{secret}'" in shown]
    assert "陈大100" not in shown
    clear = str(dataclasses.asdict(unmasked_customer(officer(sample_bank), PARTY, "上门核实")))
    assert all(f"'{secret}'" in clear for secret in secrets)
    assert "陈大100" not in clear  # who paid the customer was not unmasked


def test_a_low_clearance_sees_no_amounts(sample_bank: Scope) -> None:
    found = customer(officer(sample_bank, clearance=2), PARTY)
    assert {row["balance_fen"] for row in found.accounts.rows} == {None}
    assert {row["amount_fen"] for row in found.loans.rows} == {None}
    assert {m.amount_fen for m in found.happenings.items} == {None}
    by_name = {figure.name: figure.value for figure in found.figures}
    assert by_name["aum_fen"] is None
    assert by_name["entries_30d"] is not None
    clear = unmasked_customer(officer(sample_bank, clearance=2), PARTY, "上门核实")
    assert {row["balance_fen"] for row in clear.accounts.rows} == {None}
    assert clear.identity.rows[0]["name"] == "***"


def test_relations_say_how_parties_are_tied(sample_bank: Scope) -> None:
    found = customer(officer(sample_bank), PARTY)
    wife = next(r for r in found.relations.parties if r.party_id == "p00101")
    assert set(wife.ties) == {Tie.HOUSEHOLD, Tie.ADDRESS}
    assert wife.name == "李*"
    assert not wife.is_head
    other = customer(officer(sample_bank), PartyId("p00101"))
    head = next(r for r in other.relations.parties if r.party_id == PARTY)
    assert head.is_head
    assert any(Tie.PHONE in r.ties for r in other.relations.parties)
    assert PARTY not in {r.party_id for r in found.relations.parties}


def test_tags_are_those_whose_bitmaps_hold_the_party(sample_bank: Scope) -> None:
    scope = officer(sample_bank)
    worn = {(one.tag, one.value) for one in customer(scope, PARTY).tags}
    dense = int(str(truth(sample_bank, "mart.party_profile")[0]["dense_id"]))
    held = tags.day_tags(scope, LAST)
    assert ("sex", "male") in worn
    assert len(worn) > 15
    for state in tags.states(scope):
        assert ((state.tag, state.value) in worn) == (dense in held.wearing(state.tag, state.value))
    low = {one.tag for one in customer(officer(sample_bank, clearance=2), PARTY).tags}
    assert "sex" in low
    assert "aum_tier" not in low


def test_figures_follow_the_profile(sample_bank: Scope) -> None:
    found = {figure.name: figure for figure in customer(officer(sample_bank), PARTY).figures}
    profile = truth(sample_bank, "mart.party_profile")[0]
    assert found["aum_fen"].value == profile["aum_fen"]
    assert found["aum_fen"].unit == "fen"
    assert [day for day, _ in found["aum_fen"].course] == [LAST]


def test_an_earlier_date_shows_what_was_known_then(sample_bank: Scope) -> None:
    day = LAST - timedelta(30)
    found = customer(officer(sample_bank), PARTY, day)
    assert found.business_date == day
    assert all(happening.day <= day for happening in found.happenings.items)
    assert {one.as_of for one in found.tags} == {day}


def test_every_look_is_audited_and_unmasking_with_its_reason(sample_bank: Scope) -> None:
    scope = officer(sample_bank)
    customer(scope, PARTY)
    unmasked_customer(scope, PARTY, "上门核实")
    seen = looks(sample_bank, PARTY)
    assert [(one.action, one.user) for one in seen] == [
        ("party.unmask", "lou"), ("party.view", "lou"),
    ]  # fmt: skip
    assert seen[0].detail["reason"] == "上门核实"
    with pytest.raises(Denied, match="view audit"):
        looks(scope, PARTY)


def test_unmasking_needs_permission_and_a_reason(sample_bank: Scope) -> None:
    with pytest.raises(Denied, match="needs a reason"):
        unmasked_customer(officer(sample_bank), PARTY, "  ")
    analyst = officer(sample_bank, role=Role.ANALYST)
    assert not customer(analyst, PARTY).may_unmask
    with pytest.raises(Denied, match="unmask"):
        unmasked_customer(analyst, PARTY, "上门核实")
    assert [e.action for e in audit.entries(sample_bank, contains=PARTY)] == ["party.view"]


def test_unknown_customers_and_other_banks(sample_bank: Scope, baishui: Scope) -> None:
    with pytest.raises(NotFound, match="no customer 'p99999'"):
        customer(officer(sample_bank), PartyId("p99999"))
    with pytest.raises(NotFound, match="no customers yet"):
        customer(officer(baishui), PARTY)
    with pytest.raises(Denied, match="view customers"):
        customer(officer(sample_bank, role=Role.CLERK), PARTY)


def test_an_enterprise_without_household_or_loans(sample_bank: Scope) -> None:
    found = customer(officer(sample_bank), PartyId("p00217"))
    assert found.household.rows == ()
    assert found.loans.rows == ()
    assert found.identity.rows[0]["party_type"] == "enterprise"


def test_a_bank_that_lacks_tables_still_shows_what_it_has(sample_bank: Scope) -> None:
    for name in ("core.household", "core.touch", "mart.party_profile", "core.event"):
        shutil.rmtree(layout.table_path(sample_bank, name))
        handles.forget(sample_bank, name)
    found = customer(officer(sample_bank), PARTY)
    assert found.household.rows == ()
    assert found.figures == ()
    assert found.tags == ()
    assert found.risk == ()
    assert len(found.accounts.rows) > 0


def test_what_the_profile_says_was_nothing_is_nothing(sample_bank: Scope) -> None:
    scope = officer(sample_bank)
    profiles: list[dict[str, object]] = store.read(
        sample_bank, "mart.party_profile", business_date=LAST
    ).to_pylist()
    quiet = next(r for r in profiles if r["instalments_90d"] == 0 and r["touches_90d"] != 0)
    with_profile = customer(scope, PartyId(str(quiet["party_id"])))
    shutil.rmtree(layout.table_path(sample_bank, "mart.party_profile"))
    handles.forget(sample_bank, "mart.party_profile")
    without = customer(scope, PartyId(str(quiet["party_id"])))
    assert with_profile.repayments == without.repayments
    assert with_profile.touches == without.touches
    assert with_profile.happenings == without.happenings


def test_a_date_without_a_profile_still_shows_its_core(sample_bank: Scope) -> None:
    table = store.describe(sample_bank, "core.party")
    later = LAST + timedelta(1)
    rows = store.read(sample_bank, "core.party", business_date=LAST).drop_columns("business_date")
    store.write_date(sample_bank, table, later, rows)
    found = customer(officer(sample_bank), PARTY)
    assert found.business_date == later
    assert found.identity.rows[0]["party_id"] == PARTY
    assert found.accounts.rows == ()
    assert {one.as_of for one in found.tags} == {LAST}
