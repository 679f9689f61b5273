"""From the text of a condition to groups and rows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from math import isfinite

from sqlglot import exp

from titian.decide.conditions.check import Checker
from titian.decide.conditions.fields import Field, Kind, Schema
from titian.decide.conditions.parse import joined, syntax_tree
from titian.decide.conditions.tree import Call, Constant, Node, Ref, Value
from titian.decide.outline.model import FEN, Group, Join, Op, Part, Row, Text, operators

_COMPARED = {
    "eq": Op.EQ, "ne": Op.NE, "lt": Op.LT, "le": Op.LE, "gt": Op.GT, "ge": Op.GE,
    "between": Op.BETWEEN, "in": Op.IN, "contains": Op.CONTAINS, "starts_with": Op.STARTS_WITH,
}  # fmt: skip
_LISTED = {Op.EQ: Op.IN, Op.NE: Op.NOT_IN}
_FEN_IN_YUAN = 100


def outline(text: str, schema: Schema) -> Group:
    """Lay a condition out as groups and rows.

    Names and values need not be right: what cannot be understood stays as a text. Raises
    ConditionError for what cannot be parsed.
    """
    part = _Reader(text, schema).part(syntax_tree(text))
    return part if isinstance(part, Group) else Group(Join.ALL, (part,))


class _Reader:
    def __init__(self, source: str, schema: Schema) -> None:
        self.source = source
        self.schema = schema

    def part(self, syntax: exp.Expr) -> Part:
        if isinstance(syntax, exp.Paren):
            return self.part(syntax.this)
        if isinstance(syntax, exp.Connector):
            return self._connected(syntax)
        if isinstance(syntax, exp.Not) and self._row(syntax) is None:
            inner = self.part(syntax.this)
            if isinstance(inner, Group) and inner.join is Join.ANY:
                return Group(Join.NONE, inner.parts)
            return Group(Join.NONE, (inner,))
        row = self._row(syntax)
        return row or Text(syntax.sql(dialect="duckdb", normalize_functions="lower"))

    def _connected(self, syntax: exp.Connector) -> Part:
        join = Join.ALL if isinstance(syntax, exp.And) else Join.ANY
        parts: list[Part] = []
        for operand in joined(syntax):
            made = self.part(operand)
            same = isinstance(made, Group) and made.join is join
            parts.extend(made.parts if same and isinstance(made, Group) else (made,))
        if join is Join.ALL:
            parts = _refused_together(parts)
        return parts[0] if len(parts) == 1 else Group(join, tuple(parts))

    def _row(self, syntax: exp.Expr) -> Row | None:
        checker = Checker(self.source, self.schema)
        node = checker.node(syntax)
        if node is None or checker.problems:
            return None
        row = _row(node)
        if row is None or row.op not in operators(self.schema[row.field]):
            return None
        return row


def _refused_together(parts: list[Part]) -> list[Part]:
    """Gather what all must not be into one group: NOT a AND NOT b asks the same as NOT (a OR b)."""
    refused = [p for p in parts if isinstance(p, Group) and p.join is Join.NONE]
    if len(refused) <= 1:
        return parts
    gathered = Group(Join.NONE, tuple(inner for group in refused for inner in group.parts))
    return [
        gathered if p is refused[0] else p for p in parts if p is refused[0] or p not in refused
    ]


def _row(node: Node) -> Row | None:
    if isinstance(node, Ref):
        return Row(node.field.name, Op.YES) if node.field.type.kind is Kind.BOOLEAN else None
    if not isinstance(node, Call):
        return None
    if node.op == "not":
        return _refused(node.args[0])
    if node.op == "is_null":
        field = _field(node.args[0])
        return Row(field.name, Op.UNKNOWN) if field else None
    op = _COMPARED.get(node.op)
    field = _field(node.args[0])
    return _compared(field, op, node.args[1:]) if op is not None and field is not None else None


def _refused(inner: Node) -> Row | None:
    row = _row(inner)
    if row is None or not isinstance(inner, Call):
        return None
    if row.op is Op.UNKNOWN:
        return Row(row.field, Op.KNOWN)
    return Row(row.field, Op.NOT_IN, row.values) if inner.op == "in" else None


def _field(node: Node) -> Field | None:
    if isinstance(node, Call) and node.op == "cast":
        node = node.args[0]
    return node.field if isinstance(node, Ref) else None


def _compared(field: Field, op: Op, nodes: tuple[Node, ...]) -> Row | None:
    written = [_written(node.value, field) for node in nodes if isinstance(node, Constant)]
    values = tuple(value for value in written if value is not None)
    if len(values) != len(nodes):
        return None
    if field.type.kind is Kind.BOOLEAN:
        wanted = {"TRUE": Op.YES, "FALSE": Op.NO} if op is Op.EQ else {}
        found = wanted.get(values[0])
        return Row(field.name, found) if found and len(values) == 1 else None
    if field.type.kind is Kind.STRING:
        op = _LISTED.get(op, op)
    return Row(field.name, op, values)


def _written(value: Value, field: Field) -> str | None:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return _number(value, field)
    if isinstance(value, date):
        fits = field.type.kind is (Kind.TIMESTAMP if isinstance(value, datetime) else Kind.DATE)
        return str(value) if fits else None
    return value if value and value.strip() else None


def _number(value: float | Decimal, field: Field) -> str | None:
    """Write a number as people do, unless a row would then compare it in another precision."""
    if field.unit == FEN:
        return _plain(Decimal(value) / _FEN_IN_YUAN) if isinstance(value, int) else None
    if isinstance(value, float) and (field.type.kind is not Kind.DOUBLE or not isfinite(value)):
        return None
    return _plain(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
