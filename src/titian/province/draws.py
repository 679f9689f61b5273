"""Small vectorised draws and ranks that the injectors, vendors and farms share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from titian.province.model import Flags, Floats, Ints


def chance(stream: np.random.Generator, share: float | Floats, size: int) -> Flags:
    """Draw `size` flags, each true with probability `share`."""
    drawn: Flags = stream.random(size) < share
    return drawn


def rank_within(group: npt.NDArray[np.integer], key: Floats) -> Ints:
    """The 0-based rank of each row's key among the rows of its group."""
    order = np.lexsort((key, group))
    ordered = group[order]
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - np.searchsorted(ordered, ordered)
    return rank
