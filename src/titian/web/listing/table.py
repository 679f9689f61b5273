"""The declaration of a list, and the reader's question to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from starlette.datastructures import QueryParams

from titian.kernel.errors import InvalidInput
from titian.kernel.scope import Permission, Scope
from titian.web.i18n import Text, lazy

if TYPE_CHECKING:
    from titian.web.context import Context

R = TypeVar("R")

PAGE_SIZES = (25, 50, 100, 200)
MAX_PAGE = 100_000
MAX_EXPORT_ROWS = 100_000
MAX_FILTER_CHARACTERS = 120


class Kind(StrEnum):
    """How a value is shown, aligned and exported; FIGURE is a number in words, with its unit."""

    TEXT = "text"
    FIGURE = "figure"
    CODE = "code"
    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    DATE = "date"
    MOMENT = "moment"
    SIZE = "size"
    SECONDS = "seconds"
    STATE = "state"
    LIST = "list"


class Tone(StrEnum):
    """Whether something is good news; shown by shape and word, never by colour alone."""

    CALM = "calm"
    GOOD = "good"
    NOTE = "note"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class State:
    """The word and tone of one value of a state column."""

    label: Text
    tone: Tone = Tone.CALM


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column over rows of type R.

    `value` reads it (default: the attribute or key `name`); `link` gives the address it leads to;
    `states` gives words and tones for a STATE column, or words for any other; `tone` makes any
    value a state when it gives one; `note` adds a small line below; `of` shows a number as a share
    of another; `main` marks the one that heads a row's card on a phone, `desk` those left out
    there; `shown` leaves a column to files alone; `code` names it technically below its label, and
    `icon` (a Lucide name and its meaning) stands beside that. `raw` gives what stands behind a
    value's words, such as the code of a state: told on pointing, a column of its own in files.
    """

    name: str
    label: Text
    kind: Kind = Kind.TEXT
    value: Callable[[R], object] | None = None
    link: Callable[[Context, R], str | None] | None = None
    states: Mapping[Any, State] = field(default_factory=dict)
    tone: Callable[[R], Tone | None] | None = None
    note: Callable[[R], Text | None] | None = None
    of: Callable[[R], int] | None = None
    raw: Callable[[R], object] | None = None
    sortable: bool = True
    main: bool = False
    desk: bool = False
    decimals: int | None = None
    unit: str = "yuan"
    export: bool = True
    shown: bool = True
    code: str = ""
    icon: tuple[str, Text] | None = None

    def read(self, row: R) -> object:
        """Give the raw value of a row."""
        if self.value is not None:
            return self.value(row)
        if isinstance(row, Mapping):
            return row.get(self.name)
        return getattr(row, self.name)


class FilterKind(StrEnum):
    """How a filter asks."""

    SEARCH = "search"
    CHOICE = "choice"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter; its value lives in the address under `name`.

    `choices` gives (value, label) pairs; a value that is not among them is ignored.
    """

    name: str
    label: Text
    kind: FilterKind = FilterKind.CHOICE
    choices: Callable[[Context], Sequence[tuple[str, Text]]] | None = None

    def accept(self, ctx: Context, given: str) -> str:
        """Give the value back when it makes sense, else nothing."""
        given = given.strip()[:MAX_FILTER_CHARACTERS]
        if self.kind is FilterKind.CHOICE:
            known = {value for value, _label in self.choices(ctx)} if self.choices else set()
            return given if given in known else ""
        if self.kind is FilterKind.DATE and given:
            try:
                return date.fromisoformat(given).isoformat()
            except ValueError:
                return ""
        return given


@dataclass(frozen=True, slots=True)
class Query:
    """What the reader asks of a list; `filters` holds the set ones only."""

    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
    offset: int = 0
    limit: int = PAGE_SIZES[1]
    business_date: date | None = None

    def filter(self, name: str) -> str | None:
        """Give a filter's value, None when it is not set."""
        return self.filters.get(name)


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """One page of rows, and how many there are in all (None: not counted, `more` says if more)."""

    rows: Sequence[R]
    total: int | None = None
    more: bool = False


_NOTHING = lazy("Nothing here yet")


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list without rows says, and the next step it offers (a path within the place)."""

    title: Text = _NOTHING
    text: Text = ""
    action: Text = ""
    path: str = ""
    permission: Permission | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """The main thing to do on a list page: a link to a path within the place."""

    label: Text
    path: str
    icon: str = "plus"
    permission: Permission | None = None


@dataclass(frozen=True, slots=True)
class Bulk:
    """One thing to do with the ticked rows: posts their ids as `row` to a path of this place."""

    label: Text
    path: str
    icon: str
    permission: Permission | None = None
    confirm: Text = ""
    danger: bool = False


def _no_rows(_scope: Scope, _query: Query) -> Rows[Any]:
    return Rows((), 0)


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """A list. `name` is its id in the page and the stem of exported files; `about` one sentence.

    `row_id` gives the value of a row's tick box and is needed for `bulk`; `export` is the
    permission that exporting takes; `sort` names the first order (`-name` for descending); `keep`
    names what else of the page's address the list's links carry along. A list without `fetch` gets
    its rows by `over`. `path`, within the place, is the address of the list's page where a refused
    form shows it from another.
    """

    name: str
    title: Text
    columns: Sequence[Column[R]]
    fetch: Callable[[Scope, Query], Rows[R]] = _no_rows
    about: Text = ""
    action: Action | None = None
    filters: Sequence[Filter] = ()
    sort: str = ""
    page_size: int = PAGE_SIZES[1]
    empty: Empty = field(default_factory=Empty)
    bulk: Sequence[Bulk] = ()
    row_id: Callable[[R], str] | None = None
    export: Permission = Permission.EXPORT
    saved_views: bool = True
    keep: Sequence[str] = ()
    path: str = ""

    def column(self, name: str) -> Column[R]:
        """Give a column. Raises InvalidInput."""
        for column in self.columns:
            if column.name == name:
                return column
        raise InvalidInput(f"list {self.name} has no column {name!r}", "Choose a column shown.")


def read_query(table: Table[Any], ctx: Context, prefix: str = "") -> Query:
    """Read the reader's question from the address; what makes no sense is left out.

    `prefix` stands before the names of its parts where a page has several lists.
    """
    params = ctx.request.query_params
    filters = {
        item.name: value
        for item in table.filters
        if (value := item.accept(ctx, params.get(prefix + item.name, "")))
    }
    sort = params.get(f"{prefix}sort", table.sort)
    sortable = {column.name for column in table.columns if column.sortable}
    if sort.removeprefix("-") not in sortable:
        sort = table.sort
    limit = _whole(params, f"{prefix}size", table.page_size)
    limit = limit if limit in PAGE_SIZES else table.page_size
    number = min(max(_whole(params, f"{prefix}page", 1), 1), MAX_PAGE)
    return Query(
        filters=filters,
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        offset=(number - 1) * limit,
        limit=limit,
        business_date=ctx.business_date,
    )


def _whole(params: QueryParams, name: str, otherwise: int) -> int:
    text = params.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= len(str(MAX_PAGE)) else otherwise
