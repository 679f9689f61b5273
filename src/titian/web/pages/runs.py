"""The run log, one run in detail, and one job with its history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.checks import results
from titian.data.jobs import board, control, pauses
from titian.data.jobs.catalogue import load
from titian.data.jobs.model import Job, Run, State
from titian.kernel.ids import RunId
from titian.kernel.scope import Permission
from titian.web.behind import Behind, rows_behind
from titian.web.charts import Chart, Series
from titian.web.check_words import asked, rules_of
from titian.web.context import Context, needs
from titian.web.days import day_of
from titian.web.i18n import _, lazy, locale
from titian.web.naming import bank_name, feed_name, job_name, names_at
from titian.web.room import AT_PLACE, MAX_FOUND, Entry, Hit, Level, Room, Searcher, Section
from titian.web.run_tables import attempts, checks, log
from titian.web.words import CALENDARS, ENGINES, RUN_REASONS, RUN_STATES

router = APIRouter(prefix=AT_PLACE)
Watcher = Annotated[Context, needs(Permission.VIEW_JOBS)]
BankWatcher = Annotated[Context, needs(Permission.VIEW_JOBS, Level.BANK)]
Operator = Annotated[Context, needs(Permission.RUN_JOBS)]

CHART_RUNS = 30


@router.get("/runs/log")
def list_runs(ctx: Watcher) -> Response:
    """List runs."""
    return ctx.table(log(ctx))


@router.get("/runs/log/{run}")
def show_run(ctx: Watcher, run: str) -> Response:
    """Show a run: its SQL, error, checks and other attempts."""
    detail = board.run(ctx.scope, RunId(run))
    there = ctx.scope.at(detail.run.bank)
    held_by = []
    if detail.run.state in (State.WAITING, State.HELD):
        held_by = board.held_up_by(there, detail.run.job, detail.run.business_date)
    below = load(there).graph.downstream([detail.run.job])[1:] if detail.job else ()
    behind: Sequence[Behind] = ()
    if detail.run.state is State.FAILED:
        behind = rows_behind(there, detail.run.job, detail.run.business_date)
    found = asked(there, detail.job, detail.checks)
    return ctx.tables(
        (checks(found), attempts(detail.attempts)),
        "runs/run.html",
        around=lambda: {
            "run": detail.run,
            "job": detail.job,
            "name": _name(detail.job, detail.run.job),
            "sql": detail.sql,
            "has_checks": bool(found),
            "held_by": held_by,
            "behind": behind,
            "below": below,
            "names": {
                name: job_name(detail.run.bank, name)
                for name in (*below, *(root.job for root in held_by))
            },
            "bank_name": bank_name(detail.run.bank),
            "reasons": RUN_REASONS,
            "state_now": RUN_STATES[detail.run.state],
        },
    )


@router.post("/runs/log/{run}/repeat")
def repeat(ctx: Operator, run: str) -> Response:
    """Run a job again for its date, and all that depends on it."""
    order = control.rerun(ctx.scope, RunId(run))
    day = order.dates[0].isoformat()
    return ctx.go_to(
        ctx.url("/runs", at=order.bank, date=day), _("It runs again, then what depends on it.")
    )


@router.get("/runs/jobs/{job}")
def show_job(ctx: BankWatcher, job: str) -> Response:
    """Show a job: what it makes, from what, how it is checked, how it went lately."""
    catalogue = load(ctx.scope)
    found = catalogue.job(job)
    lately = board.runs(ctx.scope, job=found.name, by_date=True, limit=CHART_RUNS)
    return ctx.table(
        attempts(lately),
        "runs/job.html",
        around=lambda: {
            "job": found,
            "name": _name(found, job),
            "schedule": CALENDARS.get(found.schedule, found.schedule),
            "engine": ENGINES[found.engine],
            "waits": [feed_name(ctx.scope.bank_id, feed) for feed in found.waits],
            "writes": [table.label.text(locale()) for table in found.writes],
            "called": names_at(ctx.scope.bank_id),
            "columns": found.writes[0].columns,
            "parents": catalogue.graph.parents[found.name],
            "children": catalogue.graph.children[found.name],
            "names": {name: _name(one, name) for name, one in catalogue.jobs.items()},
            "rules": rules_of(ctx.scope, found),
            "lately_chart": _chart(lately) if lately else None,
            "scores": [one for one in results.scores(ctx.scope) if one.table == found.name],
            "day": day_of(ctx),
            "paused": found.name in pauses.names(ctx.scope.bank_id),
        },
    )


def _name(job: Job | None, fallback: str) -> str:
    if job is None:
        return fallback
    return job.zh if locale() == "zh" else job.en


def _chart(lately: list[Run]) -> Chart:
    runs = lately[::-1]
    return Chart(
        _("Rows and seconds of the last runs"),
        [run.business_date.isoformat() for run in runs],
        [
            Series(_("Rows"), [run.rows for run in runs], kind="bar"),
            Series(_("Took"), [round(run.seconds, 3) for run in runs], right=True, unit="seconds"),
        ],
    )


def _find(ctx: Context, words: str) -> list[Hit]:
    if ctx.scope.bank is None:
        return []
    jobs = load(ctx.scope).jobs.values()
    low = words.lower()
    found = [job for job in jobs if low in f"{job.name} {job.zh} {job.en}".lower()]
    return [
        Hit(_name(job, job.name), f"/runs/jobs/{job.name}", "workflow", job.name)
        for job in found[:MAX_FOUND]
    ]


ROOM = Room(
    "runs",
    router,
    entries=(
        Entry(Section.DATA, lazy("Run log"), "/runs/log", "scroll-text", Permission.VIEW_JOBS),
    ),
    searchers=(Searcher(lazy("Jobs"), _find, Permission.VIEW_JOBS, "/runs"),),
)
