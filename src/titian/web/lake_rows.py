"""Rows of the lake as a list: typed columns, and a page of one business date asked of the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlglot import exp

from titian import lake
from titian.data.jobs.dictionary import explained
from titian.kernel.errors import LimitExceeded
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake.masking import reader_rule
from titian.lake.schema import BUSINESS_DATE, Mask
from titian.lake.schema import Column as LakeColumn
from titian.lake.schema import Table as LakeTable
from titian.web.i18n import formats, lazy, locale
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

Record = Mapping[str, Any]
_DAY, _WORDS, _TOTAL = "day", "words", "titian_total"
_MONEY = "_fen"
_IDS = ("_id", "_no")
_KINDS: Mapping[str, Kind] = {
    "date": Kind.DATE,
    "timestamp": Kind.MOMENT,
    "integer": Kind.NUMBER,
    "double": Kind.NUMBER,
}
_TRUTH = {True: State(lazy("yes")), False: State(lazy("no"))}


def columns_of(scope: Scope, columns: Sequence[LakeColumn]) -> list[Column[Record]]:
    """Give columns of the lake as those of a list, as a reader of this scope sees them."""
    shown = [_column(scope, column) for column in columns]
    heads = [at for at, column in enumerate(columns) if column.key] or [0]
    return [replace(column, main=at == heads[0]) for at, column in enumerate(shown)]


def _column(scope: Scope, column: LakeColumn) -> Column[Record]:
    masked = reader_rule(scope, column) is not Mask.NONE
    label = column.label.text(locale())
    words: dict[Any, State] = {
        code.value: State(code.label.text(locale())) for code in column.codes
    }
    words = _TRUTH if column.type == "boolean" else words
    return Column(
        column.name,
        label,
        Kind.TEXT if masked else _kind(column),
        states={} if masked else words,
        raw=(lambda row: row.get(column.name)) if column.codes and not masked else None,
        code=column.name,
        icon=("eye-off", lazy("masked")) if masked else None,
    )


def _kind(column: LakeColumn) -> Kind:
    if column.name.endswith(_MONEY):
        return Kind.MONEY
    if column.type.startswith("decimal"):
        return Kind.NUMBER
    if column.type == "string" and not column.codes and _is_id(column):
        return Kind.CODE
    return _KINDS.get(column.type, Kind.TEXT)


def _is_id(column: LakeColumn) -> bool:
    return column.key or column.name.endswith(_IDS)


def rows_table(scope: Scope, table: LakeTable, day: date) -> Table[Record]:
    """Give the rows of one business date of a table as a list, masked for the reader.

    Searching and sorting work on what the reader sees, never on what is behind a mask.
    """
    known = explained(scope, table)
    texts = [column.name for column in known.columns if column.type == "string"]

    def fetch(asker: Scope, query: Query) -> Rows[Record]:
        most = settings().query_max_rows
        words = (query.filter("q") or "").casefold()
        statement = _select(known, texts if words else ())
        for column in ([query.sort] if query.sort else []) + _keys(known):
            falls = query.descending and column == query.sort
            statement = statement.order_by(exp.Ordered(this=_name(column), desc=falls))
        page = statement.limit(min(query.limit, most)).offset(query.offset).sql("duckdb")
        params = {_DAY: day, **({_WORDS: words} if words else {})}
        rows = lake.query(asker, page, params, limit=min(query.limit, most)).arrow.to_pylist()
        total = rows[0][_TOTAL] if rows else 0
        if query.limit > most < total:
            raise LimitExceeded(
                f"{formats.number(total)} rows of this date were asked for",
                f"Search for fewer; at most {formats.number(most)} come at once.",
            )
        return Rows(rows, total)

    return Table(
        "rows",
        lazy("Rows"),
        columns_of(scope, known.columns),
        fetch,
        filters=(Filter("q", lazy("Text in any column"), FilterKind.SEARCH),) if texts else (),
        page_size=25,
        empty=Empty(lazy("No rows on this date")),
        saved_views=False,
        keep=(_DAY,),
    )


def _select(table: LakeTable, searched: Sequence[str]) -> exp.Select:
    counted = exp.Window(this=exp.Count(this=exp.Star()))
    select = (
        exp.select(*(_name(column.name) for column in table.columns))
        .select(exp.alias_(counted, _TOTAL))
        .from_(exp.table_(table.name, db=table.layer.value, quoted=True))
        .where(_name(BUSINESS_DATE).eq(exp.cast(exp.Placeholder(this=_DAY), "date")))
    )
    if not searched:
        return select
    return select.where(
        exp.or_(
            *(
                exp.func("contains", exp.Lower(this=_name(text)), exp.Placeholder(this=_WORDS))
                for text in searched
            )
        )
    )


def _keys(table: LakeTable) -> list[str]:
    return [column.name for column in table.columns if column.key] or [table.columns[0].name]


def _name(name: str) -> exp.Column:
    return exp.column(name, quoted=True)
