"""The kernel of TreeSHAP: one leaf after the other, by the features on the way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from titian.decide.trees.model import LEAF
from titian.decide.trees.walk import goes_left

if TYPE_CHECKING:
    from titian.decide.trees.model import Bytes, Floats, Ints


@njit(cache=True, nogil=True)
def add_contributions(  # noqa: PLR0917 - a kernel takes arrays, not objects
    row: Floats,
    parent: Ints,
    feature: Ints,
    threshold: Floats,
    left: Ints,
    value: Floats,
    missing: Bytes,
    cover: Floats,
    path: Ints,
    shares: Floats,
    out: Floats,
) -> None:
    """Add each feature's contribution to `out` [width + 1], and the expected value to its last.

    `path` [width + 1] and `shares` [3, width + 1] are scratch: the features above a leaf; the
    share of training rows, and of this row (0 or 1), that pass their splits; the weights of
    subsets by size.
    """
    zero, one, weight = shares[0], shares[1], shares[2]
    for leaf in range(len(feature)):
        if feature[leaf] != LEAF:
            continue
        length = 0
        expected = value[leaf]
        node = leaf
        while parent[node] != LEAF:
            above = parent[node]
            split = feature[above]
            is_left = left[above] == node
            passes = goes_left(row[split], threshold[above], missing[above]) == is_left
            share = cover[node] / cover[above]
            expected *= share
            at = _find(path, length, split)
            if at == length:
                path[at], zero[at], one[at] = split, 1.0, 1.0
                length += 1
            zero[at] *= share
            if not passes:
                one[at] = 0.0
            node = above
        out[-1] += expected
        _weigh(zero, one, weight, length)
        for at in range(length):
            part = _unwound(zero[at], one[at], weight, length)
            out[path[at]] += part * (one[at] - zero[at]) * value[leaf]


@njit(cache=True, nogil=True, forceinline=True)
def _find(path: Ints, length: int, split: int) -> int:
    at = 0
    while at < length and path[at] != split:
        at += 1
    return at


@njit(cache=True, nogil=True, forceinline=True)
def _weigh(zero: Floats, one: Floats, weight: Floats, length: int) -> None:
    """Extend the path by each of its features (algorithm 2, EXTEND)."""
    weight[0] = 1.0
    for at in range(length):
        size = at + 1
        weight[size] = 0.0
        for i in range(at, -1, -1):
            weight[i + 1] += one[at] * weight[i] * (i + 1) / (size + 1)
            weight[i] *= zero[at] * (size - i) / (size + 1)


@njit(cache=True, nogil=True, forceinline=True)
def _unwound(zero: float, one: float, weight: Floats, length: int) -> float:
    """Sum the weights of the path without one of its features (UNWIND)."""
    total = 0.0
    following = weight[length]
    for i in range(length - 1, -1, -1):
        if one != 0.0:
            part = following * (length + 1) / (i + 1)
            following = weight[i] - part * zero * (length - i) / (length + 1)
            total += part
        elif zero != 0.0:
            total += weight[i] * (length + 1) / (zero * (length - i))
    return total
