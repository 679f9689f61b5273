"""A decision table, checked and compiled once, that decides rows and batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from titian.decide.conditions import numeric, python, tree
from titian.decide.conditions.columns import Array, Columns
from titian.decide.conditions.condition import parse_value
from titian.decide.conditions.fields import BOOLEAN, Schema, Type
from titian.decide.conditions.problems import ConditionError
from titian.decide.conditions.tree import Call, Constant, Node, Value
from titian.decide.tables import model
from titian.decide.tables.cells import parse_cell, read_output
from titian.decide.tables.model import ANY, HitPolicy, Table, TableRow
from titian.decide.tables.problems import TableError, TableProblem, problem
from titian.decide.tables.regions import Region, regions

NO_ROW = -1
_BYTE = 256
_LARGE = 4_000_000  # cells of a step, so that a batch of any length fits into memory

Cells = tuple[tuple[int, str], ...]
"""The cells of a row that ask something: the input's number and the text."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledTable:
    """A table ready to decide.

    `order` gives the rows as they are tried; `outputs` are the rows' values, by row.
    """

    table: Table
    types: tuple[Type, ...]
    tests: tuple[Node, ...]
    outputs: tuple[tuple[Value, ...], ...]
    order: tuple[int, ...]
    regions: tuple[Region, ...]
    _first: Callable[[python.Row], int] = field(repr=False)
    _hits: Callable[[python.Row], list[int]] = field(repr=False)
    _truths: Callable[[Columns], list[Array]] = field(repr=False)
    _cells: tuple[Array, ...] = field(repr=False)
    """The number of each row's first cell, of its second, and so on: the last asks nothing."""
    _rank: Array = field(repr=False)
    """How early each row is tried: the first has the largest number, and 0 is none: [rows, 1]."""
    _row_at: Array = field(repr=False)
    """The row of each such number."""

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields it reads."""
        return frozenset().union(*(tree.fields(test) for test in self.tests))

    def decide(self, row: python.Row) -> tuple[int, ...]:
        """Give the rows (from 0) that decide: all that hold, or under other policies one."""
        if self.table.hit is HitPolicy.COLLECT:
            return tuple(self._hits(row))
        found = self._first(row)
        return () if found < 0 else (self.order[found],)

    def decide_batch(self, columns: Columns, n: int) -> Array:
        """Give the row (from 0) that decides each of n events, `NO_ROW` where none does: [n].

        Under the hit policy collect it is the first of the rows that hold; see `holds_batch`.
        """
        found = np.empty(n, np.int64)
        for start, held in self._held(columns, n):
            found[start : start + held.shape[1]] = self._row_at[(held * self._rank).max(axis=0)]
        return found

    def holds_batch(self, columns: Columns, n: int) -> Array:
        """Give which rows hold for which of n events: bool [n, rows]."""
        pieces = [held.T for _, held in self._held(columns, n)]
        return np.concatenate(pieces) if pieces else np.empty((0, len(self.tests)), np.bool_)

    def _held(self, columns: Columns, n: int) -> Iterator[tuple[int, Array]]:
        """Give which rows hold, [rows, events], for so many events at a time as are not large."""
        truths = self._truths(columns)
        step = max(_LARGE // len(self.tests), 1)
        for start in range(0, n, step):
            size = min(step, n - start)
            cells = np.empty((len(truths) + 1, size), np.bool_)
            cells[-1] = True
            for number, truth in enumerate(truths):
                cells[number] = truth[start : start + size] if len(truth) == n else truth
            held = cells[self._cells[0]]
            for more in self._cells[1:]:
                held &= cells[more]
            yield start, held


def compile_table(table: Table, schema: Schema) -> CompiledTable:
    """Check and compile a table over a schema's fields. Raises TableError with every problem."""
    faults = _shape(table)
    if faults:
        raise TableError(table.name, tuple(faults))
    types = _types(table, schema, faults)
    parsed = _cells(table, types, schema, faults)
    outputs = [_outputs(table, row, number, faults) for number, row in enumerate(table.rows, 1)]
    if faults:
        raise TableError(table.name, tuple(faults))
    order = _order(table)
    made = regions(table, types, schema)
    _refuse_lenient_catch_all(table, made)
    numbers = {key: at for at, key in enumerate(parsed)}
    asked = [[numbers[cell] for cell in _asked(row)] for row in table.rows]
    distinct = list(parsed.values())
    tests = tuple(_test([distinct[cell] for cell in cells]) for cells in asked)
    return CompiledTable(
        table=table,
        types=tuple(types),
        tests=tests,
        outputs=tuple(outputs),
        order=order,
        regions=made,
        _first=python.compile_first([tests[row] for row in order]),
        _hits=python.compile_hits(tests),
        _truths=numeric.compile_truths(distinct),
        _cells=_by_position(asked, len(distinct)),
        _rank=_rank(order),
        _row_at=np.array([NO_ROW, *reversed(order)], np.int64),
    )


def _asked(row: TableRow) -> Cells:
    cells = ((number, cell.strip()) for number, cell in enumerate(row.cells))
    return tuple((number, cell) for number, cell in cells if cell not in ANY)


