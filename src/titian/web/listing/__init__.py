"""Lists: one declaration gives a page's table, its htmx swaps, its filters and its exports.

Declare a `Table` once per list with columns, filters and a `fetch(scope, query) -> Rows`; then
`ctx.table(TABLE, "room/list.html")` answers for the whole page, for a swap and for `?export=`.
`rows_of` serves lists that are in memory, `rows_from` SQLAlchemy selects; anything else writes its
own fetch. Templates show it with `{{ data_table(view) }}`.
"""

from titian.web.listing.answering import answer
from titian.web.listing.showing import TableView, look
from titian.web.listing.sources import rows_from, rows_of
from titian.web.listing.table import (
    Action,
    Bulk,
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
)

__all__ = [
    "Action",
    "Bulk",
    "Column",
    "Empty",
    "Filter",
    "FilterKind",
    "Kind",
    "Query",
    "Rows",
    "State",
    "Table",
    "TableView",
    "Tone",
    "answer",
    "look",
    "rows_from",
    "rows_of",
]
