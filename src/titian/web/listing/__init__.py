"""Lists: one declaration gives a page's table, its htmx swaps, its filters and its exports.

Declare a `Table` once per list with columns, filters and a `fetch(scope, query) -> Rows`; then
`ctx.table(TABLE, "room/list.html")` answers for the whole page, for a swap and for `?export=`;
`ctx.tables((ONE, OTHER), "room/show.html")` does so for a page with several lists.
`over` gives a list rows that are in memory, `rows_of` and `rows_from` (SQLAlchemy selects) answer a
question in a `fetch` of one's own. Templates show it with `{{ data_table(view) }}`.
"""

from titian.web.listing.answering import answer, answer_several
from titian.web.listing.showing import look
from titian.web.listing.sources import over, rows_from, rows_of
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
from titian.web.listing.view import TableView

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
    "answer_several",
    "look",
    "over",
    "rows_from",
    "rows_of",
]
