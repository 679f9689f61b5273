"""The DuckDB target: a typed tree as a SQL expression that gives true, false or NULL, never fails.

Whole numbers that leave 64 bits, days outside years 1 to 9999 and division by zero give NULL:
unknown. DuckDB's TRY is not used for it: its optimiser moves common parts out of TRY (2.0.0).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from sqlglot import exp

from titian.decide.conditions.fields import INTEGER, Kind, Type
from titian.decide.conditions.tree import Call, Constant, Node, Ref

Column = Callable[[str], exp.Expr]

_BINARY: dict[str, type[exp.Binary]] = {
    "eq": exp.EQ,
    "ne": exp.NEQ,
    "lt": exp.LT,
    "le": exp.LTE,
    "gt": exp.GT,
    "ge": exp.GTE,
    "same": exp.NullSafeEQ,
    "distinct": exp.NullSafeNEQ,
    "like": exp.Like,
    "add": exp.Add,
    "sub": exp.Sub,
    "mul": exp.Mul,
    "intdiv": exp.IntDiv,
    "mod": exp.Mod,
}
_WHOLE = frozenset({"add", "sub", "mul", "intdiv", "mod", "neg", "abs"})
_FIRST_DAY, _LAST_DAY_NUMBER = "0001-01-01", (date.max - date.min).days


def quoted(name: str) -> exp.Expr:
    """Give a field as a quoted column."""
    return exp.column(name, quoted=True)


def expression(node: Node, column: Column = quoted) -> exp.Expr:
    """Compile a tree; `column` says how a field is read (a quoted column of its name)."""
    if isinstance(node, Constant):
        return _constant(node)
    if isinstance(node, Ref):
        return column(node.field.name)
    return _call(node, [expression(arg, column) for arg in node.args])


def text(node: Node, column: Column = quoted) -> str:
    """Compile a tree to DuckDB SQL text."""
    return expression(node, column).sql("duckdb")


def _constant(node: Constant) -> exp.Expr:
    value = node.value
    if value is None:
        return exp.null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, str):
        return exp.Literal.string(value)
    if isinstance(value, date | datetime):
        return exp.cast(exp.Literal.string(value.isoformat(sep=" ")
                        if isinstance(value, datetime) else value.isoformat()),
                        duckdb_type(node.type), dialect="duckdb")  # fmt: skip
    literal = exp.Literal.string(f"{value:f}" if isinstance(value, Decimal) else repr(value))
    if isinstance(value, int):
        return _number(value)
    return exp.cast(literal, duckdb_type(node.type), dialect="duckdb")


def _number(value: int) -> exp.Expr:
    literal = exp.Literal.number(str(abs(value)))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def duckdb_type(type_: Type) -> str:
    """Name a type in DuckDB."""
    names = {Kind.STRING: "VARCHAR", Kind.INTEGER: "BIGINT"}
    return names.get(type_.kind, str(type_).upper())


def _call(node: Call, args: list[exp.Expr]) -> exp.Expr:
    op = node.op
    if op in _WHOLE and node.type == INTEGER:
        return _whole(op, args)
    if op in _BINARY:
        return exp.Paren(this=_BINARY[op](this=args[0], expression=args[1]))
    if op.startswith("date_diff_"):
        return _date_diff(op.removeprefix("date_diff_"), *args)
    made = _SHAPES.get(op)
    return made(node, args) if made else exp.func(op, *args, dialect="duckdb")


def _whole(op: str, args: list[exp.Expr]) -> exp.Expr:
    wide: list[exp.Expr] = [exp.cast(arg, "HUGEINT", dialect="duckdb") for arg in args]
    if op in ("intdiv", "mod"):
        wide[1] = exp.func("nullif", wide[1], exp.Literal.number(0), dialect="duckdb")
    made = _BINARY[op](this=wide[0], expression=wide[1]) if op in _BINARY else _sign(op, wide[0])
    return exp.TryCast(this=made, to=exp.DataType.build("BIGINT", dialect="duckdb"))


def _sign(op: str, wide: exp.Expr) -> exp.Expr:
    return exp.Neg(this=wide) if op == "neg" else exp.func("abs", wide, dialect="duckdb")


def _date_diff(unit: str, start: exp.Expr, end: exp.Expr) -> exp.Expr:
    return exp.func("date_diff", exp.Literal.string(unit), start, end, dialect="duckdb")


def _shifted(node: Call, args: list[exp.Expr]) -> exp.Expr:
    first = exp.cast(exp.Literal.string(_FIRST_DAY), "DATE", dialect="duckdb")
    number = _whole(node.op.removesuffix("_days"), [_date_diff("day", first, args[0]), args[1]])
    last = exp.Literal.number(_LAST_DAY_NUMBER)
    within = exp.Between(this=number, low=exp.Literal.number(0), high=last)
    safe = exp.Case().when(within, number.copy(), copy=False)
    days = exp.cast(safe, "INTEGER", dialect="duckdb")
    return exp.Paren(this=exp.Add(this=first.copy(), expression=days))


def _logic(kind: type[exp.Connector]) -> Callable[[Call, list[exp.Expr]], exp.Expr]:
    def joined(_: Call, args: list[exp.Expr]) -> exp.Expr:
        made = args[0]
        for arg in args[1:]:
            made = kind(this=made, expression=arg)
        return exp.Paren(this=made)

    return joined


def _is(value: exp.Expr) -> Callable[[Call, list[exp.Expr]], exp.Expr]:
    return lambda _, args: exp.Paren(this=exp.Is(this=args[0], expression=value.copy()))


def _not(_: Call, args: list[exp.Expr]) -> exp.Expr:
    return exp.Paren(this=exp.Not(this=args[0]))


def _in(_: Call, args: list[exp.Expr]) -> exp.Expr:
    return exp.Paren(this=exp.In(this=args[0], expressions=args[1:]))


def _between(_: Call, args: list[exp.Expr]) -> exp.Expr:
    return exp.Paren(this=exp.Between(this=args[0], low=args[1], high=args[2]))


def _neg(_: Call, args: list[exp.Expr]) -> exp.Expr:
    return exp.Paren(this=exp.Neg(this=args[0]))


def _div(_: Call, args: list[exp.Expr]) -> exp.Expr:
    below = exp.func("nullif", args[1], exp.Literal.number(0), dialect="duckdb")
    return exp.Paren(this=exp.Div(this=args[0], expression=below))


def _cast(node: Call, args: list[exp.Expr]) -> exp.Expr:
    return exp.cast(args[0], duckdb_type(node.type), dialect="duckdb")


def _case(_: Call, args: list[exp.Expr]) -> exp.Expr:
    made = exp.Case()
    for when, then in zip(args[0:-1:2], args[1:-1:2], strict=True):
        made = made.when(when, then, copy=False)
    return made.else_(args[-1], copy=False)


def _days_between(_: Call, args: list[exp.Expr]) -> exp.Expr:
    return _date_diff("day", *args)


_SHAPES: dict[str, Callable[[Call, list[exp.Expr]], exp.Expr]] = {
    "and": _logic(exp.And),
    "or": _logic(exp.Or),
    "not": _not,
    "is_null": _is(exp.Null()),
    "is_true": _is(exp.Boolean(this=True)),
    "is_false": _is(exp.Boolean(this=False)),
    "in": _in,
    "between": _between,
    "neg": _neg,
    "div": _div,
    "cast": _cast,
    "case": _case,
    "days_between": _days_between,
    "add_days": _shifted,
    "sub_days": _shifted,
}
