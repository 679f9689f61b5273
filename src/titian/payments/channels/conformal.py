"""Rolling conformal p-values: a score against the scores of the last bins, never against χ².

Source: Bates, Candès, Lei, Romano and Sesia 2023, "Testing for outliers with conformal p-values",
Annals of Statistics 51.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from titian.kernel.errors import InvalidInput
from titian.payments.channels.model import Floats

MAX_WINDOW: Final = 100_000


@dataclass(slots=True)
class Rolling:
    """The last `size` scores. What is learnt is decided by the caller: see `admit`."""

    size: int
    _newest: deque[float] = field(init=False)
    _ordered: list[float] = field(init=False)

    def __post_init__(self) -> None:
        if not 1 <= self.size <= MAX_WINDOW:
            raise InvalidInput(
                f"a window of {self.size:,} scores cannot be kept", f"Give 1 to {MAX_WINDOW:,}."
            )
        self._newest, self._ordered = deque(), []

    def __len__(self) -> int:
        return len(self._ordered)

    def p_value(self, score: float) -> float:
        """Give (1 + how many kept scores are at least as high) / (1 + how many are kept)."""
        above = len(self._ordered) - bisect_left(self._ordered, score)
        return (1 + above) / (1 + len(self._ordered))

    def can_reach(self, level: float) -> bool:
        """Whether enough scores are kept for a p-value as small as `level`."""
        return 1 / (1 + len(self._ordered)) <= level

    def admit(self, score: float) -> None:
        """Keep a score in place of the oldest."""
        if len(self._newest) >= self.size:
            del self._ordered[bisect_left(self._ordered, self._newest.popleft())]
        self._newest.append(score)
        insort(self._ordered, score)

    def drop(self, score: float) -> None:
        """Take one kept score out again; nothing happens where it is not kept."""
        if score in self._newest:
            self._newest.remove(score)
            del self._ordered[bisect_left(self._ordered, score)]

    def scores(self) -> Floats:
        """Give the kept scores, oldest first."""
        return np.array(self._newest)
