"""What each feature adds to one row's raw score: TreeSHAP, along the paths of the training rows.

Lundberg, Erion and Lee, Consistent individualized feature attribution for tree ensembles (2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from titian.decide.trees.model import LEAF, Floats, Forest, Ints
from titian.decide.trees.score import checked, one_row
from titian.decide.trees.shap import add_contributions
from titian.kernel.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class Contributions:
    """The mean raw score over the training rows, and what each feature [width] adds to it."""

    expected: float
    values: Floats


def contributions(forest: Forest, row: ArrayLike) -> Contributions:
    """Explain one row [width]: `expected` and the sum of `values` give its raw score.

    Raises InvalidInput where the row does not fit, or the forest has no counts of training rows.
    """
    given = checked(forest, one_row(row))[0]
    if not (forest.cover[forest.feature != LEAF] > 0).all():
        raise InvalidInput(
            "The forest does not know how many training rows reached its nodes",
            "Flatten the model again from the learner that taught it.",
        )
    out = np.zeros(forest.width + 1)
    add_contributions(
        given, _parents(forest), forest.feature, forest.threshold, forest.left, forest.value,
        forest.missing, forest.cover, np.empty(forest.width + 1, dtype=np.int32),
        np.empty((3, forest.width + 1)), out,
    )  # fmt: skip
    if forest.average:
        out /= len(forest.roots)
    return Contributions(float(out[-1]), out[:-1])


def _parents(forest: Forest) -> Ints:
    inner = np.flatnonzero(forest.feature != LEAF).astype(np.int32)
    parent = np.full(len(forest.feature), LEAF, dtype=np.int32)
    parent[forest.left[inner]] = inner
    parent[forest.right[inner]] = inner
    return parent
