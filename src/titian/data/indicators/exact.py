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
    """One figure of one business date: where in the result it goes, and what it takes."""

    at: int
    figure: Figure
    combinations: Flags
    buckets: Flags
    asof: int


def figures(
    cube: Cube,
    found: Cells,
    rows: pa.Table,
    buckets: Buckets,
    targets: Sequence[date],
    span: Spans,
    trees: Sequence[Tree],
) -> list[Floats]:
    """Compute a cube's figures: per target an array (organisations of its tree, figures)."""
    codes = _codes(rows.column(ITEM)) if _counts_items(cube) else np.zeros(0, dtype=np.int64)
    results = []
    for row, target in enumerate(targets):
        tree = trees[row]
        result = np.full((len(tree.ids), len(cube.figures)), UNKNOWN)
        asks = list(_asks(cube, found, buckets, target, row, span))
        distinct = [a for a in asks if a.figure.aggregation is Aggregation.COUNT_DISTINCT]
        place = places(found.orgs, tree)[found.org]
        for ancestors in tree.levels():
            here = np.flatnonzero(ancestors == np.arange(len(ancestors)))
            above = ancestors[place]
            if distinct:
                _distinct(result, distinct, found, codes, above, here)
            for ask in asks:
                if ask.figure.aggregation is not Aggregation.COUNT_DISTINCT:
                    _ordered(result, ask, found, rows, above)
        results.append(result)
    return results


def _counts_items(cube: Cube) -> bool:
    return any(f.aggregation is Aggregation.COUNT_DISTINCT for f in cube.figures)


def _codes(column: pa.ChunkedArray) -> Ints:
    encoded = column.combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.to_numpy(), dtype=np.int64)


def _asks(
    cube: Cube, found: Cells, buckets: Buckets, target: date, row: int, span: Spans
) -> Iterator[Ask]:
    for at, figure in enumerate(cube.figures):
        known = span.get((target, figure.period.name))
        if known is None:
            continue
        inside = np.zeros(len(buckets.starts), dtype=np.bool_)
        reach = buckets.inside(known)
        inside[reach.start : reach.stop] = True
        asof = row if cube.grain.dated else 0
        yield Ask(at, figure, takes(figure.selection, found.classes), inside, asof)


def _distinct(
    result: Floats, asks: Sequence[Ask], found: Cells, items: Ints, above: Ints, here: Ints
) -> None:
    kept = (above != NONE) & (found.asof == asks[0].asof)
    pair = above[kept] * (items.max(initial=0) + 1) + items[kept]
    order = np.argsort(pair, kind="stable")
    pair, org = pair[order], above[kept][order]
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    combination, bucket = found.combination[kept][order], found.bucket[kept][order]
    for first in range(0, len(asks), WORD_BITS):
        part = asks[first : first + WORD_BITS]
        words = _bits([a.combinations for a in part])[combination]
        words &= _bits([a.buckets for a in part])[bucket]
        merged = np.bitwise_or.reduceat(words, starts) if len(starts) else words
        for bit, ask in enumerate(part):
            holds = (merged >> np.uint64(bit)) & np.uint64(1)
            counts = np.bincount(org[starts], weights=holds, minlength=len(result))
            result[here, ask.at] = counts[here]


def _bits(flags: Sequence[Flags]) -> Words:
    words = np.zeros(len(flags[0]), dtype=np.uint64)
    for bit, flag in enumerate(flags):
        words |= flag.astype(np.uint64) << np.uint64(bit)
    return words


def _ordered(result: Floats, ask: Ask, found: Cells, rows: pa.Table, above: Ints) -> None:
    kept = ask.combinations[found.combination] & ask.buckets[found.bucket]
    kept &= (above != NONE) & (found.asof == ask.asof)
    if not kept.any():
        return
    values = rows.column(ITEM).cast(pa.float64()).to_numpy()[kept]
    weights = rows.column(ROWS).to_numpy()[kept]
    org = above[kept]
    order = np.lexsort((values, org))
    values, org, reached = values[order], org[order], np.cumsum(weights[order])
    starts = np.flatnonzero(np.diff(org, prepend=-1))
    ends = np.append(starts[1:], len(org))
    before = np.where(starts > 0, reached[starts - 1], 0)
    match ask.figure.aggregation:
        case Aggregation.MIN:
            chosen = values[starts]
        case Aggregation.MAX:
            chosen = values[ends - 1]
        case _:
            chosen = _quantiles(values, reached, before, reached[ends - 1], ask.figure.share)
    result[org[starts], ask.at] = chosen


def _quantiles(values: Floats, reached: Ints, before: Ints, last: Ints, share: float) -> Floats:
    position = (last - before - 1) * share
    low, high = np.floor(position), np.ceil(position)
    at_low = values[np.searchsorted(reached, before + low, side="right")]
    at_high = values[np.searchsorted(reached, before + high, side="right")]
    return np.asarray(at_low + (at_high - at_low) * (position - low))
