"""Making values alike: number widening, written dates and texts, one type for several nodes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

from titian.decide.conditions.fields import (
    DOUBLE,
    INTEGER,
    INTEGER_DIGITS,
    MAX_DIGITS,
    MAX_SCALE,
    TIMESTAMP,
    Kind,
    Type,
)
from titian.decide.conditions.tree import Call, Constant, Node

MAX_INTEGER = 2**63 - 1


def number(text: str) -> Constant | None:
    """Read a written number: whole, with a point (exact) or with an exponent (double)."""
    if "e" in text.lower():
        value = float(text)
        return Constant(value, DOUBLE) if abs(value) != float("inf") else None
    if "." not in text:
        whole = int(text)
        return Constant(whole, INTEGER) if whole <= MAX_INTEGER else None
    exact = Decimal(text)
    return Constant(exact, _decimal_type(exact)) if _fits(exact) else None


def negated(constant: Constant) -> Constant | None:
    """Give minus a written number."""
    value = constant.value
    assert isinstance(value, int | float | Decimal)
    return Constant(-value, constant.type)


def digits(node: Node) -> tuple[int, int]:
    """Give (digits before the point, digits after it) that hold any value of an exact number."""
    if isinstance(node, Constant) and isinstance(node.value, int):
        return len(str(abs(node.value))), 0
    if node.type.kind is Kind.INTEGER:
        return INTEGER_DIGITS, 0
    return node.type.precision - node.type.scale, node.type.scale


def exact_type(before: int, after: int) -> Type:
    """Give the decimal of that size, or double where no decimal is wide enough."""
    if before + after > MAX_DIGITS or after > MAX_SCALE:
        return DOUBLE
    return Type(Kind.DECIMAL, max(before + after, 1), after)


def common_type(nodes: Sequence[Node]) -> Type | None:
    """Give the type all nodes can be compared in, or None."""
    typed = [n for n in nodes if not (isinstance(n, Constant) and n.value is None)]
    types = [n.type for n in typed]
    if not types:
        return None
    kinds = {t.kind for t in types}
    if all(t.is_number for t in types):
        return _common_number(typed, kinds)
    if kinds <= {Kind.DATE, Kind.TIMESTAMP}:
        return types[0] if len(kinds) == 1 else TIMESTAMP
    return types[0] if len(kinds) == 1 else None


def _common_number(nodes: Sequence[Node], kinds: set[Kind]) -> Type:
    if Kind.DOUBLE in kinds:
        return DOUBLE
    if kinds == {Kind.INTEGER}:
        return INTEGER
    sizes = [digits(n) for n in nodes]
    return exact_type(max(before for before, _ in sizes), max(after for _, after in sizes))


def cast(node: Node, type_: Type) -> Node:
    """Give the node in another type: written values now, others when the condition runs."""
    if node.type == type_:
        return node
    if isinstance(node, Constant):
        return Constant(_cast_value(node.value, type_), type_)
    if {node.type.kind, type_.kind} == {Kind.STRING}:
        return node
    return Call("cast", (node,), type_)


def _cast_value(value: object, type_: Type) -> str | int | float | Decimal | bool | datetime | None:
    if isinstance(value, int | float | Decimal) and type_.kind is Kind.DOUBLE:
        return float(value)
    if isinstance(value, int | Decimal) and type_.kind is Kind.DECIMAL:
        return Decimal(value)
    if type_.kind is Kind.TIMESTAMP and isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    assert value is None or isinstance(value, str | int | float | Decimal | bool | datetime)
    return value


def moment(text: str, kind: Kind) -> Constant | None:
    """Read a written date, or timestamp where `kind` asks for it or the text has a time."""
    try:
        if len(text) == len("2026-03-31"):
            day = date.fromisoformat(text)
            return Constant(day, Type(Kind.DATE))
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    if value.tzinfo is not None or kind is Kind.DATE:
        return None
    return Constant(value, TIMESTAMP)


def _decimal_type(value: Decimal) -> Type:
    _, figures, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    scale = max(-exponent, 0)
    return Type(Kind.DECIMAL, max(len(figures), scale, 1), scale)


def _fits(value: Decimal) -> bool:
    type_ = _decimal_type(value)
    return type_.precision <= MAX_DIGITS and type_.scale <= MAX_SCALE
