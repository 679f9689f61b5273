"""The words of this room: hits of a search, and the parts of a customer's picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from titian.data.tags.model import TagKind
from titian.decide import Label
from titian.kernel.ids import PartyId
from titian.lake.schema import Column

Row: TypeAlias = Mapping[str, object]
PAGE_ITEMS, PAGE_DAYS = 30, 62


class MatchedBy(StrEnum):
    """What of a party agreed with the words searched for."""

    PARTY_ID = "party_id"
    ID_NO = "id_no"
    PHONE = "phone"
    ACCOUNT = "account"
    CARD = "card"
    NAME = "name"


class Product(StrEnum):
    """A kind of product a party may hold."""

    DEPOSIT = "deposit"
    WEALTH = "wealth"
    LOAN = "loan"
    DEBIT_CARD = "debit_card"
    CREDIT_CARD = "credit_card"


@dataclass(frozen=True, slots=True)
class Hit:
    """A party found, as the person may see it.

    `org` and `village` are names (empty when unknown); `products` are those in use, None where the
    profile of the date was not worked out.
    """

    party_id: PartyId
    party_type: str
    name: str | None
    id_no: str | None
    phone: str | None
    address: str | None
    org_id: str
    status: str
    matched_by: MatchedBy
    org: str = ""
    village_id: str | None = None
    village: str = ""
    household_id: str | None = None
    products: tuple[Product, ...] | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one table as the person may see them; `columns` carry names, classes and levels."""

    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """Names of organisations, villages and officers by id; an unknown id names itself."""

    of: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, key: object) -> str:
        """Give the name of an id, else the id; nothing for nothing."""
        return self.of.get(str(key), str(key)) if key else ""


class Tie(StrEnum):
    """How another party is tied to this one."""

    HOUSEHOLD = "household"
    PHONE = "phone"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Relation:
    """Another party with all its ties to this one; its name stays masked whoever looks."""

    party_id: PartyId
    name: str | None
    party_type: str
    age_years: int | None
    ties: tuple[Tie, ...]
    is_head: bool


@dataclass(frozen=True, slots=True)
class Relations:
    """Who is tied to a party; `crowds` count what too many share to tie anybody."""

    parties: tuple[Relation, ...] = ()
    more: bool = False
    crowds: Mapping[Tie, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Worn:
    """A tag the customer wears, with the date it was worked out.

    `meaning` is what the tag says; `rule` what must hold for this value, where tags were asked for.
    """

    tag: str
    value: str
    kind: TagKind
    label: Label
    value_label: Label | None
    category: Label
    meaning: Label
    rule: Label
    as_of: date


class Absence(StrEnum):
    """Why a figure has no value."""

    HIDDEN = "hidden"  # above the person's clearance
    NOT_WORKED_OUT = "not_worked_out"  # the date has no profile of this party
    UNKNOWN = "unknown"  # the bank's data does not say


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure of the business date, with its weekly course, oldest first, where asked for.

    `value` is None for the reason `absent`.
    """

    name: str
    label: Label
    unit: str
    value: int | float | None
    absent: Absence | None = None
    course: tuple[tuple[date, int | float | None], ...] = ()


class Act(StrEnum):
    """What kind of thing happened."""

    ENTRY = "entry"
    EVENT = "event"
    TOUCH = "touch"
    REPAYMENT = "repayment"


# Events that say more than that the customer used a channel.
NOTABLE = frozenset({"device_bind", "limit_change", "payee_add"})


@dataclass(frozen=True, slots=True)
class Happening:
    """One point of the timeline, bank-local time; `what` is a code of the source table.

    `incoming` says which way an entry moved money; `day` is its business date.
    """

    day: date
    at: datetime
    act: Act
    what: str
    channel: str | None
    amount_fen: int | None
    incoming: bool | None
    other: str | None
    result: str | None
    reference: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of the timeline begins: a business date, and how many of it came before."""

    day: date
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Happenings:
    """A page of the timeline, newest first, and the business dates that were looked at for it.

    `older` is where the next page begins; without it the bank's data ends at `since`.
    """

    items: tuple[Happening, ...] = ()
    since: date | None = None
    until: date | None = None
    older: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One value of the record that was another one earlier, as the person may see both.

    It changed after the date `since` and by the date `day`.
    """

    since: date
    day: date
    column: Column
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class RiskDay:
    """How the loans of a party stood on a date; None where the person may not see it."""

    day: date
    five_class: str | None
    overdue_days: int | None
    loan_fen: int | None


class Part(StrEnum):
    """A part of the picture that is read only when asked for."""

    HOUSEHOLD = "household"
    ACCOUNTS = "accounts"
    LOANS = "loans"
    REPAYMENTS = "repayments"
    HAPPENINGS = "happenings"
    COURSE = "course"
    TAGS = "tags"
    RISK = "risk"
    CHANGES = "changes"
    CONTACTS = "contacts"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which parts are wanted; a page of the timeline begins at `begin` and holds `items` of `act`.

    Without `begin` it is the newest page, without `act` of every kind; it looks through `days`
    business dates at most. With `notable`, events need only be read where the last 30 days hold
    one of NOTABLE: the others are not wanted.
    """

    parts: frozenset[Part] = frozenset(Part)
    begin: Cursor | None = None
    act: Act | None = None
    items: int = PAGE_ITEMS
    days: int = PAGE_DAYS
    notable: bool = False


@dataclass(frozen=True, slots=True)
class Customer:
    """What a bank knows of a party on a business date, as one person may see it.

    Parts that were not asked for are empty; `parts` says which were.
    """

    party_id: PartyId
    business_date: date
    unmasked: bool
    may_unmask: bool
    parts: frozenset[Part]
    identity: Section
    figures: tuple[Figure, ...]
    tags: tuple[Worn, ...]
    last_entry: date | None
    names: Names = Names()
    household: Section = Section()
    relations: Relations = Relations()
    accounts: Section = Section()
    cards: Section = Section()
    loans: Section = Section()
    repayments: Section = Section()
    touches: Section = Section()
    risk: tuple[RiskDay, ...] = ()
    changes: tuple[Change, ...] = ()
    happenings: Happenings = Happenings()

    def figure(self, name: str) -> Figure | None:
        """Find a figure by the name of its column."""
        return next((one for one in self.figures if one.name == name), None)
