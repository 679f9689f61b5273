"""What operators do: run a day, fill a range, run again from a failed job, pause and resume."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select

from titian.data.jobs import board, calendars, executor, orders, overtaken, pauses, runlog
from titian.data.jobs.catalogue import Catalogue, fresh, load
from titian.data.jobs.model import State
from titian.data.jobs.orders import Order, Reason
from titian.data.jobs.tables import job_state
from titian.kernel import audit, db
from titian.kernel.errors import Conflict, NotFound
from titian.kernel.ids import RunId
from titian.kernel.scope import Permission, Scope

BACKFILL_DATES = 62


def run(
    scope: Scope,
    dates: Sequence[date],
    *,
    jobs: Sequence[str] | None = None,
    force: bool = False,
    wide: bool = False,
    reason: Reason = Reason.PERSON,
) -> Order:
    """Order a bank's jobs (all, or those named) for dates. What is up to date is not run again.

    Some process must be working on orders (`executor.running`) for it to move. Needs RUN_JOBS.
    Raises NotFound for an unknown job, InvalidDefinition when the bank's jobs cannot be read.
    """
    scope.require(Permission.RUN_JOBS)
    catalogue = fresh(scope)
    if not catalogue.jobs:
        raise NotFound(
            f"bank {scope.bank} has no jobs",
            "Install some with `titian define --bank BANK DIR`, or let it inherit the presets.",
        )
    names = None if jobs is None else catalogue.select(jobs)
    order = orders.create(
        scope,
        dates,
        jobs=names,
        force=force,
        wide=wide,
        reason=reason,
        total=_units(catalogue, names, dates),
    )
    detail = {"dates": len(order.dates), "jobs": len(names or catalogue.jobs), "reason": reason}
    audit.record(scope, "jobs.run", order.order, detail)
    if executor.is_running():
        executor.submit(order)
    return order


def _units(catalogue: Catalogue, names: Sequence[str] | None, dates: Sequence[date]) -> int:
    jobs = [catalogue.jobs[name] for name in names or catalogue.jobs]
    return sum(calendars.due(job.schedule, day) for job in jobs for day in set(dates))


def backfill(
    scope: Scope,
    first: date,
    last: date,
    *,
    jobs: Sequence[str] | None = None,
    downstream: bool = False,
    force: bool = False,
    wide: bool = True,
) -> list[Order]:
    """Order a range of dates, in parts that let the night's orders in between.

    Dates run in order where a job looks back, else side by side; `wide` lets a job do many dates
    in one statement. `downstream` adds what depends on the named jobs. Needs RUN_JOBS.
    """
    days = calendars.days(first, last)
    names = jobs
    if jobs is not None and downstream:
        names = load(scope).graph.downstream(jobs)
    parts = [days[at : at + BACKFILL_DATES] for at in range(0, len(days), BACKFILL_DATES)]
    return [
        run(scope, part, jobs=names, force=force, wide=wide, reason=Reason.BACKFILL)
        for part in parts
    ]


def rerun(scope: Scope, run_id: RunId) -> Order:
    """Run the job of a run again for its date, and all that depends on it. Needs RUN_JOBS."""
    found = board.run(scope, run_id).run
    return rerun_job(scope.at(found.bank), found.job, found.business_date)


def rerun_job(scope: Scope, job: str, business_date: date) -> Order:
    """Run a job again for a date, and all that depends on it. Needs RUN_JOBS."""
    names = load(scope).graph.downstream([load(scope).job(job).name])
    return run(scope, [business_date], jobs=names, force=True, reason=Reason.RERUN)


def rerun_failed(scope: Scope, business_date: date) -> Order:
    """Run a date's failed jobs again, and what was held up by them. Needs RUN_JOBS.

    Jobs above them whose feeds have other rows since they ran (delivered again, or mended) run
    first. Raises Conflict when nothing failed.
    """
    failed = [s.job for s in board.stands(scope, business_date) if s.state is State.FAILED]
    if not failed:
        raise Conflict(
            f"no job of {scope.bank} failed on {business_date}",
            "Nothing needs repeating; name a job to repeat it all the same.",
        )
    catalogue = load(scope)
    outdated = _outdated(scope, catalogue, catalogue.graph.upstream(failed), business_date)
    names = catalogue.graph.downstream([*outdated, *failed])
    return run(scope, [business_date], jobs=names, force=True, reason=Reason.RERUN)


def _outdated(
    scope: Scope, catalogue: Catalogue, names: Iterable[str], business_date: date
) -> list[str]:
    """Name those jobs whose feeds got other rows after they last ran for a date."""
    moved = overtaken.moves(scope, business_date).get(scope.bank_id, {})
    ran = runlog.standings(scope.bank_id, [business_date])
    return [
        name
        for name in names
        if (mine := ran.get((business_date, name))) is not None
        and mine.started is not None
        and overtaken.came_since(catalogue.jobs[name], mine.started, moved)
    ]


def pause(scope: Scope, job: str | None, reason: str) -> None:
    """Hold a job (or, with None, all of a bank) back until `resume`. Needs RUN_JOBS."""
    name = pauses.WHOLE_BANK if job is None else load(scope).job(job).name
    pauses.add(scope, name, reason)


def resume(scope: Scope, job: str | None) -> list[Order]:
    """Let a job (or, with None, a bank) run again, and order the dates it missed."""
    pauses.remove(scope, pauses.WHOLE_BANK if job is None else job)
    missed = _dates_in(scope, (State.PAUSED,))
    return [run(scope, part, reason=Reason.RESUME) for part in _in_parts(missed)]


def wake(scope: Scope) -> list[Order]:
    """Order the dates on which jobs wait for feeds that have arrived since. Needs RUN_JOBS."""
    catalogue = load(scope)
    ready = []
    for day in _dates_in(scope, (State.WAITING,)):
        for stand in board.stands(scope, day):
            if stand.state is State.WAITING and not board.absent_feeds(
                scope, catalogue, stand.job, day
            ):
                ready.append(day)
                break
    return [run(scope, part, reason=Reason.NIGHT) for part in _in_parts(ready)]


def cancel(scope: Scope, order: str) -> None:
    """Call an order off; jobs that run now still end. Needs RUN_JOBS. Raises NotFound."""
    scope.require(Permission.RUN_JOBS)
    found = orders.get(order)
    scope.at(found.bank)
    orders.cancel(order)
    audit.record(scope, "jobs.cancel", order)


def _dates_in(scope: Scope, states: Iterable[State]) -> list[date]:
    query = (
        select(job_state.c.business_date)
        .where(
            job_state.c.bank == scope.bank_id,
            job_state.c.state.in_([state.value for state in states]),
        )
        .distinct()
        .order_by(job_state.c.business_date)
    )
    with db.read() as connection:
        return list(connection.scalars(query))


def _in_parts(days: Sequence[date]) -> list[Sequence[date]]:
    return [days[at : at + BACKFILL_DATES] for at in range(0, len(days), BACKFILL_DATES)]
