"""Quarantine: rows that wait, mended in the grid, discarded, mended alike; who mended what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.feeds import quarantine, registry, repair
from titian.data.feeds.model import Contract
from titian.data.feeds.quarantine import MAX_PAGE_ROWS, Act, Waiting
from titian.data.feeds.reasons import Code
from titian.data.feeds.record import RowStatus
from titian.data.notes import MAX_NOTE_CHARACTERS
from titian.kernel.errors import NotFound, TitianError
from titian.kernel.scope import Permission, Scope
from titian.web.context import Context, needs
from titian.web.feed_rows import Cell, cells, line_of
from titian.web.feed_tasks import to_mend
from titian.web.feed_words import REASONS, REPAIRS, column_words, contract_name
from titian.web.i18n import Text, _, lazy, ngettext
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    State,
    Table,
)
from titian.web.problems import spoken
from titian.web.quarantine_banks import banks_table
from titian.web.render import fragment
from titian.web.room import AT_PLACE, Entry, Level, Room, Section, Tasks

router = APIRouter(prefix=AT_PLACE)
Mender = Annotated[Context, needs(Permission.REPAIR_QUARANTINE, Level.BANK)]
Looker = Annotated[Context, needs(Permission.REPAIR_QUARANTINE)]

MAX_MISTAKES = 8
MAX_DISCARDED = 200
MAX_VALUE_CHARACTERS = 4_000
MAX_KINDS = 40
_REASON_WORDS = {code: State(text) for code, text in REASONS.items()}


def _feeds(ctx: Context) -> Sequence[tuple[str, Text]]:
    if ctx.scope.bank is None:
        return []
    return [(one.feed, contract_name(one)) for one in registry.contracts(ctx.scope)]


FILTERS = (
    Filter("feed", lazy("Feed"), choices=_feeds),
    Filter("day", lazy("Business date"), FilterKind.DATE),
    Filter("reason", lazy("Reason"), choices=lambda _ctx: list(REASONS.items())),
)


def wanted(query: Query, status: RowStatus) -> quarantine.Filter:
    """Give the rows that a list asks for."""
    day, code = query.filter("day"), query.filter("reason")
    return quarantine.Filter(
        feed=query.filter("feed"),
        business_date=date.fromisoformat(day) if day else None,
        status=status,
        code=Code(code) if code else None,
    )


def _fetch(scope: Scope, query: Query, status: RowStatus) -> Rows[Waiting]:
    held: list[Waiting] = []
    total = offset = 0
    while len(held) < query.limit:
        limit = min(query.limit - len(held), MAX_PAGE_ROWS)
        page = quarantine.quarantine(
            scope, wanted(query, status), offset=query.offset + offset, limit=limit
        )
        held += page.rows
        total = page.total
        offset += limit
        if len(page.rows) < limit:
            break
    return Rows(held, total)


def _table(status: RowStatus, empty: Empty) -> Table[Waiting]:
    return Table(
        "quarantine" if status is RowStatus.OPEN else "mended-rows",
        lazy("Quarantine"),
        about=lazy("Rows that did not fit their contract; mend them, then replay them."),
        columns=(
            Column("feed", lazy("Feed"), Kind.CODE, sortable=False),
            Column("business_date", lazy("Business date"), Kind.DATE, sortable=False),
            Column("file", lazy("File"), sortable=False),
            Column("line", lazy("Line"), Kind.NUMBER, sortable=False),
            Column("column", lazy("Column"), Kind.CODE, sortable=False),
            Column("code", lazy("Reason"), states=_REASON_WORDS, sortable=False),
            Column("created_at", lazy("Since"), Kind.MOMENT, sortable=False),
        ),
        fetch=lambda scope, query: _fetch(scope, query, status),
        filters=FILTERS,
        page_size=25,
        empty=empty,
        saved_views=False,
    )


OPEN_TABLE = _table(
    RowStatus.OPEN,
    Empty(lazy("Nothing waits here"), lazy("Every row that arrived fits its contract.")),
)
MENDED_TABLE = _table(
    RowStatus.FIXED,
    Empty(lazy("Nothing is mended yet"), lazy("Mend a row first; it waits here to be replayed.")),
)


@router.get("/quarantine")
def list_open(ctx: Looker) -> Response:
    """List the rows that are to be mended; at the union, how many wait at each bank."""
    if ctx.scope.bank is None:
        return ctx.table(banks_table(ctx))
    return ctx.table(
        OPEN_TABLE, "quarantine/list.html", {**_around(ctx, "open"), "mistakes": _mistakes(ctx)}
    )


@router.get("/quarantine/mended")
def list_mended(ctx: Mender) -> Response:
    """List the rows that are mended and wait to be put in."""
    return ctx.table(MENDED_TABLE, "quarantine/list.html", {**_around(ctx, "mended")})


def _around(ctx: Context, part: str) -> dict[str, Any]:
    known = {contract.feed: contract for contract in registry.contracts(ctx.scope)}
    scope = ctx.scope

    def line(row: Waiting) -> Any:
        return line_of(scope, known.get(row.feed), row)

    return {
        **tabs(ctx, part),
        "line": line,
        "ready": ready(ctx, known),
        "mistakes": (),
        "max_note": MAX_NOTE_CHARACTERS,
    }


def tabs(ctx: Context, part: str) -> dict[str, Any]:
    """Give the tabs of the quarantine pages, with how many rows stand under each."""
    counts = [_count(ctx.scope, status) for status in (RowStatus.OPEN, RowStatus.FIXED)]
    return {
        "part": part,
        "links": [
            (_("To fix"), ctx.url("/quarantine"), part == "open", counts[0]),
            (_("Mended"), ctx.url("/quarantine/mended"), part == "mended", counts[1]),
            (_("History"), ctx.url("/quarantine/history"), part == "history"),
        ],
    }


def _count(scope: Scope, status: RowStatus) -> int:
    found = quarantine.summary(scope, quarantine.Filter(status=status))
    return sum(rows for *_rest, rows in found)


@dataclass(frozen=True, slots=True)
class Mistake:
    """The same thing wrong in many rows."""

    feed: str
    feed_name: str
    column: str
    column_name: str
    code: Code
    why: Text
    rows: int


def _mistakes(ctx: Context) -> list[Mistake]:
    table = OPEN_TABLE
    filters = {f.name: f.accept(ctx, ctx.query(f.name)) for f in table.filters}
    asked = wanted(Query(filters={k: v for k, v in filters.items() if v}), RowStatus.OPEN)
    known = {contract.feed: contract for contract in registry.contracts(ctx.scope)}
    return [
        Mistake(
            feed,
            contract_name(known[feed]) if feed in known else feed,
            column,
            column_words(known.get(feed), column),
            code,
            REASONS.get(code, code.value),
            rows,
        )
        for feed, column, code, rows in quarantine.summary(ctx.scope, asked)[:MAX_MISTAKES]
    ]


@dataclass(frozen=True, slots=True)
class Ready:
    """A delivery with mended rows that wait to be put in."""

    arrival_id: str
    feed: str
    feed_name: str
    business_date: date
    rows: int


def ready(ctx: Context, known: Mapping[str, Contract]) -> list[Ready]:
    """List the deliveries that have mended rows, oldest date first."""
    mended = quarantine.Filter(status=RowStatus.FIXED)
    rows = quarantine.quarantine(ctx.scope, mended, limit=MAX_PAGE_ROWS).rows
    counted = Counter((row.arrival_id, row.feed, row.business_date) for row in rows)
    return [
        Ready(arrival, feed, contract_name(known[feed]) if feed in known else feed, day, many)
        for (arrival, feed, day), many in sorted(counted.items(), key=lambda one: one[0][2])
    ]


@router.get("/quarantine/ready")
def show_ready(ctx: Mender) -> Response:
    """Give the deliveries that have mended rows again."""
    known = {contract.feed: contract for contract in registry.contracts(ctx.scope)}
    return fragment(ctx, "quarantine/ready.html", {"ready": ready(ctx, known)})


@router.get("/quarantine/tabs")
def show_tabs(ctx: Mender) -> Response:
    """Give the tabs again, with how many rows stand under each."""
    part = "mended" if ctx.query("part") == "mended" else "open"
    return fragment(ctx, "quarantine/tabs.html", tabs(ctx, part))


@router.post("/quarantine/{row}/cell")
def mend_cell(ctx: Mender, row: str) -> Response:
    """Mend the wrong field of a row in the grid; it is checked at once."""
    before = quarantine.waiting_row(ctx.scope, row)
    contract = registry.contract(ctx.scope, before.feed)
    said = ""
    cell = line_of(ctx.scope, contract, before).cell
    value = ctx.form.text("value", need=False, most=MAX_VALUE_CHARACTERS, strip=False)
    with ctx.form.trying():
        said = _refusal(cell, value)
        if not said and cell is not None:
            before = repair.fix(ctx.scope, row, values={cell.source: value or None})
    said = said or ctx.form.errors.get("", "") or ctx.form.errors.get("value", "")
    if not ctx.request.headers.get("hx-request"):
        mended = before.status is RowStatus.FIXED
        tone = "success" if mended and not said else "error"
        return ctx.go("/quarantine", said or _mended_words(mended=mended), tone=tone)
    line = line_of(ctx.scope, contract, before)
    values = {"line": line, "said": said, "typed": value if said else ""}
    answer = fragment(ctx, "quarantine/row.html", values)
    if not said:
        answer.headers["hx-trigger"] = "mended"
    return answer


def _refusal(cell: Cell | None, value: str) -> str:
    if cell is None:
        return _("Open the whole row to mend it.")
    if not value and cell.hidden:
        return _("Type the right value.")
    return ""


def _mended_words(*, mended: bool) -> str:
    return _("Mended; replay it when all are done.") if mended else _("Kept; it is still wrong.")


@router.post("/quarantine/discard")
def discard(ctx: Mender) -> Response:
    """Give the ticked rows up, with a reason."""
    note = ctx.form.text("note", most=MAX_NOTE_CHARACTERS)
    rows = ctx.form.chosen("row")[:MAX_DISCARDED]
    if not note:
        return ctx.go("/quarantine", _("Say why the rows are discarded."), tone="error")
    if not rows:
        return ctx.go("/quarantine", _("Tick the rows first."), tone="error")
    done, refused = 0, ""
    for row in rows:
        try:
            repair.dismiss(ctx.scope, row, note)
            done += 1
        except TitianError as error:
            refused = spoken(error)
    say = ngettext("%(num)s row discarded.", "%(num)s rows discarded.", done)
    return ctx.go("/quarantine", f"{say} {refused}".strip(), tone="error" if refused else "success")


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows with the same wrong value in the same field."""

    number: int
    value: str
    hidden: bool
    rows: Sequence[Waiting]


