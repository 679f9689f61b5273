"""What checks found, kept: history, failing keys, and a score per table and bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, insert, select, update

from titian.data.checks.model import Outcome, Severity
from titian.data.checks.tables import check_result
from titian.data.checks.wording import describe
from titian.kernel import clock, db
from titian.kernel.ids import BankId, RunId
from titian.kernel.scope import Permission, Scope

PAGE_MAX_ROWS = 500
SCORE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Result:
    """One check of one run, as pages show it."""

    run: RunId
    bank: BankId
    table: str
    business_date: date
    kind: str
    label: str
    severity: Severity
    passed: bool
    rows: int
    failing: int
    measured: str
    sample: tuple[dict[str, str], ...]
    checked: datetime


@dataclass(frozen=True, slots=True)
class Score:
    """How good a table (or a bank, with table empty) is: the share of checks that passed, 0 to 100.

    An error weighs three times a warning.
    """

    bank: BankId
    table: str
    score: float
    checks: int
    failed: int


def record(
    connection: Connection, bank: BankId, about: Mapping[str, Any], outcomes: Sequence[Outcome]
) -> None:
    """Keep the outcomes of a run; earlier ones of the same table and date become history.

    `about` maps `run` per business date and `at`, the moment of checking.
    """
    runs: Mapping[date, str] = about["runs"]
    units = {(outcome.check.table, outcome.business_date) for outcome in outcomes}
    for table, day in units:
        connection.execute(
            update(check_result)
            .where(
                check_result.c.bank == bank,
                check_result.c.table_name == table,
                check_result.c.business_date == day,
                check_result.c.current,
            )
            .values(current=False)
        )
    rows = [
        {
            "run_id": runs[outcome.business_date],
            "position": at,
            "bank": bank,
            "table_name": outcome.check.table,
            "business_date": outcome.business_date,
            "kind": outcome.check.kind.value,
            "label": describe(outcome.check),
            "severity": outcome.check.severity.value,
            "passed": outcome.passed,
            "rows": outcome.rows,
            "failing": outcome.failing,
            "measured": outcome.measured,
            "sample": list(outcome.sample),
            "checked_at": about["at"],
            "current": True,
        }
        for at, outcome in enumerate(outcomes)
    ]
    if rows:
        connection.execute(insert(check_result), rows)


def of_run(scope: Scope, run: RunId) -> list[Result]:
    """List the checks of a run. Needs VIEW_JOBS."""
    return _results(_visible(scope).where(check_result.c.run_id == run))


def of_table(
    scope: Scope, table: str, *, business_date: date | None = None, limit: int = 100
) -> list[Result]:
    """List the newest checks of a table, newest date first. Needs VIEW_JOBS."""
    query = _visible(scope).where(check_result.c.table_name == table, check_result.c.current)
    if business_date is not None:
        query = query.where(check_result.c.business_date == business_date)
    query = query.order_by(check_result.c.business_date.desc(), check_result.c.position)
    return _results(query.limit(min(limit, PAGE_MAX_ROWS)))


def failing(scope: Scope, *, business_date: date | None = None, limit: int = 100) -> list[Result]:
    """List the checks that fail now, errors first, newest first. Needs VIEW_JOBS."""
    query = _visible(scope).where(~check_result.c.passed, check_result.c.current)
    if business_date is not None:
        query = query.where(check_result.c.business_date == business_date)
    query = query.order_by(
        check_result.c.severity,
        check_result.c.business_date.desc(),
        check_result.c.table_name,
        check_result.c.position,
    )
    return _results(query.limit(min(limit, PAGE_MAX_ROWS)))


def history(scope: Scope, table: str, *, days: int = SCORE_DAYS) -> list[tuple[date, Score]]:
    """Give a table's score per business date, oldest first. Needs VIEW_JOBS."""
    columns = (check_result.c.bank, check_result.c.business_date)
    query = _scored(scope, columns, days).where(check_result.c.table_name == table)
    with db.read() as connection:
        rows = connection.execute(query.order_by(check_result.c.business_date)).all()
    return [(row.business_date, _score(row, table)) for row in rows]


def scores(scope: Scope, *, days: int = SCORE_DAYS) -> list[Score]:
    """Give the score of every table of the visible banks, worst first. Needs VIEW_JOBS."""
    columns = (check_result.c.bank, check_result.c.table_name)
    with db.read() as connection:
        rows = connection.execute(_scored(scope, columns, days)).all()
    return sorted((_score(row, row.table_name) for row in rows), key=lambda item: item.score)


def bank_scores(scope: Scope, *, days: int = SCORE_DAYS) -> list[Score]:
    """Give the score of every visible bank, worst first. Needs VIEW_JOBS."""
    with db.read() as connection:
        rows = connection.execute(_scored(scope, (check_result.c.bank,), days)).all()
    return sorted((_score(row, "") for row in rows), key=lambda item: item.score)


_WEIGHT = case((check_result.c.severity == Severity.ERROR.value, 3), else_=1)


def _scored(scope: Scope, columns: tuple[Any, ...], days: int) -> Select[Any]:
    scope.require(Permission.VIEW_JOBS)
    since = clock.today() - timedelta(days=days)
    good = func.sum(case((check_result.c.passed, _WEIGHT), else_=0))
    query = select(
        *columns,
        (100.0 * good / func.sum(_WEIGHT)).label("score"),
        func.count().label("checks"),
        func.sum(case((check_result.c.passed, 0), else_=1)).label("failed"),
    ).where(check_result.c.current, check_result.c.business_date >= since)
    if scope.bank is not None:
        query = query.where(check_result.c.bank == scope.bank)
    return query.group_by(*columns)


def _score(row: Row[Any], table: str) -> Score:
    return Score(row.bank, table, round(float(row.score), 1), row.checks, row.failed)


def _visible(scope: Scope) -> Select[Any]:
    scope.require(Permission.VIEW_JOBS)
    query = select(check_result)
    if scope.bank is not None:
        query = query.where(check_result.c.bank == scope.bank)
    return query


def _results(query: Select[Any]) -> list[Result]:
    with db.read() as connection:
        return [
            Result(
                run=row.run_id,
                bank=row.bank,
                table=row.table_name,
                business_date=row.business_date,
                kind=row.kind,
                label=row.label,
                severity=Severity(row.severity),
                passed=row.passed,
                rows=row.rows,
                failing=row.failing,
                measured=row.measured,
                sample=tuple(row.sample),
                checked=row.checked_at,
            )
            for row in connection.execute(query)
        ]
