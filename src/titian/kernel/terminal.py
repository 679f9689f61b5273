"""Printing for every command line: tables, one JSON document or CSV on stdout, remarks beside it.

Columns of numbers stand on the right; Chinese counts double. NO_COLOR takes colours away. A pipe
gets every line whole, however wide. Names of things come in the language of the setting `lang`.
"""

from __future__ import annotations

import csv as csv_writer
import dataclasses
import io
import json as jsons
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from titian.kernel.clock import BANK_TZ
from titian.kernel.errors import InvalidInput
from titian.kernel.labels import Label
from titian.kernel.settings import settings

WIDTH_WHEN_PIPED = 4_096
MAX_SHOWN = 80

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print the list as CSV.")]


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """A value that a table shows in other words; JSON and CSV have the value itself."""

    value: object
    text: str
    style: str = ""


def listing(
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    none: str,
    remark: str = "",
    whole: object = None,
    json: bool = False,
    csv: bool = False,
) -> None:
    """Print a list: as a table, as JSON (`whole`, else one object a row) or as CSV.

    `none` is said beside an empty table, `remark` beside any other. Raises InvalidInput for two
    forms at once.
    """
    if json and csv:
        raise InvalidInput("--json and --csv are both given", "Give one of them.")
    if json:
        as_json(_objects(names, rows) if whole is None else whole)
    elif csv:
        as_csv(names, rows)
    elif not rows:
        note(none)
    else:
        grid(names, rows)
        if remark:
            note(remark)


def grid(
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    right: Collection[int] | None = None,
) -> None:
    """Print rows under headings; `right` names columns that stand right, by default the numbers."""
    table, out = made_grid(names, rows, right), console()
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as held:
        out.print(table)
    out.file.write("\n".join(line.rstrip(" ") for line in held.get().split("\n")))


def made_grid(
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    right: Collection[int] | None = None,
) -> Table:
    """Lay rows out under headings, for a console of the caller's."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for at, name in enumerate(names):
        stands = at in right if right is not None else _numeric([row[at] for row in rows])
        table.add_column(Text(name), justify="right" if stands else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_shown, row))
    return table


def as_json(value: object, *, indent: int | None = 1) -> None:
    """Print a value as JSON: dataclasses as objects, dates and decimals as text."""
    typer.echo(jsons.dumps(plain(value), ensure_ascii=False, indent=indent, allow_nan=False))


def as_csv(names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows as CSV under one line of names."""
    text = io.StringIO()
    written = csv_writer.writer(text, lineterminator="\n")
    written.writerows([names, *([_flat(value) for value in row] for row in rows)])
    typer.echo(text.getvalue(), nl=False)


def say(text: str, style: str = "") -> None:
    """Print a line of the answer."""
    console().print(Text(text, style=style), soft_wrap=True)


def note(text: str, style: str = "dim") -> None:
    """Print a remark beside the answer, on stderr."""
    Console(stderr=True, highlight=False).print(Text(text, style=style), soft_wrap=True)


def console() -> Console:
    """Give the console on stdout, as wide as needed where nobody looks."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=WIDTH_WHEN_PIPED)


def shortened(value: object, text: str, most: int = MAX_SHOWN) -> Cell:
    """Show the beginning of a long text, on one line; JSON and CSV have the value itself."""
    line = " ".join(text.split())
    return Cell(value, line if len(line) <= most else f"{line[: most - 1]}…")


def language() -> str:
    """Give the language (`zh` or `en`) that names are printed in."""
    return settings().lang


def in_words(label: Label) -> str:
    """Give a label in the language of the command line."""
    return label.text(language())


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: 1 row, 2 rows, 1,234 rows."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def plain(value: object) -> object:
    """Turn a value into what JSON has; what is no number becomes null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Cell):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    for kinds, turned in _PLAIN:
        if isinstance(value, kinds):
            return turned(value)
    return str(value)


_PLAIN: tuple[tuple[type | tuple[type, ...], Callable[[Any], object]], ...] = (
    (Cell, lambda cell: plain(cell.value)),
    (Enum, lambda enum: plain(enum.value)),
    ((str, int, type(None)), lambda value: value),
    (float, lambda number: number if math.isfinite(number) else None),
    (date, lambda day: day.isoformat()),
    (Mapping, lambda pairs: {str(plain(key)): plain(item) for key, item in pairs.items()}),
    ((set, frozenset), lambda items: sorted(str(plain(item)) for item in items)),
    ((list, tuple), lambda items: [plain(item) for item in items]),
)


def _objects(names: Sequence[str], rows: Sequence[Sequence[object]]) -> list[dict[str, object]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _flat(value: object) -> object:
    value = plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return jsons.dumps(value, ensure_ascii=False)
    return value


def _numeric(column: Sequence[object]) -> bool:
    held = [cell.value if isinstance(cell, Cell) else cell for cell in column]
    known = [value for value in held if value not in (None, "")]
    return bool(known) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in known
    )


def _shown(value: object) -> Text:
    if isinstance(value, Cell):
        return Text(value.text, style=value.style)
    return Text(_worded(value))


def _worded(value: object) -> str:
    for kinds, worded in _WORDED:
        if isinstance(value, kinds):
            return worded(value)
    return str(value)


_WORDED: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (Enum, lambda enum: _worded(enum.value)),
    (type(None), lambda _none: ""),
    (bool, lambda yes: "yes" if yes else ""),
    (int, "{:,}".format),
    (datetime, lambda at: _at_the_banks(at).strftime("%Y-%m-%d %H:%M:%S")),
    ((set, frozenset), lambda items: _worded(sorted(items))),
    ((list, tuple), lambda items: ", ".join(map(_worded, items))),
)


def _at_the_banks(at: datetime) -> datetime:
    return at.astimezone(BANK_TZ) if at.tzinfo else at  # without a zone it is theirs already
