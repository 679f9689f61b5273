"""Alerts: what failed or is late, until somebody mends or acknowledges it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from titian.data.jobs import webhooks
from titian.data.jobs.tables import job_alert
from titian.kernel import audit, clock, db
from titian.kernel.errors import NotFound
from titian.kernel.ids import BankId, RunId, new_id
from titian.kernel.scope import Permission, Scope

PAGE_MAX_ROWS = 500


class Kind(StrEnum):
    """What an alert is about."""

    FAILED = "failed"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. It is open until the unit succeeds (`resolved`)."""

    alert: str
    bank: BankId
    business_date: date
    job: str
    kind: Kind
    message: str
    run: RunId | None
    raised: datetime
    resolved: datetime | None
    acknowledged: datetime | None
    acknowledged_by: str | None


def row(
    bank: BankId, business_date: date, job: str, kind: Kind, message: str, run: RunId | None
) -> dict[str, Any]:
    """Make the row of a new alert."""
    return {
        "alert_id": new_id("alert"),
        "bank": bank,
        "business_date": business_date,
        "job": job,
        "kind": kind.value,
        "message": message,
        "run_id": run,
        "raised_at": clock.now(),
    }


def record(
    connection: Connection,
    bank: BankId,
    raised: Sequence[dict[str, Any]],
    resolved: Sequence[tuple[date, str]],
) -> None:
    """Write new alerts, each replacing an open one of its kind, and close those of mended units."""
    closing: list[tuple[date, str, str | None]] = [(day, job, None) for day, job in resolved]
    closing += [(item["business_date"], item["job"], item["kind"]) for item in raised]
    for business_date, job, kind in closing:
        change = update(job_alert).where(
            job_alert.c.bank == bank,
            job_alert.c.business_date == business_date,
            job_alert.c.job == job,
            job_alert.c.resolved_at.is_(None),
        )
        if kind is not None:
            change = change.where(job_alert.c.kind == kind)
        connection.execute(change.values(resolved_at=clock.now()))
    if raised:
        connection.execute(insert(job_alert), list(raised))
        webhooks.enqueue(connection, bank, [item["alert_id"] for item in raised])


def open_units(
    bank: BankId, dates: Sequence[date], kind: Kind | None = None
) -> set[tuple[date, str]]:
    """Give the units of a bank on some dates that have an open alert (of a kind, if named)."""
    query = select(job_alert.c.business_date, job_alert.c.job).where(
        job_alert.c.bank == bank,
        job_alert.c.business_date.in_(dates),
        job_alert.c.resolved_at.is_(None),
    )
    if kind is not None:
        query = query.where(job_alert.c.kind == kind.value)
    with db.read() as connection:
        return {(row.business_date, row.job) for row in connection.execute(query)}


def listed(scope: Scope, *, only_open: bool = True, limit: int = 100) -> list[Alert]:
    """List alerts, newest first. Needs VIEW_JOBS."""
    scope.require(Permission.VIEW_JOBS)
    query = select(job_alert).order_by(job_alert.c.raised_at.desc(), job_alert.c.alert_id.desc())
    if scope.bank is not None:
        query = query.where(job_alert.c.bank == scope.bank)
    if only_open:
        query = query.where(job_alert.c.resolved_at.is_(None))
    with db.read() as connection:
        return [_alert(row) for row in connection.execute(query.limit(min(limit, PAGE_MAX_ROWS)))]


def acknowledge(scope: Scope, alert: str) -> None:
    """Note that somebody looks after an alert. Needs RUN_JOBS. Raises NotFound."""
    scope.require(Permission.RUN_JOBS)
    change = update(job_alert).where(job_alert.c.alert_id == alert)
    if scope.bank is not None:
        change = change.where(job_alert.c.bank == scope.bank)
    with db.begin() as connection:
        done = connection.execute(
            change.values(acknowledged_at=clock.now(), acknowledged_by=scope.user)
        )
        if not done.rowcount:
            raise NotFound(f"there is no alert {alert!r}", "Reload the list of alerts.")
        audit.record(scope, "jobs.acknowledge", alert, {}, connection)


def _alert(row_: Row[Any]) -> Alert:
    return Alert(
        alert=row_.alert_id,
        bank=row_.bank,
        business_date=row_.business_date,
        job=row_.job,
        kind=Kind(row_.kind),
        message=row_.message,
        run=row_.run_id,
        raised=row_.raised_at,
        resolved=row_.resolved_at,
        acknowledged=row_.acknowledged_at,
        acknowledged_by=row_.acknowledged_by,
    )
