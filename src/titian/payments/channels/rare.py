"""Near-empty counts: a negative-binomial one-step prediction, and the normal score of what came.

The mean follows the calendar times a discounted ratio of what came to what was expected; size and
discount are those of the best predictive log score. Sources: Harvey and Fernandes 1989 (JBES 7,
discounted counts); Dunn and Smyth 1996 (JCGS 5, randomised quantile residuals).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.signal import lfilter
from scipy.special import betainc, gammaln, ndtri

from titian.payments.channels.model import Floats

MAX_SCORE: Final = 12.0
_DISCOUNTS: Final = (0.95, 0.99, 0.998)
_SIZES: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 10_000.0)
_PRIOR_EVENTS: Final = 10.0


class Shape(NamedTuple):
    """How fast the ratio forgets, and the negative binomial's size (large: nearly Poisson)."""

    discount: float
    size: float


@dataclass(frozen=True, slots=True)
class Seen:
    """Discounted counts that came and that were expected, of each series [series]."""

    came: Floats
    expected: Floats

    @classmethod
    def nothing(cls, series: int) -> Seen:
        """Begin with no history."""
        return cls(np.zeros(series), np.zeros(series))

    def ratio(self) -> Floats:
        """Give what came over what was expected, drawn towards 1 [series]."""
        ratio: Floats = (self.came + _PRIOR_EVENTS) / (self.expected + _PRIOR_EVENTS)
        return ratio

    def after(self, counts: Floats, level: Floats, discounts: Floats) -> Seen:
        """Take one bin in; NaN counts are missing and only fade the past."""
        here = np.isfinite(counts)
        return Seen(
            discounts * self.came + np.where(here, counts, 0.0),
            discounts * self.expected + np.where(here, level, 0.0),
        )


def fit_shape(counts: Floats, level: Floats) -> Shape:
    """Choose discount and size by the one-step log score over counts [bins] (NaN: missing)."""
    scores = {}
    here = np.isfinite(counts)
    for discount in _DISCOUNTS:
        mean = level * past_ratio(counts, level, discount)
        for size in _SIZES:
            scores[Shape(discount, size)] = _log_mass(counts[here], mean[here], size).sum()
    return max(scores, key=scores.__getitem__)


def past_ratio(counts: Floats, level: Floats, discount: float) -> Floats:
    """Give `Seen.ratio` before each bin [bins], for one series from no history."""
    here = np.isfinite(counts)
    sums = [np.where(here, part, 0.0) for part in (counts, level)]
    came, expected = (np.r_[0.0, lfilter([1.0], [1.0, -discount], one)[:-1]] for one in sums)
    ratio: Floats = (came + _PRIOR_EVENTS) / (expected + _PRIOR_EVENTS)
    return ratio


def score(counts: Floats, mean: Floats, size: Floats | float, uniform: Floats) -> Floats:
    """Give the normal score of a randomised PIT, within ±12; 0 where the count is missing.

    Under the predicted distribution the scores are exactly standard normal.
    """
    here = np.isfinite(counts)
    count = np.where(here, counts, 0.0)
    miss = mean / (mean + size)
    above = betainc(count + 1.0, size, miss)
    at_least = np.where(count > 0, betainc(np.maximum(count, 0.5), size, miss), 1.0)
    upper = above + uniform * (at_least - above)
    return np.where(here, np.clip(-ndtri(upper), -MAX_SCORE, MAX_SCORE), 0.0)


def _log_mass(counts: Floats, mean: Floats, size: float) -> Floats:
    mass: Floats = (
        gammaln(counts + size)
        - gammaln(size)
        - gammaln(counts + 1)
        + size * np.log(size / (size + mean))
        + counts * np.log(mean / (size + mean))
    )
    return mass
