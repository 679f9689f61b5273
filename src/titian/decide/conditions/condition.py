"""A condition: its text, its typed tree and what can be made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from titian.decide.conditions import numeric, python, sql, tree, words
from titian.decide.conditions.check import Checker
from titian.decide.conditions.columns import Column, Columns
from titian.decide.conditions.fields import Schema
from titian.decide.conditions.parse import syntax_tree
from titian.decide.conditions.problems import ConditionError


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition: for any row it is true, false or unknown, and it never fails."""

    text: str
    tree: tree.Node

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields it reads."""
        return tree.fields(self.tree)

    def expression(self, column: sql.Column = sql.quoted) -> exp.Expr:
        """Compile to a DuckDB expression; `column` says how a field is read."""
        return sql.expression(self.tree, column)

    def sql(self) -> str:
        """Compile to DuckDB SQL text over columns named like the fields."""
        return sql.text(self.tree)

    def batch(self) -> Callable[[Columns, int], Column]:
        """Compile for micro-batches: columns and their length n to values [n] and what is known."""
        return numeric.compile_batch(self.tree)

    def row(self) -> Callable[[python.Row], bool | None]:
        """Compile for single rows of plain Python values: true, false or None (unknown)."""
        return python.compile_row(self.tree)

    def holds(self) -> Callable[[python.Row], bool]:
        """Compile for single rows where only true matters: faster than `row`."""
        return python.compile_holds(self.tree)

    def explain(self, locale: str = "zh") -> str:
        """Say it in words (`zh` or `en`)."""
        return words.explain(self.tree, locale)


def parse(text: str, schema: Schema) -> Condition:
    """Parse and type a SQL boolean expression over a schema's fields.

    Raises ConditionError with every problem found: position, message and remedy in both languages.
    """
    syntax = syntax_tree(text)
    checker = Checker(text, schema)
    return Condition(text, _right(checker, checker.condition(syntax)))


def parse_value(text: str, schema: Schema) -> tree.Node:
    """Parse and type an expression of any type, such as a decision table's column.

    Raises ConditionError with every problem found.
    """
    syntax = syntax_tree(text)
    checker = Checker(text, schema)
    return _right(checker, checker.node(syntax))


def _right(checker: Checker, node: tree.Node | None) -> tree.Node:
    if checker.problems or node is None:
        problems = sorted(checker.problems, key=lambda p: (p.start, p.end))
        raise ConditionError(checker.source, tuple(problems))
    return node
