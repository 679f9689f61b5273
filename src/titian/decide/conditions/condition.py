"""A condition: its text, its typed tree and what can be made of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from titian.decide.conditions import sql, tree, words
from titian.decide.conditions.check import Checker
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

    def explain(self, locale: str = "zh") -> str:
        """Say it in words (`zh` or `en`)."""
        return words.explain(self.tree, locale)


def parse(text: str, schema: Schema) -> Condition:
    """Parse and type a SQL boolean expression over a schema's fields.

    Raises ConditionError with every problem found: position, message and remedy in both languages.
    """
    syntax = syntax_tree(text)
    checker = Checker(text, schema)
    node = checker.condition(syntax)
    if checker.problems or node is None:
        problems = sorted(checker.problems, key=lambda p: (p.start, p.end))
        raise ConditionError(text, tuple(problems))
    return Condition(text, node)
