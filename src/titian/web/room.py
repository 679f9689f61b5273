"""What a page module gives to the frame: its routes, rail entries, search, home cards and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from fastapi import APIRouter

from titian.kernel.scope import Permission, Role
from titian.web.i18n import Text, lazy

if TYPE_CHECKING:
    from titian.web.context import Context


AT_PLACE = "/at/{place}"
MAX_TASKS = 200
MAX_FOUND = 60


class Section(StrEnum):
    """The groups of the rail, in its order."""

    HOME = "home"
    DATA = "data"
    LIVESTOCK = "livestock"
    PAYMENTS = "payments"
    MARKET = "market"
    PROCESSES = "processes"
    LENDING = "lending"
    ADMIN = "admin"


SECTION_NAMES: dict[Section, Text] = {
    Section.HOME: "",
    Section.DATA: lazy("Data platform"),
    Section.LIVESTOCK: lazy("Living collateral"),
    Section.PAYMENTS: lazy("Payment risk"),
    Section.MARKET: lazy("Data shop"),
    Section.PROCESSES: lazy("Processes"),
    Section.LENDING: lazy("Lending"),
    Section.ADMIN: lazy("Administration"),
}


class Level(StrEnum):
    """Where a page lives: at one bank, at the union, at either, or at neither (`/account`)."""

    EITHER = "either"
    BANK = "bank"
    UNION = "union"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the rail. `path` is within the place: `/users` leads to `/at/<place>/users`."""

    section: Section
    label: Text
    path: str
    icon: str
    permission: Permission | None = None
    level: Level = Level.EITHER


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing the search over everything found; `path` is within the place."""

    label: str
    path: str
    icon: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Searcher:
    """Finds things of one kind, up to MAX_FOUND; called only for readers with the permission.

    `everything` is the list that shows all of them for the same words, as its filter `q`.
    """

    label: Text
    find: Callable[[Context, str], Sequence[Hit]]
    permission: Permission | None = None
    everything: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for the reader; done at `path` within the place `at`, a bank or ours.

    `note` says more in a few words, `since` when it began to wait; `urgent` ones hold others up.
    """

    text: str
    path: str
    at: str = ""
    query: Mapping[str, object] = field(default_factory=dict)
    note: str = ""
    since: datetime | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Tasks:
    """A kind of tasks. `find` asks the database once, and is called only with the permission."""

    name: str
    label: Text
    icon: str
    find: Callable[[Context], Sequence[Task]]
    permission: Permission | None = None
    level: Level = Level.EITHER


@dataclass(frozen=True, slots=True)
class Card:
    """One part of the home page, for some roles (none named: for everyone with the permission).

    `values` gives what the template shows. A slow card is fetched after the page has come.
    """

    name: str
    template: str
    values: Callable[[Context], Mapping[str, object]]
    roles: frozenset[Role] = frozenset()
    permission: Permission | None = None
    level: Level = Level.EITHER
    order: int = 50
    wide: bool = False
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A page module. `acts` names the audit actions it causes, for the audit page.

    `tasks` finds what waits for a reader; `newest_day` tells the top bar the newest business date
    that a place has data for.
    """

    name: str
    router: APIRouter
    entries: Sequence[Entry] = ()
    searchers: Sequence[Searcher] = ()
    cards: Sequence[Card] = ()
    tasks: Sequence[Tasks] = ()
    acts: Mapping[str, Text] = field(default_factory=dict)
    api: APIRouter | None = None
    newest_day: Callable[[Context], date | None] | None = None
