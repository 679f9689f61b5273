"""Audiences: build one from tags with the count moving as you type, save it, compare, export."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.tags import audiences, catalogue, exports, saved, store
from titian.data.tags.audiences import Lift
from titian.data.tags.exports import Export, Purpose
from titian.data.tags.exports import Status as ExportStatus
from titian.data.tags.saved import Audience
from titian.kernel.errors import TitianError
from titian.kernel.scope import Permission, Scope
from titian.web.charts import Chart, trend
from titian.web.context import Context, needs
from titian.web.i18n import _, lazy, locale
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
from titian.web.problems import spoken
from titian.web.room import AT_PLACE, Entry, Hit, Level, Room, Searcher, Section

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs(Permission.VIEW_TAGS, Level.BANK)]
Maker = Annotated[Context, needs(Permission.EDIT_TAGS, Level.BANK)]
Exporter = Annotated[Context, needs(Permission.EXPORT, Level.BANK)]

TREND_DAYS = 30
MAX_LIFTS = 12
MAX_EXPRESSION = 4_000
MAX_HITS = 6
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


def _fetch(scope: Scope, query: Query) -> Rows[Audience]:
    return rows_of(
        saved.find(scope), query, search=lambda audience: f"{audience.name} {audience.expression}"
    )


TABLE: Table[Audience] = Table(
    "audiences",
    lazy("Audiences"),
    about=lazy("Groups of customers, put together from tags; counted in milliseconds."),
    columns=(
        Column(
            "name",
            lazy("Audience"),
            main=True,
            link=lambda ctx, one: ctx.url(f"/audiences/{one.audience_id}"),
        ),
        Column("expression", lazy("Who belongs to it"), Kind.CODE, sortable=False),
        Column("owner", lazy("Owner"), desk=True),
        Column("updated_at", lazy("Changed"), Kind.MOMENT),
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


@router.get("/audiences/build")
def build(ctx: Reader) -> Response:
    """Show the builder: tags on the left, the expression, and what it comes to."""
    expression = ctx.query("expression", most=MAX_EXPRESSION)
    return ctx.render(
        "audiences/build.html",
        form=ctx.form.starting(expression=expression),
        shelves=_shelves(ctx.scope),
        **_seen(ctx, expression),
    )


@router.get("/audiences/seen")
def seen(ctx: Reader) -> Response:
    """Count and describe an expression while it is typed."""
    expression = ctx.query("expression", most=MAX_EXPRESSION)
    return ctx.render_block("audiences/build.html", "seen", _seen(ctx, expression))


def _seen(ctx: Context, expression: str) -> dict[str, Any]:
    if not expression:
        return {"count": None, "inspection": None, "lifts": [], "failed": ""}
    inspection = audiences.inspect(ctx.scope, expression)
    if not inspection.right:
        return {"count": None, "inspection": inspection, "lifts": [], "failed": ""}
    try:
        return {
            "count": audiences.count(ctx.scope, expression, ctx.business_date),
            "inspection": inspection,
            "lifts": _lifts(ctx, expression),
            "failed": "",
        }
    except TitianError as error:
        return {"count": None, "inspection": inspection, "lifts": [], "failed": spoken(error)}


def _lifts(ctx: Context, expression: str) -> list[tuple[str, Lift]]:
    known = catalogue.visible(ctx.scope).tags
    found = audiences.profile(ctx.scope, expression, ctx.business_date)
    named = []
    for lift in found[:MAX_LIFTS]:
        tag = known[lift.tag]
        value = next(value for value in tag.values if value.code == lift.value)
        label = tag.label.text(locale())
        if len(tag.values) > 1:
            label = f"{label}: {value.label.text(locale())}"
        named.append((label, lift))
    return named


def _shelves(scope: Scope) -> list[tuple[str, list[tuple[str, str]]]]:
    shelves: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for tag in catalogue.visible(scope).tags.values():
        key = (tag.category.order, tag.category.label.text(locale()))
        label = tag.label.text(locale())
        words = shelves.setdefault(key, [])
        if len(tag.values) == 1:
            words.append((label, tag.code))
        else:
            words.extend(
                (f"{label} {value.label.text(locale())}", f"{tag.code} = '{value.code}'")
                for value in tag.values
            )
    return [(name, words) for (_order, name), words in sorted(shelves.items())]


@router.post("/audiences/build")
def save(ctx: Maker) -> Response:
    """Save an audience under a name."""
    form = ctx.form
    name = form.text("name", most=80)
    expression = form.text("expression", most=MAX_EXPRESSION)
    made = None
    if not form.wrong:
        with form.trying("expression"):
            about = form.text("description", most=300, need=False)
            made = saved.save(ctx.scope, name, expression, about)
    if made is None:
        return ctx.render(
            "audiences/build.html",
            status=422,
            form=form,
            shelves=_shelves(ctx.scope),
            **_seen(ctx, form["expression"]),
        )
    return ctx.go(f"/audiences/{made.audience_id}", _("%(name)s is saved.", name=made.name))


@router.get("/audiences/exports")
def list_exports(ctx: Exporter) -> Response:
    """List the requests for rows, newest first."""
    return ctx.render(
        "audiences/exports.html",
        exports=exports.find(ctx.scope),
        names={one.audience_id: one.name for one in saved.find(ctx.scope)},
        states=EXPORT_STATES,
        purposes=PURPOSES,
    )


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
    audience = saved.get(ctx.scope, audience_id)
    shown = _seen(ctx, audience.expression)
    return ctx.render(
        "audiences/show.html",
        shown,
        audience=audience,
        drift=_drift(ctx, audience) if shown["count"] else None,
        movement=_movement(ctx, audience) if shown["count"] else None,
        exports=_exports(ctx, audience),
        states=EXPORT_STATES,
        purposes=PURPOSES,
        form=ctx.form.starting(purpose=Purpose.SERVICE.value),
    )


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
    exports.request(
        ctx.scope, audience_id, EXPORT_COLUMNS, Purpose(purpose or Purpose.SERVICE), reason
    )
    return ctx.go(f"/audiences/{audience_id}", _("Asked for; somebody else must approve it."))


@router.post("/audiences/{audience_id}/archive")
def archive(ctx: Maker, audience_id: str) -> Response:
    """Put an audience away."""
    saved.archive(ctx.scope, audience_id)
    return ctx.go("/audiences", _("Put away."))


def _find(ctx: Context, words: str) -> list[Hit]:
    if ctx.scope.bank is None:
        return []
    found: Sequence[Audience] = saved.find(ctx.scope, words)[:MAX_HITS]
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
    searchers=(Searcher(lazy("Audiences"), _find, Permission.VIEW_TAGS),),
    acts=_ACTS,
)
