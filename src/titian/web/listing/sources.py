"""Rows for a list from what is in memory and from the operational database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select

from titian.kernel import db
from titian.kernel.scope import Scope
from titian.web.listing.table import Query, Rows, Table

R = TypeVar("R")


def rows_of(
    everything: Sequence[R],
    query: Query,
    *,
    search: Callable[[R], str] | None = None,
    keep: Mapping[str, Callable[[R, str], bool]] | None = None,
    order: Mapping[str, Callable[[R], Any]] | None = None,
    search_name: str = "q",
) -> Rows[R]:
    """Filter, sort and page a list that is in memory.

    `search` gives the text that the search filter looks in; `keep` one test per other filter;
    `order` the sorting keys that are not the plain attribute of the column's name.
    """
    found = list(everything)
    words = (query.filter(search_name) or "").casefold().split()
    if words and search is not None:
        found = [row for row in found if all(w in search(row).casefold() for w in words)]
    for name, test in (keep or {}).items():
        value = query.filter(name)
        if value is not None:
            found = [row for row in found if test(row, value)]
    if query.sort:
        read = (order or {}).get(query.sort) or _reader(query.sort)
        found.sort(key=lambda row: _sortable(read(row)), reverse=query.descending)
    return Rows(found[query.offset : query.offset + query.limit], len(found))


def over(
    table: Table[R],
    rows: Sequence[R],
    *,
    search: Callable[[R], str] | None = None,
    keep: Mapping[str, Callable[[R, str], bool]] | None = None,
    order: Mapping[str, Callable[[R], Any]] | None = None,
) -> Table[R]:
    """Give a list over rows that are in memory; columns sort by what they show unless told."""
    by = {**{column.name: column.read for column in table.columns}, **(order or {})}

    def fetch(_scope: Scope, query: Query) -> Rows[R]:
        return rows_of(rows, query, search=search, keep=keep, order=by)

    return replace(table, fetch=fetch)


def _reader(name: str) -> Callable[[Any], Any]:
    def read(row: Any) -> Any:
        return row.get(name) if isinstance(row, Mapping) else getattr(row, name)

    return read


def _sortable(value: Any) -> tuple[bool, Any]:
    if isinstance(value, str):
        return (False, value.casefold())
    return (value is None, 0 if value is None else value)


def rows_from(
    statement: Select[Any],
    query: Query,
    *,
    search: Sequence[ColumnElement[str]] = (),
    keep: Mapping[str, Callable[[str], ColumnElement[bool]]] | None = None,
    order: Mapping[str, ColumnElement[Any]] | None = None,
    search_name: str = "q",
) -> Rows[Mapping[str, Any]]:
    """Filter, sort, page and count a select of the operational database; rows are mappings.

    `search` lists the columns the search filter looks in; `keep` makes one condition per other
    filter; `order` the sorting expressions that are not the selected column of that name.
    """
    for word in (query.filter(search_name) or "").split():
        if search:
            statement = statement.where(
                or_(*(column.icontains(word, autoescape=True) for column in search))
            )
    for name, test in (keep or {}).items():
        value = query.filter(name)
        if value is not None:
            statement = statement.where(test(value))
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    if query.sort:
        named = (order or {}).get(query.sort)
        by = statement.selected_columns[query.sort] if named is None else named
        statement = statement.order_by(None).order_by(by.desc() if query.descending else by.asc())
    with db.read() as connection:
        total = connection.scalar(counted) or 0
        rows = connection.execute(statement.offset(query.offset).limit(query.limit))
        return Rows([dict(row) for row in rows.mappings()], total)
