"""Cells: a column's expression and a cell joined into one condition; outputs read by type."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from titian.decide.conditions.condition import parse
from titian.decide.conditions.fields import Kind, Schema, Type
from titian.decide.conditions.problems import ConditionError
from titian.decide.conditions.scalar import MAX_INTEGER
from titian.decide.conditions.tree import Call, Constant, Node, Value
from titian.decide.tables.model import Output
from titian.decide.tables.problems import TableProblem, problem

_OPERATOR = re.compile(r"(?i)(>=|<=|<>|!=|=|<|>|(not\s+)?(between|in|like)\b|is\s)")
_TESTS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "between", "in", "like"})
_WORD = re.compile(r"[^\W\d]\w*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")
_INTEGER = re.compile(r"[+-]?\d{1,19}")


def joined(expression: str, cell: str) -> tuple[str, int]:
    """Give the text of the condition, and where in it the cell begins."""
    cell = f"'{cell}'" if _DATE.fullmatch(cell) else cell
    sign = "" if _OPERATOR.match(cell) else "= "
    start = f"({expression}) {sign}"
    return start + cell, len(start)


def parse_cell(
    expression: str, type_: Type, cell: str, schema: Schema, row: int, column: str
) -> Node | TableProblem:
    """Give a cell's condition, or what is wrong with it."""
    text, start = joined(expression, cell)
    try:
        tree = parse(text, schema).tree
    except ConditionError as error:
        if type_.kind is Kind.STRING and _WORD.fullmatch(cell):
            return problem("quotes", row, column, text=cell)
        return _moved(error, start, row, column)
    return tree if _one_test(tree) else problem("cell", row, column, text=cell)


def _one_test(tree: Node) -> bool:
    """Whether a condition compares one thing with written values, and does nothing else."""
    if isinstance(tree, Call) and tree.op == "not":
        tree = tree.args[0]
    if not isinstance(tree, Call):
        return False
    if tree.op in ("is_null", "is_true", "is_false"):
        return True
    return tree.op in _TESTS and all(isinstance(arg, Constant) for arg in tree.args[1:])


def _moved(error: ConditionError, start: int, row: int, column: str) -> TableProblem:
    first = error.problems[0]
    if first.start < start and first.code == "syntax":
        return problem("cell", row, column, text=error.source[start:])
    return TableProblem(row, column, first.message, first.remedy)


def read_output(text: str, output: Output, row: int) -> Value | TableProblem:
    """Give an output's value (an empty cell is None, but for outcomes), or what is wrong."""
    if output.ranks:
        if text in output.ranks:
            return text
        return problem("rank", row, output.name, text=text, listed=", ".join(output.ranks))
    if not text:
        return None
    try:
        return typed(text, output.type)
    except ValueError:
        return problem("value", row, output.name, text=text, type=output.type)


def typed(text: str, type_: Type) -> Value:
    """Read a written value of a type. Raises ValueError."""
    kind = type_.kind
    if kind is Kind.STRING:
        return text
    if kind is Kind.INTEGER and _INTEGER.fullmatch(text) and abs(int(text)) <= MAX_INTEGER:
        return int(text)
    if kind is Kind.BOOLEAN and text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    if kind is Kind.DATE:
        return date.fromisoformat(text)
    if kind is Kind.TIMESTAMP:
        return datetime.fromisoformat(text)
    if kind in (Kind.DOUBLE, Kind.DECIMAL):
        return _number(text, type_)
    raise ValueError(text)


def _number(text: str, type_: Type) -> Value:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not number.is_finite() or abs(number.adjusted()) > 300:  # noqa: PLR2004 (a double's range)
        raise ValueError(text)
    if type_.kind is Kind.DOUBLE:
        return float(number)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "finite"
    if -exponent > type_.scale or number.adjusted() + 1 > type_.precision - type_.scale:
        raise ValueError(text)
    return number
