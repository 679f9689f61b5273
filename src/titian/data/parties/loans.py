"""How a customer's loans and their instalments stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from titian.data.parties.model import Customer, Row

_RUNNING_FIRST = {"active": 0, "written_off": 1}


class Standing(StrEnum):
    """How an instalment stands."""

    IN_TIME = "in_time"
    LATE = "late"  # paid, after it was due
    IN_PART = "in_part"
    DUE = "due"
    UNPAID = "unpaid"  # and past due


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment: what was to be paid and was, in fen, and how many days it is or was late."""

    row: Row
    due_fen: int | None
    paid_fen: int | None
    standing: Standing
    days: int


def loans(found: Customer) -> list[tuple[Row, list[Instalment]]]:
    """Give loans, those that run first, each with its instalments of the last quarter."""
    rows = sorted(found.loans.rows, key=lambda row: _RUNNING_FIRST.get(str(row["status"]), 2))
    return [(row, instalments(found, row["loan_id"])) for row in rows]


def instalments(found: Customer, loan_id: object) -> list[Instalment]:
    """Give a loan's instalments of the last quarter, newest first, each once."""
    return _once([row for row in found.repayments.rows if row["loan_id"] == loan_id], found)


def late_instalments(found: Customer) -> list[Instalment]:
    """Give what was not paid whole and in time in the last quarter, of all loans."""
    kinds = dict.fromkeys(row["loan_id"] for row in found.repayments.rows)
    every = [one for loan_id in kinds for one in instalments(found, loan_id)]
    fine = (Standing.IN_TIME, Standing.DUE)
    late = [one for one in every if one.standing not in fine]
    return sorted(late, key=lambda one: _day(one.row["due_date"]), reverse=True)


def _once(rows: Sequence[Row], found: Customer) -> list[Instalment]:
    # An instalment is delivered when billed and again when paid: the paid one tells all.
    by_period: dict[object, Row] = {}
    for row in sorted(rows, key=lambda row: row["paid_date"] is None):
        by_period.setdefault(row["period"], row)
    ordered = sorted(by_period.values(), key=lambda row: _day(row["due_date"]), reverse=True)
    return [_instalment(row, found.business_date) for row in ordered]


def _instalment(row: Row, today: date) -> Instalment:
    due = _total(row, "due_principal_fen", "due_interest_fen")
    paid = _total(row, "paid_principal_fen", "paid_interest_fen")
    standing, days = _standing(row, due, paid, today)
    return Instalment(row, due, paid, standing, days)


def _standing(row: Row, due: int | None, paid: int | None, today: date) -> tuple[Standing, int]:
    if row["paid_date"] is None:
        days = (today - _day(row["due_date"])).days
        return (Standing.UNPAID, days) if days > 0 else (Standing.DUE, 0)
    late = row["days_late"]
    days = late if isinstance(late, int) else 0
    if due is not None and paid is not None and paid < due:
        return Standing.IN_PART, days
    return (Standing.LATE, days) if days else (Standing.IN_TIME, 0)


def _total(row: Row, *names: str) -> int | None:
    parts = [value for name in names if isinstance(value := row[name], int)]
    return sum(parts) if parts else None


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.min