@dataclass(frozen=True, slots=True)
class AlikePage:
    """All rows with the same mistake, by their wrong value; `kinds` counts those, shown or not."""

    contract: Contract
    cell: Cell
    code: Code
    groups: Sequence[Alike]
    total: int
    kinds: int


def _alike(ctx: Context, feed: str, column: str, reason: str) -> AlikePage:
    contract = registry.contract(ctx.scope, feed)
    known = {field.name for field in contract.fields}
    if column not in known or reason not in REASONS:
        raise NotFound("there is no such mistake in quarantine", "Choose one of the list.")
    code = Code(reason)
    asked = quarantine.Filter(feed=feed, column=column, code=code)
    page = quarantine.quarantine(ctx.scope, asked, limit=MAX_PAGE_ROWS)
    rows = [row for row in page.rows if row.fields is not None]
    if not rows:
        raise NotFound("no row has this mistake any more", "Go back to the quarantine.")
    source = contract.field(column).source
    values: dict[str, list[Waiting]] = {}
    hidden = False
    for row in rows:
        cell = next(one for one in cells(ctx.scope, contract, row) if one.name == source)
        hidden = hidden or cell.hidden
        values.setdefault("" if cell.hidden else cell.value, []).append(row)
    groups = sorted(values.items(), key=lambda one: -len(one[1]))[:MAX_KINDS]
    shown = [
        Alike(number, value, hidden and not value, held)
        for number, (value, held) in enumerate(groups)
    ]
    return AlikePage(contract, cell, code, shown, page.total, len(values))


