"""A list as the template shows it: cells, heads, filters, pager and the addresses they lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    Table,
    Tone,
)

if TYPE_CHECKING:
    from titian.web.context import Context

MAX_KEPT_CHARACTERS = 200
_RIGHT = frozenset({Kind.FIGURE, Kind.NUMBER, Kind.MONEY, Kind.PERCENT, Kind.SIZE, Kind.SECONDS})
_TIMES = frozenset({Kind.DATE, Kind.MOMENT})
_PAGES_AROUND = 1


def alignment(column: Column[Any]) -> str:
    """Say how a column is set: `number`, `time`, `code` or `text`."""
    if column.kind in _RIGHT:
        return "number"
    if column.kind in _TIMES:
        return "time"
    return "code" if column.kind is Kind.CODE else "text"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: words, the address they lead to, a tone when it is a state.

    `share` is a number and what it is part of, `raw` what stands behind the words.
    """

    text: str
    column: Column[Any]
    link: str | None = None
    tone: Tone | None = None
    items: Sequence[str] = ()
    note: Text = ""
    share: tuple[int, int] | None = None
    raw: str = ""

    @property
    def align(self) -> str:
        """How the style sheet treats the cell."""
        return alignment(self.column)

    @property
    def marks(self) -> str:
        """The classes of the cell: what heads a phone's card, and what it leaves out."""
        if self.column.main:
            return "main"
        return "desk" if self.column.desk or self.text == formats.NOTHING else ""


@dataclass(frozen=True, slots=True)
class RowView:
    """One row: its id for bulk acts, the row itself for the template's own cells, its cells."""

    id: str
    row: Any
    cells: Sequence[Cell]

    @property
    def main(self) -> Cell:
        """The cell that names the row."""
        return next((cell for cell in self.cells if cell.column.main), self.cells[0])


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
    """One filter with its value and choices; `name` is its part of the address."""

    filter: Filter
    name: str
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
    prefix: str
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
        return part_id(self.table)

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
    def has_pager(self) -> bool:
        """Whether there is more to say below the rows than the rows themselves."""
        longer = self.total is None or self.total > PAGE_SIZES[0]
        return self.page > 1 or (bool(self.rows) and (longer or bool(self.table.filters)))

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
        mine = {f"{self.prefix}{name}": value for name, value in changed.items()}
        return self.path + query_text({**self.asked, **mine})

    @property
    def cleared(self) -> str:
        """The address of this list without any filter."""
        return self.link(**dict.fromkeys(self.query.filters), page=None)

    @property
    def orders(self) -> Sequence[tuple[str, Text, bool]]:
        """The orders that a phone offers, as (part of the address, column, whether descending)."""
        sortable = [head.column for head in self.heads if head.link]
        return [
            (sign + column.name, column.label, bool(sign))
            for column in sortable
            for sign in ("", "-")
        ]

    @property
    def order(self) -> str:
        """The order of the rows, as it stands in the address."""
        return f"-{self.query.sort}" if self.query.descending else self.query.sort

    @property
    def hidden(self) -> Mapping[str, object]:
        """What the filters' form sends along unseen."""
        own = {f"{self.prefix}{name}" for name in (*self.query.filters, "page", "sort")}
        return {
            name: value
            for name, value in self.asked.items()
            if value is not None and name not in own
        }

    @property
    def asked(self) -> Mapping[str, object]:
        """The question as it stands in the address, without what is usual."""
        query = self.query
        mine = {
            **query.filters,
            "sort": self.order if self.order != self.table.sort else None,
            "size": query.limit if query.limit != self.table.page_size else None,
            "page": self.page if self.page > 1 else None,
        }
        return {
            **self._kept,
            **{f"{self.prefix}{name}": value for name, value in mine.items()},
            "date": query.business_date.isoformat() if query.business_date else None,
        }

    @property
    def _kept(self) -> Mapping[str, object]:
        given = self.ctx.request.query_params
        others = [
            name
            for name in given
            if self.prefix and "." in name and not name.startswith(self.prefix)
        ]
        return {
            name: given[name][:MAX_KEPT_CHARACTERS]
            for name in (*self.table.keep, *others)
            if name in given
        }


def part_id(table: Table[Any]) -> str:
    """Give the id of a list's part of the page."""
    return f"list-{table.name}"
