"""From groups and rows to the text of a condition, with the place of every row in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from titian.decide.conditions.fields import Field, Kind, Schema
from titian.decide.outline.model import FEN, Group, Join, Op, Part, Path, Row, Text

WAN_YUAN = 10_000
MAX_NUMBER_CHARACTERS = 40
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SIGNS = {Op.EQ: "=", Op.NE: "<>", Op.GE: ">=", Op.GT: ">", Op.LE: "<=", Op.LT: "<"}
_LISTS = {Op.IN: ("=", "IN"), Op.NOT_IN: ("<>", "NOT IN")}
_CALLS = {Op.CONTAINS: "contains", Op.STARTS_WITH: "starts_with"}
_WORDS = {Op.YES: "", Op.NO: " = FALSE", Op.KNOWN: " IS NOT NULL", Op.UNKNOWN: " IS NULL"}
_TYPED = str.maketrans("０１２３４５６７８９．－，", "0123456789.-,")


@dataclass(frozen=True, slots=True)
class Written:
    """A condition's text, empty when nothing is asked; `spans` place rows and texts in it.

    A row or text that is not complete is left out and has no span.
    """

    text: str
    spans: Mapping[Path, tuple[int, int]]

    def at(self, start: int) -> Path | None:
        """Give the row or text that a character of the text belongs to."""
        return next((p for p, (first, end) in self.spans.items() if first <= start < end), None)


def write(part: Part, schema: Schema) -> Written:
    """Write a part as text.

    What people typed as a value is written so that it can only be a value: a number field given
    letters yields a text in quotes, which the condition's check then refuses at its place.
    """
    spans: dict[Path, tuple[int, int]] = {}
    text = _write(part, schema, (), 0, spans)
    return Written(text, spans)


def _write(
    part: Part, schema: Schema, path: Path, at: int, spans: dict[Path, tuple[int, int]]
) -> str:
    if not isinstance(part, Group):
        text = _leaf(part, schema)
        if text:
            spans[path] = (at, at + len(text))
        return text
    asked = [n for n, inner in enumerate(part.parts) if _asks(inner)]
    if not asked:
        return ""
    word = " AND " if part.join is Join.ALL else " OR "
    open_, close = _around(part, asked)
    text = open_
    for position, number in enumerate(asked):
        inner = part.parts[number]
        text += word if position else ""
        bracket = isinstance(inner, Group) and len(asked) > 1 and _needs_brackets(inner)
        text += "(" if bracket else ""
        text += _write(inner, schema, (*path, number), at + len(text), spans)
        text += ")" if bracket else ""
    return text + close


def _around(group: Group, asked: list[int]) -> tuple[str, str]:
    if group.join is not Join.NONE:
        return "", ""
    only = group.parts[asked[0]] if len(asked) == 1 else None
    plain = isinstance(only, Row) and only.op is Op.YES
    return ("NOT ", "") if plain else ("NOT (", ")")


def _asks(part: Part) -> bool:
    return any(_asks(inner) for inner in part.parts) if isinstance(part, Group) else part.complete


def _needs_brackets(group: Group) -> bool:
    asked = [inner for inner in group.parts if _asks(inner)]
    if group.join is Join.NONE:
        return False
    if len(asked) == 1:
        only = asked[0]
        return isinstance(only, Group) and _needs_brackets(only)
    return True


def _leaf(part: Row | Text, schema: Schema) -> str:
    if not part.complete:
        return ""
    if isinstance(part, Text):
        return f"({part.text.strip()})"
    name = part.field if _NAME.fullmatch(part.field) else _quoted(part.field, '"')
    field = schema.find(part.field)
    return _row(part.op, name, [_value(value, field) for value in part.values if value.strip()])


def _row(op: Op, name: str, values: list[str]) -> str:
    if op in _WORDS:
        return f"{name}{_WORDS[op]}"
    if op in _CALLS:
        return f"{_CALLS[op]}({name}, {values[0]})"
    if op is Op.BETWEEN:
        return f"{name} BETWEEN {values[0]} AND {values[1]}"
    one, several = _LISTS.get(op, (_SIGNS.get(op, "="), ""))
    if several and len(values) > 1:
        return f"{name} {several} ({', '.join(values)})"
    return f"{name} {one} {values[0]}"


def _value(text: str, field: Field | None) -> str:
    text = text.strip()
    if field is not None and field.type.is_number:
        number = _number(text)
        if number is not None:
            return _amount(number) if field.unit == FEN else f"{number:f}"
    if field is not None and field.type.kind is Kind.BOOLEAN and text.upper() in ("TRUE", "FALSE"):
        return text.upper()
    return _quoted(text, "'")


def _number(text: str) -> Decimal | None:
    plain = text.translate(_TYPED).replace(",", "").replace(" ", "")
    if len(plain) > MAX_NUMBER_CHARACTERS:
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < MAX_NUMBER_CHARACTERS else None


def _amount(yuan: Decimal) -> str:
    sign, size = ("-", -yuan) if yuan < 0 else ("", yuan)
    if size and size % WAN_YUAN == 0:
        return f"{sign}wan({size / WAN_YUAN:f})"
    return f"{sign}yuan({size:f})"


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark
