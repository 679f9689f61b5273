"""Distinct counts at every level of the tree, from one scan: a bit per figure.

Every row of the cube gets a word with one bit for each figure that takes it. Rows of the same
organisation and item are OR-ed, the bits counted, and the merged words handed to the parent, where
they meet those of its other children: a customer of two outlets counts once at their branch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from titian.data.indicators.asks import Ask, by_tree
from titian.data.indicators.cells import Asked, Cells, Flags
from titian.data.indicators.cubesql import ITEM
from titian.data.indicators.orgs import NONE, Floats, Ints, Tree, places

WORD_BITS = 64
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Items at organisations (tree positions), each with its word."""

    org: Ints
    item: Ints
    word: Words


def fill(
    results: Sequence[Floats],
    asked: Asked,
    found: Cells,
    rows: pa.Table,
    trees: Sequence[Tree],
    figures: Sequence[int],
) -> None:
    """Put the distinct counts of some figures of a cube into the results."""
    items = rows.column(ITEM).combine_chunks().dictionary_encode().indices.to_numpy()
    items = np.asarray(items, dtype=np.int64)
    for tree, asks in by_tree(asked, found, trees, figures):
        org = places(found.orgs, tree)[found.org]
        for first in range(0, len(asks), WORD_BITS):
            part = asks[first : first + WORD_BITS]
            word = _words(part, found)
            kept = np.flatnonzero(word)
            _count(results, part, tree, Pairs(org[kept], items[kept], word[kept]))


def _words(asks: Sequence[Ask], found: Cells) -> Words:
    words = _bits([ask.combinations for ask in asks])[found.combination]
    words &= _bits([ask.buckets for ask in asks])[found.bucket]
    words &= _bits([ask.snapshots for ask in asks])[found.asof]
    return words


def _bits(flags: Sequence[Flags]) -> Words:
    words = np.zeros(len(flags[0]), dtype=np.uint64)
    for bit, flag in enumerate(flags):
        words |= flag.astype(np.uint64) << np.uint64(bit)
    return words


def _count(results: Sequence[Floats], asks: Sequence[Ask], tree: Tree, own: Pairs) -> None:
    levels = tree.levels()
    everyone = np.arange(len(tree.ids))
    nothing = np.zeros(0, dtype=np.int64)
    risen = Pairs(nothing, nothing, nothing.astype(np.uint64))
    for ancestors in levels[::-1]:
        here = ancestors == everyone
        posted = here[own.org]
        merged = _merged(
            Pairs(
                np.concatenate([risen.org, own.org[posted]]),
                np.concatenate([risen.item, own.item[posted]]),
                np.concatenate([risen.word, own.word[posted]]),
            )
        )
        for bit, ask in enumerate(asks):
            holds = (merged.word >> np.uint64(bit)) & np.uint64(1)
            counts = np.bincount(merged.org, weights=holds, minlength=len(everyone))
            results[ask.target][here, ask.at] = counts[here]
        above = tree.parent[merged.org]
        rising = above != NONE
        risen = Pairs(above[rising], merged.item[rising], merged.word[rising])


def _merged(pairs: Pairs) -> Pairs:
    if not len(pairs.org):
        return pairs
    key = pairs.org * (pairs.item.max() + 1) + pairs.item
    order = np.argsort(key)
    key = key[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    first = order[starts]
    word = np.bitwise_or.reduceat(pairs.word[order], starts)
    return Pairs(pairs.org[first], pairs.item[first], word)
