"""Audiences: those that were saved, who they are, how they move, and the export of their rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.tags import audiences, exports, saved, store
from titian.data.tags.exports import Export, Purpose
from titian.data.tags.exports import Status as ExportStatus
from titian.data.tags.saved import Audience
from titian.kernel.errors import TitianError
from titian.kernel.scope import Permission, Scope
from titian.web import tag_tables
from titian.web.audience_sight import Listed, beside_others, listed, meaning, pictures, seen
from titian.web.charts import Chart, trend
from titian.web.context import Context, needs
from titian.web.forms import Form
from titian.web.i18n import _, lazy
from titian.web.listing import (
    Action,
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    State,
    Table,
    Tone,
    rows_of,
)
from titian.web.listing.exporting import harmless
from titian.web.naming import person_name
from titian.web.problems import spoken
from titian.web.render import as_code, fragment
from titian.web.room import AT_PLACE, MAX_FOUND, Entry, Hit, Level, Room, Searcher, Section, Tasks
from titian.web.tag_tasks import requests

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs(Permission.VIEW_TAGS, Level.BANK)]
Maker = Annotated[Context, needs(Permission.EDIT_TAGS, Level.BANK)]
Exporter = Annotated[Context, needs(Permission.EXPORT, Level.BANK)]

TREND_DAYS = 30
EXPORT_COLUMNS = ("party_id",)
EXPORT_STATES: dict[ExportStatus, State] = {
    ExportStatus.REQUESTED: State(lazy("Waits for approval"), Tone.WARN),
    ExportStatus.APPROVED: State(lazy("Approved"), Tone.GOOD),
    ExportStatus.REFUSED: State(lazy("Refused"), Tone.BAD),
}
PURPOSES: dict[Purpose, State] = {
    Purpose.MARKETING: State(lazy("Marketing (without opt-outs)")),
    Purpose.SERVICE: State(lazy("Service")),
    Purpose.RISK: State(lazy("Risk")),
}


def _fetch(scope: Scope, query: Query) -> Rows[Listed]:
    found = listed(scope, saved.find(scope), query.business_date)
    return rows_of(
        found,
        query,
        search=lambda one: f"{one.audience.name} {one.audience.expression} {one.meaning}",
        order={
            "name": lambda one: one.audience.name,
            "owner": lambda one: person_name(one.audience.owner),
            "updated_at": lambda one: one.audience.updated_at,
        },
    )


TABLE: Table[Listed] = Table(
    "audiences",
    lazy("Audiences"),
    about=lazy("Groups of customers, put together from tags; counted in milliseconds."),
    columns=(
        Column(
            "name",
            lazy("Audience"),
            value=lambda one: one.audience.name,
            main=True,
            link=lambda ctx, one: ctx.url(f"/audiences/{one.audience.audience_id}"),
        ),
        Column(
            "meaning",
            lazy("Who belongs to it"),
            value=lambda one: one.meaning or one.audience.expression,
            raw=lambda one: one.audience.expression,
            note=lambda one: as_code(one.audience.expression) if one.meaning else None,
            sortable=False,
        ),
        Column("members", lazy("Members"), Kind.NUMBER),
        Column(
            "owner",
            lazy("Owner"),
            value=lambda one: person_name(one.audience.owner),
            raw=lambda one: one.audience.owner,
            desk=True,
        ),
        Column(
            "updated_at", lazy("Changed"), Kind.MOMENT, value=lambda one: one.audience.updated_at
        ),
    ),
    fetch=_fetch,
    filters=(Filter("q", lazy("Name or tag"), FilterKind.SEARCH),),
    sort="-updated_at",
    action=Action(lazy("Build an audience"), "/audiences/build", "users", Permission.VIEW_TAGS),
    empty=Empty(
        lazy("No audiences saved yet"),
        lazy("Pick a few tags and watch the count move."),
        lazy("Build an audience"),
        "/audiences/build",
    ),
)


@router.get("/audiences")
def list_audiences(ctx: Reader) -> Response:
    """List the saved audiences."""
    return ctx.table(TABLE, "audiences/list.html")


@router.get("/audiences/exports")
def list_exports(ctx: Exporter) -> Response:
    """List the requests for rows, newest first."""
    names = {one.audience_id: one.name for one in saved.find(ctx.scope)}
    found = exports.find(ctx.scope)
    meanings = {text: meaning(ctx.scope, text) for text in {one.expression for one in found}}
    table = tag_tables.requests(found, names, EXPORT_STATES, PURPOSES, meanings)
    return ctx.table(table, "audiences/exports.html", {"names": names, "meanings": meanings})


@router.post("/audiences/exports/{export_id}")
def decide(ctx: Exporter, export_id: str) -> Response:
    """Approve or refuse a request; never one's own."""
    approve = ctx.form.choice("decision", ["approve", "refuse"]) == "approve"
    exports.decide(ctx.scope, export_id, approve=approve)
    return ctx.go("/audiences/exports", _("Approved.") if approve else _("Refused."))