def _by_position(asked: Sequence[Sequence[int]], nothing: int) -> tuple[Array, ...]:
    width = max(map(len, asked)) or 1
    padded = [[*cells, *([nothing] * (width - len(cells)))] for cells in asked]
    return tuple(np.array(cells, np.intp) for cells in zip(*padded, strict=True))


def _rank(order: Sequence[int]) -> Array:
    rows = len(order)
    rank = np.empty((rows, 1), np.uint8 if rows < _BYTE else np.uint16)
    rank[list(order), 0] = np.arange(rows, 0, -1)
    return rank


def _test(cells: Sequence[Node]) -> Node:
    if not cells:
        return Constant(True, BOOLEAN)
    return cells[0] if len(cells) == 1 else Call("and", tuple(cells), BOOLEAN)


def _shape(table: Table) -> list[TableProblem]:
    inputs, outputs, rows = len(table.inputs), len(table.outputs), len(table.rows)
    found = [
        problem(code, 0, "")
        for code, size in (("no_inputs", inputs), ("no_outputs", outputs), ("no_rows", rows))
        if not size
    ]
    limits = (
        ("inputs", inputs, model.MAX_INPUTS),
        ("outputs", outputs, model.MAX_OUTPUTS),
        ("rows", rows, model.MAX_ROWS),
        ("cells", rows * (inputs + outputs), model.MAX_CELLS),
    )
    found += [
        problem("too_many", 0, "", what=what, size=size, limit=limit)
        for what, size, limit in limits
        if size > limit
    ]
    if found:
        return found
    return [*_headings(table), *_rows(table)]


def _headings(table: Table) -> list[TableProblem]:
    found = []
    names = sorted(output.name for output in table.outputs)
    found += [problem("twice", 0, one) for one, other in pairwise(names) if one == other]
    for output in table.outputs:
        ranked = output.type.kind.value == "string" and len(set(output.ranks)) > 1
        if output.ranks and not (ranked and len(set(output.ranks)) == len(output.ranks)):
            found.append(problem("ranks", 0, output.name))
    ranked_outputs = sum(bool(output.ranks) for output in table.outputs)
    if table.hit is HitPolicy.MOST_SEVERE and ranked_outputs != 1:
        found.append(problem("ranked_once", 0, ""))
    return found


def _rows(table: Table) -> list[TableProblem]:
    found = []
    wide = len(table.inputs) + len(table.outputs)
    headings = [*(i.expression for i in table.inputs), *(o.name for o in table.outputs)]
    for number, row in enumerate(table.rows, 1):
        cells = (*row.cells, *row.outputs)
        if len(row.cells) != len(table.inputs) or len(row.outputs) != len(table.outputs):
            found.append(problem("width", number, "", size=len(cells), limit=wide))
            continue
        found += [
            problem("long", number, heading, size=len(cell), limit=model.MAX_CELL_CHARACTERS)
            for heading, cell in zip(headings, cells, strict=True)
            if len(cell) > model.MAX_CELL_CHARACTERS
        ]
    return found


def _types(table: Table, schema: Schema, faults: list[TableProblem]) -> list[Type]:
    types = []
    for given in table.inputs:
        try:
            types.append(parse_value(given.expression, schema).type)
        except ConditionError as error:
            first = error.problems[0]
            faults.append(TableProblem(0, given.expression, first.message, first.remedy))
    return types


def _cells(
    table: Table, types: Sequence[Type], schema: Schema, faults: list[TableProblem]
) -> dict[tuple[int, str], Node]:
    found: dict[tuple[int, str], Node] = {}
    if len(types) < len(table.inputs):
        return found
    for number, row in enumerate(table.rows, 1):
        for at, cell in _asked(row):
            if (at, cell) in found:
                continue
            column = table.inputs[at].expression
            made = parse_cell(column, types[at], cell, schema, number, column)
            if isinstance(made, TableProblem):
                faults.append(made)
            else:
                found[at, cell] = made
    return found


def _outputs(
    table: Table, row: TableRow, number: int, faults: list[TableProblem]
) -> tuple[Value, ...]:
    values: list[Value] = []
    for text, output in zip(row.outputs, table.outputs, strict=True):
        value = read_output(text.strip(), output, number)
        if isinstance(value, TableProblem):
            faults.append(value)
        else:
            values.append(value)
    return tuple(values)


def _order(table: Table) -> tuple[int, ...]:
    rows = range(len(table.rows))
    if table.hit is not HitPolicy.MOST_SEVERE:
        return tuple(rows)
    at = next(number for number, output in enumerate(table.outputs) if output.ranks)
    ranks = table.outputs[at].ranks
    return tuple(sorted(rows, key=lambda row: -ranks.index(table.rows[row].outputs[at].strip())))


def _refuse_lenient_catch_all(table: Table, made: Sequence[Region]) -> None:
    faults = []
    for number, row in enumerate(table.rows):
        if not all(part.always(number) for part in made):
            continue
        faults += [
            problem("approves_all", number + 1, output.name, text=output.ranks[0])
            for text, output in zip(row.outputs, table.outputs, strict=True)
            if output.ranks and text.strip() == output.ranks[0]
        ]
    if faults:
        raise TableError(table.name, tuple(faults))
