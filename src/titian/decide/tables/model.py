"""A decision table as it is written: texts in rows and columns, nothing compiled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from titian.decide.conditions.fields import Type
from titian.kernel.labels import UNSAID, Label

MAX_ROWS = 2_000
MAX_INPUTS = 40
MAX_OUTPUTS = 20
MAX_CELLS = 20_000
MAX_CELL_CHARACTERS = 500

ANY = frozenset({"", "-"})
"""Cells that ask nothing."""


class HitPolicy(StrEnum):
    """What counts when several rows hold."""

    FIRST = "first"
    COLLECT = "collect"
    MOST_SEVERE = "most_severe"


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions: an expression that every cell below continues."""

    expression: str
    label: Label = UNSAID


@dataclass(frozen=True, slots=True)
class Output:
    """A column of results.

    `ranks` lists the values of an outcome, mildest first; the first of them is what a table may
    never say of everything.
    """

    name: str
    type: Type
    label: Label = UNSAID
    ranks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: a cell for each input, a written value for each output, and why it decides so."""

    cells: tuple[str, ...]
    outputs: tuple[str, ...]
    reason: Label = UNSAID


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table."""

    name: str
    label: Label
    hit: HitPolicy
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rows: tuple[TableRow, ...]