@router.get("/quarantine/alike")
def show_alike(ctx: Mender) -> Response:
    """Show the wrong values of one mistake, each with what to put in its place."""
    found = _alike(ctx, ctx.query("feed"), ctx.query("column"), ctx.query("reason"))
    return _show_alike(ctx, found)


def _show_alike(ctx: Context, found: AlikePage, status: int = 200) -> Response:
    return ctx.render(
        "quarantine/alike.html",
        status=status,
        found=found,
        feed_name=contract_name(found.contract),
        why=REASONS[found.code],
        form=ctx.form,
    )


@router.post("/quarantine/alike")
def mend_alike(ctx: Mender) -> Response:
    """Put the same right value into all rows with the same wrong one."""
    form = ctx.form
    found = _alike(ctx, form["feed"][:63], form["column"][:63], form["reason"][:32])
    done = left = 0
    with form.trying():
        for group in found.groups:
            value = form.text(f"to-{group.number}", need=False, most=MAX_VALUE_CHARACTERS)
            if not value or form[f"from-{group.number}"] != group.value:
                continue
            for row in group.rows:
                values = {found.cell.source: value}
                mended = repair.fix(ctx.scope, row.row_id, values=values)
                done += mended.status is RowStatus.FIXED
                left += mended.status is not RowStatus.FIXED
    if not done and not left and not form.wrong:
        form.refuse(_("Type the right value beside at least one of them."))
    if form.wrong:
        return _show_alike(ctx, found, status=422)
    say = ngettext("%(num)s row mended.", "%(num)s rows mended.", done)
    if left:
        say += " " + ngettext("%(num)s row is still wrong.", "%(num)s rows are still wrong.", left)
        return ctx.go("/quarantine", say, tone="error")
    return ctx.go("/quarantine/mended", say)


