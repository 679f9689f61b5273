"""The functions a condition may call, each with its arguments, result and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from titian.decide.conditions.fields import (
    BOOLEAN,
    INTEGER,
    Kind,
    Type,
)
from titian.kernel.labels import Label


@dataclass(frozen=True, slots=True)
class Need:
    """What an argument must be; `constant` ones must be written values."""

    label: Label
    holds: Callable[[Type], bool]
    constant: bool = False


TEXT = Need(Label("文字", "text"), lambda t: t.kind is Kind.STRING)
NUMBER = Need(Label("数字", "a number"), lambda t: t.is_number)
WHOLE = Need(Label("整数", "a whole number"), lambda t: t.kind is Kind.INTEGER)
WRITTEN = Need(
    Label("直接写出的整数", "a written whole number"), lambda t: t.kind is Kind.INTEGER, True
)
AMOUNT = Need(Label("直接写出的数字", "a written number"), lambda t: t.is_number, True)
DAY = Need(Label("日期或时间", "a date or timestamp"), lambda t: t.is_time)
MOMENT = Need(Label("时间", "a timestamp"), lambda t: t.kind is Kind.TIMESTAMP)

Result = Callable[[tuple[Type, ...]], Type]


def _always(type_: Type) -> Result:
    return lambda _: type_


def _same(types: tuple[Type, ...]) -> Type:
    return types[0]


def _whole(types: tuple[Type, ...]) -> Type:
    first = types[0]
    return Type(Kind.DECIMAL, first.precision, 0) if first.kind is Kind.DECIMAL else first


@dataclass(frozen=True, slots=True)
class Function:
    """One allowed function.

    `node` is sqlglot's class for it, `parts` the argument slots of that class in calling order,
    `words` a sentence part with `{0}`, `{1}` for the arguments.
    """

    name: str
    node: type[exp.Expr] | None
    parts: tuple[str, ...]
    needs: tuple[Need, ...]
    result: Result
    words: Label
    usage: str
    optional: int = 0


def _f(
    name: str,
    node: type[exp.Expr] | None,
    needs: tuple[Need, ...],
    result: Result,
    words: tuple[str, str],
    usage: str,
    parts: tuple[str, ...] = ("this", "expression"),
    optional: int = 0,
) -> Function:
    return Function(name, node, parts[: len(needs)], needs, result, Label(*words), usage, optional)


_COUNT = _always(INTEGER)

FUNCTIONS: tuple[Function, ...] = (
    _f("abs", exp.Abs, (NUMBER,), _same, ("{0}的绝对值", "absolute {0}"), "abs(x)"),
    _f("floor", exp.Floor, (NUMBER,), _whole, ("{0}下取整", "{0} rounded down"), "floor(x)"),
    _f("ceil", exp.Ceil, (NUMBER,), _whole, ("{0}上取整", "{0} rounded up"), "ceil(x)"),
    _f("round", exp.Round, (NUMBER, WRITTEN), _same, ("{0}保留{1}位小数",
       "{0} rounded to {1} places"), "round(x, 2)", ("this", "decimals"), 1),
    _f("length", exp.Length, (TEXT,), _COUNT, ("{0}的长度", "the length of {0}"), "length(s)"),
    _f("lower", exp.Lower, (TEXT,), _same, ("{0}转小写", "{0} in lower case"), "lower(s)"),
    _f("upper", exp.Upper, (TEXT,), _same, ("{0}转大写", "{0} in upper case"), "upper(s)"),
    _f("trim", exp.Trim, (TEXT,), _same, ("{0}去空格", "{0} without outer spaces"), "trim(s)"),
    _f("left", exp.Left, (TEXT, WRITTEN), _same, ("{0}的前{1}个字",
       "the first {1} characters of {0}"), "left(s, 2)"),
    _f("right", exp.Right, (TEXT, WRITTEN), _same, ("{0}的后{1}个字",
       "the last {1} characters of {0}"), "right(s, 2)"),
    _f("substr", exp.Substring, (TEXT, WRITTEN, WRITTEN), _same, ("{0}从第{1}个字起的{2}个字",
       "{2} characters of {0} from number {1}"), "substr(s, 1, 2)",
       ("this", "start", "length")),
    _f("starts_with", exp.StartsWith, (TEXT, TEXT), _always(BOOLEAN), ("{0}以{1}开头",
       "{0} starts with {1}"), "starts_with(s, 'x')"),
    _f("ends_with", exp.EndsWith, (TEXT, TEXT), _always(BOOLEAN), ("{0}以{1}结尾",
       "{0} ends with {1}"), "ends_with(s, 'x')"),
    _f("contains", exp.Contains, (TEXT, TEXT), _always(BOOLEAN), ("{0}包含{1}",
       "{0} contains {1}"), "contains(s, 'x')"),
    _f("year", exp.Year, (DAY,), _COUNT, ("{0}的年份", "the year of {0}"), "year(d)"),
    _f("quarter", exp.Quarter, (DAY,), _COUNT, ("{0}的季度", "the quarter of {0}"), "quarter(d)"),
    _f("month", exp.Month, (DAY,), _COUNT, ("{0}的月份", "the month of {0}"), "month(d)"),
    _f("day", exp.Day, (DAY,), _COUNT, ("{0}是几号", "the day of the month of {0}"), "day(d)"),
    _f("isodow", exp.DayOfWeekIso, (DAY,), _COUNT, ("{0}是周几（周一为 1）",
       "the weekday of {0} (Monday is 1)"), "isodow(d)"),
    _f("hour", exp.Hour, (MOMENT,), _COUNT, ("{0}的小时", "the hour of {0}"), "hour(t)"),
    _f("yuan", None, (AMOUNT,), _COUNT, ("{0} 元", "{0} yuan"), "yuan(5000)"),
    _f("wan", None, (AMOUNT,), _COUNT, ("{0} 万元", "{0} ten-thousand yuan"), "wan(5)"),
)  # fmt: skip

# Functions of many arguments, of units or of branches, which the checker knows by itself.
SPECIAL = {
    "coalesce": "coalesce(a, b)",
    "least": "least(a, b)",
    "greatest": "greatest(a, b)",
    "nullif": "nullif(a, b)",
    "date_diff": "date_diff('day', from, to)",
    "if": "if(condition, a, b)",
}
UNITS = {
    "day": Label("天", "days"),
    "week": Label("周", "weeks"),
    "month": Label("个月", "months"),
    "quarter": Label("个季度", "quarters"),
    "year": Label("年", "years"),
    "hour": Label("小时", "hours"),
    "minute": Label("分钟", "minutes"),
}

BY_NODE: dict[type[exp.Expr], Function] = {f.node: f for f in FUNCTIONS if f.node is not None}
BY_NAME: dict[str, Function] = {f.name: f for f in FUNCTIONS}
NAMES: tuple[str, ...] = tuple(sorted([*BY_NAME, *SPECIAL]))
FEN_IN: dict[str, int] = {"yuan": 100, "wan": 1_000_000}
