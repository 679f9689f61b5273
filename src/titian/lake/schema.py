"""Declared tables: every column has a type, a name in two languages, a class and a level.

The personal-information class follows JR/T 0171 (C1 internal, C2 identifies or describes a
person, C3 passwords and biometrics, never stored); the data level follows JR/T 0197 (1 to 5).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

import pyarrow as pa

from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.ids import valid_name
from titian.kernel.labels import UNSAID, Label

BUSINESS_DATE = "business_date"
MAX_COLUMNS = 1_000
MAX_CODES = 1_000
MAX_DECIMAL_DIGITS = 38
MIN_LEVEL, MAX_LEVEL = 1, 5

_SIMPLE_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "binary": pa.binary(),
}
_DECIMAL = re.compile(r"decimal\((\d{1,2}),\s*(\d{1,2})\)")
E = TypeVar("E", bound=StrEnum)


class Layer(StrEnum):
    """How far the water has run: as delivered, conformed, made for use."""

    RAW = "raw"
    CORE = "core"
    MART = "mart"


class PiClass(StrEnum):
    """Personal-information class of a column (JR/T 0171)."""

    NONE = "none"
    C1 = "C1"
    C2 = "C2"
    C3 = "C3"


class Mask(StrEnum):
    """How a column is shown to people who may not see it in the clear.

    `DEFAULT` becomes `FULL` for C2 text and binary, and `NONE` for everything else: amounts and
    dates are governed by their level.
    """

    DEFAULT = "default"
    NONE = "none"
    NAME = "name"
    PHONE = "phone"
    ID_NO = "id_no"
    ACCOUNT = "account"
    ADDRESS = "address"
    EMAIL = "email"
    TOKEN = "token"  # noqa: S105  # the name of a mask
    FULL = "full"


class Kind(StrEnum):
    """What the rows of one business date are: the full state, or what happened on that day."""

    SNAPSHOT = "snapshot"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Code:
    """One value that a column holds, written as text, and what it is called."""

    value: str
    label: Label


@dataclass(frozen=True, slots=True)
class Column:
    """A declared column. Raises InvalidInput when it may not exist as declared.

    `description` says what `zh` and `en`, its names, leave open; `codes` name the values it holds.
    """

    name: str
    type: str
    zh: str
    en: str
    pi_class: PiClass = PiClass.NONE
    level: int = MIN_LEVEL
    mask: Mask = Mask.DEFAULT
    required: bool = False
    key: bool = False
    description: Label = UNSAID
    codes: tuple[Code, ...] = ()

    def __post_init__(self) -> None:
        valid_name(self.name, "column name")
        kind = arrow_type(self.type)
        object.__setattr__(self, "pi_class", _choice(PiClass, self.pi_class, self.name, "class"))
        object.__setattr__(self, "mask", _choice(Mask, self.mask, self.name, "mask"))
        if self.name == BUSINESS_DATE:
            raise InvalidInput(
                "column business_date is declared", "Leave it out: the lake adds it to every table."
            )
        if self.pi_class is PiClass.C3:
            raise InvalidInput(
                f"column {self.name} is of class C3, which is never stored",
                "Take passwords, one-time codes and biometrics out of the delivery.",
            )
        if not MIN_LEVEL <= self.level <= MAX_LEVEL:
            raise InvalidInput(
                f"column {self.name} has data level {self.level}", "Use a level from 1 to 5."
            )
        if not self.zh.strip() or not self.en.strip():
            raise InvalidInput(
                f"column {self.name} lacks a name in Chinese or English", "Fill in zh and en."
            )
        self._check_codes()
        if self.mask is Mask.DEFAULT:
            object.__setattr__(self, "mask", _default_mask(self.pi_class, kind))
        elif self.mask not in (Mask.NONE, Mask.FULL) and not pa.types.is_string(kind):
            raise InvalidInput(
                f"column {self.name} is {self.type}, and mask {self.mask} is for text",
                "Use mask full or none.",
            )

    def _check_codes(self) -> None:
        values = Counter(code.value for code in self.codes)
        twice = sorted(value for value, times in values.items() if times > 1)
        if twice:
            raise InvalidInput(
                f"column {self.name} names {', '.join(twice)} twice", "Keep one name of each."
            )
        if len(values) > MAX_CODES:
            raise InvalidInput(
                f"column {self.name} names {len(values)} codes", f"Name at most {MAX_CODES}."
            )

    @property
    def label(self) -> Label:
        """Its names."""
        return Label(self.zh, self.en)

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type its values are stored as."""
        return arrow_type(self.type)


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table; the lake adds the partition column `business_date` to its columns.

    `sorted_by` names the column that rows are looked up by: files keep them together by it.
    """

    layer: Layer
    name: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    description: Label = UNSAID
    kind: Kind = Kind.SNAPSHOT
    sorted_by: str = ""

    def __post_init__(self) -> None:
        valid_name(self.name, "table name")
        object.__setattr__(self, "layer", _choice(Layer, self.layer, self.name, "layer"))
        object.__setattr__(self, "kind", _choice(Kind, self.kind, self.name, "kind"))
        object.__setattr__(self, "columns", tuple(self.columns))
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidInput(
                f"table {self.qualified} declares {', '.join(twice)} twice", "Keep one of each."
            )
        if not 1 <= len(names) <= MAX_COLUMNS:
            raise InvalidInput(
                f"table {self.qualified} declares {len(names)} columns",
                f"Declare 1 to {MAX_COLUMNS}.",
            )
        if self.sorted_by and self.sorted_by not in names:
            raise InvalidInput(
                f"table {self.qualified} is sorted by {self.sorted_by}, which it does not declare",
                "Name one of its columns.",
            )

    @property
    def label(self) -> Label:
        """Its names."""
        return Label(self.zh, self.en)

    @property
    def qualified(self) -> str:
        """Its name with the layer, such as `core.loan`."""
        return f"{self.layer.value}.{self.name}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of its key columns."""
        return tuple(column.name for column in self.columns if column.key)

    def column(self, name: str) -> Column:
        """Find a column. Raises NotFound naming the ones there are."""
        for column in self.columns:
            if column.name == name:
                return column
        names = ", ".join(column.name for column in self.columns)
        raise NotFound(f"table {self.qualified} has no column {name!r}", f"It has: {names}.")

    def arrow_schema(self, *, with_date: bool = False) -> pa.Schema:
        """Give the Arrow schema of its rows, with `business_date` last if asked."""
        fields = [pa.field(column.name, column.arrow) for column in self.columns]
        if with_date:
            fields.append(pa.field(BUSINESS_DATE, pa.date32()))
        return pa.schema(fields)


