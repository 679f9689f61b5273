"""Online control of false discoveries over an endless stream of tests.

Each bin brings an income of level: a steady floor, and a share won back after each discovery.
Whatever tests spend of it, no earlier than it comes, with a memory δ the smoothed, fading share of
expected false alarms obeys

    Σ δ^(T-t) spent_t / (Σ δ^(T-t) discoveries_t + 1) ≤ rate     at every bin T,

since the floor adds at most `rate` and each discovery at most `rate` times itself. Sources:
Ramdas, Yang, Wainwright and Jordan 2017 (LORD); Rebjock, Kurt, Januschowski and Callot 2021 (decay
and smoothing for time series, so that levels do not die away).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from titian.kernel.errors import InvalidInput

MAX_REMEMBERED: Final = 32
_REACH: Final = 1_000
_SHAPE = np.log(np.arange(2, _REACH + 2)) / np.arange(1, _REACH + 1) ** 1.5
_GAMMA: Final = _SHAPE / _SHAPE.sum()


@dataclass(frozen=True, slots=True)
class DecayingFdr:
    """How much level the next bin brings.

    `rate` is the share of false alarms aimed at, `memory` how many bins it looks back on.
    `discoveries` holds how many bins ago the last ones were made, newest last.
    """

    rate: float
    memory: float
    discoveries: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1 or not self.memory > 1:
            raise InvalidInput(
                f"a false alarm rate of {self.rate} over {self.memory:.3g} bins has no meaning",
                "Give a rate between 0 and 1 and expect fewer alarms than bins.",
            )

    @property
    def decay(self) -> float:
        """How much of the past is left after one bin."""
        return 1 - 1 / self.memory

    @property
    def floor(self) -> float:
        """The income of a bin when nothing was discovered."""
        return self.rate / self.memory

    @property
    def income(self) -> float:
        """The level that the next bin brings."""
        won = sum(self.decay ** (ago + 1) * float(_GAMMA[ago]) for ago in self.discoveries)
        return self.floor + self.rate * won

    def after(self, discoveries: int) -> DecayingFdr:
        """Go on by one bin in which so many alarms began."""
        older = tuple(ago + 1 for ago in self.discoveries if ago + 1 < _REACH)
        return replace(self, discoveries=(*older, *([0] * discoveries))[-MAX_REMEMBERED:])
