"""Measures over a table's columns, and formulas over other indicators: read, typed, refused."""

from __future__ import annotations

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from titian.data.indicators.model import (
    Constant,
    Expression,
    Formula,
    Operand,
    Operation,
    Term,
)
from titian.decide import ConditionError, Schema
from titian.decide.conditions.check import Checker
from titian.decide.conditions.parse import syntax_tree
from titian.kernel.errors import InvalidInput

MAX_FORMULA_CHARACTERS = 2_000
_OPERATORS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_HOW = "Write codes of indicators, numbers, + - * / and brackets."


def parse_measure(text: str, schema: Schema) -> Expression:
    """Parse and type a value over a schema's fields. Raises ConditionError."""
    checker = Checker(text, schema)
    node = checker.node(syntax_tree(text))
    if checker.problems or node is None:
        raise ConditionError(text, tuple(checker.problems))
    return Expression(text, node)


def parse_formula(text: str) -> Formula:
    """Parse arithmetic over indicator codes. Raises InvalidInput."""
    if len(text) > MAX_FORMULA_CHARACTERS:
        raise InvalidInput(
            f"the formula is over {MAX_FORMULA_CHARACTERS} characters",
            "Give its parts codes of their own.",
        )
    try:
        tree = parse_one(text, dialect="duckdb")
    except (SqlglotError, RecursionError):
        raise InvalidInput(f"{text!r} is not a formula", _HOW) from None
    formula = Formula(text, _term(tree))
    if not formula.operands:
        raise InvalidInput(f"{text!r} names no indicator", _HOW)
    return formula


def _term(node: exp.Expr) -> Term:
    if isinstance(node, exp.Paren):
        return _term(node.this)
    if isinstance(node, exp.Neg):
        return Operation("-", Constant(0.0), _term(node.this))
    if isinstance(node, exp.Column) and len(node.parts) == 1 and not node.this.quoted:
        return Operand(node.name)
    if isinstance(node, exp.Literal) and not node.is_string:
        return Constant(float(node.this))
    op = _OPERATORS.get(type(node))
    if op is None:
        raise InvalidInput(f"{node.sql('duckdb')!r} cannot stand in a formula", _HOW)
    return Operation(op, _term(node.this), _term(node.expression))


def renamed(term: Term, names: dict[str, str]) -> Term:
    """Give the term with its operands called by other codes."""
    if isinstance(term, Operand):
        return Operand(names[term.code])
    if isinstance(term, Operation):
        return Operation(term.op, renamed(term.left, names), renamed(term.right, names))
    return term


def formula_text(term: Term) -> str:
    """Write a term out again, with the brackets it needs."""
    if isinstance(term, Operand):
        return term.code
    if isinstance(term, Constant):
        return f"{term.value:g}"
    left, right = formula_text(term.left), formula_text(term.right)
    if _binds(term.left) < _binds(term):
        left = f"({left})"
    if _binds(term.right) < _binds(term) + (term.op in "-/"):
        right = f"({right})"
    return f"{left} {term.op} {right}"


def _binds(term: Term) -> int:
    if isinstance(term, Operation):
        return 1 if term.op in "+-" else 2
    return 3
