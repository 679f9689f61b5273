"""Groups, rows and texts, and which operators a field can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from titian.decide import Label
from titian.decide.conditions.fields import Field, Kind

FEN = "fen"
Path = tuple[int, ...]


class Join(StrEnum):
    """How the parts of a group work together."""

    ALL = "all"
    ANY = "any"
    NONE = "none"

    @property
    def label(self) -> Label:
        """Its name in Chinese and English."""
        return _JOINS[self]


_JOINS = {
    Join.ALL: Label("满足全部", "All of"),
    Join.ANY: Label("满足任一", "Any of"),
    Join.NONE: Label("全不满足", "None of"),
}


class Op(StrEnum):
    """What a row asks of its field."""

    YES = "yes"
    NO = "no"
    IN = "in"
    NOT_IN = "not_in"
    EQ = "eq"
    NE = "ne"
    GE = "ge"
    GT = "gt"
    LE = "le"
    LT = "lt"
    BETWEEN = "between"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    KNOWN = "known"
    UNKNOWN = "unknown"

    @property
    def label(self) -> Label:
        """Its name in Chinese and English."""
        return OPERATORS[self]


OPERATORS: Mapping[Op, Label] = {
    Op.YES: Label("是", "yes"),
    Op.NO: Label("否", "no"),
    Op.IN: Label("属于", "is one of"),
    Op.NOT_IN: Label("不属于", "is none of"),
    Op.EQ: Label("等于", "is"),
    Op.NE: Label("不等于", "is not"),
    Op.GE: Label("不低于", "is at least"),
    Op.GT: Label("大于", "is above"),
    Op.LE: Label("不超过", "is at most"),
    Op.LT: Label("小于", "is below"),
    Op.BETWEEN: Label("介于", "is between"),
    Op.CONTAINS: Label("包含", "contains"),
    Op.STARTS_WITH: Label("开头是", "starts with"),
    Op.KNOWN: Label("有值", "is known"),
    Op.UNKNOWN: Label("无值", "is unknown"),
}
_ABOUT_VALUE = (Op.KNOWN, Op.UNKNOWN)
_NUMBERS = (Op.GE, Op.LE, Op.BETWEEN, Op.GT, Op.LT, Op.EQ, Op.NE, *_ABOUT_VALUE)


def operators(field: Field) -> tuple[Op, ...]:
    """Give the operators a row over a field can have, the usual one first."""
    if field.type.kind is Kind.BOOLEAN:
        return (Op.YES, Op.NO, *_ABOUT_VALUE)
    if field.values is not None:
        return (Op.IN, Op.NOT_IN, *_ABOUT_VALUE)
    if field.type.kind is Kind.STRING:
        return (Op.IN, Op.NOT_IN, Op.CONTAINS, Op.STARTS_WITH, *_ABOUT_VALUE)
    return _NUMBERS


def values_needed(op: Op) -> int:
    """Give how many values an operator needs; IN and NOT_IN take more."""
    if op in (Op.YES, Op.NO, *_ABOUT_VALUE):
        return 0
    return 2 if op is Op.BETWEEN else 1


@dataclass(frozen=True, slots=True)
class Row:
    """One question to a field.

    `values` are as people write them: amounts of fen in yuan, dates as 2026-03-31, listed values
    by their code.
    """

    field: str
    op: Op
    values: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether it has the values its operator needs."""
        given = [value for value in self.values if value.strip()]
        return len(given) >= values_needed(self.op)


@dataclass(frozen=True, slots=True)
class Text:
    """A condition no row can say, as its text."""

    text: str

    @property
    def complete(self) -> bool:
        """Whether anything is written."""
        return bool(self.text.strip())


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that work together. An empty group asks nothing."""

    join: Join
    parts: tuple[Part, ...] = ()


Part = Group | Row | Text
