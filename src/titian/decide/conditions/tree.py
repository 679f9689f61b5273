"""The typed tree of a condition: constants, fields and calls of known operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from titian.decide.conditions.fields import Field, Kind, Type

Value = str | int | float | Decimal | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Constant:
    """A value written in the condition."""

    value: Value
    type: Type


@dataclass(frozen=True, slots=True)
class Ref:
    """A field's value."""

    field: Field

    @property
    def type(self) -> Type:
        """The field's type."""
        return self.field.type


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of `operations` on typed arguments; `and` and `or` take any number."""

    op: str
    args: tuple[Node, ...]
    type: Type


Node = Constant | Ref | Call


def walk(node: Node) -> Iterator[Node]:
    """Give the node and everything below it, parents first."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        if isinstance(current, Call):
            stack.extend(reversed(current.args))


def fields(node: Node) -> frozenset[str]:
    """Give the names of the fields a tree reads."""
    return frozenset(n.field.name for n in walk(node) if isinstance(n, Ref))


def is_boolean(node: Node) -> bool:
    """Whether the node is true, false or unknown."""
    return node.type.kind is Kind.BOOLEAN
