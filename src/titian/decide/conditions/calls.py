"""Checking functions and arithmetic."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from titian.decide.conditions import coerce
from titian.decide.conditions.fields import DATE, DOUBLE, INTEGER, MAX_SCALE, Kind, Type
from titian.decide.conditions.functions import (
    BY_NAME,
    BY_NODE,
    FEN_IN,
    NUMBER,
    SPECIAL,
    UNITS,
    Function,
    Need,
)
from titian.decide.conditions.hints import function_hint, kind_words
from titian.decide.conditions.tree import Call, Constant, Node

if TYPE_CHECKING:
    from titian.decide.conditions.check import Checker

__all__ = ["NUMBER", "arithmetic", "check", "need"]

MAX_CHARACTERS = 2**32 - 1  # DuckDB refuses to count further

_FORBIDDEN: tuple[tuple[tuple[type[exp.Expr], ...], str], ...] = (
    ((exp.Window,), "window"),
    ((exp.AggFunc, exp.IgnoreNulls, exp.Filter), "aggregate"),
    ((exp.Query, exp.Subquery, exp.Exists), "subquery"),
    ((exp.Star, exp.Columns), "star"),
)


def check(checker: Checker, syntax: exp.Expr) -> Node | None:
    """Check a function call, or refuse whatever else the node is."""
    function = BY_NODE.get(type(syntax))
    if function is not None:
        return _function(checker, syntax, function, _arguments(syntax, function))
    if isinstance(syntax, exp.Anonymous) and syntax.name.lower() in FEN_IN:
        function = BY_NAME[syntax.name.lower()]
        return _function(checker, syntax, function, syntax.expressions)
    if isinstance(syntax, exp.Coalesce | exp.Least | exp.Greatest):
        return _many(checker, syntax, [syntax.this, *syntax.expressions])
    if isinstance(syntax, exp.Nullif):
        return _many(checker, syntax, [syntax.this, syntax.expression])
    if isinstance(syntax, exp.DateDiff):
        return _date_diff(checker, syntax)
    _refuse(checker, syntax)
    return None


def need(checker: Checker, syntax: exp.Expr, name: str, wanted: Need, got: Node) -> None:
    """Record that an argument is of the wrong type."""
    zh, en = kind_words(got.type)
    checker.fault(
        "wrong_type",
        syntax,
        name=name,
        need_zh=wanted.label.zh,
        need_en=wanted.label.en,
        got_zh=zh,
        got_en=en,
    )


def _arguments(syntax: exp.Expr, function: Function) -> list[exp.Expr] | None:
    extra = [
        key
        for key, value in syntax.args.items()
        if key not in function.parts and isinstance(value, exp.Expr | list) and value
    ]
    given = [syntax.args.get(part) for part in function.parts]
    return None if extra else [part for part in given if part is not None]


def _function(
    checker: Checker, syntax: exp.Expr, function: Function, arguments: list[exp.Expr] | None
) -> Node | None:
    most = len(function.needs)
    if arguments is None or not most - function.optional <= len(arguments) <= most:
        checker.fault("argument_count", syntax, name=function.name, usage=function.usage)
        return None
    nodes = checker.nodes(arguments)
    if nodes is None:
        return None
    for wanted, node, argument in zip(function.needs, nodes, arguments, strict=False):
        if not wanted.holds(node.type):
            need(checker, argument, function.name, wanted, node)
            return None
        if wanted.constant and not _written(node):
            checker.fault("constant_needed", argument, name=function.name, usage=function.usage)
            return None
    return _built(checker, syntax, function, nodes)


def _written(node: Node) -> bool:
    return (
        isinstance(node, Constant) and isinstance(node.value, int | float | Decimal)
    ) and node.value >= 0


def _built(
    checker: Checker, syntax: exp.Expr, function: Function, nodes: list[Node]
) -> Node | None:
    name, first = function.name, nodes[0]
    if name in FEN_IN:
        assert isinstance(first, Constant)
        fen = Decimal(str(first.value)) * FEN_IN[name]
        if fen != fen.to_integral_value() or fen > coerce.MAX_INTEGER:
            checker.fault("bad_number", syntax, near=str(first.value))
            return None
        return Constant(int(fen), INTEGER)
    if name in ("round", "floor", "ceil") and first.type.kind is Kind.INTEGER:
        return first
    if name in ("left", "right", "substr"):
        nodes = [nodes[0], *(_character(node) for node in nodes[1:])]
    if name == "round":
        return _round(first, nodes[1] if len(nodes) > 1 else Constant(0, INTEGER))
    return Call(name, tuple(nodes), function.result(tuple(n.type for n in nodes)))


def _character(node: Node) -> Node:
    assert isinstance(node, Constant)
    assert isinstance(node.value, int)
    return Constant(min(node.value, MAX_CHARACTERS), INTEGER)


def _round(first: Node, places: Node) -> Node:
    assert isinstance(places, Constant)
    assert isinstance(places.value, int)
    kept = Constant(min(places.value, MAX_SCALE), INTEGER)
    if first.type.kind is Kind.DECIMAL:
        if places.value >= first.type.scale:
            return first
        return Call("round", (first, kept), Type(Kind.DECIMAL, first.type.precision, places.value))
    return Call("round", (first, kept), first.type)


def _many(checker: Checker, syntax: exp.Expr, arguments: list[exp.Expr]) -> Node | None:
    name = syntax.key
    if len(arguments) == 1:
        checker.fault("argument_count", syntax, name=name, usage=SPECIAL[name])
        return None
    nodes = checker.nodes(arguments)
    alike = nodes and checker.alike(syntax, nodes)
    return Call(name, tuple(alike), alike[0].type) if alike else None


def _date_diff(checker: Checker, syntax: exp.DateDiff) -> Node | None:
    unit = syntax.args.get("unit")
    word = unit.name.lower() if unit is not None else ""
    if word not in UNITS:
        checker.fault("bad_unit", syntax, near=repr(word), units=", ".join(UNITS))
        return None
    nodes = checker.nodes((syntax.expression, syntax.this))
    alike = nodes and checker.alike(syntax, nodes)
    if not alike:
        return None
    if not alike[0].type.is_time or (word in ("hour", "minute") and alike[0].type == DATE):
        checker.fault("argument_count", syntax, name="date_diff", usage=SPECIAL["date_diff"])
        return None
    return Call(f"date_diff_{word}", tuple(alike), INTEGER)


def _refuse(checker: Checker, syntax: exp.Expr) -> None:
    for kinds, code in _FORBIDDEN:
        if isinstance(syntax, kinds):
            checker.fault(code, syntax, name=_written_name(checker, syntax))
            return
    if isinstance(syntax, exp.Func):
        name = _written_name(checker, syntax)
        hint_zh, hint_en = function_hint(name)
        checker.fault("unknown_function", syntax, name=name, hint_zh=hint_zh, hint_en=hint_en)
        return
    checker.fault("not_allowed", syntax)


def _written_name(checker: Checker, syntax: exp.Expr) -> str:
    if "start" in syntax.meta:
        return checker.source[syntax.meta["start"] : syntax.meta["end"] + 1]
    return syntax.name if isinstance(syntax, exp.Anonymous) else syntax.key


def arithmetic(op: str, left: Node, right: Node) -> Node | None:
    """Type one operation: exact on whole and decimal numbers, days on dates, else double."""
    if left.type.is_number and right.type.is_number:
        return _numbers(op, left, right)
    if left.type == DATE and right.type == DATE and op == "sub":
        return Call("days_between", (right, left), INTEGER)
    if left.type == DATE and right.type == INTEGER and op in ("add", "sub"):
        return Call(f"{op}_days", (left, right), DATE)
    return None


def _numbers(op: str, left: Node, right: Node) -> Node | None:
    if op in ("intdiv", "mod"):
        whole = left.type == INTEGER and right.type == INTEGER
        return Call(op, (left, right), INTEGER) if whole else None
    if op == "div":
        return Call(op, (coerce.cast(left, DOUBLE), coerce.cast(right, DOUBLE)), DOUBLE)
    common = coerce.common_type((left, right))
    if common == INTEGER:
        return Call(op, (left, right), INTEGER)
    result = DOUBLE if common == DOUBLE else _exact_result(op, left, right)
    if result == DOUBLE:
        return Call(op, (coerce.cast(left, DOUBLE), coerce.cast(right, DOUBLE)), DOUBLE)
    if op == "mul":
        exact = tuple(coerce.cast(n, coerce.exact_type(*coerce.digits(n))) for n in (left, right))
        return Call(op, exact, result)
    return Call(op, (coerce.cast(left, result), coerce.cast(right, result)), result)


def _exact_result(op: str, left: Node, right: Node) -> Type:
    (left_before, left_after), (right_before, right_after) = map(coerce.digits, (left, right))
    if op == "mul":
        return coerce.exact_type(left_before + right_before, left_after + right_after)
    return coerce.exact_type(max(left_before, right_before) + 1, max(left_after, right_after))
