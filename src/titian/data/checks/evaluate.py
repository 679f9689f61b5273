"""Run a table's checks over freshly made rows, before anybody can read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from titian.data.checks import compile as compiler
from titian.data.checks.model import Check, CheckKind, Outcome
from titian.kernel.errors import Cause
from titian.kernel.ids import new_id
from titian.lake import masking
from titian.lake.schema import BUSINESS_DATE, Mask, Table
from titian.lake.session import JobSession

Number = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Facts:
    """What checks must know beyond the rows.

    `previous_rows` gives the rows a table had on its date before one; `control_total` gives what a
    feed's control file said of a column. Both give None where nothing is known.
    """

    previous_rows: Callable[[str, date], int | None]
    control_total: Callable[[str, str, date], Number | None]


@dataclass(frozen=True, slots=True)
class _Found:
    """One check against one date's measurements, before it is an Outcome."""

    passed: bool
    failing: int
    measured: str


Measured = Mapping[date, Mapping[str, object]]


def evaluate(
    session: JobSession,
    table: Table,
    checks: Sequence[Check],
    dates: Sequence[date],
    facts: Facts,
) -> tuple[Outcome, ...]:
    """Check the rows in the session's temporary table `produced`, per business date.

    Costs one scan, one query per cross-table sum, and one look per key that repeats.
    """
    rows = session.sql(compiler.measure(checks, table).sql(compiler.DIALECT)).to_pylist()
    measured = {row[BUSINESS_DATE]: row for row in rows}
    return settle(session, table, judge(table, checks, dates, measured, facts))


def judge(
    table: Table,
    checks: Sequence[Check],
    dates: Sequence[date],
    measured: Measured,
    facts: Facts,
) -> tuple[Outcome, ...]:
    """Turn measurements into outcomes; what needs another look stays open (see `settle`)."""
    outcomes: list[Outcome] = []
    previous = facts.previous_rows(table.qualified, min(dates))
    for day in sorted(dates):
        row = measured.get(day, {})
        rows = _whole(row.get(compiler.ROWS, 0))
        for at, check in enumerate(checks):
            value = row.get(compiler.metric_name(at))
            found = _judge(check, value, rows, day, previous, facts)
            sample = _masked(table, row.get(compiler.sample_name(at)))
            outcomes.append(
                Outcome(check, day, found.passed, rows, found.failing, found.measured, sample)
            )
        previous = rows
    return tuple(outcomes)


def is_settled(outcomes: Sequence[Outcome]) -> bool:
    """Say whether no outcome needs another look at the rows."""
    return not any(_open(outcome) for outcome in outcomes)


def settle(session: JobSession, table: Table, outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Take the second look, at the temporary table `produced`: cross-table sums, repeated keys."""
    return tuple(
        _settled(session, table, outcome) if _open(outcome) else outcome for outcome in outcomes
    )


def _open(outcome: Outcome) -> bool:
    if outcome.check.kind is CheckKind.RECONCILE:
        return True
    return not outcome.passed and outcome.check.kind is CheckKind.UNIQUE


def _settled(session: JobSession, table: Table, outcome: Outcome) -> Outcome:
    if outcome.check.kind is CheckKind.RECONCILE:
        return _reconcile(session, outcome)
    query = compiler.repeated_keys(outcome.check, table, outcome.business_date)
    rows = session.sql(query.sql(compiler.DIALECT)).to_pylist()
    return replace(outcome, sample=_masked(table, rows))


def _judge(
    check: Check,
    value: object,
    rows: int,
    day: date,
    previous: int | None,
    facts: Facts,
) -> _Found:
    match check.kind:
        case CheckKind.ROW_COUNT:
            return _row_count(check, rows)
        case CheckKind.ROW_COUNT_DRIFT:
            return _drift(check, rows, previous)
        case CheckKind.FRESHNESS:
            return _freshness(check, value, rows, day)
        case CheckKind.SUM_EQUALS:
            return _sum_equals(check, value, day, facts)
        case CheckKind.RECONCILE:
            return _Found(passed=True, failing=0, measured="")
        case _:
            failing = _whole(value or 0)
            return _Found(failing == 0, failing, Cause(f"{failing:,} of {rows:,} rows"))


def _row_count(check: Check, rows: int) -> _Found:
    low = check.low is None or rows >= _number(check.low)
    high = check.high is None or rows <= _number(check.high)
    return _Found(low and high, 0 if low and high else 1, Cause(f"{rows:,} rows"))


def _drift(check: Check, rows: int, previous: int | None) -> _Found:
    if not previous:
        return _Found(
            passed=True, failing=0, measured=Cause(f"{rows:,} rows, none to compare with")
        )
    ratio = abs(rows - previous) / previous
    passed = ratio <= check.tolerance
    words = Cause(f"{previous:,} → {rows:,} rows ({(rows - previous) / previous:+.1%})")
    return _Found(passed, 0 if passed else 1, words)


def _freshness(check: Check, value: object, rows: int, day: date) -> _Found:
    newest = value.date() if isinstance(value, datetime) else value
    if not isinstance(newest, date):
        words = Cause("no rows") if rows == 0 else Cause("no date in any row")
        return _Found(passed=False, failing=1, measured=words)
    passed = newest >= day - timedelta(days=check.max_days)
    return _Found(passed, 0 if passed else 1, Cause(f"newest is {newest}"))


def _sum_equals(check: Check, value: object, day: date, facts: Facts) -> _Found:
    total = facts.control_total(check.theirs, check.to_columns[0], day)
    if total is None:
        words = Cause(f"feed {check.theirs} gave no control total for {check.to_columns[0]}")
        return _Found(passed=True, failing=0, measured=words)
    ours = _number(value or 0)
    passed = abs(ours - Decimal(str(total))) <= Decimal(str(check.tolerance))
    return _Found(passed, 0 if passed else 1, Cause(f"{ours:,} against {total:,}"))


def _reconcile(session: JobSession, open_: Outcome) -> Outcome:
    query = compiler.reconcile(open_.check, open_.business_date).sql(compiler.DIALECT)
    found = session.sql(query).to_pylist()
    if not found:
        return replace(open_, measured=Cause("all agree"))
    sample = tuple(
        {name: str(value) for name, value in row.items() if name != "failing"} for row in found
    )
    failing, first = _whole(found[0]["failing"]), sample[0]
    words = Cause(f"{failing:,} differ, such as {first['ours']} against {first['theirs']}")
    return replace(open_, passed=False, failing=failing, measured=words, sample=sample)


def _masked(table: Table, sample: object) -> tuple[dict[str, str], ...]:
    if not isinstance(sample, list):
        return ()
    salt = new_id("salt")
    return tuple(
        {name: _masked_value(table, name, value, salt) for name, value in row.items()}
        for row in sample
    )


def _masked_value(table: Table, name: str, value: str | None, salt: str) -> str:
    mask = table.column(name).mask if name != BUSINESS_DATE else Mask.NONE
    return masking.mask_text(mask, value, salt) or ""


def _whole(value: object) -> int:
    assert isinstance(value, int), f"a count, not {value!r}"
    return value


def _number(value: object) -> Decimal:
    return Decimal(str(value))
