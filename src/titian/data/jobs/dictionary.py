"""What the columns of a table mean and what their codes are called, in both languages.

A column that a job hands on unchanged, under the same name, is described once, where it comes from:
in the feed's contract, or in the header of the job that makes it. This follows it there.
"""

from __future__ import annotations

from dataclasses import replace

from titian.data.jobs.catalogue import Catalogue, load
from titian.data.jobs.lineage import FEED, column_edges
from titian.kernel.errors import InvalidDefinition
from titian.kernel.scope import Scope
from titian.lake.schema import Column, Table

MAX_STEPS = 20


def explained(scope: Scope, table: Table) -> Table:
    """Give a table with the descriptions and code names of its columns that stand further up.

    What the definitions in force say goes before what the table says of itself; definitions that
    cannot be read hide no table.
    """
    try:
        catalogue = load(scope)
    except InvalidDefinition:
        return table
    known = catalogue.tables.get(table.qualified, table)
    return replace(
        table,
        zh=known.zh,
        en=known.en,
        description=known.description or table.description,
        columns=tuple(_explained(catalogue, table.qualified, one) for one in table.columns),
    )


def _explained(catalogue: Catalogue, table: str, column: Column) -> Column:
    known = _declared(catalogue, table, column.name) or column
    description, codes = known.description, known.codes
    at: str | None = f"{table}.{column.name}"
    for _step in range(MAX_STEPS):
        if (description and codes) or at is None:
            break
        at = _handed_on(catalogue, at)
        above = _declared(catalogue, *_split(at)) if at else None
        if above is not None:
            description = description or above.description
            codes = codes or above.codes
    return replace(
        column,
        zh=known.zh,
        en=known.en,
        description=description or column.description,
        codes=codes or column.codes,
    )


def _declared(catalogue: Catalogue, table: str, name: str) -> Column | None:
    known = catalogue.tables.get(table)
    return next((one for one in known.columns if one.name == name), None) if known else None


def _handed_on(catalogue: Catalogue, column: str) -> str | None:
    edges = column_edges(catalogue).get(column, ())
    sources = {edge.source for edge in edges if edge.exact and not edge.source.startswith(FEED)}
    if len(sources) != 1 or len(edges) != 1:
        return None
    source = sources.pop()
    same_name = _split(source)[1] == _split(column)[1]
    return source if same_name else None


def _split(column: str) -> tuple[str, str]:
    table, _dot, name = column.rpartition(".")
    return table, name
