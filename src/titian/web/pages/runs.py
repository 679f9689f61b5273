"""The run log, one run in detail, and one job with its history."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.checks import results
from titian.data.checks.compile import describe
from titian.data.jobs import board, control, pauses
from titian.data.jobs.catalogue import load
from titian.data.jobs.model import Job, Run, State
from titian.kernel.ids import RunId
from titian.kernel.scope import Permission, Scope
from titian.web.charts import Chart, Series
from titian.web.context import Context, needs
from titian.web.i18n import _, lazy, locale
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    Table,
    rows_of,
)
from titian.web.pages.board import day_of
from titian.web.room import AT_PLACE, Entry, Hit, Level, Room, Searcher, Section
from titian.web.words import RUN_REASONS, RUN_STATES

router = APIRouter(prefix=AT_PLACE)
Watcher = Annotated[Context, needs(Permission.VIEW_JOBS)]
BankWatcher = Annotated[Context, needs(Permission.VIEW_JOBS, Level.BANK)]
Operator = Annotated[Context, needs(Permission.RUN_JOBS)]

CHART_RUNS = 30
MAX_HITS = 6


def _fetch(scope: Scope, query: Query) -> Rows[Run]:
    state = query.filter("state")
    day = query.filter("day")
    found = board.runs(
        scope,
        state=State(state) if state else None,
        business_date=date.fromisoformat(day) if day else query.business_date,
        limit=board.PAGE_MAX_ROWS,
    )
    return rows_of(found, query, search=lambda run: f"{run.job} {run.run} {run.error}")


TABLE: Table[Run] = Table(
    "runs",
    lazy("Run log"),
    about=lazy("Every attempt at a job, newest first."),
    columns=(
        Column(
            "job", lazy("Job"), main=True, link=lambda ctx, run: ctx.url(f"/runs/log/{run.run}")
        ),
        Column("bank", lazy("Bank"), Kind.CODE, desk=True),
        Column("business_date", lazy("Business date"), Kind.DATE),
        Column("state", lazy("State"), Kind.STATE, states=RUN_STATES),
        Column("attempt", lazy("Attempt"), Kind.NUMBER, desk=True),
        Column("started", lazy("Started"), Kind.MOMENT, desk=True),
        Column("seconds", lazy("Took"), Kind.SECONDS),
        Column("rows", lazy("Rows"), Kind.NUMBER),
        Column("reason", lazy("Why"), states=RUN_REASONS, desk=True),
    ),
    fetch=_fetch,
    filters=(
        Filter("q", lazy("Job or error"), FilterKind.SEARCH),
        Filter(
            "state",
            lazy("State"),
            choices=lambda _ctx: [(state, RUN_STATES[state].label) for state in RUN_STATES],
        ),
        Filter("day", lazy("Business date"), FilterKind.DATE),
    ),
    sort="-started",
    empty=Empty(lazy("No runs yet"), lazy("They appear when a day is ordered on the board.")),
)


@router.get("/runs/log")
def list_runs(ctx: Watcher) -> Response:
    """List runs."""
    return ctx.table(TABLE)


@router.get("/runs/log/{run}")
def show_run(ctx: Watcher, run: str) -> Response:
    """Show a run: its SQL, error, checks and other attempts."""
    detail = board.run(ctx.scope, RunId(run))
    there = ctx.scope.at(detail.run.bank)
    held_by = []
    if detail.run.state in (State.WAITING, State.HELD):
        held_by = board.held_up_by(there, detail.run.job, detail.run.business_date)
    below = load(there).graph.downstream([detail.run.job])[1:] if detail.job else ()
    return ctx.render(
        "runs/run.html",
        run=detail.run,
        job=detail.job,
        name=_name(detail.job, detail.run.job),
        sql=detail.sql,
        checks=detail.checks,
        attempts=detail.attempts,
        held_by=held_by,
        below=below,
        states=RUN_STATES,
        reasons=RUN_REASONS,
        state_now=RUN_STATES[detail.run.state],
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
    lately = sorted(
        board.runs(ctx.scope, job=found.name, limit=CHART_RUNS),
        key=lambda run: (run.business_date, run.started),
        reverse=True,
    )
    return ctx.render(
        "runs/job.html",
        job=found,
        name=_name(found, job),
        columns=found.writes[0].columns,
        parents=catalogue.graph.parents[found.name],
        children=catalogue.graph.children[found.name],
        rules=[(check, describe(check)) for check in found.checks],
        lately=lately,
        lately_chart=_chart(lately),
        scores=[score for score in results.scores(ctx.scope) if score.table == found.name],
        day=day_of(ctx),
        paused=found.name in pauses.names(ctx.scope.bank_id),
        states=RUN_STATES,
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
            Series(_("Seconds"), [round(run.seconds, 3) for run in runs], right=True),
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
        for job in found[:MAX_HITS]
    ]


ROOM = Room(
    "runs",
    router,
    entries=(
        Entry(Section.DATA, lazy("Run log"), "/runs/log", "scroll-text", Permission.VIEW_JOBS),
    ),
    searchers=(Searcher(lazy("Jobs"), _find, Permission.VIEW_JOBS),),
)
