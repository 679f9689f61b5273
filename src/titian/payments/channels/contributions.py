"""Which series a distance is due to: the decomposition of Mason, Young and Tracy.

Source: Mason, Tracy and Young 1995, "Decomposition of T² for multivariate control chart
interpretation", J. Quality Technology 27. Of its orders the greedy one is taken: first the series
with the largest term of its own, then each time the largest term given those before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from titian.payments.channels.model import Floats


class Term(NamedTuple):
    """One series' term: `value` adds up to T² over all; `given_rest` is conditional on all."""

    place: int
    value: float
    alone: float
    given_rest: float


def decompose(vector: Floats, covariance: Floats) -> tuple[Term, ...]:
    """Split the T² of a vector [series] into one term a series, largest first taken."""
    inverse = np.linalg.inv(covariance)
    alone = vector**2 / np.diag(covariance)
    given_rest = (inverse @ vector) ** 2 / np.diag(inverse)
    left, spread = vector.copy(), covariance.copy()
    open_places = np.ones(len(vector), bool)
    terms = []
    for _ in range(len(vector)):
        variances = np.diag(spread)
        values = np.where(open_places, left**2 / np.where(open_places, variances, 1.0), -1.0)
        place = int(np.argmax(values))
        terms.append(
            Term(place, float(values[place]), float(alone[place]), float(given_rest[place]))
        )
        open_places[place] = False
        slope = spread[:, place] / variances[place]
        left = left - slope * left[place]
        spread = spread - np.outer(slope, spread[place])
    return tuple(terms)
