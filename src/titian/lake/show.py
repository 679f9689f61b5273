"""Results and tables as text: for a terminal, as CSV, as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from enum import StrEnum

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from titian.lake.queries import Json, QueryResult
from titian.lake.schema import Table

WIDTH_WHEN_PIPED = 4_096
_NUMBERS = ("integer", "double", "decimal")


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def result(found: QueryResult, form: Format, out: Console) -> None:
    """Print a result; a single value prints plainly."""
    rows = list(found.rows())
    names = [column.name for column in found.columns]
    if form is Format.JSON:
        objects = [dict(zip(names, row, strict=True)) for row in rows]
        _plain(out, json.dumps(objects, ensure_ascii=False))
    elif form is Format.CSV:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([names, *map(_cells, rows)])
        _plain(out, text.getvalue().removesuffix("\n"))
    elif len(rows) == 1 and len(names) == 1:
        _plain(out, _cell(rows[0][0]))
    else:
        grid = Grid(show_edge=False)
        for column in found.columns:
            heading = f"{column.name} *" if column.masked else column.name
            right = column.type.startswith(_NUMBERS)
            grid.add_column(Text(heading), justify="right" if right else "left", overflow="fold")
        for row in rows:
            grid.add_row(*(Text(cell) for cell in _cells(row)))
        out.print(grid)


def footnote(found: QueryResult) -> str:
    """Say how many rows there are, whether they are all, and which columns are masked."""
    words = [f"{found.arrow.num_rows} rows in {found.seconds:.2f} s"]
    if found.truncated:
        words.append("there are more: raise --limit or aggregate")
    masked = [column.name for column in found.columns if column.masked]
    if masked:
        words.append(f"* masked: {', '.join(masked)}")
    return "; ".join(words)


def schema(table: Table, out: Console) -> None:
    """Print the columns of a table with what is declared of them."""
    grid = Grid("column", "type", "名称", "name", "class", "level", "mask", "key", show_edge=False)
    for column in table.columns:
        grid.add_row(
            column.name,
            column.type,
            column.zh,
            column.en,
            column.pi_class.value,
            str(column.level),
            column.mask.value,
            "key" if column.key else "required" if column.required else "",
        )
    out.print(Text(f"{table.qualified}  {table.zh}  {table.en}  ({table.kind.value})"))
    out.print(grid)


def console() -> Console:
    """Give the console on standard output, as wide as needed where nobody looks."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=WIDTH_WHEN_PIPED)


def _plain(out: Console, text: str) -> None:
    out.print(Text(text), soft_wrap=True)


def _cells(row: Iterable[Json]) -> list[str]:
    return [_cell(value) for value in row]


def _cell(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
