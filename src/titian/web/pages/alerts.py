"""Alerts: what failed or is late, who looks after it, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from sqlalchemy import ColumnElement, select
from starlette.responses import Response

from titian.data.jobs import alerts
from titian.data.jobs.alerts import Alert, Kind
from titian.data.jobs.tables import job_alert
from titian.kernel.ids import BankId
from titian.kernel.scope import Permission, Scope
from titian.web.context import Context, needs
from titian.web.i18n import Text, _, errors, formats, lazy
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Query,
    Rows,
    State,
    Table,
    Tone,
    rows_from,
)
from titian.web.listing import Kind as ColumnKind
from titian.web.naming import FEED, bank_name, job_name, names_at, person_name
from titian.web.render import as_code
from titian.web.room import AT_PLACE, MAX_TASKS, Room, Task, Tasks

router = APIRouter(prefix=AT_PLACE)
Watcher = Annotated[Context, needs(Permission.VIEW_JOBS)]
Operator = Annotated[Context, needs(Permission.RUN_JOBS)]

Row = Mapping[str, Any]
KINDS: dict[str, State] = {
    Kind.FAILED.value: State(lazy("Failed"), Tone.BAD),
    Kind.LATE.value: State(lazy("Late"), Tone.WARN),
}
_OPEN, _MINE, _ALL = "open", "taken", "all"
_SHOWN: dict[str, Text] = {
    _OPEN: lazy("nobody looks after it"),
    _MINE: lazy("somebody looks after it"),
    _ALL: lazy("all, also what is mended"),
}


def path_of(job: str, run: str | None, day: date) -> str:
    """Give the page where an alert is looked into: its run, its feed's date, or its job."""
    if run:
        return f"/runs/log/{run}"
    if job.startswith(FEED):
        return f"/feeds/{job.removeprefix(FEED)}/{day}"
    return f"/runs/jobs/{job}"


def _shown(chosen: str | None) -> ColumnElement[bool]:
    table = job_alert.c
    open_ = table.resolved_at.is_(None)
    if chosen == _OPEN:
        return open_ & table.acknowledged_at.is_(None)
    if chosen == _MINE:
        return open_ & table.acknowledged_at.is_not(None)
    return open_


def _fetch(scope: Scope, query: Query) -> Rows[Row]:
    scope.require(Permission.VIEW_JOBS)
    statement = select(job_alert)
    if scope.bank is not None:
        statement = statement.where(job_alert.c.bank == scope.bank)
    if query.filter("show") != _ALL:
        statement = statement.where(_shown(query.filter("show")))
    if query.business_date is not None:
        statement = statement.where(job_alert.c.business_date == query.business_date)
    return rows_from(
        statement,
        query,
        search=(job_alert.c.job, job_alert.c.message),
        keep={"kind": lambda kind: job_alert.c.kind == kind},
    )


def _told(bank: str, message: str) -> str:
    return errors.told(message, names_at(BankId(bank)))


def _who(row: Row) -> str | None:
    who = row["acknowledged_by"]
    return person_name(who) if who else None


TABLE: Table[Row] = Table(
    "alerts",
    lazy("Needs somebody"),
    about=lazy("What failed or is late. It leaves the list once it is mended."),
    columns=(
        Column(
            "job",
            lazy("Job or feed"),
            value=lambda row: job_name(row["bank"], row["job"]),
            main=True,
            link=lambda ctx, row: ctx.url(
                path_of(row["job"], row["run_id"], row["business_date"]), at=row["bank"]
            ),
            note=lambda row: as_code(row["job"]),
        ),
        Column("kind", lazy("What"), ColumnKind.STATE, states=KINDS),
        Column(
            "bank",
            lazy("Bank"),
            value=lambda row: bank_name(row["bank"]),
            raw=lambda row: row["bank"],
        ),
        Column("business_date", lazy("Business date"), ColumnKind.DATE),
        Column("message", lazy("Why"), value=lambda row: _told(row["bank"], row["message"])),
        Column("raised_at", lazy("Since"), ColumnKind.MOMENT),
        Column(
            "acknowledged_by",
            lazy("Who looks after it"),
            value=_who,
            raw=lambda row: row["acknowledged_by"],
        ),
    ),
    fetch=_fetch,
    filters=(
        Filter("q", lazy("Job or error"), FilterKind.SEARCH),
        Filter("show", lazy("Show"), choices=lambda _ctx: list(_SHOWN.items())),
        Filter("kind", lazy("What"), choices=lambda _ctx: [(k, w.label) for k, w in KINDS.items()]),
    ),
    sort="-raised_at",
    empty=Empty(lazy("Nothing needs anybody"), lazy("Whatever fails or is late appears here.")),
    export=Permission.VIEW_JOBS,
)


@router.get("/runs/alerts")
def list_alerts(ctx: Watcher) -> Response:
    """List what failed or is late."""
    return ctx.table(TABLE, "board/alert_list.html")


@router.post("/runs/alerts/{alert}")
def acknowledge(ctx: Operator, alert: str) -> Response:
    """Note that somebody looks after an alert."""
    alerts.acknowledge(ctx.scope, alert)
    back = "/runs/alerts" if ctx.form["back"] == "list" else "/runs"
    return ctx.go(back, _("Noted: you look after it."))


def _tasks(ctx: Context) -> Sequence[Task]:
    mine = (None, ctx.user.user_id)
    found = alerts.listed(ctx.scope, limit=MAX_TASKS)
    return [_task(one) for one in found if one.acknowledged_by in mine]


def _task(one: Alert) -> Task:
    return Task(
        f"{job_name(one.bank, one.job)} · {KINDS[one.kind].label}",
        path_of(one.job, one.run, one.business_date),
        at=str(one.bank),
        note=" · ".join(
            (bank_name(one.bank), formats.day(one.business_date), _told(one.bank, one.message))
        ),
        since=one.raised,
        urgent=one.kind is Kind.FAILED,
    )


ROOM = Room(
    "alerts",
    router,
    tasks=(Tasks("alerts", lazy("Failed and late"), "circle-alert", _tasks, Permission.RUN_JOBS),),
    acts={"jobs.acknowledge": lazy("Took up an alert")},
)
