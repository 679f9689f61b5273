"""The words of this room: hits of a search, and the parts of a customer's picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from titian.decide import Label
from titian.kernel.ids import PartyId
from titian.lake.schema import Column

Row: TypeAlias = Mapping[str, object]


class MatchedBy(StrEnum):
    """What of a party agreed with the words searched for."""

    PARTY_ID = "party_id"
    ID_NO = "id_no"
    PHONE = "phone"
    ACCOUNT = "account"
    CARD = "card"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Hit:
    """A party found, as the person may see it."""

    party_id: PartyId
    party_type: str
    name: str | None
    id_no: str | None
    phone: str | None
    address: str | None
    org_id: str
    status: str
    matched_by: MatchedBy


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one table as the person may see them; `columns` carry names, classes and levels."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


class Tie(StrEnum):
    """How another party is tied to this one."""

    HOUSEHOLD = "household"
    PHONE = "phone"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Relation:
    """Another party with all its ties to this one."""

    party_id: PartyId
    name: str | None
    party_type: str
    age_years: int | None
    ties: tuple[Tie, ...]
    is_head: bool


@dataclass(frozen=True, slots=True)
class Worn:
    """A tag the customer wears, with the date it was worked out."""

    tag: str
    value: str
    label: Label
    value_label: Label | None
    category: Label
    as_of: date


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure with its course, oldest first; empty where the person may not see it."""

    name: str
    label: Label
    unit: str
    value: int | float | None
    course: tuple[tuple[date, int | float | None], ...]


class Act(StrEnum):
    """What kind of thing happened."""

    ENTRY = "entry"
    EVENT = "event"
    TOUCH = "touch"
    REPAYMENT = "repayment"


@dataclass(frozen=True, slots=True)
class Happening:
    """One point of the timeline, bank-local time; `what` is a code of the source table."""

    at: datetime
    act: Act
    what: str
    channel: str | None
    amount_fen: int | None
    other: str | None
    result: str | None
    reference: str


@dataclass(frozen=True, slots=True)
class Customer:
    """All that a bank knows of a party on a business date, as one person may see it."""

    party_id: PartyId
    business_date: date
    unmasked: bool
    may_unmask: bool
    identity: Section
    household: Section
    relations: tuple[Relation, ...]
    accounts: Section
    cards: Section
    loans: Section
    repayments: Section
    touches: Section
    tags: tuple[Worn, ...]
    figures: tuple[Figure, ...]
    timeline: tuple[Happening, ...]
