"""Results and tables as text: for a terminal, as CSV, as JSON."""

from __future__ import annotations

import json
from enum import StrEnum

from titian.kernel.terminal import Cell, as_csv, as_json, counted, grid, say
from titian.lake.queries import Json, QueryResult
from titian.lake.schema import Table

_NUMBERS = ("integer", "double", "decimal")


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def result(found: QueryResult, form: Format) -> None:
    """Print a result; a single value prints plainly."""
    rows = list(found.rows())
    names = [column.name for column in found.columns]
    if form is Format.JSON:
        as_json([dict(zip(names, row, strict=True)) for row in rows], indent=None)
    elif form is Format.CSV:
        as_csv(names, rows)
    elif len(rows) == 1 and len(names) == 1:
        say(_cell(rows[0][0]).text)
    else:
        heads = [f"{column.name} *" if column.masked else column.name for column in found.columns]
        types = [column.type for column in found.columns]
        right = [at for at, kind in enumerate(types) if kind.startswith(_NUMBERS)]
        grid(heads, [[_cell(value) for value in row] for row in rows], right)


def footnote(found: QueryResult) -> str:
    """Say how many rows there are, whether they are all, and which columns are masked."""
    words = [f"{counted(found.arrow.num_rows, 'row')} in {found.seconds:.2f} s"]
    if found.truncated:
        words.append("there are more: raise --limit or aggregate")
    masked = [column.name for column in found.columns if column.masked]
    if masked:
        words.append(f"* masked: {', '.join(masked)}")
    return "; ".join(words)


def title(table: Table) -> str:
    """Name a table in both languages, with its kind."""
    return f"{table.qualified}  {table.zh}  {table.en}  ({table.kind.value})"


COLUMN_HEADS = ("column", "type", "zh", "en", "class", "level", "mask", "key")


def columns(table: Table) -> list[tuple[object, ...]]:
    """List the columns of a table with what is declared of them, under COLUMN_HEADS."""
    return [
        (
            column.name,
            column.type,
            column.zh,
            column.en,
            column.pi_class,
            column.level,
            column.mask,
            "key" if column.key else "required" if column.required else "",
        )
        for column in table.columns
    ]


def _cell(value: Json) -> Cell:
    if isinstance(value, list | dict):
        return Cell(value, json.dumps(value, ensure_ascii=False))
    return Cell(value, "" if value is None else str(value))
