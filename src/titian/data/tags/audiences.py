"""Audiences: who meets an expression over tags and profile fields, and how they differ.

Every function answers for one bank, from bitmaps, in milliseconds once a day's bitmaps are in
memory. People see tags and fields up to their clearance; none of these functions names a party
(see `people` and `exports` for those).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter

from pyroaring import BitMap

from titian.data.tags import catalogue
from titian.data.tags.evaluate import evaluate, size
from titian.data.tags.guard import allowed_plan, planned
from titian.data.tags.plan import Plan
from titian.data.tags.store import DayTags, dates, day_tags
from titian.decide import ConditionError, Field, Label, Problem
from titian.kernel.errors import Denied, InvalidInput, LimitExceeded
from titian.kernel.scope import Permission, Scope

MAX_OVERLAP = 12
MAX_TALLY = 400
MAX_TREND_DAYS = 400
MIN_LIFT_MEMBERS = 5


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the builder shows while someone types: the problems, or the meaning in words."""

    problems: tuple[Problem, ...]
    message: str
    meaning: Label | None
    names: frozenset[str]

    @property
    def right(self) -> bool:
        """Whether the expression can be used."""
        return self.meaning is not None


@dataclass(frozen=True, slots=True)
class Count:
    """An audience's size on a business date; `ms` is the time the counting took."""

    business_date: date
    members: int
    opted_out: int
    population: int
    ms: float

    @property
    def reachable(self) -> int:
        """Members who may be contacted for marketing."""
        return self.members - self.opted_out

    @property
    def share(self) -> float:
        """Members among all active parties, 0 to 1."""
        return self.members / self.population if self.population else 0.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """How audiences overlap: `both[i][j]` parties are in i and j; `both[i][i]` is i's size."""

    business_date: date
    both: tuple[tuple[int, ...], ...]

    def jaccard(self, i: int, j: int) -> float:
        """Give the parties in both as a share of those in either."""
        either = self.both[i][i] + self.both[j][j] - self.both[i][j]
        return self.both[i][j] / either if either else 0.0


@dataclass(frozen=True, slots=True)
class Lift:
    """How common a tag value is in an audience against the population.

    `lift` is the ratio of the shares; `z` is the two-proportion score of the audience against
    everyone else.
    """

    tag: str
    value: str
    members: int
    share: float
    population_share: float
    lift: float
    z: float


@dataclass(frozen=True, slots=True)
class Movement:
    """An audience between two dates."""

    since: date
    until: date
    before: int
    after: int
    entered: int
    gone: int

    @property
    def stayed(self) -> int:
        """Members on both dates."""
        return self.before - self.gone


def inspect(scope: Scope, expression: str) -> Inspection:
    """Say whether an expression can be used, and what it means. Needs VIEW_TAGS."""
    try:
        made = allowed_plan(scope, expression)
    except ConditionError as error:
        return Inspection(error.problems, str(error), None, frozenset())
    except (InvalidInput, Denied) as error:
        if not scope.allows(Permission.VIEW_TAGS):
            raise
        return Inspection((), str(error), None, frozenset())
    meaning = Label(made.condition.explain("zh"), made.condition.explain("en"))
    return Inspection((), "", meaning, made.names)


def words(scope: Scope) -> list[Field]:
    """List the tags and fields a person may use in an expression. Needs VIEW_TAGS."""
    scope.require(Permission.VIEW_TAGS)
    known = catalogue.load(scope)
    return [
        field
        for field in known.schema
        if scope.is_system or known.level(frozenset({field.name})) <= scope.clearance
    ]


def count(scope: Scope, expression: str, day: date | None = None) -> Count:
    """Count an audience on a business date (the newest without one).

    Needs VIEW_TAGS. Raises ConditionError, Denied, NotFound.
    """
    made = allowed_plan(scope, expression)
    held = day_tags(scope, day)
    started = perf_counter()
    members = _members(made, held)
    refused = members.intersection_cardinality(held.opted_out)
    elapsed = (perf_counter() - started) * 1_000
    return Count(held.day, len(members), refused, len(held.everyone), elapsed)


def tally(
    scope: Scope, expressions: Sequence[str], day: date | None = None
) -> tuple[int | None, ...]:
    """Count several expressions at once, as a builder does for each of its parts.

    None stands where an expression is wrong or out of the person's reach. Needs VIEW_TAGS. Raises
    NotFound before any data, LimitExceeded.
    """
    scope.require(Permission.VIEW_TAGS)
    if len(expressions) > MAX_TALLY:
        raise LimitExceeded(
            f"{len(expressions)} expressions are to be counted", f"Count up to {MAX_TALLY}."
        )
    known = catalogue.load(scope)
    held = day_tags(scope, day)
    return tuple(_size(scope, known, text, held) for text in expressions)


