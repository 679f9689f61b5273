"""An indicator of the whole province, rolled up from what the banks have published.

Sums and counts are added; quotients are divided anew from the summed numerators and denominators;
least and greatest values are compared; a formula is worked out over the province's own parts. What
is distinct or ranked within a bank cannot be rolled up from figures: it is shown bank by bank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np

from titian.data.indicators import browse, formulas, loading
from titian.data.indicators.browse import Point
from titian.data.indicators.compute import TABLE
from titian.data.indicators.model import Aggregation, Catalogue, Derived, Formula
from titian.data.indicators.orgs import ORG_TABLE, Floats
from titian.decide import Label
from titian.kernel import banks
from titian.kernel.errors import InvalidInput, LimitExceeded
from titian.kernel.ids import BankId, OrgId
from titian.kernel.scope import Permission, Scope
from titian.lake import handles, store

MAX_DATES = 400
MAX_FIGURES = 20_000
MAX_KEPT = 512
_COMPARED = {Aggregation.MIN: np.fmin, Aggregation.MAX: np.fmax}
_WHY = {
    Aggregation.COUNT_DISTINCT: Label(
        "含有去重计数：同一人可能是多家行的客户，各行的数不能相加",
        "it counts distinct people, and one person may be a customer of several banks",
    ),
    Aggregation.PERCENTILE: Label(
        "含有分位数：全省的分位数不能由各行的分位数得出",
        "it is a percentile, which does not follow from the percentiles of the banks",
    ),
}


@dataclass(frozen=True, slots=True)
class ProvincePoint:
    """A figure of the province; `reported` names the banks that are in it."""

    business_date: date
    value: float | None
    numerator: float | None
    denominator: float | None
    reported: frozenset[BankId]

    @property
    def reporting(self) -> int:
        """How many banks are in it."""
        return len(self.reported)


@dataclass(frozen=True, slots=True)
class Province:
    """An indicator over the banks, on some dates.

    `why_not` says why it cannot be rolled up; `points` is then empty. `otherwise` names the banks
    that define it in their own way: they are shown and not counted. `expected` counts the others.
    """

    code: str
    why_not: Label | None
    points: tuple[ProvincePoint, ...]
    banks: Mapping[BankId, Mapping[date, Point]]
    otherwise: tuple[BankId, ...]
    expected: int

    def point(self, day: date) -> ProvincePoint | None:
        """Give the province's figure of a date; None where no bank is in it."""
        return next((one for one in self.points if one.business_date == day), None)

    def like(self, day: date) -> dict[date, float | None]:
        """Give the figures of the dates with the same banks in them as a date has.

        Others say how many banks are in them, not how the province moved.
        """
        point = self.point(day)
        return {
            one.business_date: one.value
            for one in self.points
            if point is not None and one.reported == point.reported
        }


def dates(scope: Scope) -> list[date]:
    """List the business dates on which any bank of the province has indicators, in order."""
    _at_union(scope)
    held = (browse.dates(scope.at(bank.bank)) for bank in banks.visible(scope))
    return sorted({day for days in held for day in days})


def province(scope: Scope, code: str, days: Iterable[date]) -> Province:
    """Roll an indicator up over the banks on some dates.

    Needs VIEW_INDICATORS at union level. Raises NotFound for an unknown code, LimitExceeded.
    """
    return provinces(scope, (code,), days)[code]


def provinces(scope: Scope, codes: Sequence[str], days: Iterable[date]) -> dict[str, Province]:
    """Roll several indicators up, reading each bank once. Raises as `province`."""
    _at_union(scope)
    found = loading.load(scope)
    for code in codes:
        loading.known(found, code)
    wanted = sorted(set(days))
    if len(wanted) > MAX_DATES or len(wanted) * len(codes) > MAX_FIGURES:
        raise LimitExceeded(
            f"{len(codes)} indicators on {len(wanted)} dates were asked for",
            f"Ask for {MAX_DATES} dates and {MAX_FIGURES} figures at most.",
        )
    parts = found.closure(tuple(codes))
    held = [
        _Bank(bank.bank, loading.load(scope.at(bank.bank)), _published(bank.bank, parts, wanted))
        for bank in banks.visible(scope)
    ]
    return {code: _province(found, code, held, wanted) for code in codes}


@dataclass(frozen=True, slots=True)
class _Bank:
    """A bank with its definitions and what its head office published, by code and date."""

    bank: BankId
    known: Catalogue
    points: Mapping[tuple[str, date], Point]


def _province(found: Catalogue, code: str, held: Sequence[_Bank], days: Sequence[date]) -> Province:
    parts = found.closure((code,))
    having = [one for one in held if code in one.known.indicators]
    counted = [one for one in having if _same(found, one.known, parts)]
    why_not = _obstacle(found, parts)
    return Province(
        code,
        why_not,
        () if why_not else _rolled_up(found, code, counted, days),
        {
            one.bank: {day: one.points[code, day] for day in days if (code, day) in one.points}
            for one in having
        },
        tuple(one.bank for one in having if one.bank not in {other.bank for other in counted}),
        len(counted),
    )


