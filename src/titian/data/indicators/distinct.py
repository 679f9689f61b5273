"""Distinct counts at every level of the tree, from one scan: presence as bits.

An item at an organisation has a word of bits: one for every cell it is in (the scan OR-s them), or,
where cells are too many, one for every figure that takes it. A figure counts the items whose word
meets its mask. Words of one item are OR-ed on the way up the tree, so that a customer of two
outlets counts once at their branch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from titian.data.indicators.asks import Ask, by_tree
from titian.data.indicators.cells import Asked, Cells, Flags, cells, grid, places
from titian.data.indicators.cubesql import ITEM, WORD, WORD_BITS, words
from titian.data.indicators.orgs import NONE, Floats, Ints, Tree
from titian.data.indicators.orgs import places as positions

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Items at organisations (tree positions), each with its words: shape (pairs, words)."""

    org: Ints
    item: Ints
    words: Words

    def where(self, kept: Flags) -> Pairs:
        """Give some of the pairs."""
        return Pairs(self.org[kept], self.item[kept], self.words[kept])


def fill(
    results: Sequence[Floats],
    asked: Asked,
    rows: pa.Table,
    trees: Sequence[Tree],
    figures: Sequence[int],
) -> None:
    """Put the distinct counts of some figures of a cube into the results."""
    encoded = rows.column(ITEM).combine_chunks().dictionary_encode()
    items = np.asarray(encoded.indices.to_numpy(), dtype=np.int64)
    if words(asked.cube, asked.buckets):
        _by_presence(results, asked, rows, trees, figures, items)
    else:
        _by_figures(results, asked, rows, trees, figures, items)


def _by_presence(
    results: Sequence[Floats],
    asked: Asked,
    rows: pa.Table,
    trees: Sequence[Tree],
    figures: Sequence[int],
    items: Ints,
) -> None:
    count = words(asked.cube, asked.buckets)
    orgs, org, asof = places(asked, rows)
    columns = [rows.column(f"{WORD}{at}").to_numpy().astype(np.uint64) for at in range(count)]
    held = np.stack(columns, axis=1)
    for tree, asks in by_tree(asked, grid(asked.cube), trees, figures):
        pairs = Pairs(positions(orgs, tree)[org], items, held)
        for snapshot in sorted({int(np.argmax(ask.snapshots)) for ask in asks}):
            part = [ask for ask in asks if ask.snapshots[snapshot]]
            masks = [_packed(np.outer(ask.buckets, ask.combinations).ravel()) for ask in part]
            _count(results, part, masks, tree, pairs.where(asof == snapshot))


def _packed(flags: Flags) -> Words:
    count = -(-len(flags) // WORD_BITS)
    padded = np.zeros((count, WORD_BITS), dtype=np.uint64)
    padded.ravel()[: len(flags)] = flags
    bits = padded << np.arange(WORD_BITS, dtype=np.uint64)
    return np.asarray(np.bitwise_or.reduce(bits, axis=1), dtype=np.uint64)


def _by_figures(
    results: Sequence[Floats],
    asked: Asked,
    rows: pa.Table,
    trees: Sequence[Tree],
    figures: Sequence[int],
    items: Ints,
) -> None:
    (found,) = cells(asked, rows)
    for tree, asks in by_tree(asked, found.classes, trees, figures):
        org = positions(found.orgs, tree)[found.org]
        for first in range(0, len(asks), WORD_BITS):
            part = asks[first : first + WORD_BITS]
            held = _taken(part, found)[:, None]
            masks = [np.array([1 << bit], dtype=np.uint64) for bit in range(len(part))]
            _count(results, part, masks, tree, Pairs(org, items, held).where(held[:, 0] > 0))


def _taken(asks: Sequence[Ask], found: Cells) -> Words:
    taken = _bits([ask.combinations for ask in asks])[found.combination]
    taken &= _bits([ask.buckets for ask in asks])[found.bucket]
    taken &= _bits([ask.snapshots for ask in asks])[found.asof]
    return taken


def _bits(flags: Sequence[Flags]) -> Words:
    made = np.zeros(len(flags[0]), dtype=np.uint64)
    for bit, flag in enumerate(flags):
        made |= flag.astype(np.uint64) << np.uint64(bit)
    return made


def _count(
    results: Sequence[Floats],
    asks: Sequence[Ask],
    masks: Sequence[Words],
    tree: Tree,
    own: Pairs,
) -> None:
    everyone = np.arange(len(tree.ids))
    risen = own.where(np.zeros(len(own.org), dtype=np.bool_))
    for ancestors in tree.levels()[::-1]:
        here = ancestors == everyone
        merged = _merged([risen, own.where(here[own.org])])
        for ask, mask in zip(asks, masks, strict=True):
            holds = _meets(merged.words, mask)
            counts = np.bincount(merged.org[holds], minlength=len(everyone))
            results[ask.target][here, ask.at] = counts[here]
        above = tree.parent[merged.org]
        risen = Pairs(above, merged.item, merged.words).where(above != NONE)


def _meets(held: Words, mask: Words) -> Flags:
    found = np.zeros(len(held), dtype=np.bool_)
    for at in np.flatnonzero(mask):
        found |= (held[:, at] & mask[at]) != 0
    return found


def _merged(parts: Sequence[Pairs]) -> Pairs:
    org = np.concatenate([part.org for part in parts])
    item = np.concatenate([part.item for part in parts])
    held = np.concatenate([part.words for part in parts])
    if not len(org):
        return Pairs(org, item, held)
    key = org * (item.max() + 1) + item
    order = np.argsort(key)
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    first = order[starts]
    return Pairs(org[first], item[first], np.bitwise_or.reduceat(held[order], starts, axis=0))
