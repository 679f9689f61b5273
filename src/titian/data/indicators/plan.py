"""The plan of a computation: indicators grouped by what one scan can answer.

A *grain* is a table with its date and organisation columns (and, for measures that do not add
up, the measured item). Each grain is scanned once, into the smallest cube that all its figures
can be read from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlglot import exp

from titian.data.indicators import keys
from titian.data.indicators.keys import Conjunct, Key, Selection
from titian.data.indicators.model import (
    Aggregation,
    Catalogue,
    Derived,
    Expression,
    Source,
    Timing,
)
from titian.data.indicators.periods import Period
from titian.decide.conditions import sql as decide_sql
from titian.lake.schema import BUSINESS_DATE

VALUE, DENOMINATOR = "value", "denominator"
# Keys are cut together only while this many combinations of their classes are possible.
MAX_COMBINATIONS = 64


@dataclass(frozen=True, slots=True)
class Grain:
    """What one scan goes over; `item` is the SQL of a measure that does not add up."""

    table: str
    timing: Timing
    date: str
    org: str
    item: str = ""

    @property
    def dated(self) -> bool:
        """Whether rows of a snapshot are placed in time by a column of their own."""
        return self.date != BUSINESS_DATE


@dataclass(frozen=True, slots=True)
class Figure:
    """One number a cube must give: for which code and role, from which rows and dates.

    `measure` is the position of its sum in the cube, `group` that of the group it is read from.
    """

    code: str
    role: str
    measure: int
    selection: Selection
    period: Period
    aggregation: Aggregation
    share: float = 0.0
    group: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Keys that are cut together: a grouping set, so that no figure pays for others' keys."""

    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """One scan: its grain, filter, dimensions, sums and the figures read from it."""

    grain: Grain
    source: Source
    common: tuple[exp.Expr, ...]
    keys: tuple[Key, ...]
    groups: tuple[Group, ...]
    item: exp.Expr | None
    measures: tuple[exp.Expr, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    figure: Figure
    parts: tuple[Conjunct, ...]
    source: Source
    item: Expression | None


@lru_cache(maxsize=256)
def plan(catalogue: Catalogue, codes: tuple[str, ...]) -> tuple[Cube, ...]:
    """Plan the scans for some indicators and all they are made of."""
    drafts: dict[Grain, list[_Draft]] = {}
    read = keys.Reader()
    measures: dict[Grain, dict[str, exp.Expr]] = {}
    for code in catalogue.closure(codes):
        how = catalogue.indicators[code].how
        if isinstance(how, Derived):
            for grain, draft in _drafts(code, how, measures, read):
                drafts.setdefault(grain, []).append(draft)
    ordered = sorted(drafts, key=lambda grain: (grain.table, grain.date, grain.item))
    return tuple(_cube(grain, drafts[grain], measures.get(grain, {})) for grain in ordered)


def _drafts(
    code: str, how: Derived, measures: dict[Grain, dict[str, exp.Expr]], read: keys.Reader
) -> Iterable[tuple[Grain, _Draft]]:
    atomic = how.atomic
    source = atomic.source
    grain = Grain(source.table.qualified, source.timing, source.date, source.org)
    parts = read.conjuncts(how.where)
    figure = Figure(code, VALUE, 0, (), how.period, atomic.aggregation, atomic.share)
    if not atomic.aggregation.additive:
        assert atomic.measure is not None, "the linker asks for a measure"
        item = decide_sql.text(atomic.measure.tree)
        yield replace(grain, item=item), _Draft(figure, parts, source, atomic.measure)
        return
    known = measures.setdefault(grain, {})
    for role, aggregate in _sums(how):
        text = aggregate.sql("duckdb")
        known.setdefault(text, aggregate)
        at = list(known).index(text)
        yield grain, _Draft(replace(figure, role=role, measure=at), parts, source, None)


def _sums(how: Derived) -> Iterable[tuple[str, exp.Expr]]:
    atomic = how.atomic
    match atomic.aggregation:
        case Aggregation.SUM:
            yield VALUE, _sum(atomic.measure)
        case Aggregation.COUNT:
            yield VALUE, _count(atomic.measure)
        case Aggregation.AVG:
            yield VALUE, _sum(atomic.measure)
            yield DENOMINATOR, _count(atomic.measure)
        case _:
            yield VALUE, _sum(atomic.measure)
            yield DENOMINATOR, _sum(atomic.denominator)


def _sum(measure: Expression | None) -> exp.Expr:
    assert measure is not None, "the linker asks for a measure"
    value = decide_sql.expression(measure.tree)
    return exp.cast(exp.Sum(this=value), "DOUBLE", dialect="duckdb")


def _count(measure: Expression | None) -> exp.Expr:
    value = exp.Star() if measure is None else decide_sql.expression(measure.tree)
    return exp.Count(this=value, big_int=True)


def _cube(grain: Grain, drafts: Sequence[_Draft], measures: dict[str, exp.Expr]) -> Cube:
    common = set.intersection(*({part.text for part in draft.parts} for draft in drafts))
    needed = [part for draft in drafts for part in draft.parts if part.text not in common]
    made, meaning = keys.build(needed)
    figures = []
    for draft in drafts:
        chosen: dict[int, frozenset[int]] = {}
        for part in draft.parts:
            if part.text not in common:
                at, classes = meaning[part.text]
                chosen[at] = chosen.get(at, classes) & classes
        figures.append(replace(draft.figure, selection=tuple(sorted(chosen.items()))))
    groups = _groups(made, figures) if grain.item == "" else (Group(tuple(range(len(made)))),)
    figures = [replace(figure, group=_group_of(figure, groups, made)) for figure in figures]
    shared = {part.text: part for draft in drafts for part in draft.parts if part.text in common}
    item = drafts[0].item
    return Cube(
        grain=grain,
        source=drafts[0].source,
        common=tuple(decide_sql.expression(shared[text].node) for text in sorted(shared)),
        keys=made,
        groups=groups,
        item=decide_sql.expression(item.tree) if item is not None else None,
        measures=tuple(measures.values()),
        figures=tuple(figures),
    )


def _groups(made: Sequence[Key], figures: Sequence[Figure]) -> tuple[Group, ...]:
    wanted = {frozenset(at for at, _ in figure.selection) for figure in figures}
    if _combinations(range(len(made)), made) <= MAX_COMBINATIONS:
        return (Group(tuple(range(len(made)))),)
    groups: list[frozenset[int]] = []
    for needed in sorted(wanted, key=lambda n: (-_combinations(n, made), sorted(n))):
        if any(needed <= group for group in groups):
            continue
        fits = [g for g in groups if _combinations(g | needed, made) <= MAX_COMBINATIONS]
        if fits:
            best = min(fits, key=lambda g: _combinations(g | needed, made))
            groups[groups.index(best)] = best | needed
        else:
            groups.append(needed)
    return tuple(Group(tuple(sorted(group))) for group in groups)


def _group_of(figure: Figure, groups: Sequence[Group], made: Sequence[Key]) -> int:
    needed = {at for at, _ in figure.selection}
    holding = [at for at, group in enumerate(groups) if needed <= set(group.keys)]
    return min(holding, key=lambda at: _combinations(groups[at].keys, made))


def _combinations(keys_: Iterable[int], made: Sequence[Key]) -> int:
    return math.prod(made[at].classes for at in keys_)