def _at_union(scope: Scope) -> None:
    scope.require(Permission.VIEW_INDICATORS)
    if scope.bank is not None:
        raise InvalidInput(
            f"you are at bank {scope.bank}", "Comparing banks is done at union level."
        )


def _same(union: Catalogue, bank: Catalogue, parts: Sequence[str]) -> bool:
    return bank is union or all(
        part in bank.indicators and bank.indicators[part].how == union.indicators[part].how
        for part in parts
    )


def _obstacle(found: Catalogue, parts: Sequence[str]) -> Label | None:
    hows = (found.indicators[part].how for part in parts)
    kinds = (how.atomic.aggregation for how in hows if isinstance(how, Derived))
    return next((_WHY[kind] for kind in kinds if kind in _WHY), None)


def _published(
    bank: BankId, codes: tuple[str, ...], days: Sequence[date]
) -> dict[tuple[str, date], Point]:
    system = Scope.system(bank)
    if not all(store.exists(system, name) for name in (TABLE.qualified, ORG_TABLE)):
        return {}
    shot = handles.snapshot(system, TABLE.qualified)
    present = tuple(sorted(set(days) & set(shot.dates)))
    if not present:
        return {}
    key = (shot.directory, shot.version)
    points = _kept(key, bank, browse.head(system), codes, present)
    return {(point.code, point.business_date): point for point in points}


@lru_cache(maxsize=MAX_KEPT)
def _kept(
    _key: tuple[Path, int], bank: BankId, org: OrgId, codes: tuple[str, ...], days: tuple[date, ...]
) -> tuple[Point, ...]:
    wanted = set(days)
    system = Scope.system(bank)
    points = browse.points(system, codes, (org,), days)
    return tuple(point for point in points if point.business_date in wanted)


def _rolled_up(
    found: Catalogue,
    code: str,
    held: Sequence[_Bank],
    days: Sequence[date],
) -> tuple[ProvincePoint, ...]:
    if not held or not days:
        return ()
    leaves = {
        part: (how.atomic.aggregation, _grid([one.points for one in held], part, days))
        for part in found.closure((code,))
        if isinstance(how := found.indicators[part].how, Derived)
    }
    known = np.ones((len(held), len(days)), dtype=bool)
    for kind, grid in leaves.values():
        known &= _is_known(kind, grid)
    values: dict[str, Floats] = {}
    split: tuple[Floats, Floats] | None = None
    for part in found.closure((code,)):
        how = found.indicators[part].how
        if isinstance(how, Formula):
            values[part] = np.broadcast_to(formulas.value(how.term, values), len(days))
            split = formulas.parts(how.term, values)
        else:
            values[part], split = _combined(*leaves[part], known)
    above, below = split or (None, None)
    return tuple(
        ProvincePoint(
            day,
            _number(values[code], at),
            _number(above, at),
            _number(below, at),
            frozenset(one.bank for one, here in zip(held, known[:, at], strict=True) if here),
        )
        for at, day in enumerate(days)
        if known[:, at].any()
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    """Figures by bank and date, NaN where there are none; `present` where one was published."""

    value: Floats
    numerator: Floats
    denominator: Floats
    present: Floats


def _grid(
    held: Sequence[Mapping[tuple[str, date], Point]], code: str, days: Sequence[date]
) -> _Grid:
    points = [[one.get((code, day)) for day in days] for one in held]

    def column(name: str) -> Floats:
        cells = [[None if p is None else getattr(p, name) for p in row] for row in points]
        return np.array(cells, dtype=np.float64)

    present = np.array([[p is not None for p in row] for row in points], dtype=np.float64)
    return _Grid(column("value"), column("numerator"), column("denominator"), present)


def _is_known(kind: Aggregation, grid: _Grid) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    if kind in (Aggregation.AVG, Aggregation.RATIO):
        return ~(np.isnan(grid.numerator) | np.isnan(grid.denominator))
    return grid.present > 0 if kind in _COMPARED else ~np.isnan(grid.value)


def _combined(
    kind: Aggregation, grid: _Grid, known: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
) -> tuple[Floats, tuple[Floats, Floats] | None]:
    if kind in _COMPARED:
        chosen = np.where(known, grid.value, np.nan)
        return _COMPARED[kind].reduce(chosen, axis=0), None
    if kind in (Aggregation.AVG, Aggregation.RATIO):
        above, below = _total(grid.numerator, known), _total(grid.denominator, known)
        return formulas.quotient(above, below), (above, below)
    return _total(grid.value, known), None


def _total(figures: Floats, known: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Floats:
    return np.asarray(np.where(known, figures, 0.0).sum(axis=0))


def _number(figures: Floats | None, at: int) -> float | None:
    if figures is None:
        return None
    found = float(np.broadcast_to(figures, at + 1 if figures.ndim == 0 else figures.shape)[at])
    return None if np.isnan(found) else found
