from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from titian.data.parties import Asked, Part, customer
from titian.data.parties.loans import Standing, instalments, late_instalments, loans
from titian.data.parties.milestones import Step, milestones
from titian.data.parties.model import Absence, Figure
from titian.data.parties.standing import FIGURES
from titian.kernel.ids import PartyId, UserId
from titian.kernel.scope import Role, Scope
from titian.lake import store

LAST = date(2026, 3, 31)
PARTY = PartyId("p00100")
ALL = Asked()


def officer(bank: Scope, clearance: int = 3) -> Scope:
    return Scope(UserId("lou"), bank.bank, frozenset({Role.LOAN_OFFICER}), clearance)


def figures(scope: Scope, asked: Asked = ALL) -> dict[str, Figure]:
    return {one.name: one for one in customer(scope, PARTY, None, asked).figures}


def later(bank: Scope, table: str) -> date:
    day = LAST + timedelta(1)
    rows = store.read(bank, table, business_date=LAST).drop_columns("business_date")
    store.write_date(bank, store.describe(bank, table), day, rows)
    return day


def test_every_figure_has_a_value_or_a_reason(sample_bank: Scope) -> None:
    found = figures(officer(sample_bank))
    assert set(found) == set(FIGURES)
    assert all((one.value is None) == (one.absent is not None) for one in found.values())
    assert {one.absent for one in found.values()} <= {None, Absence.UNKNOWN}


def test_what_is_hidden_is_not_what_is_missing(sample_bank: Scope) -> None:
    low = figures(officer(sample_bank, clearance=2))
    assert low["aum_fen"].absent is Absence.HIDDEN
    assert low["entries_30d"].absent is None
    later(sample_bank, "core.party")
    for clearance in (2, 3):
        found = figures(officer(sample_bank, clearance=clearance)).values()
        assert {one.absent for one in found} == {Absence.NOT_WORKED_OUT}
        assert {one.value for one in found} == {None}


def test_courses_are_read_only_when_asked_for(sample_bank: Scope) -> None:
    assert not any(one.course for one in figures(officer(sample_bank), Asked(frozenset())).values())
    assert figures(officer(sample_bank), Asked(frozenset({Part.COURSE})))["aum_fen"].course


@pytest.mark.parametrize("part", Part)
def test_a_part_that_is_not_asked_for_is_not_read(sample_bank: Scope, part: Part) -> None:
    found = customer(officer(sample_bank), PARTY, None, Asked(frozenset({part})))
    filled = {
        Part.HOUSEHOLD: found.household.rows,
        Part.ACCOUNTS: found.accounts.rows,
        Part.LOANS: found.loans.rows,
        Part.REPAYMENTS: found.repayments.rows,
        Part.HAPPENINGS: found.happenings.items,
        Part.COURSE: [one for one in found.figures if one.course],
        Part.TAGS: [one for one in found.tags if one.rule],
        Part.RISK: found.risk,
        Part.CONTACTS: found.touches.rows,
        Part.CHANGES: found.changes,
    }
    assert set(filled) == set(Part)
    assert [name for name, what in filled.items() if what and name is not part] == []
    assert filled[part] or part is Part.CHANGES


def test_tags_say_what_they_mean(sample_bank: Scope) -> None:
    found = customer(officer(sample_bank), PARTY, None, Asked(frozenset({Part.TAGS})))
    sex = next(one for one in found.tags if one.tag == "sex")
    assert sex.meaning.zh
    assert "等于" in sex.rule.zh
    assert sex.rule.en


def test_how_loans_stood_is_told_where_it_changed_and_now(sample_bank: Scope) -> None:
    found = customer(officer(sample_bank), PartyId("p00090"), None, ALL).risk
    assert found[-1].day == LAST
    assert (found[-1].five_class, found[-1].overdue_days) == ("special_mention", 20)
    days = [one.day for one in found]
    assert days == sorted(days)
    low = customer(officer(sample_bank, clearance=2), PartyId("p00090"), None, ALL).risk
    assert {(one.five_class, one.overdue_days) for one in low} <= {("***", None), (None, None)}


def repayment(bank: Scope, **values: object) -> dict[str, object]:
    table = store.describe(bank, "core.repayment")
    row: dict[str, object] = dict.fromkeys(column.name for column in table.columns)
    due = LAST - timedelta(10)
    row |= {"loan_id": "l100", "party_id": PARTY, "period": 7, "due_date": due}
    return row | {"due_principal_fen": 1_000, "due_interest_fen": 10} | values


@pytest.mark.parametrize(
    ("values", "standing", "days"),
    [
        ({"paid_date": None}, Standing.UNPAID, 10),
        ({"paid_date": None, "due_date": LAST}, Standing.DUE, 0),
        ({"paid_date": LAST, "days_late": 10, "paid_principal_fen": 1_010}, Standing.LATE, 10),
        ({"paid_date": LAST, "days_late": 0, "paid_principal_fen": 1_010}, Standing.IN_TIME, 0),
        ({"paid_date": LAST, "days_late": 3, "paid_principal_fen": 9}, Standing.IN_PART, 3),
    ],
)
def test_how_an_instalment_stands(
    sample_bank: Scope, values: dict[str, object], standing: Standing, days: int
) -> None:
    table = store.describe(sample_bank, "core.repayment")
    rows = [repayment(sample_bank, repayment_id="rx", **values)]
    store.write_date(sample_bank, table, LAST, pa.Table.from_pylist(rows, table.arrow_schema()))
    found = customer(officer(sample_bank), PARTY)
    one = next(one for one in instalments(found, "l100") if one.row["repayment_id"] == "rx")
    assert (one.standing, one.days) == (standing, days)
    late = [late.row["repayment_id"] for late in late_instalments(found)]
    assert ("rx" in late) == (standing not in (Standing.DUE, Standing.IN_TIME))


def test_an_instalment_billed_and_paid_is_one(sample_bank: Scope) -> None:
    table = store.describe(sample_bank, "core.repayment")
    billed = repayment(sample_bank, repayment_id="billed", paid_date=None)
    paid = repayment(sample_bank, repayment_id="paid", paid_date=LAST, days_late=0)
    rows = pa.Table.from_pylist([billed, paid], table.arrow_schema())
    store.write_date(sample_bank, table, LAST, rows)
    found = instalments(customer(officer(sample_bank), PARTY), "l100")
    assert [one.row["repayment_id"] for one in found if one.row["period"] == 7] == ["paid"]


def test_running_loans_come_first_and_milestones_newest_first(sample_bank: Scope) -> None:
    found = customer(officer(sample_bank), PARTY)
    assert [row["loan_id"] for row, _parts in loans(found)] == ["l100"]
    steps = milestones(found)
    assert [one.day for one in steps] == sorted((one.day for one in steps), reverse=True)
    assert steps[-1].step is Step.CAME
    assert {one.step for one in steps} == set(Step)
