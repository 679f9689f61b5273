"""Percentiles, least and greatest values at every level of the tree, from one scan.

The cube gives each value with the number of its rows; sorted once per level, every figure reads
its own rows off in order. Percentiles are those of `quantile_cont`: linear interpolation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from titian.data.indicators.asks import Ask, by_tree
from titian.data.indicators.cells import Asked, Cells, cells
from titian.data.indicators.cubesql import ITEM, ROWS
from titian.data.indicators.model import Aggregation
from titian.data.indicators.orgs import NONE, Floats, Ints, Tree, places
from titian.data.indicators.plan import Figure


@dataclass(frozen=True, slots=True)
class Ordered:
    """Rows under the organisations of one level, sorted by them and the value.

    `org` are tree positions, `value` and `count` the values and how many rows hold them, `place`
    the rows' positions in the cube.
    """

    org: Ints
    value: Floats
    count: Ints
    place: Ints


def fill(
    results: Sequence[Floats],
    asked: Asked,
    rows: pa.Table,
    trees: Sequence[Tree],
    figures: Sequence[int],
) -> None:
    """Put the percentiles and extremes of some figures of a cube into the results."""
    (found,) = cells(asked, rows)
    values = np.asarray(rows.column(ITEM).cast(pa.float64()).to_numpy())
    counts = np.asarray(rows.column(ROWS).to_numpy())
    for tree, asks in by_tree(asked, found.classes, trees, figures):
        place = places(found.orgs, tree)[found.org]
        for ancestors in tree.levels():
            above = ancestors[place]
            kept = np.flatnonzero(above != NONE)
            order = kept[np.lexsort((values[kept], above[kept]))]
            ordered = Ordered(above[order], values[order], counts[order], order)
            for ask in asks:
                _read(results[ask.target], ask, found, ordered)


def _read(result: Floats, ask: Ask, found: Cells, ordered: Ordered) -> None:
    kept = ask.combinations[found.combination[ordered.place]]
    kept &= ask.buckets[found.bucket[ordered.place]]
    kept &= ask.snapshots[found.asof[ordered.place]]
    org = ordered.org[kept]
    if not len(org):
        return
    starts = np.flatnonzero(np.diff(org, prepend=-1))
    chosen = _chosen(ask.figure, ordered.value[kept], np.cumsum(ordered.count[kept]), starts)
    result[org[starts], ask.at] = chosen


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
