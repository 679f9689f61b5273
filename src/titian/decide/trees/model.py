"""A forest as flat arrays: one cell a node, trees one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from titian.kernel.errors import InvalidInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]

MAX_TREES: Final = 20_000
MAX_NODES: Final = 10_000_000
MAX_WIDTH: Final = 10_000

LEAF: Final = -1
"""Stands in place of a leaf's feature and children."""

MISSING_LEFT: Final = 1
ZERO_IS_MISSING: Final = 2

NODE_DTYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "feature": np.dtype("<i4"),
    "threshold": np.dtype("<f8"),
    "left": np.dtype("<i4"),
    "right": np.dtype("<i4"),
    "value": np.dtype("<f8"),
    "missing": np.dtype("u1"),
    "cover": np.dtype("<f8"),
}


class Link(IntEnum):
    """How the sum of the leaves becomes the score."""

    IDENTITY = 0
    LOGISTIC = 1
    EXP = 2


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees whose values are added (or averaged) and put through a link.

    A row goes left where `x <= threshold`, and by the bits of `missing` where x is NaN (or zero,
    where zero is missing). `cover` counts a node's training rows. Children stand after their
    parent. Arrays are [nodes] and read-only, `roots` [trees]. Raises InvalidInput where they do
    not fit together.
    """

    width: int
    roots: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: Floats
    missing: Bytes
    cover: Floats
    average: bool = False
    link: Link = Link.IDENTITY
    steepness: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "roots", _frozen(self.roots, np.dtype("<i4")))
        for name, dtype in NODE_DTYPES.items():
            object.__setattr__(self, name, _frozen(getattr(self, name), dtype))
        _check_sizes(self)
        if not (_numbers_hold(self) and _trees_hold(self)):
            raise InvalidInput(
                "The forest's arrays do not describe trees",
                "Flatten the model again from the learner that taught it.",
            )


def _frozen(array: NDArray[np.generic], dtype: DTypeLike) -> NDArray[np.generic]:
    own = np.array(array, dtype=dtype, order="C")
    own.flags.writeable = False
    return own


def _check_sizes(forest: Forest) -> None:
    sizes = (
        (len(forest.roots), MAX_TREES),
        (len(forest.feature), MAX_NODES),
        (forest.width, MAX_WIDTH),
    )
    if not all(1 <= size <= most for size, most in sizes):
        raise InvalidInput(
            f"The forest has {len(forest.roots)} trees, {len(forest.feature)} nodes and "
            f"{forest.width} features",
            f"Give at least one of each, and at most {MAX_TREES}, {MAX_NODES} and {MAX_WIDTH}.",
        )


def _numbers_hold(forest: Forest) -> bool:
    nodes = forest.feature.shape
    return bool(
        len(nodes) == 1
        and forest.roots.ndim == 1
        and all(getattr(forest, name).shape == nodes for name in NODE_DTYPES)
        and np.isfinite(forest.value).all()
        and not np.isnan(forest.threshold).any()
        and np.isfinite(forest.cover).all()
        and (forest.cover >= 0).all()
        and (forest.missing <= MISSING_LEFT | ZERO_IS_MISSING).all()
        and 0 < forest.steepness < np.inf
    )


def _trees_hold(forest: Forest) -> bool:
    """Whether every node has one parent before it, and only roots none."""
    size = len(forest.feature)
    inner = np.flatnonzero(forest.feature != LEAF)
    leaves = np.flatnonzero(forest.feature == LEAF)
    children = np.concatenate([forest.left[inner], forest.right[inner]])
    below = np.sort(np.concatenate([children, forest.roots]))
    return bool(
        ((forest.feature >= LEAF) & (forest.feature < forest.width)).all()
        and (forest.left[leaves] == LEAF).all()
        and (forest.right[leaves] == LEAF).all()
        and (children > np.concatenate([inner, inner])).all()
        and np.array_equal(below, np.arange(size))
    )
