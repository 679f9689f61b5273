"""Many tests at once."""

from __future__ import annotations

import numpy as np

from titian.payments.channels.model import Flags, Floats


def benjamini_hochberg(p_values: Floats, rate: float) -> Flags:
    """Mark the p-values [tests] that are discoveries at a false discovery rate.

    Source: Benjamini and Hochberg 1995, J. Royal Statistical Society B 57.
    """
    order = np.argsort(p_values)
    passed = p_values[order] <= rate * np.arange(1, len(order) + 1) / max(len(order), 1)
    count = int(np.max(np.flatnonzero(passed), initial=-1)) + 1
    marked = np.zeros(len(p_values), bool)
    marked[order[:count]] = True
    return marked
