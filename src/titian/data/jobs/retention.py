"""What the run log forgets, so that it does not grow without end."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, exists, select

from titian.data.checks.tables import check_result
from titian.data.jobs.tables import (
    job_alert,
    job_delivery,
    job_order,
    job_run,
    job_state,
    job_text,
)
from titian.kernel import clock, db
from titian.kernel.ids import least_id

KEEP_RUNS = timedelta(days=400)
KEEP_STATES = timedelta(days=3 * 366)


def forget_old() -> int:
    """Delete runs, checks, orders and settled alerts past their time; give how many rows.

    A unit's present state, and the checks that belong to it, stay longer than its runs. Time runs
    from when a thing was written, whatever business date it is of: old dates are filled in late.
    """
    with db.begin() as connection:
        return _old_runs(connection) + _old_states(connection) + _orphans(connection)


def _old_runs(connection: Connection) -> int:
    before = clock.now() - KEEP_RUNS
    statements = (
        delete(job_run).where(job_run.c.started_at < before),
        delete(job_order).where(job_order.c.finished_at < before),
        delete(check_result).where(check_result.c.checked_at < before, ~check_result.c.current),
        delete(job_alert).where(job_alert.c.resolved_at < before),
    )
    return sum(connection.execute(statement).rowcount for statement in statements)


def _old_states(connection: Connection) -> int:
    before = clock.now() - KEEP_STATES
    statements = (
        delete(job_state).where(job_state.c.order_id < least_id("order", before)),
        delete(check_result).where(check_result.c.checked_at < before),
    )
    return sum(connection.execute(statement).rowcount for statement in statements)


def _orphans(connection: Connection) -> int:
    run_of = select(job_run.c.run_id).where(job_run.c.sql_hash == job_text.c.sql_hash)
    alert_of = select(job_alert.c.alert_id).where(job_alert.c.alert_id == job_delivery.c.alert_id)
    statements = (
        delete(job_text).where(~exists(run_of)),
        delete(job_delivery).where(~exists(alert_of)),
    )
    return sum(connection.execute(statement).rowcount for statement in statements)
