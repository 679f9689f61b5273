"""The regions that a table's cells cut each column into, with an example value of each.

A column is taken as one unknown quantity. Cells on ordered types change only at the values they
name, so those, their neighbours and what lies between are every case there is; texts compared by
pattern are tried by example, so that a finding is always true but one may be missed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from titian.decide.conditions import python, scalar, tree
from titian.decide.conditions.condition import parse, parse_value
from titian.decide.conditions.fields import Field, Kind, Schema, Type
from titian.decide.conditions.tree import Constant, Node, Ref, Value
from titian.decide.tables.cells import joined
from titian.decide.tables.model import ANY, Table
from titian.kernel.labels import Label

_NAME = "x"
_OTHER = "其他"


@dataclass(frozen=True, slots=True)
class Region:
    """One quantity of a table: the inputs that show it, and each case with the rows it allows.

    A case is an example value with a bit for every row whose cells allow it; `unknown` is the bits
    of rows that allow the unknown.
    """

    expression: str
    inputs: tuple[int, ...]
    cases: tuple[tuple[Value, int], ...]
    unknown: int

    def always(self, row: int) -> bool:
        """Whether a row asks nothing of known values here."""
        return all(bits >> row & 1 for _, bits in self.cases)


def regions(table: Table, types: Sequence[Type], schema: Schema) -> tuple[Region, ...]:
    """Cut every column of a table whose cells are right; alike expressions are one quantity."""
    by_expression: dict[str, list[int]] = {}
    for number, given in enumerate(table.inputs):
        by_expression.setdefault(" ".join(given.expression.split()), []).append(number)
    return tuple(
        _region(table, expression, tuple(inputs), types[inputs[0]], schema)
        for expression, inputs in by_expression.items()
    )


def _region(
    table: Table, expression: str, inputs: tuple[int, ...], type_: Type, schema: Schema
) -> Region:
    node = parse_value(expression, schema)
    values = node.field.values if isinstance(node, Ref) else None
    quantity = Schema([Field(_NAME, type_, Label(_NAME, _NAME), values)])
    rows: dict[str, int] = {}
    for number, row in enumerate(table.rows):
        for at in inputs:
            cell = row.cells[at].strip()
            if cell not in ANY:
                rows[cell] = rows.get(cell, 0) | 1 << number
    trees = {cell: parse(joined(_NAME, cell)[0], quantity).tree for cell in rows}
    tests = {cell: python.compile_holds(tree) for cell, tree in trees.items()}
    everything = (1 << len(table.rows)) - 1

    def allowed(value: Value) -> int:
        refused = (bits for cell, bits in rows.items() if not tests[cell]({_NAME: value}))
        found = everything
        for bits in refused:
            found &= ~bits
        return found

    cases: dict[int, Value] = {}
    for value in examples(type_, list(values) if values else None, trees.values()):
        cases.setdefault(allowed(value), value)
    return Region(
        expression, inputs, tuple((value, bits) for bits, value in cases.items()), allowed(None)
    )


def examples(type_: Type, listed: list[str] | None, trees: Iterable[Node]) -> list[Value]:
    """Give a value of every case that conditions on one quantity tell apart.

    `listed` are the values it may hold, where those are known.
    """
    if type_.kind is Kind.BOOLEAN:
        return [False, True]
    if listed is not None:
        return list(listed)
    named: set[Value] = set()
    for node in trees:
        named.update(
            part.value
            for part in tree.walk(node)
            if isinstance(part, Constant) and _alike(part.type, type_) and part.value is not None
        )
    return _AROUND[type_.kind](named, type_)


def _alike(one: Type, other: Type) -> bool:
    if one.is_number or one.is_time:
        return (one.is_number, one.is_time) == (other.is_number, other.is_time)
    return one.kind is other.kind


def _texts(named: set[Value], _: Type) -> list[Value]:
    found: list[Value] = []
    for value in sorted(map(str, named)):
        found += (value, value.replace("%", "").replace("_", "x"), f"{value}{_OTHER}")
    other = _OTHER
    while other in found:
        other += _OTHER
    return [*found, other, ""]


def _numbers(named: set[Value], type_: Type) -> list[Value]:
    step = Decimal(1).scaleb(-type_.scale)
    most = Decimal(10).scaleb(type_.precision - type_.scale - 1)
    whole = type_.kind is Kind.INTEGER
    low, high = (Decimal(scalar.MIN_INTEGER), Decimal(scalar.MAX_INTEGER)) if whole else (
        step - most, most - step)  # fmt: skip
    found: set[Decimal] = set()
    for value in named or {0}:
        assert isinstance(value, int | float | Decimal)
        near = scalar.EXACT.quantize(min(max(Decimal(value), low), high), step)
        found.update(scalar.EXACT.add(near, step * way) for way in (-2, -1, 0, 1, 2))
    kept = sorted(value for value in found if low <= value <= high)
    return [int(value) if whole else value for value in kept]


def _doubles(named: set[Value], _: Type) -> list[Value]:
    found: set[float] = set()
    for value in named or {0.0}:
        assert isinstance(value, int | float | Decimal)
        at = float(value)
        found.update((math.nextafter(at, -math.inf), at, math.nextafter(at, math.inf)))
    ordered = sorted(found)
    between = [(low + high) / 2 for low, high in pairwise(ordered)]
    return [*(value for value in between if value not in found), ordered[0] - 1,
            ordered[-1] + 1, *ordered]  # fmt: skip


def _days(named: set[Value], _: Type) -> list[Value]:
    found: set[date] = set()
    for value in named or {date(1970, 1, 1)}:
        assert isinstance(value, date)
        day = value.date() if isinstance(value, datetime) else value
        near = (scalar.add_days(day, way) for way in (-1, 0, 1))
        found.update(one for one in near if one is not None)
    return [*sorted(found)]


def _moments(named: set[Value], _: Type) -> list[Value]:
    found: set[datetime] = set()
    for value in named or {datetime.fromisoformat("1970-01-01")}:
        assert isinstance(value, date)
        moment = value if isinstance(value, datetime) else scalar.midnight(value)
        found.add(moment)
        if moment > datetime.min:  # noqa: DTZ901 (a condition's times have no zone)
            found.add(moment - timedelta(microseconds=1))
        if moment < datetime.max:  # noqa: DTZ901
            found.add(moment + timedelta(microseconds=1))
    return [*sorted(found)]


_AROUND: dict[Kind, Callable[[set[Value], Type], list[Value]]] = {
    Kind.STRING: _texts,
    Kind.INTEGER: _numbers,
    Kind.DECIMAL: _numbers,
    Kind.DOUBLE: _doubles,
    Kind.DATE: _days,
    Kind.TIMESTAMP: _moments,
}
