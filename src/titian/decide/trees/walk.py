"""The kernel: rows down the trees, a block of rows at a time so that a tree stays in the cache."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from numba import njit

from titian.decide.trees.model import LEAF, MISSING_LEFT, ZERO_IS_MISSING, Link

if TYPE_CHECKING:
    from titian.decide.trees.model import Bytes, Floats, Ints

NEARLY_ZERO: Final = 1.0000000180025095e-35
"""What LightGBM takes for zero, up to and including this (1e-35 in single precision)."""

_BLOCK: Final = 64
_EXP: Final = int(Link.EXP)
_LOGISTIC: Final = int(Link.LOGISTIC)


@njit(cache=True, nogil=True, forceinline=True)
def goes_left(x: float, threshold: float, missing: int) -> bool:
    """Whether a value goes left at a node; without branches, which no processor would foresee."""
    absent = math.isnan(x) | ((missing >= ZERO_IS_MISSING) & (abs(x) <= NEARLY_ZERO))
    by_missing: bool = absent & ((missing & MISSING_LEFT) != 0)
    return by_missing | ((not absent) & (x <= threshold))


@njit(cache=True, nogil=True)
def add_leaves(  # noqa: PLR0917 - a kernel takes arrays, not objects
    features: Floats,
    roots: Ints,
    feature: Ints,
    threshold: Floats,
    left: Ints,
    right: Ints,
    value: Floats,
    missing: Bytes,
    out: Floats,
) -> None:
    """Add to each row of `out` [n] the values of the leaves that it reaches, in tree order."""
    for start in range(0, features.shape[0], _BLOCK):
        end = min(start + _BLOCK, features.shape[0])
        for root in roots:
            for row in range(start, end):
                node = root
                while feature[node] != LEAF:
                    x = features[row, feature[node]]
                    lower, upper = left[node], right[node]
                    node = lower if goes_left(x, threshold[node], missing[node]) else upper
                out[row] += value[node]


@njit(cache=True, nogil=True)
def apply_link(out: Floats, link: int, steepness: float) -> None:
    """Put sums through a link, in place."""
    for row in range(out.shape[0]):
        if link == _LOGISTIC:
            out[row] = 1.0 / (1.0 + math.exp(-steepness * out[row]))
        elif link == _EXP:
            out[row] = math.exp(out[row])
