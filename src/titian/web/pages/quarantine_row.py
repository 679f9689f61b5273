"""One quarantined row as a form: what is wrong on top, the rest below, its history last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.feeds import arrivals, quarantine, registry, repair
from titian.data.feeds.model import Contract, Format
from titian.data.feeds.quarantine import MAX_PAGE_ROWS, Act, HistoryFilter, Waiting
from titian.data.feeds.record import WAITING, RowStatus
from titian.data.feeds.rows import MAX_ROW_CHARACTERS
from titian.data.notes import MAX_NOTE_CHARACTERS
from titian.data.parties import limits
from titian.kernel.errors import Denied, InvalidInput, LimitExceeded
from titian.kernel.scope import Permission, Scope
from titian.web.context import Context, needs
from titian.web.feed_rows import Cell, cells, line_of
from titian.web.feed_words import REPAIRS, column_words, contract_name
from titian.web.forms import Form
from titian.web.i18n import _
from titian.web.pages.quarantine import MAX_VALUE_CHARACTERS
from titian.web.problems import spoken
from titian.web.room import AT_PLACE, Level, Room

router = APIRouter(prefix=AT_PLACE)
Mender = Annotated[Context, needs(Permission.REPAIR_QUARANTINE, Level.BANK)]
Reader = Annotated[Context, needs(Permission.UNMASK, Level.BANK)]

MAX_REASON_CHARACTERS = 200
MAX_ACTS = 500
LINE = "line"


@router.get("/quarantine/{row}")
def show_row(ctx: Mender, row: str) -> Response:
    """Show a row as a form: what is wrong on top, the rest below, its history last."""
    return _page(ctx, ctx.scope, quarantine.waiting_row(ctx.scope, row))


@router.post("/quarantine/{row}/clear")
def show_clear(ctx: Reader, row: str) -> Response:
    """Show a row in the clear, for a reason; the audit log keeps it."""
    reason = ctx.form.text("reason", most=MAX_REASON_CHARACTERS)
    if not reason:
        return ctx.go(f"/quarantine/{row}", _("Say why you must see it."), tone="error")
    ctx.scope.require(Permission.REPAIR_QUARANTINE)
    masked = quarantine.waiting_row(ctx.scope, row)
    try:
        scope = ctx.scope.unmasked(reason)
        limits.unmasked(ctx.scope)
        return _page(ctx, scope, quarantine.waiting_row(scope, row))
    except (Denied, InvalidInput, LimitExceeded) as error:
        return _page(ctx, ctx.scope, masked, refused=spoken(error), status=422)


def _page(
    ctx: Context, scope: Scope, row: Waiting, *, refused: str = "", status: int = 200
) -> Response:
    contract = registry.contract(ctx.scope, row.feed)
    fields = cells(scope, contract, row) if row.fields is not None else []
    return ctx.render(
        "quarantine/show.html",
        status=status,
        row=row,
        line=line_of(scope, contract, row),
        feed_name=contract_name(contract),
        wrong=[cell for cell in fields if cell.problems],
        rest=[cell for cell in fields if not cell.problems],
        form=_form(fields),
        refused=refused,
        open=row.status in WAITING,
        clear=scope.unmask_reason is not None,
        as_text=contract.source.format in (Format.CSV, Format.FIXED),
        next_row=_next(ctx, row),
        history=_history(ctx, contract, row),
        max_note=MAX_NOTE_CHARACTERS,
    )


def _history(ctx: Context, contract: Contract, row: Waiting) -> list[dict[str, object]]:
    """Give what was done to a row, oldest first, beginning with how it came here."""
    came = arrivals.arrival(ctx.scope, row.arrival_id)
    wanted = HistoryFilter(row_id=row.row_id)
    acts = quarantine.history(ctx.scope, wanted, newest_first=False, limit=MAX_ACTS).acts
    events: list[dict[str, object]] = [
        {"at": row.created_at, "who": came.loaded_by, "text": _("Set aside"), "tone": "warn"}
    ]
    for one in acts:
        word = REPAIRS[one.action]
        more = " · ".join(text for text in (_columns(contract, one), one.note) if text)
        events.append(
            {"at": one.at, "who": one.user, "text": word.label, "tone": word.tone, "more": more}
        )
    return events


def _columns(contract: Contract, act: Act) -> str:
    if list(act.columns) == [repair.WHOLE_ROW]:
        return _("The whole line")
    return column_words(contract, ", ".join(act.columns))


def _form(fields: Sequence[Cell]) -> Form:
    form = Form().starting(**{f"v-{c.name}": "" if c.hidden else c.value for c in fields})
    for cell in fields:
        for problem in cell.problems:
            form.refuse(problem, f"v-{cell.name}")
    return form


def _next(ctx: Context, row: Waiting) -> str:
    asked = quarantine.Filter(feed=row.feed, business_date=row.business_date)
    found = quarantine.quarantine(ctx.scope, asked, limit=MAX_PAGE_ROWS).rows
    place = (row.file, row.line, row.row_id)
    others = [one for one in found if one.row_id != row.row_id]
    later = [one for one in others if (one.file, one.line, one.row_id) > place]
    return next((one.row_id for one in [*later, *others]), "")


@router.post("/quarantine/{row}")
def mend(ctx: Mender, row: str) -> Response:
    """Mend the fields that were changed, or the whole line; what is left wrong is shown at once."""
    before = quarantine.waiting_row(ctx.scope, row)
    contract = registry.contract(ctx.scope, before.feed)
    form = ctx.form
    note = form.text("note", need=False, most=MAX_NOTE_CHARACTERS)
    text = form.text(LINE, need=False, most=MAX_ROW_CHARACTERS, strip=False)
    after = before
    with form.trying():
        if text:
            after = repair.fix(ctx.scope, row, raw=text, note=note)
        elif values := _changed(ctx.scope, contract, before, form):
            after = repair.fix(ctx.scope, row, values=values, note=note)
        else:
            form.refuse(_("Nothing was changed."))
    refused = form.errors.get("", "") or next(iter(form.errors.values()), "")
    if refused:
        return _page(ctx, ctx.scope, after, refused=refused, status=422)
    if after.status is not RowStatus.FIXED:
        still = _("Kept, but it is still wrong.")
        return _page(ctx, ctx.scope, after, refused=still, status=422)
    following = _next(ctx, after) if form.ticked("next") else ""
    return ctx.go(f"/quarantine/{following or row}", _("Mended; replay it when all are done."))


def _changed(
    scope: Scope, contract: Contract, row: Waiting, form: Form
) -> Mapping[str, str | None]:
    values: dict[str, str | None] = {}
    if row.fields is None:
        return values
    for cell in cells(scope, contract, row):
        name = f"v-{cell.name}"
        given = form.text(name, need=False, most=MAX_VALUE_CHARACTERS, strip=False)
        kept = "" if cell.hidden else cell.value
        if given != kept and form.chosen(name):
            values[cell.source] = given or None
    return {} if form.wrong else values


@router.post("/quarantine/{row}/discard")
def discard(ctx: Mender, row: str) -> Response:
    """Give a row up, with a reason."""
    note = ctx.form.text("note", most=MAX_NOTE_CHARACTERS)
    if not note:
        return ctx.go(f"/quarantine/{row}", _("Say why the row is discarded."), tone="error")
    found = quarantine.waiting_row(ctx.scope, row)
    following = _next(ctx, found)
    repair.dismiss(ctx.scope, row, note)
    return ctx.go(f"/quarantine/{following}" if following else "/quarantine", _("Discarded."))


ROOM = Room("quarantine_row", router)
