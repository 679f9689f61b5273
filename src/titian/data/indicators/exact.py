"""Figures that do not add up: distinct counts, percentiles, least and greatest.

One scan gives every distinct item per organisation, bucket and class. Distinct counts are taken
with one bit per figure: rows of the same organisation and item are OR-ed, at every level of the
tree anew. Percentiles follow `quantile_cont` (linear interpolation), weighted by row counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from titian.data.indicators.cubes import UNKNOWN, Cells, Flags, takes
from titian.data.indicators.cubesql import ITEM, ROWS
from titian.data.indicators.model import Aggregation
from titian.data.indicators.orgs import NONE, Floats, Ints, Tree, places
from titian.data.indicators.plan import Cube, Figure
from titian.data.indicators.spans import Buckets, Spans

WORD_BITS = 64
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Ask:
    """One figure of one business date: its place in the results, and what it takes."""

    target: int
    at: int
    figure: Figure
    combinations: Flags
    buckets: Flags
    snapshots: Flags


@dataclass(frozen=True, slots=True)
class Ordered:
    """The rows of a cube under the organisations of one level, sorted by them and the item.

    `org` are tree positions, `place` the positions of the rows in the cube.
    """

    org: Ints
    place: Ints
    here: Ints


def figures(
    cube: Cube,
    found: Cells,
    rows: pa.Table,
    buckets: Buckets,
    targets: Sequence[date],
    span: Spans,
    trees: Sequence[Tree],
) -> list[Floats]:
    """Compute a cube's figures: per target an array (organisations of its tree, figures).

    Targets with the same tree are sorted once and answered together.
    """
    results = [np.full((len(tree.ids), len(cube.figures)), UNKNOWN) for tree in trees]
    counted = [f.aggregation is Aggregation.COUNT_DISTINCT for f in cube.figures]
    items = _codes(rows.column(ITEM)) if any(counted) else np.zeros(0, dtype=np.int64)
    values = np.zeros(0)
    if not all(counted):
        values = rows.column(ITEM).cast(pa.float64()).to_numpy()
    for tree in dict.fromkeys(trees):
        members = [at for at, other in enumerate(trees) if other is tree]
        asks = list(_asks(cube, found, buckets, targets, members, span))
        distinct = [a for a in asks if counted[a.at]]
        others = [a for a in asks if not counted[a.at]]
        place = places(found.orgs, tree)[found.org]
        for ancestors in tree.levels():
            if distinct:
                _distinct(results, distinct, found, items, _ordered(ancestors, place, items))
            if others:
                _ranked(results, others, found, rows, _ordered(ancestors, place, values), values)
    return results


def _codes(column: pa.ChunkedArray) -> Ints:
    encoded = column.combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.to_numpy(), dtype=np.int64)


def _asks(
    cube: Cube,
    found: Cells,
    buckets: Buckets,
    targets: Sequence[date],
    members: Sequence[int],
    span: Spans,
) -> Iterator[Ask]:
    taken = [takes(figure.selection, found.classes) for figure in cube.figures]
    for target in members:
        snapshots = np.arange(len(targets)) == (target if cube.grain.dated else 0)
        for at, figure in enumerate(cube.figures):
            known = span.get((targets[target], figure.period.name))
            if known is None:
                continue
            inside = np.zeros(len(buckets.starts), dtype=np.bool_)
            reach = buckets.inside(known)
            inside[reach.start : reach.stop] = True
            yield Ask(target, at, figure, taken[at], inside, snapshots)


def _ordered(ancestors: Ints, place: Ints, items: Ints | Floats) -> Ordered:
    above = ancestors[place]
    kept = np.flatnonzero(above != NONE)
    order = np.lexsort((items[kept], above[kept]))
    rows = kept[order]
    here = np.flatnonzero(ancestors == np.arange(len(ancestors)))
    return Ordered(above[rows], rows, here)


def _distinct(
    results: Sequence[Floats], asks: Sequence[Ask], found: Cells, items: Ints, rows: Ordered
) -> None:
    item = items[rows.place]
    new = (np.diff(rows.org, prepend=-1) != 0) | (np.diff(item, prepend=-1) != 0)
    starts = np.flatnonzero(new)
    org = rows.org[starts]
    for first in range(0, len(asks), WORD_BITS):
        part = asks[first : first + WORD_BITS]
        words = _bits([a.combinations for a in part])[found.combination[rows.place]]
        words &= _bits([a.buckets for a in part])[found.bucket[rows.place]]
        words &= _bits([a.snapshots for a in part])[found.asof[rows.place]]
        merged = np.bitwise_or.reduceat(words, starts) if len(starts) else words
        for bit, ask in enumerate(part):
            holds = (merged >> np.uint64(bit)) & np.uint64(1)
            result = results[ask.target]
            counts = np.bincount(org, weights=holds, minlength=len(result))
            result[rows.here, ask.at] = counts[rows.here]


def _bits(flags: Sequence[Flags]) -> Words:
    words = np.zeros(len(flags[0]), dtype=np.uint64)
    for bit, flag in enumerate(flags):
        words |= flag.astype(np.uint64) << np.uint64(bit)
    return words


def _ranked(
    results: Sequence[Floats],
    asks: Sequence[Ask],
    found: Cells,
    rows: pa.Table,
    ordered: Ordered,
    values: Floats,
) -> None:
    counts = rows.column(ROWS).to_numpy()[ordered.place]
    value = values[ordered.place]
    combination, bucket = found.combination[ordered.place], found.bucket[ordered.place]
    asof = found.asof[ordered.place]
    for ask in asks:
        kept = ask.combinations[combination] & ask.buckets[bucket] & ask.snapshots[asof]
        org = ordered.org[kept]
        if not len(org):
            continue
        starts = np.flatnonzero(np.diff(org, prepend=-1))
        chosen = _chosen(ask.figure, value[kept], np.cumsum(counts[kept]), starts)
        results[ask.target][org[starts], ask.at] = chosen


def _chosen(figure: Figure, values: Floats, reached: Ints, starts: Ints) -> Floats:
    ends = np.append(starts[1:], len(values))
    match figure.aggregation:
        case Aggregation.MIN:
            return np.asarray(values[starts])
        case Aggregation.MAX:
            return np.asarray(values[ends - 1])
        case _:
            before = np.where(starts > 0, reached[starts - 1], 0)
            return _quantiles(values, reached, before, reached[ends - 1], figure.share)


def _quantiles(values: Floats, reached: Ints, before: Ints, last: Ints, share: float) -> Floats:
    position = (last - before - 1) * share
    low, high = np.floor(position), np.ceil(position)
    at_low = values[np.searchsorted(reached, before + low, side="right")]
    at_high = values[np.searchsorted(reached, before + high, side="right")]
    return np.asarray(at_low + (at_high - at_low) * (position - low))