def _history(scope: Scope, query: Query) -> Rows[Act]:
    day = query.filter("day")
    asked = quarantine.HistoryFilter(
        feed=query.filter("feed"),
        business_date=date.fromisoformat(day) if day else None,
        action=query.filter("action"),
        words=query.filter("q"),
    )
    found = quarantine.history(
        scope, asked, offset=query.offset, limit=query.limit, newest_first=query.descending
    )
    return Rows(found.acts, found.total)


HISTORY: Table[Act] = Table(
    "repairs",
    lazy("Quarantine"),
    about=lazy("Who mended, discarded or replayed which row, and why."),
    columns=(
        Column("at", lazy("When"), Kind.MOMENT),
        Column("user", lazy("Who"), sortable=False),
        Column("action", lazy("What"), Kind.STATE, states=REPAIRS, main=True, sortable=False),
        Column("feed", lazy("Feed"), Kind.CODE, sortable=False),
        Column("business_date", lazy("Business date"), Kind.DATE, sortable=False),
        Column(
            "line",
            lazy("Line"),
            Kind.NUMBER,
            sortable=False,
            link=lambda ctx, one: ctx.url(f"/quarantine/{one.row_id}"),
        ),
        Column("columns", lazy("Columns"), Kind.LIST, sortable=False, desk=True),
        Column("note", lazy("Note"), sortable=False),
    ),
    fetch=_history,
    filters=(
        Filter("q", lazy("Who, note or file"), FilterKind.SEARCH),
        *FILTERS[:2],
        Filter(
            "action",
            lazy("What"),
            choices=lambda _ctx: [(name, word.label) for name, word in REPAIRS.items()],
        ),
    ),
    sort="-at",
    empty=Empty(lazy("Nobody mended anything yet")),
    saved_views=False,
)


@router.get("/quarantine/history")
def show_history(ctx: Mender) -> Response:
    """Show who did what to which row."""
    return ctx.table(HISTORY, "quarantine/history.html", tabs(ctx, "history"))


ROOM = Room(
    "quarantine",
    router,
    entries=(
        Entry(
            Section.DATA,
            lazy("Quarantine"),
            "/quarantine",
            "file-warning",
            Permission.REPAIR_QUARANTINE,
        ),
    ),
    tasks=(
        Tasks(
            "quarantine",
            lazy("Rows in quarantine"),
            "file-warning",
            to_mend,
            Permission.REPAIR_QUARANTINE,
        ),
    ),
)
