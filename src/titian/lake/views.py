"""The SQL that shows a table's snapshot as a view of a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import sqlglot
from sqlglot import exp

from titian.lake.schema import BUSINESS_DATE, Column, Table

Shown = Callable[[Column], exp.Expr]
SQL_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "binary": "BLOB",
}
_FILES = """
    SELECT 1 FROM read_parquet(getvariable('files'), hive_partitioning = true,
        hive_types = {'business_date': DATE}, union_by_name = false)"""


def sql_type(declared: str) -> exp.DataType:
    """Give the DuckDB type of a declared type."""
    return exp.DataType.build(SQL_TYPES.get(declared, declared), dialect="duckdb")


def in_the_clear(column: Column) -> exp.Expr:
    """Show a column as it is."""
    return exp.column(column.name, quoted=True)


def variable(table: Table) -> str:
    """Name the session variable that holds the file list of a table."""
    return f"files of {table.qualified}"


@lru_cache(maxsize=1_024)
def plain_view(table: Table, *, empty: bool, evolved: bool) -> str:
    """Give the statement that makes the view of a table with every column in the clear."""
    return view(table, in_the_clear, empty=empty, evolved=evolved)


def view(table: Table, shown: Shown, *, empty: bool, evolved: bool) -> str:
    """Give the statement that makes the view of a table, each column as `shown` gives it.

    The view reads the files named by the session variable, so a new snapshot needs no new view;
    `evolved` tables have files that lack columns added later.
    """
    columns = [shown(column) for column in table.columns]
    columns.append(exp.column(BUSINESS_DATE, quoted=True))
    source = nothing(table) if empty else _files(table, evolved=evolved)
    return exp.Create(
        this=exp.table_(table.name, db=table.layer.value, quoted=True),
        kind="VIEW",
        expression=exp.select(*columns).from_(source),
        replace=True,
    ).sql("duckdb")


def _files(table: Table, *, evolved: bool) -> exp.Expr:
    source = sqlglot.parse_one(_FILES, dialect="duckdb").find(exp.Table)
    assert source is not None
    for literal in source.find_all(exp.Literal):
        if literal.this == "files":
            literal.replace(exp.Literal.string(variable(table)))
    if evolved:
        for flag in source.find_all(exp.EQ):
            if flag.this.name == "union_by_name":
                flag.set("expression", exp.true())
    return source


def nothing(table: Table) -> exp.Subquery:
    """Give a source with the columns of a table and no row."""
    fields = [*((column.name, column.type) for column in table.columns), (BUSINESS_DATE, "date")]
    nulls = [
        exp.alias_(exp.Cast(this=exp.null(), to=sql_type(kind)), name, quoted=True)
        for name, kind in fields
    ]
    return exp.select(*nulls).where(exp.false()).subquery("nothing")
