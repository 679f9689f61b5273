"""Printing for the command lines of this floor."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDTH_WHEN_PIPED = 200


def grid(names: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[int] = ()) -> None:
    """Print rows under headings; columns named by position in `right` are aligned right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for at, name in enumerate(names):
        table.add_column(name, justify="right" if at in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape("" if value is None else str(value)) for value in row))
    out = Console(highlight=False)
    wide = out if out.is_terminal else Console(highlight=False, width=WIDTH_WHEN_PIPED)
    wide.print(table)


def note(text: str) -> None:
    """Print a remark to the side of the figures."""
    Console(stderr=True, highlight=False, style="dim").print(text, markup=False)


def as_json(value: object) -> None:
    """Print a value as JSON; dates, decimals and what else JSON lacks become text."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=_plain))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
