"""Bins become scores: about standard normal at every hour, whatever the level.

Counts of at least one a bin go through Anscombe's transform (Anscombe 1948, Biometrika 35), rarer
ones through `rare`; means are weighted by the attempts behind them. What remains of the calendar
level is divided by a spread that grows with the level, so overdispersion does not raise alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from titian.kernel.errors import InvalidInput
from titian.payments.channels import levels, rare
from titian.payments.channels.calendar import Calendar
from titian.payments.channels.draws import uniforms
from titian.payments.channels.model import DAY_US, Factor, Floats, Ints, Series, SeriesId

RARE_BELOW: Final = 1.0
MIN_FILLED: Final = 30
"""A series with fewer bins in which anything happened is left out, and named."""

MIN_DAYS: Final = 2


class Kind(StrEnum):
    """How a series is stabilised."""

    COUNT = "count"
    RARE = "rare"
    MEAN = "mean"


class Left(NamedTuple):
    """A series that is not modelled, and why."""

    series: SeriesId
    why: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Bins on their way to scores: `scores` [bins, series] lack only the rare series.

    `exogenous` [bins, terms]; of the rare series: `rare_at` their places, `counts`, `level` and
    `draws` [bins, rare], `shapes` [rare, 2]. A bin that is missing altogether scores NaN.
    """

    exogenous: Floats
    scores: Floats
    rare_at: Ints
    counts: Floats
    level: Floats
    draws: Floats
    shapes: Floats

    def at(self, row: int, seen: rare.Seen) -> Floats:
        """Give the scores [series] of one bin after what was `seen` before."""
        scores: Floats = self.scores[row].copy()
        if self.rare_at.size and np.isfinite(scores[self.rare_at]).all():
            mean = self.level[row] * seen.ratio()
            scores[self.rare_at] = rare.score(
                self.counts[row], mean, self.shapes[:, 1], self.draws[row]
            )
        return scores

    def seen_after(self, row: int, seen: rare.Seen) -> rare.Seen:
        """Take one bin's rare counts in."""
        return seen.after(self.counts[row], self.level[row], self.shapes[:, 0])

    def history(self) -> tuple[Floats, rare.Seen]:
        """Give all scores [bins, series], learning bin by bin, and what was seen at the end."""
        seen, rows_ = rare.Seen.nothing(len(self.rare_at)), []
        for row in range(len(self.scores)):
            rows_.append(self.at(row, seen))
            seen = self.seen_after(row, seen)
        return np.array(rows_), seen


@dataclass(frozen=True, slots=True)
class Stabiliser:
    """A fitted transform: level coefficients [columns, series], variance a + b * driver [series].

    `shapes` [series, 2] are discount and size, of rare series only.
    """

    calendar: Calendar
    bin_us: int
    ids: tuple[SeriesId, ...]
    kinds: tuple[Kind, ...]
    level: Floats
    spread: Floats
    shapes: Floats
    left_out: tuple[Left, ...]
    seed: int

    def of(self, kind: Kind) -> list[int]:
        """Give the places of the series of a kind."""
        return [place for place, one in enumerate(self.kinds) if one is kind]

    def prepare(self, series: Series) -> Prepared:
        """Score what needs no memory of bins, and gather what the rare series need."""
        kept = series.columns(self.ids)
        design = self.calendar.design(kept.at_us)
        scores = np.zeros(kept.values.shape)
        places = self.of(Kind.RARE)
        for place in range(len(self.ids)):
            if place not in places:
                scores[:, place] = self._plain(kept, design, place)
        scores[np.isnan(kept.values).all(axis=1)] = np.nan
        return Prepared(
            exogenous=design,
            scores=scores,
            rare_at=np.array(places, np.int64),
            counts=kept.values[:, places],
            level=levels.level_of_log(design, self.level[:, places]),
            draws=uniforms(kept.at_us, [str(self.ids[place]) for place in places], self.seed),
            shapes=self.shapes[places],
        )

    def _plain(self, series: Series, design: Floats, place: int) -> Floats:
        values, weights = series.values[:, place], series.weights[:, place]
        level = design @ self.level[:, place]
        moved, driver = _moved(values, weights, level, self.kinds[place])
        base, slope = self.spread[:, place]
        score = (moved - level) / np.sqrt(base + slope * driver)
        return np.where(np.isfinite(values) & (weights > 0), score, 0.0)


