"""What a monitor says of a bin."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from titian.payments.channels.contributions import decompose
from titian.payments.channels.model import Floats, SeriesId
from titian.payments.model import CHANNELS

MAX_BLAMED: Final = 5


class Statistic(StrEnum):
    """What raised an alarm."""

    SPIKE = "spike"
    SLOW = "slow"
    DRIFT = "drift"


class Status(StrEnum):
    """What a monitor could do with a bin."""

    WATCHING = "watching"
    CALIBRATING = "calibrating"
    MISSING = "missing"


class Blame(NamedTuple):
    """A series' share of a statistic, and how far it stands from expectation (in its sd)."""

    series: SeriesId
    share: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Alarm:
    """The beginning of something unusual: `p_value` was at or below `level`."""

    at_us: int
    statistic: Statistic
    score: float
    p_value: float
    level: float
    blamed: tuple[Blame, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one bin was found to be. `p_values` of statistics that are calibrated.

    `scores` and `innovation` [series]; `pressure` [channels] conformal p-values of what a channel
    has more of than expected (1 where not known); `frozen` says that nothing was learnt.
    """

    at_us: int
    status: Status
    scores: Floats
    innovation: Floats
    p_values: dict[Statistic, float]
    pressure: Floats
    alarms: tuple[Alarm, ...]
    frozen: bool

    @classmethod
    def missing(cls, at_us: int, innovation: Floats, *, frozen: bool) -> Verdict:
        """Say that a bin was not heard."""
        nothing = np.full_like(innovation, np.nan)
        calm = np.ones(len(CHANNELS))
        return cls(at_us, Status.MISSING, nothing, nothing, {}, calm, (), frozen)


def blame(ids: tuple[SeriesId, ...], vector: Floats, covariance: Floats) -> tuple[Blame, ...]:
    """Name the series that a distance is due to, largest share first."""
    terms = decompose(vector, covariance)[:MAX_BLAMED]
    whole = max(float(vector @ np.linalg.solve(covariance, vector)), 1e-12)
    deviation = vector / np.sqrt(np.diag(covariance))
    return tuple(
        Blame(ids[term.place], term.value / whole, float(deviation[term.place])) for term in terms
    )


def blame_terms(ids: tuple[SeriesId, ...], terms: Floats, deviation: Floats) -> tuple[Blame, ...]:
    """Name the series with the largest terms [series] of a sum."""
    order = np.argsort(-terms)[:MAX_BLAMED]
    whole = max(float(terms.sum()), 1e-12)
    return tuple(Blame(ids[at], float(terms[at]) / whole, float(deviation[at])) for at in order)
