"""The loan and repayment feeds: what the loan book shows on every night of the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from titian.province import text
from titian.province.ledger import order_by
from titian.province.model import (
    Codes,
    FiveClass,
    Instalments,
    Ints,
    Loans,
    LoanStatus,
    ProvinceConfig,
    World,
    size,
    take,
)
from titian.province.sheets import Flaw, Ids, Sheet, day_numbers, starts_of, whole_columns

WRITE_OFF_DAYS: Final = 540
CLASS_EDGES_DAYS: Final = (1, 91, 271, 361)
"""First day past due of special mention, substandard, doubtful and loss (CBIRC decree 1/2023)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Loans on the days when they appear in the feed, by day and loan."""

    loan: Ints
    day: Ints
    balance_fen: Ints
    overdue_days: Ints


def standing_of(config: ProvinceConfig, world: World) -> Standing:
    """Work out every loan's balance and days past due when it is new, is paid, or is late.

    A loan is written off once it is 540 days past due: its balance leaves the book and its row
    no longer changes.
    """
    loans, plan = world.loans, world.instalments
    count = size(loans)
    late_loan, late_day, late_due = _late_days(config, plan)
    paid = np.flatnonzero(~np.isnat(plan.paid_on) & (plan.paid_on >= config.start_day))
    paid_day = (plan.paid_on[paid] - config.start_day).astype(np.int64)
    first_day = day_numbers(config, loans.grant_date)
    known = np.unique(
        np.r_[
            first_day * count + np.arange(count),
            paid_day * count + plan.loan[paid],
            late_day * count + late_loan,
        ]
    )
    day, loan = np.divmod(known, count)
    overdue = np.zeros(len(known), np.int64)
    late_key = late_day * count + late_loan
    oldest = np.unique(late_key[np.argsort(late_due, kind="stable")], return_index=True)
    first_due = np.sort(late_due, kind="stable")[oldest[1]]
    at = np.searchsorted(known, oldest[0])
    overdue[at] = (config.start_day.astype(np.int64) + day[at]) - first_due
    kept = (overdue <= WRITE_OFF_DAYS) | (day == 0)
    day, loan, overdue = day[kept], loan[kept], np.minimum(overdue[kept], WRITE_OFF_DAYS)
    balance = _balances(config, loans, plan, loan, day)
    balance = np.where(overdue >= WRITE_OFF_DAYS, 0, balance)
    return _changes(Standing(loan, day, balance, overdue))


def _changes(standing: Standing) -> Standing:
    # Interest alone changes nothing that the feed shows.
    order = np.argsort(standing.loan, kind="stable")
    loan, balance = standing.loan[order], standing.balance_fen[order]
    overdue = standing.overdue_days[order]
    same = (loan[1:] == loan[:-1]) & (balance[1:] == balance[:-1]) & (overdue[1:] == overdue[:-1])
    return take(standing, np.sort(order[np.r_[np.ones(min(len(loan), 1), bool), ~same]]))


def loan_sheet(config: ProvinceConfig, world: World, ids: Ids) -> Sheet:
    """Loans: all on the first night, then the new, the paid and the late."""
    loans = world.loans
    standing = standing_of(config, world)
    row = standing.loan
    written_off = standing.overdue_days >= WRITE_OFF_DAYS
    settled = (standing.balance_fen == 0) & ~written_off
    status = np.select(
        [written_off, settled], [LoanStatus.WRITTEN_OFF, LoanStatus.SETTLED], LoanStatus.ACTIVE
    )
    fixed = text.join(
        text.rates(loans.rate_ppm), text.whole(loans.term_months), text.dates(loans.grant_date),
        text.dates(loans.due_date), text.codes(loans.method), text.codes(loans.guarantee),
        text.codes(loans.purpose, 2), text.flags(loans.agri), text.flags(loans.inclusive),
    )  # fmt: skip
    head = text.join(
        ids.loan,
        text.take(ids.party, loans.party),
        text.take(ids.account, loans.account),
        text.codes(loans.product, 2),
        text.money(loans.amount_fen),
    )
    tail = text.join(text.take(ids.officer, loans.officer), text.take(ids.org, loans.org))
    columns = [
        text.take(head, row), text.money(standing.balance_fen), text.take(fixed, row),
        text.codes(classes_of(standing.overdue_days)), text.whole(standing.overdue_days),
        text.take(tail, row), text.codes(status.astype(np.uint8)),
    ]  # fmt: skip
    fields = (
        "loan_id", "party_id", "account_id", "product", "amount_fen", "balance_fen",
        "annual_rate", "term_months", "grant_date", "due_date", "repay_method", "guarantee",
        "purpose", "agri", "inclusive", "five_class", "overdue_days", "officer_id", "org_id",
        "status",
    )  # fmt: skip
    flaws = {
        Flaw.WRONG_CODE: ("product", "guarantee", "five_class"),
        Flaw.BAD_DATE: ("grant_date", "due_date"),
        Flaw.MISSING_REQUIRED: ("party_id",),
        Flaw.EXTRA_FIELD: (),
        Flaw.IMPOSSIBLE_AMOUNT: ("amount_fen",),
        Flaw.BROKEN_ENCODING: ("account_id",),
    }
    totals = {"amount_fen": loans.amount_fen[row], "balance_fen": standing.balance_fen}
    return Sheet(
        "loan", fields, starts_of(config, standing.day), whole_columns(columns), totals, flaws
    )


def repayment_sheet(config: ProvinceConfig, world: World, ids: Ids) -> Sheet:
    """Instalments: on the night they fall due, and once more when they are paid later."""
    plan = world.instalments
    inside = (plan.due_date >= config.start_day) & (plan.due_date <= config.end_day)
    due = np.flatnonzero(inside)
    later = ~np.isnat(plan.paid_on) & (plan.paid_on > plan.due_date)
    cured = np.flatnonzero(later & (plan.paid_on >= config.start_day))
    row = np.r_[due, cured]
    is_cure = np.arange(len(row)) >= len(due)
    day = np.where(is_cure, plan.paid_on[row], plan.due_date[row])
    order = order_by((day - config.start_day).astype(np.int64), row)
    row, is_cure, day = row[order], is_cure[order], day[order]
    paid = is_cure | (plan.paid_on[row] == plan.due_date[row])
    principal = np.where(paid, plan.principal_fen[row], 0)
    interest = np.where(paid, plan.interest_fen[row], 0)
    number = (plan.loan[row].astype(np.int64) * 1_000 + plan.period[row]) * 2 + is_cure
    columns = [
        text.ids(f"R{world.bank.no:02d}", number, 12), text.take(ids.loan, plan.loan[row]),
        text.whole(plan.period[row]), text.dates(plan.due_date[row]),
        text.money(plan.principal_fen[row]), text.money(plan.interest_fen[row]),
        text.money(principal), text.money(interest),
        text.dates(np.where(paid, day, np.datetime64("NaT", "D"))),
    ]  # fmt: skip
    fields = (
        "repayment_id", "loan_id", "period", "due_date", "due_principal_fen", "due_interest_fen",
        "paid_principal_fen", "paid_interest_fen", "paid_date",
    )  # fmt: skip
    flaws = {
        Flaw.BAD_DATE: ("due_date",),
        Flaw.MISSING_REQUIRED: ("loan_id",),
        Flaw.EXTRA_FIELD: (),
        Flaw.IMPOSSIBLE_AMOUNT: ("paid_interest_fen",),
    }
    totals = {"paid_principal_fen": principal, "paid_interest_fen": interest}
    starts = starts_of(config, (day - config.start_day).astype(np.int64))
    return Sheet("repayment", fields, starts, whole_columns(columns), totals, flaws)


def classes_of(overdue_days: Ints) -> Codes:
    """Derive the five-category class from days past due."""
    return (np.digitize(overdue_days, CLASS_EDGES_DAYS) + FiveClass.NORMAL).astype(np.uint8)


def _late_days(config: ProvinceConfig, plan: Instalments) -> tuple[Ints, Ints, Ints]:
    start, end = config.start_day.astype(np.int64), config.end_day.astype(np.int64)
    due = plan.due_date.astype(np.int64)
    paid = np.where(np.isnat(plan.paid_on), end + 1, plan.paid_on.astype(np.int64))
    low, high = np.maximum(due + 1, start), np.minimum(paid - 1, end)
    spans = np.maximum(high - low + 1, 0)
    row = np.repeat(np.arange(len(due)), spans)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(spans) - spans, spans)
    return plan.loan[row].astype(np.int64), low[row] + offset - start, due[row]


def _balances(
    config: ProvinceConfig, loans: Loans, plan: Instalments, loan: Ints, day: Ints
) -> Ints:
    paid = np.flatnonzero(~np.isnat(plan.paid_on))
    moment = plan.paid_on[paid].astype(np.int64)
    span = int(config.end_day.astype(np.int64)) + 2
    key = plan.loan[paid].astype(np.int64) * span + moment
    order = np.argsort(key, kind="stable")
    total = np.r_[0, np.cumsum(plan.principal_fen[paid][order])]
    key = key[order]
    until = config.start_day.astype(np.int64) + day
    high = np.searchsorted(key, loan * span + until, side="right")
    low = np.searchsorted(key, loan * span, side="left")
    left: Ints = loans.amount_fen[loan] - (total[high] - total[low])
    return left
