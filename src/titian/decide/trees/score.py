"""Score rows by a forest: a batch, or one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from titian.decide.trees.model import Floats, Forest, Link
from titian.decide.trees.walk import add_leaves, apply_link
from titian.kernel.errors import InvalidInput


def score(forest: Forest, features: NDArray[np.generic]) -> Floats:
    """Score rows [n, width] through the forest's link [n]: for classifiers, the probability.

    NaN stands for missing. Raises InvalidInput where the shape or the type does not fit.
    """
    out = raw_score(forest, features)
    if forest.link != Link.IDENTITY:
        apply_link(out, int(forest.link), forest.steepness)
    return out


def raw_score(forest: Forest, features: NDArray[np.generic]) -> Floats:
    """Score rows [n, width] before the link [n]: the sum, or the average, of the leaves."""
    rows = checked(forest, features)
    out = np.zeros(len(rows))
    add_leaves(
        rows, forest.roots, forest.feature, forest.threshold, forest.left, forest.right,
        forest.value, forest.missing, out,
    )  # fmt: skip
    if forest.average:
        out /= len(forest.roots)
    return out


def score_one(forest: Forest, row: ArrayLike) -> float:
    """Score one row [width] through the forest's link."""
    return float(score(forest, one_row(row))[0])


def one_row(row: ArrayLike) -> NDArray[np.generic]:
    """Give one row as a batch [1, width]."""
    return np.asarray(row)[np.newaxis]


def checked(forest: Forest, features: NDArray[np.generic]) -> Floats:
    """Give rows as doubles [n, width], read-only: one compiled kernel then serves all callers."""
    given = np.asarray(features)
    if given.shape != (len(given) if given.ndim else 0, forest.width):
        raise InvalidInput(
            f"Features of shape {given.shape} do not fit a forest of {forest.width} features",
            "Give one row a case and one column a feature, in the order of the training.",
        )
    if given.dtype.kind not in "fiub":
        raise InvalidInput(
            f"Features of type {given.dtype} are not numbers",
            "Give integers or floating-point numbers, and NaN where a value is missing.",
        )
    rows = np.ascontiguousarray(given, dtype=np.float64).view()
    rows.flags.writeable = False
    return rows
