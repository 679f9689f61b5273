"""The words of tags: a named truth about a party, with its meaning, owner and validity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from titian.decide import Condition, Field, Label, Schema

PLAIN = "yes"
"""The value of a tag that only says yes."""


class TagKind(StrEnum):
    """Where a tag's truth comes from."""

    FACT = "fact"
    RULE = "rule"
    MODEL = "model"


class Subject(StrEnum):
    """Whom a tag is about; a household's tag is worn by each of its members."""

    PERSON = "person"
    HOUSEHOLD = "household"
    ENTERPRISE = "enterprise"
    PARTY = "party"


class Source(StrEnum):
    """Who made a tag: a definition file, or a business user with four eyes."""

    FILE = "file"
    BUSINESS = "business"


class Refresh(StrEnum):
    """How often a tag is worked out anew; in between it stands as of its last date."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"

    def as_of(self, day: date) -> date:
        """Give the date whose profile counts: the date, its Monday, or the first of its month."""
        if self is Refresh.WEEKLY:
            return day - timedelta(days=day.weekday())
        return day if self is Refresh.DAILY else day.replace(day=1)


@dataclass(frozen=True, slots=True)
class Category:
    """One of the categories that tags are shelved under; `order` is its place."""

    code: str
    label: Label
    order: int


@dataclass(frozen=True, slots=True)
class TagValue:
    """One value of a tag; of several, the first whose condition holds is the party's."""

    code: str
    label: Label
    condition: Condition | None
    at_least: int | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """Points a model adds where a condition holds."""

    condition: Condition
    points: int


@dataclass(frozen=True, slots=True)
class Card:
    """A points model: base plus the points of every condition that holds."""

    name: str
    version: int
    base: int
    points: tuple[Points, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: `values` exclude each other; a plain tag has the one value `yes`."""

    code: str
    label: Label
    category: Category
    kind: TagKind
    subject: Subject
    level: int
    owner: Label
    refresh: Refresh
    valid_days: int
    description: Label
    values: tuple[TagValue, ...]
    card: Card | None = None
    source: Source = Source.FILE
    file: str = ""
    line: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether it only says yes or nothing."""
        return len(self.values) == 1 and self.values[0].code == PLAIN

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition it rests on."""
        own = [v.condition for v in self.values if v.condition is not None]
        model = [p.condition for p in self.card.points] if self.card else []
        return (*own, *model)

    @property
    def fields(self) -> frozenset[str]:
        """The profile fields it reads."""
        return frozenset[str]().union(*(c.fields for c in self.conditions))

    def value(self, code: str) -> TagValue | None:
        """Find a value by its code."""
        return next((v for v in self.values if v.code == code), None)


@dataclass(frozen=True, slots=True)
class ProfileField:
    """A column of the profile as a condition field, with its data level."""

    field: Field
    level: int
    household: bool


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The fields that conditions over parties may use."""

    fields: dict[str, ProfileField]
    schema: Schema

    def level(self, names: frozenset[str]) -> int:
        """Give the highest data level among some fields."""
        return max((self.fields[name].level for name in names if name in self.fields), default=1)


@dataclass(frozen=True, slots=True)
class TagState:
    """A tag's members on a business date: the coverage of one value."""

    tag: str
    value: str
    business_date: date
    as_of: date
    members: int
    eligible: int

    @property
    def coverage(self) -> float:
        """The share of eligible parties that wear it, 0 to 1."""
        return self.members / self.eligible if self.eligible else 0.0
