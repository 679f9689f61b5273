"""Suggestions and human words for the checker's problems."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sqlglot import exp

from titian.decide.conditions import coerce
from titian.decide.conditions.fields import Field, Kind, Schema, Type
from titian.decide.conditions.functions import BY_NAME, NAMES, SPECIAL
from titian.decide.conditions.tree import Constant, Node, Ref
from titian.kernel.labels import Label

if TYPE_CHECKING:
    from titian.decide.conditions.check import Checker

_KIND_WORDS = {
    Kind.STRING: Label("文字", "text"),
    Kind.INTEGER: Label("整数", "a whole number"),
    Kind.DOUBLE: Label("数字", "a number"),
    Kind.DECIMAL: Label("小数", "a decimal number"),
    Kind.BOOLEAN: Label("真假值", "true or false"),
    Kind.DATE: Label("日期", "a date"),
    Kind.TIMESTAMP: Label("时间", "a timestamp"),
}
MAX_SHOWN_VALUES = 12


def kind_words(type_: Type) -> tuple[str, str]:
    """Name a type in Chinese and in English."""
    label = _KIND_WORDS[type_.kind]
    return label.zh, label.en


def did_you_mean(schema: Schema, word: str, *, quoted: bool) -> tuple[str, str]:
    """Advise on an unknown field, in Chinese and in English."""
    if quoted:
        return (
            f"双引号表示字段名；如果是文字请用单引号 '{word[:40]}'。",
            f"Double quotes mean a field; for text use single quotes: '{word[:40]}'.",
        )
    near = schema.nearest(word)
    if near is None:
        return "请从字段列表中选择。", "Choose one from the list of fields."
    return (
        f"是不是想写 {near.name}（{near.label.zh}）？",
        f"Did you mean {near.name} ({near.label.en})?",
    )


def function_hint(name: str) -> tuple[str, str]:
    """Advise on a function that is not allowed."""
    match = get_close_matches(name.lower(), NAMES, n=1)
    if match:
        usage = SPECIAL.get(match[0]) or BY_NAME[match[0]].usage
        return f"是不是想写 {usage}？", f"Did you mean {usage}?"
    listed = ", ".join(NAMES)
    return f"可用函数：{listed}。", f"Use one of {listed}."


def typed_value(checker: Checker, syntax: exp.Expr, node: Node, others: Sequence[Node]) -> Node:
    """Read a written text as what the other side holds: a date, or one of a field's values."""
    if not (isinstance(node, Constant) and isinstance(node.value, str)):
        return node
    times = [n.type.kind for n in others if n.type.is_time]
    if times:
        constant = coerce.moment(node.value, times[0])
        if constant is None:
            checker.fault("bad_date", _literal(syntax, node.value), near=repr(node.value[:40]))
        return constant or node
    fields = [n.field for n in others if isinstance(n, Ref) and n.field.values is not None]
    return _known_value(checker, syntax, node.value, fields[0]) if fields else node


def _known_value(checker: Checker, syntax: exp.Expr, text: str, field: Field) -> Node:
    values = field.values
    assert values is not None
    if text in values:
        return Constant(text, field.type)
    by_label = [code for code, label in values.items() if text in (label.zh, label.en)]
    if len(by_label) == 1:
        return Constant(by_label[0], field.type)
    near = get_close_matches(text, values, n=1)
    listed = ", ".join(f"'{code}'" for code in list(values)[:MAX_SHOWN_VALUES])
    hint_zh = f"是不是想写 '{near[0]}'？" if near else f"可取值：{listed}。"
    hint_en = f"Did you mean '{near[0]}'?" if near else f"Its values are {listed}."
    place = _literal(syntax, text)
    checker.fault(
        "bad_value", place, name=field.name, near=repr(text[:40]), hint_zh=hint_zh, hint_en=hint_en
    )
    return Constant(text, field.type)


def _literal(syntax: exp.Expr, text: str) -> exp.Expr:
    found = (part for part in syntax.find_all(exp.Literal) if part.this == text)
    return next(found, syntax)