@lru_cache(maxsize=512)
def arrow_type(text: str) -> pa.DataType:
    """Read a declared type. Raises InvalidInput naming the ones there are."""
    if text in _SIMPLE_TYPES:
        return _SIMPLE_TYPES[text]
    match = _DECIMAL.fullmatch(text)
    if match:
        precision, scale = int(match[1]), int(match[2])
        if 1 <= precision <= MAX_DECIMAL_DIGITS and scale <= precision:
            return pa.decimal128(precision, scale)
    raise InvalidInput(
        f"{text[:40]!r} is not a column type",
        f"Use one of {', '.join(_SIMPLE_TYPES)} or decimal(p,s) with s <= p <= 38.",
    )


def type_text(kind: pa.DataType) -> str:
    """Give the declared name of a stored Arrow type. Raises InvalidInput for any other type."""
    for text, known in _SIMPLE_TYPES.items():
        if kind == known:
            return text
    if pa.types.is_decimal128(kind):
        return f"decimal({kind.precision},{kind.scale})"
    raise InvalidInput(f"{kind} is not a type the lake stores", "Cast it to a declared type.")


def split_name(qualified: str) -> tuple[Layer, str]:
    """Take `core.loan` apart. Raises InvalidInput."""
    layer, dot, name = qualified.partition(".")
    if not dot or layer not in set(Layer):
        raise InvalidInput(
            f"{qualified[:80]!r} is not a table name",
            "Write layer and name, for example core.loan; layers are raw, core and mart.",
        )
    return Layer(layer), valid_name(name, "table name")


def _default_mask(pi_class: PiClass, kind: pa.DataType) -> Mask:
    text = pa.types.is_string(kind) or pa.types.is_binary(kind)
    return Mask.FULL if pi_class is PiClass.C2 and text else Mask.NONE


def _choice(kind: type[E], value: str, name: str, what: str) -> E:
    try:
        return kind(value)
    except ValueError:
        raise InvalidInput(
            f"{name} has the {what} {str(value)[:40]!r}",
            f"Use one of {', '.join(member.value for member in kind)}.",
        ) from None
