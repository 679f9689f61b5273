"""Declared, typed fields: the only words a condition may use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from titian.kernel.errors import InvalidInput
from titian.kernel.ids import valid_name
from titian.kernel.labels import Label

_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")
MAX_DIGITS = 38
MAX_SCALE = 18
INTEGER_DIGITS = 19


class Kind(StrEnum):
    """The kinds of value a condition knows."""

    STRING = "string"
    INTEGER = "integer"
    DOUBLE = "double"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


_PLAIN_KINDS = frozenset(kind.value for kind in Kind if kind is not Kind.DECIMAL)


@dataclass(frozen=True, slots=True)
class Type:
    """A kind; decimals also have digits (`precision`) and decimal places (`scale`)."""

    kind: Kind
    precision: int = 0
    scale: int = 0

    @property
    def is_number(self) -> bool:
        """Whether arithmetic and number comparison apply."""
        return self.kind in (Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL)

    @property
    def is_time(self) -> bool:
        """Whether it is a date or a timestamp."""
        return self.kind in (Kind.DATE, Kind.TIMESTAMP)

    def __str__(self) -> str:
        if self.kind is Kind.DECIMAL:
            return f"decimal({self.precision},{self.scale})"
        return self.kind.value

    @classmethod
    def of(cls, text: str) -> Type:
        """Read `integer`, `decimal(9,2)` and so on. Raises InvalidInput."""
        found = _DECIMAL.fullmatch(text)
        if found:
            precision, scale = int(found[1]), int(found[2])
            if 1 <= precision <= MAX_DIGITS and scale <= min(precision, MAX_SCALE):
                return cls(Kind.DECIMAL, precision, scale)
        elif text in _PLAIN_KINDS:
            return cls(Kind(text))
        raise InvalidInput(
            f"{text[:40]!r} is not a type a condition knows",
            "Use string, integer, double, decimal(p,s) with s up to 18, boolean, date or "
            "timestamp.",
        )


STRING = Type(Kind.STRING)
INTEGER = Type(Kind.INTEGER)
DOUBLE = Type(Kind.DOUBLE)
BOOLEAN = Type(Kind.BOOLEAN)
DATE = Type(Kind.DATE)
TIMESTAMP = Type(Kind.TIMESTAMP)


@dataclass(frozen=True, slots=True)
class Field:
    """A named, typed value: `values` lists the texts it may hold, with their labels.

    `unit` (`fen`, `days`, `times`, `ratio` …) only serves people; it changes no comparison.
    """

    name: str
    type: Type
    label: Label
    values: Mapping[str, Label] | None = None
    unit: str = ""


class Schema:
    """The fields a condition may use, found by name or by exact Chinese name."""

    __slots__ = ("_by_label", "_by_name")

    def __init__(self, fields: Iterable[Field]) -> None:
        self._by_name: dict[str, Field] = {}
        for field in fields:
            valid_name(field.name, "field name")
            if field.name in self._by_name:
                raise InvalidInput(f"field {field.name} is declared twice", "Rename one of them.")
            self._by_name[field.name] = field
        labels: dict[str, Field | None] = {}
        for field in self._by_name.values():
            labels[field.label.zh] = None if field.label.zh in labels else field
        self._by_label = labels

    def __iter__(self) -> Iterator[Field]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Field:
        return self._by_name[name]

    def find(self, word: str) -> Field | None:
        """Give the field of that name (any case) or, where unique, of that Chinese name."""
        return self._by_name.get(word.lower()) or self._by_label.get(word)

    def nearest(self, word: str) -> Field | None:
        """Give the field whose name or label looks most like the word, if any does."""
        match = get_close_matches(word.lower(), self._by_name, n=1, cutoff=0.6)
        if match:
            return self._by_name[match[0]]
        label = get_close_matches(word, [k for k, v in self._by_label.items() if v], n=1)
        return self._by_label[label[0]] if label else None

    def extended(self, fields: Iterable[Field]) -> Schema:
        """Give a schema with more fields. Raises InvalidInput where a name is taken."""
        return Schema([*self, *fields])