def fit_stabiliser(series: Series, calendar: Calendar, seed: int = 0) -> Stabiliser:
    """Fit levels and spreads to a history; series without life are left out and named.

    Raises InvalidInput when the history is shorter than two days or nothing is left.
    """
    if len(series.values) * series.bin_us < MIN_DAYS * DAY_US:
        raise InvalidInput(
            f"the history has {len(series.values):,} bins, less than {MIN_DAYS} days",
            "Give more days: the shape of a day cannot be learnt from less.",
        )
    reasons = {one: _lifeless(series, place) for place, one in enumerate(series.ids)}
    ids = tuple(one for one, why in reasons.items() if not why)
    if not ids:
        raise InvalidInput(
            "no series varies enough to be modelled",
            f"Give a history with at least {MIN_FILLED} bins in which something happened.",
        )
    left = tuple(Left(one, why) for one, why in reasons.items() if why)
    kept = series.columns(ids)
    design = calendar.design(kept.at_us)
    fitted = [_fit_one(kept, design, place) for place in range(len(ids))]
    return Stabiliser(
        calendar=calendar,
        bin_us=series.bin_us,
        ids=ids,
        kinds=tuple(one.kind for one in fitted),
        level=np.column_stack([one.level for one in fitted]),
        spread=np.column_stack([one.spread for one in fitted]),
        shapes=np.array([one.shape for one in fitted]),
        left_out=left,
        seed=seed,
    )


class _One(NamedTuple):
    kind: Kind
    level: Floats
    spread: Floats
    shape: tuple[float, float]


def _fit_one(series: Series, design: Floats, place: int) -> _One:
    values = series.values[:, place]
    weights = np.where(np.isfinite(values), series.weights[:, place], 0.0)
    kind = _kind(series, place)
    if kind is Kind.RARE:
        level = levels.log_level(design, values, weights)
        shape = rare.fit_shape(values, levels.level_of_log(design, level))
        return _One(kind, level, np.array([1.0, 0.0]), shape)
    moved, _ = _moved(values, weights, np.zeros(len(values)), kind)
    level = levels.linear_level(design, moved, weights)
    expected = design @ level
    moved, driver = _moved(values, weights, expected, kind)
    here = weights > 0
    pair = levels.spread((moved - expected)[here] ** 2, driver[here])
    return _One(kind, level, np.array(pair), (1.0, 1.0))


def _moved(values: Floats, weights: Floats, level: Floats, kind: Kind) -> tuple[Floats, Floats]:
    """Give values on the scale of their level, and what their variance grows with."""
    if kind is Kind.COUNT:
        return 2.0 * np.sqrt(np.maximum(values, 0.0) + 0.375), np.maximum(level, 0.0) ** 2 / 4
    return values, 1.0 / np.maximum(weights, 1.0)


def _kind(series: Series, place: int) -> Kind:
    if series.ids[place].factor is Factor.LOG_AMOUNT:
        return Kind.MEAN
    return Kind.RARE if np.nanmean(series.values[:, place]) < RARE_BELOW else Kind.COUNT


def _lifeless(series: Series, place: int) -> str:
    values = series.values[:, place]
    seen = values[np.isfinite(values) & (series.weights[:, place] > 0)]
    if np.isinf(values).any() or (_is_count(series, place) and (seen < 0).any()):
        return "impossible values"
    if np.count_nonzero(seen) < MIN_FILLED:
        return "too few bins in which anything happened"
    return "constant" if np.ptp(seen) == 0 else ""


def _is_count(series: Series, place: int) -> bool:
    return series.ids[place].factor is not Factor.LOG_AMOUNT
