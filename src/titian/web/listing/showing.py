"""A list as the template shows it: cells, sorting links, filters and pager, all made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from titian.web.context import query_text
from titian.web.i18n import Text, formats
from titian.web.listing.table import (
    PAGE_SIZES,
    Bulk,
    Column,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    State,
    Table,
    Tone,
    read_query,
)

if TYPE_CHECKING:
    from titian.web.context import Context

_RIGHT = frozenset({Kind.NUMBER, Kind.MONEY, Kind.PERCENT, Kind.SIZE, Kind.SECONDS})
_TIMES = frozenset({Kind.DATE, Kind.MOMENT})
_PAGES_AROUND = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: words, the address they lead to, a tone when it is a state."""

    text: str
    column: Column[Any]
    link: str | None = None
    tone: Tone | None = None
    items: Sequence[str] = ()

    @property
    def align(self) -> str:
        """How the style sheet treats the cell."""
        return alignment(self.column)


@dataclass(frozen=True, slots=True)
class RowView:
    """One row: its id for bulk acts, the row itself for the template's own cells, its cells."""

    id: str
    row: Any
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Head:
    """One column's head and the address that sorts by it."""

    column: Column[Any]
    link: str | None
    sorted: str | None

    @property
    def align(self) -> str:
        """How the style sheet treats the column."""
        return alignment(self.column)


@dataclass(frozen=True, slots=True)
class FilterView:
    """One filter with its value and choices."""

    filter: Filter
    value: str
    choices: Sequence[tuple[str, Text]]

    @property
    def kind(self) -> FilterKind:
        """How it asks."""
        return self.filter.kind


@dataclass(frozen=True, slots=True)
class TableView:
    """Everything `data_table` shows."""

    table: Table[Any]
    ctx: Context
    query: Query
    rows: Sequence[RowView]
    total: int | None
    more: bool
    heads: Sequence[Head]
    filters: Sequence[FilterView]
    bulk: Sequence[Bulk]
    may_export: bool
    path: str
    views: Sequence[tuple[str, str]] = ()

    @property
    def id(self) -> str:
        """The id of the part that htmx swaps."""
        return f"list-{self.table.name}"

    @property
    def filtered(self) -> bool:
        """Whether any filter is set."""
        return bool(self.query.filters)

    @property
    def page(self) -> int:
        """The number of the page shown, from 1."""
        return self.query.offset // self.query.limit + 1

    @property
    def pages(self) -> int | None:
        """How many pages there are, when the rows were counted."""
        return None if self.total is None else max(1, -(-self.total // self.query.limit))

    @property
    def first(self) -> int:
        """The number of the first row shown."""
        return self.query.offset + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return self.query.offset + len(self.rows)

    @property
    def has_next(self) -> bool:
        """Whether a page follows."""
        return self.more if self.pages is None else self.page < self.pages

    @property
    def around(self) -> Sequence[int | None]:
        """Page numbers to offer; None stands for a gap."""
        if self.pages is None:
            return [self.page]
        near = range(self.page - _PAGES_AROUND, self.page + _PAGES_AROUND + 1)
        shown = sorted({1, self.pages, *(n for n in near if 1 <= n <= self.pages)})
        gapped: list[int | None] = []
        for number in shown:
            if gapped and number - cast("int", gapped[-1]) > 1:
                gapped.append(None)
            gapped.append(number)
        return gapped

    @property
    def sizes(self) -> Sequence[int]:
        """Rows a page may have."""
        return PAGE_SIZES

    def link(self, **changed: object) -> str:
        """Give the address of this list with something changed (None takes it away)."""
        return self.path + query_text({**self.asked, **changed})

    @property
    def cleared(self) -> str:
        """The address of this list without any filter."""
        return self.link(**dict.fromkeys(self.query.filters), page=None)

    @property
    def asked(self) -> Mapping[str, object]:
        """The question as it stands in the address, without what is usual."""
        query = self.query
        sort = f"-{query.sort}" if query.descending else query.sort
        return {
            **query.filters,
            "sort": sort if sort != self.table.sort else None,
            "size": query.limit if query.limit != self.table.page_size else None,
            "page": self.page if self.page > 1 else None,
            "date": query.business_date.isoformat() if query.business_date else None,
        }


def look(ctx: Context, table: Table[Any]) -> TableView:
    """Fetch a page of a list and make it ready to show."""
    from titian.web.listing import saving

    query = read_query(table, ctx)
    found: Rows[Any] = table.fetch(ctx.scope, query)
    view = TableView(
        table=table,
        ctx=ctx,
        query=query,
        rows=[_row(ctx, table, row) for row in found.rows],
        total=found.total,
        more=found.more,
        heads=(),
        filters=[_filter(ctx, item, query) for item in table.filters],
        bulk=[act for act in table.bulk if not act.permission or ctx.allows(act.permission)],
        may_export=ctx.allows(table.export),
        path=ctx.request.url.path,
        views=saving.views(ctx.user.user_id, table.name) if table.saved_views else (),
    )
    return _with_heads(view)


def _with_heads(view: TableView) -> TableView:
    return replace(view, heads=[_head(view, column) for column in view.table.columns])


def _head(view: TableView, column: Column[Any]) -> Head:
    if not column.sortable:
        return Head(column, None, None)
    mine = view.query.sort == column.name
    turned = column.name if mine and view.query.descending else f"-{column.name}"
    first = column.name if alignment(column) in ("text", "code") else f"-{column.name}"
    order = ("descending" if view.query.descending else "ascending") if mine else None
    return Head(column, view.link(sort=turned if mine else first, page=None), order)


def _filter(ctx: Context, item: Filter, query: Query) -> FilterView:
    return FilterView(
        item, query.filter(item.name) or "", item.choices(ctx) if item.choices else ()
    )


def _row(ctx: Context, table: Table[Any], row: Any) -> RowView:
    name = table.row_id(row) if table.row_id else ""
    return RowView(name, row, [_cell(ctx, column, row) for column in table.columns])


def _cell(ctx: Context, column: Column[Any], row: Any) -> Cell:
    value = column.read(row)
    link = column.link(ctx, row) if column.link else None
    if column.kind is Kind.LIST:
        items = [_word(column, item) for item in cast("Sequence[object]", value or ())]
        return Cell(", ".join(items), column, link, items=items)
    if column.kind is Kind.STATE:
        state = column.states.get(value, State(str(value)))
        return Cell(str(state.label), column, link, state.tone)
    return Cell(written(column, value), column, link)


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


def alignment(column: Column[Any]) -> str:
    """Say how a column is set: `number`, `time`, `code` or `text`."""
    if column.kind in _RIGHT:
        return "number"
    if column.kind in _TIMES:
        return "time"
    return "code" if column.kind is Kind.CODE else "text"