def wearers(
    scope: Scope, tags: Sequence[str], day: date | None = None
) -> dict[tuple[str, str], int]:
    """Count who wears each value of some tags, of those a person may see. Raises as `tally`."""
    known = catalogue.visible(scope).tags
    held = day_tags(scope, day)
    seen = [known[code] for code in tags if code in known]
    held.fetch_missing([tag.code for tag in seen])
    return {
        (tag.code, value.code): len(held.wearing(tag.code, value.code))
        for tag in seen
        for value in tag.values
    }


def overlap(scope: Scope, expressions: Sequence[str], day: date | None = None) -> Overlap:
    """Count how 2 to 12 audiences overlap, pair by pair. Raises as `count`, LimitExceeded."""
    if not 1 <= len(expressions) <= MAX_OVERLAP:
        raise LimitExceeded(
            f"{len(expressions)} audiences are to be compared", f"Compare up to {MAX_OVERLAP}."
        )
    held = day_tags(scope, day)
    sets = [_members(allowed_plan(scope, text), held) for text in expressions]
    both = tuple(tuple(a.intersection_cardinality(b) for b in sets) for a in sets)
    return Overlap(held.day, both)


def profile(scope: Scope, expression: str, day: date | None = None) -> list[Lift]:
    """Compare an audience with everyone, over all tags a person may see.

    Sorted by how far the shares are apart, in standard errors. Raises as `count`.
    """
    made = allowed_plan(scope, expression)
    known = catalogue.visible(scope)
    held = day_tags(scope, day)
    members = _members(made, held)
    held.fetch_missing(known.tags)
    population = len(held.everyone)
    lifts = []
    for tag in known.tags.values():
        for value in tag.values:
            worn = held.wearing(tag.code, value.code)
            inside = worn.intersection_cardinality(members)
            total = worn.intersection_cardinality(held.everyone)
            if total >= MIN_LIFT_MEMBERS and len(members) > 0:
                lifts.append(_lift(tag.code, value.code, inside, len(members), total, population))
    return sorted(lifts, key=lambda one: (-abs(one.z), one.tag, one.value))


def movement(scope: Scope, expression: str, since: date, until: date | None = None) -> Movement:
    """Say who came and who left between two business dates. Raises as `count`."""
    made = allowed_plan(scope, expression)
    before, after = day_tags(scope, since), day_tags(scope, until)
    first, last = _members(made, before), _members(made, after)
    return Movement(
        before.day,
        after.day,
        len(first),
        len(last),
        last.difference_cardinality(first),
        first.difference_cardinality(last),
    )


def trend(scope: Scope, expression: str, days: int = 30) -> list[tuple[date, int]]:
    """Count an audience on its last business dates, oldest first. Raises as `count`."""
    made = allowed_plan(scope, expression)
    recent = dates(scope)[-max(1, min(days, MAX_TREND_DAYS)) :]
    found = []
    for day in recent:
        held = day_tags(scope, day)
        held.prepare(made.steps)
        found.append((day, size(made.steps, held)))
    return found


def members_of(scope: Scope, expression: str, day: date | None, *, marketing: bool) -> BitMap:
    """Give an audience's members, without those who refuse marketing where it is for that."""
    held = day_tags(scope, day)
    members = _members(allowed_plan(scope, expression), held)
    return members - held.opted_out if marketing else members


def _size(scope: Scope, known: catalogue.Catalogue, expression: str, held: DayTags) -> int | None:
    try:
        made = planned(scope, known, expression)
    except (InvalidInput, Denied):
        return None
    held.prepare(made.steps)
    return size(made.steps, held)


def _members(made: Plan, held: DayTags) -> BitMap:
    held.prepare(made.steps)
    return evaluate(made.steps, held)


def _lift(tag: str, value: str, inside: int, members: int, total: int, population: int) -> Lift:
    share, everyone = inside / members, total / population
    others = population - members
    spread = everyone * (1 - everyone) * (1 / members + 1 / others) if others else 0.0
    rest = (total - inside) / others if others else share
    z = (share - rest) / math.sqrt(spread) if spread > 0 else 0.0
    return Lift(tag, value, inside, share, everyone, share / everyone, z)
