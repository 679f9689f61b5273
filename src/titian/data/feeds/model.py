"""The words of this room: contracts, their fields and sources, and when a delivery is due."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from titian.kernel.clock import BANK_TZ
from titian.lake.schema import Column, Table

DEFAULT_MAX_BAD_SHARE = 0.05
DEFAULT_ARRIVAL_TIME = time(3, 0)
DEFAULT_PIVOT = 50

CodeMeaning = str | bool | int
Bound = int | float | Decimal | date | datetime


class FeedKind(StrEnum):
    """What one delivery holds."""

    SNAPSHOT = "snapshot"
    """All rows at first, then only new and changed ones."""
    EVENT = "event"
    """The rows of that business date."""
    FULL = "full"
    """All rows, every time."""


class Format(StrEnum):
    """How a delivery is written."""

    CSV = "csv"
    FIXED = "fixed"
    XLSX = "xlsx"
    PARQUET = "parquet"
    SQL = "sql"


class Decoder(StrEnum):
    """The named ways to turn a text into a value; nothing else is ever run."""

    TRIM = "trim"
    YUAN_TO_FEN = "yuan_to_fen"
    YYYYMMDD = "yyyymmdd"
    YYYYMMDDHHMMSS = "yyyymmddhhmmss"
    YYMMDD = "yymmdd"
    YES_NO = "yes_no"
    BERKA_BIRTH_NUMBER = "berka_birth_number"
    """YYMMDD with 50 added to women's months: a birth date on a date column, else the gender."""


class Schedule(StrEnum):
    """On which business dates a delivery is due."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    MONTH_END = "month_end"
    ONCE = "once"


class Status(StrEnum):
    """The life of a contract; only active ones are expected to arrive."""

    PROPOSED = "proposed"
    DRAFT = "draft"
    ACTIVE = "active"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a decoded value; lengths are in characters, `above` and `below` exclude the end."""

    min_length: int | None = None
    max_length: int | None = None
    minimum: Bound | None = None
    maximum: Bound | None = None
    above: Bound | None = None
    below: Bound | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the table, the field of the file it comes from, and what must hold of it."""

    column: Column
    source: str
    decoder: Decoder | None = None
    trim: bool = False
    codes: Mapping[str, CodeMeaning] | None = None
    missing: frozenset[str] = frozenset()
    pivot: int = DEFAULT_PIVOT
    unique: bool = False
    limits: Limits = Limits()

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a field stands in a fixed-width record: first position (from 0) and width."""

    source: str
    start: int
    width: int

    @property
    def stop(self) -> int:
        """First position after it."""
        return self.start + self.width


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """The file that says how many rows each file has, and what its columns add up to."""

    pattern: str
    delimiter: str
    totals: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """How to open a delivery."""

    format: Format
    pattern: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    skip_lines: int = 0
    sheet: str | None = None
    slots: tuple[Slot, ...] = ()
    slots_in_bytes: bool = True
    location: str | None = None
    auth_env: str | None = None
    url_env: str | None = None
    table: str | None = None
    query: str | None = None
    control: ControlSpec | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """A feed contract: what is delivered, when, and what must hold of it."""

    feed: str
    version: str
    status: Status
    kind: FeedKind
    table: Table
    fields: tuple[Field, ...]
    source: SourceSpec
    schedule: Schedule = Schedule.DAILY
    arrival_time: time = DEFAULT_ARRIVAL_TIME
    as_of: date | None = None
    business_date_from: str | None = None
    max_bad_share: float = DEFAULT_MAX_BAD_SHARE
    min_rows: int = 0
    max_rows: int | None = None
    optional: bool = False
    overridable: bool = False
    digest: str = ""
    file: str = ""
    notes: tuple[str, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """The fields of the file, in the contract's order; several columns may share one."""
        return tuple(dict.fromkeys(field.source for field in self.fields))

    @property
    def unique_keys(self) -> tuple[tuple[str, ...], ...]:
        """The sets of columns that may not repeat inside a delivery."""
        single = tuple((field.name,) for field in self.fields if field.unique)
        return ((self.table.keys, *single)) if self.table.keys else single

    def field(self, name: str) -> Field:
        """Find a field by its column's name; the contract's parser made sure of it."""
        return next(field for field in self.fields if field.name == name)

    def due(self, business_date: date) -> datetime:
        """Give the moment a business date must have arrived by: the next morning, bank time."""
        morning = datetime.combine(business_date + timedelta(days=1), self.arrival_time)
        return morning.replace(tzinfo=BANK_TZ)

    def expected_on(self, business_date: date) -> bool:
        """Say whether the schedule asks for a business date."""
        if self.status is not Status.ACTIVE:
            return False
        match self.schedule:
            case Schedule.DAILY:
                return True
            case Schedule.WEEKDAYS:
                return business_date.weekday() < calendar.SATURDAY
            case Schedule.MONTH_END:
                return (business_date + timedelta(days=1)).month != business_date.month
            case Schedule.ONCE:
                return business_date == self.as_of
