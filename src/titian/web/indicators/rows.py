"""The rows behind a figure as a list: codes in words, organisations by name, customers to open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from titian.data.indicators import Drill
from titian.data.jobs.dictionary import explained
from titian.data.parties.places import names_of
from titian.data.parties.reading import reading
from titian.kernel.errors import NotFound
from titian.kernel.scope import Permission
from titian.lake import store
from titian.web.context import Context
from titian.web.i18n import lazy
from titian.web.lake_rows import Record, columns_of
from titian.web.listing import Column, Empty, Filter, FilterKind, Kind, Table, over

PARTY = "party_id"
ORG = "org_id"
# Columns that hold the id of something with a name, as `names_of` asks for them.
_NAMED = {ORG: "orgs", "village_id": "villages", "officer_id": "officers"}


def table(ctx: Context, code: str, drill: Drill, day: date) -> Table[Record]:
    """Give the rows behind a figure as a list; it searches and sorts what the reader sees."""
    rows: list[Record] = drill.rows.to_pylist()
    known = explained(ctx.scope, store.describe(ctx.scope, drill.table)).columns
    by_name = {column.name: column for column in known}
    found = columns_of(ctx.scope, [by_name[column.name] for column in drill.columns])
    names = _names(ctx, rows, day)
    columns = [_column(ctx, code, column, names) for column in found]
    shown = Table(
        "figure_rows",
        lazy("Rows behind a figure"),
        columns,
        filters=(Filter("q", lazy("Text in any column"), FilterKind.SEARCH),),
        empty=Empty(lazy("No rows"), lazy("Nothing fell under this figure on this day.")),
        saved_views=False,
        keep=("org",),
    )
    return over(shown, rows, search=lambda row: _text(columns, row))


def _names(ctx: Context, rows: Sequence[Record], day: date) -> Mapping[str, str]:
    ids = {
        asked: {row[column] for row in rows if row.get(column)} for column, asked in _NAMED.items()
    }
    try:
        with reading(ctx.scope, day) as reader:
            return names_of(reader, **ids).of
    except NotFound:
        return {}  # without customers of the day the ids stand for themselves


def _column(
    ctx: Context, code: str, column: Column[Record], names: Mapping[str, str]
) -> Column[Record]:
    name = column.name
    if column.icon is not None:
        return replace(column, sortable=False)
    if name == PARTY and ctx.allows(Permission.VIEW_CUSTOMERS):
        return replace(column, link=lambda ctx, row: ctx.url(f"/customers/{row[PARTY]}"))
    if name not in _NAMED:
        return column

    def named(row: Record) -> object:
        return names.get(str(row.get(name)), row.get(name))

    link = (lambda ctx, row: _org_url(ctx, code, row)) if name == ORG else None
    return replace(column, kind=Kind.TEXT, value=named, raw=lambda row: row.get(name), link=link)


def _org_url(ctx: Context, code: str, row: Record) -> str | None:
    return ctx.url(f"/indicators/{code}", org=row[ORG]) if row.get(ORG) else None


def _text(columns: Sequence[Column[Record]], row: Record) -> str:
    words = []
    for column in columns:
        value = column.read(row)
        state = column.states.get(value)
        words += [str(value), str(state.label) if state else ""]
    return " ".join(words)
