"""The milestones of a customer with the bank: when they came, and what they took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from titian.data.parties.model import Customer, Row


class Step(StrEnum):
    """What kind of milestone it is."""

    CAME = "came"
    ACCOUNT = "account"
    CARD = "card"
    LOAN = "loan"


@dataclass(frozen=True, slots=True)
class Milestone:
    """One step on a day; `row` is what was taken."""

    day: date
    step: Step
    row: Row


def milestones(found: Customer) -> list[Milestone]:
    """Give the steps of the customer with the bank, newest first."""
    dated = [
        (found.identity.rows[0], "open_date", Step.CAME),
        *((row, "open_date", Step.ACCOUNT) for row in found.accounts.rows),
        *((row, "open_date", Step.CARD) for row in found.cards.rows),
        *((row, "grant_date", Step.LOAN) for row in found.loans.rows),
    ]
    steps = [
        Milestone(day, step, row)
        for row, column, step in dated
        if isinstance(day := row[column], date)
    ]
    return sorted(steps, key=lambda one: (one.day, one.step is not Step.CAME), reverse=True)