@router.get("/audiences/exports/{export_id}/rows")
def take_rows(ctx: Exporter, export_id: str) -> Response:
    """Give the rows of one's own approved request as CSV."""
    found = exports.rows(ctx.scope, export_id)
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(found.column_names)
    for row in zip(*(column.to_pylist() for column in found.columns), strict=True):
        writer.writerow([harmless(str(value)) for value in row])
    name = f"attachment; filename={export_id}.csv"
    return Response(
        "\ufeff" + lines.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": name},
    )


@router.get("/audiences/{audience_id}")
def show_audience(ctx: Reader, audience_id: str) -> Response:
    """Show an audience: its count, who they are, how it moved, its exports."""
    return _shown(ctx, audience_id, ctx.form.starting(purpose=Purpose.SERVICE.value))


def _shown(ctx: Context, audience_id: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    audience = saved.get(ctx.scope, audience_id)
    shown = seen(ctx, audience.expression)
    values = {
        "seen": shown,
        "audience": audience,
        "mine": saved.may_change(ctx.scope, audience),
        "drift": _drift(ctx, audience) if shown.count else None,
        "movement": _movement(ctx, audience) if shown.count else None,
        "exports": _exports(ctx, audience),
        "states": EXPORT_STATES,
        "purposes": PURPOSES,
        "form": form,
    }
    return ctx.render("audiences/show.html", values, status=status)


@router.get("/audiences/{audience_id}/pictures")
def show_pictures(ctx: Reader, audience_id: str) -> Response:
    """Draw how an audience differs from everyone and overlaps with others; a part of its page."""
    audience = saved.get(ctx.scope, audience_id)
    values: dict[str, Any] = {"lifts": [], "profile": None, "overlap": [], "failed": ""}
    try:
        values |= pictures(ctx, audience.expression)
        values["others"] = beside_others(ctx, audience)
    except TitianError as error:
        values["failed"] = spoken(error)
    return fragment(ctx, "audiences/pictures.html", values)


def _drift(ctx: Context, audience: Audience) -> Chart:
    points = audiences.trend(ctx.scope, audience.expression, TREND_DAYS)
    days = [day.strftime("%m-%d") for day, _members in points]
    return trend(_("Members"), days, [members for _day, members in points])


def _movement(ctx: Context, audience: Audience) -> audiences.Movement | None:
    held = store.dates(ctx.scope)
    if len(held) < 2:  # noqa: PLR2004 - movement is between two dates
        return None
    return audiences.movement(ctx.scope, audience.expression, held[-2], held[-1])


def _exports(ctx: Context, audience: Audience) -> Sequence[Export]:
    if not ctx.allows(Permission.EXPORT):
        return ()
    return [one for one in exports.find(ctx.scope) if one.audience_id == audience.audience_id]


@router.post("/audiences/{audience_id}/export")
def request_export(ctx: Exporter, audience_id: str) -> Response:
    """Ask for the rows of an audience; somebody else approves."""
    form = ctx.form
    purpose = form.choice("purpose", [purpose.value for purpose in Purpose])
    reason = form.text("reason", most=300)
    if not form.wrong:
        asked = Purpose(purpose or Purpose.SERVICE)
        with form.trying("reason"):
            exports.request(ctx.scope, audience_id, EXPORT_COLUMNS, asked, reason)
    if form.wrong:
        return _shown(ctx, audience_id, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return ctx.go(f"/audiences/{audience_id}", _("Asked for; somebody else must approve it."))


@router.post("/audiences/{audience_id}/archive")
def archive(ctx: Maker, audience_id: str) -> Response:
    """Put an audience away."""
    saved.archive(ctx.scope, audience_id)
    return ctx.go("/audiences", _("Put away."))


def _find(ctx: Context, words: str) -> list[Hit]:
    if ctx.scope.bank is None:
        return []
    found: Sequence[Audience] = saved.find(ctx.scope, words)[:MAX_FOUND]
    return [
        Hit(one.name, f"/audiences/{one.audience_id}", "users", one.expression) for one in found
    ]


_ACTS: Mapping[str, Any] = {
    "audience.save": lazy("Saved an audience"),
    "audience.change": lazy("Changed an audience"),
    "audience.archive": lazy("Put an audience away"),
    "audience.export.request": lazy("Asked for an audience's rows"),
    "audience.export.approved": lazy("Approved an audience's rows"),
    "audience.export.refused": lazy("Refused an audience's rows"),
    "audience.export.take": lazy("Took an audience's rows"),
}
ROOM = Room(
    "audiences",
    router,
    entries=(
        Entry(
            Section.DATA,
            lazy("Audiences"),
            "/audiences",
            "users",
            Permission.VIEW_TAGS,
            Level.BANK,
        ),
    ),
    searchers=(Searcher(lazy("Audiences"), _find, Permission.VIEW_TAGS, "/audiences"),),
    tasks=(Tasks("exports", lazy("Requests for rows"), "download", requests, Permission.EXPORT),),
    acts=_ACTS,
)
