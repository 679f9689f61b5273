"""A condition in words, Chinese or English, for the people it decides about and for."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from titian.decide.conditions.fields import Field
from titian.decide.conditions.functions import BY_NAME, UNITS
from titian.decide.conditions.tree import Call, Constant, Node, Ref
from titian.kernel.labels import Label
from titian.kernel.money import format_yuan

GROUPED_FROM = 10_000
FEN_IN_YUAN = 100

_COMPARE = {
    "eq": Label("{0} 等于 {1}", "{0} is {1}"),
    "ne": Label("{0} 不等于 {1}", "{0} is not {1}"),
    "lt": Label("{0} 小于 {1}", "{0} is below {1}"),
    "le": Label("{0} 不超过 {1}", "{0} is at most {1}"),
    "gt": Label("{0} 大于 {1}", "{0} is above {1}"),
    "ge": Label("{0} 不低于 {1}", "{0} is at least {1}"),
    "same": Label("{0} 与 {1} 相同", "{0} is the same as {1}"),
    "distinct": Label("{0} 与 {1} 不同", "{0} differs from {1}"),
    "between": Label("{0} 在 {1} 到 {2} 之间", "{0} is between {1} and {2}"),
    "like": Label("{0} 形如 {1}", "{0} matches {1}"),
}
_TIMES = {
    "lt": Label("{0} 早于 {1}", "{0} is before {1}"),
    "le": Label("{0} 不晚于 {1}", "{0} is on or before {1}"),
    "gt": Label("{0} 晚于 {1}", "{0} is after {1}"),
    "ge": Label("{0} 不早于 {1}", "{0} is on or after {1}"),
}
_KEEPS_UNIT = frozenset(
    {"cast", "coalesce", "abs", "add", "sub", "least", "greatest", "case", "neg", "round", "nullif"}
)
_SCALES = frozenset({"mul", "div", "intdiv"})
_PARTS = {
    "is_null": Label("{0} 未知", "{0} is unknown"),
    "is_true": Label("{0} 为真", "{0} holds"),
    "is_false": Label("{0} 为假", "{0} does not hold"),
    "add": Label("{0} 加 {1}", "{0} plus {1}"),
    "sub": Label("{0} 减 {1}", "{0} minus {1}"),
    "mul": Label("{0} 乘以 {1}", "{0} times {1}"),
    "div": Label("{0} 除以 {1}", "{0} divided by {1}"),
    "intdiv": Label("{0} 整除 {1}", "{0} divided in whole by {1}"),
    "mod": Label("{0} 除以 {1} 的余数", "the remainder of {0} by {1}"),
    "neg": Label("负的 {0}", "minus {0}"),
    "days_between": Label("{0} 到 {1} 的天数", "days from {0} to {1}"),
    "add_days": Label("{0} 之后 {1} 天", "{1} days after {0}"),
    "sub_days": Label("{0} 之前 {1} 天", "{1} days before {0}"),
    "nullif": Label("{0}（等于 {1} 时视为未知）", "{0} (unknown when {1})"),
}
_LISTS = {
    "coalesce": Label("第一个已知的 {0}", "the first known of {0}"),
    "least": Label("{0} 中最小者", "the least of {0}"),
    "greatest": Label("{0} 中最大者", "the greatest of {0}"),
}


def explain(node: Node, locale: str = "zh") -> str:
    """Say a tree in words; amounts in yuan, listed values by their labels."""
    return _say(node, locale, None)


def _say(node: Node, locale: str, about: Field | None) -> str:
    if isinstance(node, Constant):
        return _value(node, locale, about)
    if isinstance(node, Ref):
        return node.field.label.text(locale)
    if node.op in _SPOKEN:
        return _SPOKEN[node.op](node, locale)
    if node.op == "case":
        return _case(node, locale, about or _subject(node))
    product = _product(node) if node.op == "mul" else None
    return _value(product, locale, about) if product else _operation(node, locale, about)


def _operation(node: Call, locale: str, about: Field | None) -> str:
    like = _about(node, about)
    parts = [_say(arg, locale, one) for arg, one in zip(node.args, like, strict=True)]
    if node.op in _TIMES and node.args[0].type.is_time:
        return _TIMES[node.op].text(locale).format(*parts)
    return _call(node.op, parts, locale)


def _about(node: Call, about: Field | None) -> list[Field | None]:
    """Give the field each argument is measured like: its unit and its listed values."""
    if node.op in _COMPARE or node.op == "in":
        about = next((_subject(a) for a in node.args if _subject(a)), None)
    elif node.op not in _KEEPS_UNIT and node.op not in _SCALES:
        about = None
    only = _scaled(node) if node.op in _SCALES else 0 if node.op == "round" else None
    return [about if only in (None, at) else None for at in range(len(node.args))]


def _scaled(node: Call) -> int:
    """Say which argument of a product or quotient has the unit of the whole."""
    return next((at for at, arg in enumerate(node.args) if _subject(arg)), 0)


def _product(node: Call) -> Constant | None:
    # Three times 1,000 yuan is said as 3,000: which of the two is money cannot be told.
    one, other = node.args
    if not (isinstance(one, Constant) and isinstance(other, Constant)):
        return None
    known = [c.value for c in (one, other) if isinstance(c.value, (int, float, Decimal))]
    if len(known) != len(node.args):
        return None
    first, second = (Decimal(str(value)) for value in known)
    return Constant(first * second, node.type)


def _subject(node: Node) -> Field | None:
    if isinstance(node, Call) and node.op in _KEEPS_UNIT:
        args = (*node.args[1:-1:2], node.args[-1]) if node.op == "case" else node.args
        return next((_subject(a) for a in args if _subject(a)), None)
    if isinstance(node, Call) and node.op in _SCALES:
        known = [at for at, arg in enumerate(node.args) if _subject(arg)]
        # Money by money is a plain number, and so is a number by money.
        whole = len(known) == 1 and (node.op == "mul" or known == [0])
        return _subject(node.args[known[0]]) if whole else None
    return node.field if isinstance(node, Ref) else None


def _call(op: str, parts: list[str], locale: str) -> str:
    if op == "cast":
        return parts[0]
    if op == "in":
        joined = "、".join(parts[1:]) if locale == "zh" else ", ".join(parts[1:])
        return f"{parts[0]} 属于 {joined}" if locale == "zh" else f"{parts[0]} is one of {joined}"
    if op in _LISTS:
        joined = "、".join(parts) if locale == "zh" else ", ".join(parts)
        return _LISTS[op].text(locale).format(joined)
    if op.startswith("date_diff_"):
        unit = UNITS[op.removeprefix("date_diff_")].text(locale)
        if locale == "zh":
            return f"{parts[0]} 到 {parts[1]} 相隔的{unit}数"
        return f"{unit} from {parts[0]} to {parts[1]}"
    label = _COMPARE.get(op) or _PARTS.get(op) or BY_NAME[op].words
    return label.text(locale).format(*parts)


def _joined(node: Call, locale: str) -> str:
    word = {"and": Label(" 且 ", " and "), "or": Label(" 或 ", " or ")}[node.op].text(locale)
    parts = []
    for arg in node.args:
        said = _say(arg, locale, None)
        nested = isinstance(arg, Call) and arg.op in ("and", "or") and arg.op != node.op
        parts.append(_bracketed(said, locale) if nested else said)
    return word.join(parts)


def _negated(node: Call, locale: str) -> str:
    inner = node.args[0]
    if isinstance(inner, Call) and inner.op == "is_null":
        said = _say(inner.args[0], locale, None)
        return f"{said} 已知" if locale == "zh" else f"{said} is known"
    said = _say(inner, locale, None)
    if isinstance(inner, Ref):
        return f"非{said}" if locale == "zh" else f"not {said}"
    return ("并非" if locale == "zh" else "not ") + _bracketed(said, locale)


def _case(node: Call, locale: str, about: Field | None) -> str:
    last = len(node.args) - 1
    said = [
        _say(arg, locale, about if at % 2 or at == last else None)
        for at, arg in enumerate(node.args)
    ]
    pairs = zip(said[0:-1:2], said[1:-1:2], strict=True)
    if locale == "zh":
        branches = "；".join([*(f"若 {w} 则为 {t}" for w, t in pairs), f"否则为 {said[-1]}"])
    else:
        branches = "; ".join([*(f"if {w} then {t}" for w, t in pairs), f"else {said[-1]}"])
    return _bracketed(branches, locale)


_SPOKEN = {"and": _joined, "or": _joined, "not": _negated}


def _bracketed(said: str, locale: str) -> str:
    return f"（{said}）" if locale == "zh" else f"({said})"


def _value(node: Constant, locale: str, about: Field | None) -> str:
    value = node.value
    if value is None:
        return "未知" if locale == "zh" else "unknown"
    if isinstance(value, bool):
        return {True: Label("是", "yes"), False: Label("否", "no")}[value].text(locale)
    if isinstance(value, str):
        return _text(value, locale, about)
    if isinstance(value, date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if about is not None and about.unit == "fen":
        return _amount(value, locale)
    return f"{value}" if -GROUPED_FROM < value < GROUPED_FROM else f"{value:,}"


def _amount(fen: float | Decimal, locale: str) -> str:
    if fen == int(fen):
        return format_yuan(int(fen), locale)
    yuan = f"{Decimal(str(fen)) / FEN_IN_YUAN:,}"
    return f"{yuan} 元" if locale == "zh" else f"¥{yuan}"


def _text(value: str, locale: str, about: Field | None) -> str:
    label = about.values.get(value) if about is not None and about.values else None
    if label is not None:
        return label.text(locale)
    return f"“{value}”" if locale == "zh" else f"'{value}'"
