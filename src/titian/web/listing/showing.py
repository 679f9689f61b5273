"""Fetches a page of a list and puts it into words: the view that the template shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from titian.web.i18n import formats
from titian.web.listing.table import (
    Column,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    State,
    Table,
    read_query,
)
from titian.web.listing.view import Cell, FilterView, Head, RowView, TableView, alignment

if TYPE_CHECKING:
    from titian.web.context import Context


def look(ctx: Context, table: Table[Any], *, several: bool = False) -> TableView:
    """Fetch a page of a list and make it ready to show.

    `several` puts the list's name before its parts of the address, for a page with more lists.
    """
    from titian.web.listing import saving

    prefix = f"{table.name}." if several else ""
    query = read_query(table, ctx, prefix)
    found: Rows[Any] = table.fetch(ctx.scope, query)
    columns = [column for column in table.columns if column.shown]
    view = TableView(
        table=table,
        ctx=ctx,
        query=query,
        prefix=prefix,
        rows=[_row(ctx, table, columns, row) for row in found.rows],
        total=found.total,
        more=found.more,
        heads=(),
        filters=[
            shown
            for item in table.filters
            if _choosable(shown := _filter(ctx, item, query, prefix))
        ],
        bulk=[act for act in table.bulk if not act.permission or ctx.allows(act.permission)],
        may_export=ctx.allows(table.export),
        path=ctx.url(table.path).partition("?")[0] if table.path else ctx.request.url.path,
        views=saving.views(ctx.user.user_id, table.name) if table.saved_views else (),
    )
    return replace(view, heads=[_head(view, column) for column in columns])


def _head(view: TableView, column: Column[Any]) -> Head:
    if not column.sortable:
        return Head(column, None, None)
    mine = view.query.sort == column.name
    turned = column.name if mine and view.query.descending else f"-{column.name}"
    first = column.name if alignment(column) in ("text", "code") else f"-{column.name}"
    order = ("descending" if view.query.descending else "ascending") if mine else None
    return Head(column, view.link(sort=turned if mine else first, page=None), order)


def _filter(ctx: Context, item: Filter, query: Query, prefix: str) -> FilterView:
    choices = item.choices(ctx) if item.choices else ()
    return FilterView(item, prefix + item.name, query.filter(item.name) or "", choices)


def _choosable(shown: FilterView) -> bool:
    return shown.kind is not FilterKind.CHOICE or len(shown.choices) > 1 or bool(shown.value)


def _row(ctx: Context, table: Table[Any], columns: Sequence[Column[Any]], row: Any) -> RowView:
    name = table.row_id(row) if table.row_id else ""
    return RowView(name, row, [_cell(ctx, column, row) for column in columns])


def _cell(ctx: Context, column: Column[Any], row: Any) -> Cell:
    value = column.read(row)
    link = column.link(ctx, row) if column.link else None
    note = (column.note(row) if column.note else None) or ""
    if column.kind is Kind.LIST:
        items = [_word(column, item) for item in cast("Sequence[object]", value or ())]
        return Cell(", ".join(items), column, link, items=items, note=note)
    if column.kind is Kind.STATE and value is not None:
        state = column.states.get(value, State(str(value)))
        return Cell(str(state.label), column, link, state.tone, note=note, raw=_raw(column, row))
    tone = column.tone(row) if column.tone else None
    share = (cast("int", value), column.of(row)) if column.of else None
    words = written(column, value)
    return Cell(words, column, link, tone, note=note, share=share, raw=_raw(column, row))


def _raw(column: Column[Any], row: Any) -> str:
    found = column.raw(row) if column.raw else None
    return "" if found is None else str(found)


def _word(column: Column[Any], value: object) -> str:
    state = column.states.get(value)
    return str(state.label) if state else str(value)


def _places(decimals: int | None) -> int:
    return 1 if decimals is None else decimals


_WRITERS: Mapping[Kind, Callable[[Column[Any], Any], str]] = {
    Kind.NUMBER: lambda column, value: formats.number(value, column.decimals),
    Kind.MONEY: lambda column, value: formats.money(value, column.unit),
    Kind.PERCENT: lambda column, value: formats.percent(value, _places(column.decimals)),
    Kind.DATE: lambda _column, value: formats.day(value),
    Kind.MOMENT: lambda _column, value: formats.moment(value),
    Kind.SIZE: lambda _column, value: formats.size(value),
    Kind.SECONDS: lambda _column, value: formats.seconds(value),
}


def written(column: Column[Any], value: Any) -> str:
    """Write a value the way its column says."""
    if value is None or value == "":
        return formats.NOTHING
    writer = _WRITERS.get(column.kind)
    return writer(column, value) if writer else _word(column, value)
