"""Figures of additive cubes: two matrix products over the cells of one scan.

Cells are `(organisation, snapshot, bucket) x combination of classes`. A product with the 0/1
matrix of what each selection takes gives every selection per bucket; a product with the 0/1
matrix of what buckets each period holds gives every figure. Sums of whole fen stay exact: float64
holds integers up to 2**53 and larger totals are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.indicators.cubesql import ASOF, BUCKET, ORG, coarse
from titian.data.indicators.keys import Selection
from titian.data.indicators.orgs import Floats, Ints
from titian.data.indicators.plan import Cube, Figure
from titian.data.indicators.spans import Buckets, Spans
from titian.kernel.errors import LimitExceeded

EXACT = 2.0**53
MAX_DENSE_CELLS = 8_000_000
MAX_MIXED = 2**40
UNKNOWN = np.nan
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """The rows of a cube as positions: organisation, snapshot, bucket, combination of classes."""

    orgs: tuple[str, ...]
    org: Ints
    asof: Ints
    bucket: Ints
    combination: Ints
    classes: Ints


def cells(cube: Cube, rows: pa.Table, buckets: Buckets, targets: Sequence[date]) -> Cells:
    """Number the rows of a cube's query. `classes` has shape (combinations, keys)."""
    orgs, org = _dictionary(rows.column(ORG))
    asof = np.zeros(rows.num_rows, dtype=np.int64)
    if cube.grain.dated:
        asof = np.searchsorted(_days(targets), _date_column(rows.column(ASOF)))
    if coarse(buckets):
        bucket = rows.column(BUCKET).to_numpy().astype(np.int64)
    else:
        bucket = np.searchsorted(_days(buckets.starts), _date_column(rows.column(BUCKET)), "right")
        bucket = bucket - 1
    combination, classes = _combinations(cube, rows)
    return Cells(orgs, org, asof, bucket, combination, classes)


def takes(selection: Selection, classes: Ints) -> Flags:
    """Say which combinations of classes a selection takes."""
    taken = np.ones(len(classes), dtype=np.bool_)
    for key, allowed in selection:
        taken &= np.isin(classes[:, key], list(allowed))
    return taken


def figures(
    cube: Cube, found: Cells, rows: pa.Table, buckets: Buckets, targets: Sequence[date], span: Spans
) -> Floats:
    """Compute every figure of a cube: shape (targets, organisations of the cells, figures).

    A figure whose dates cannot be known is NaN. Raises LimitExceeded beyond exact sums.
    """
    result = np.zeros((len(targets), len(found.orgs), len(cube.figures)))
    for measure in range(len(cube.measures)):
        wanted = [at for at, figure in enumerate(cube.figures) if figure.measure == measure]
        if not wanted:
            continue
        values = _exact(rows.column(f"m{measure}"), cube)
        chosen = [cube.figures[at] for at in wanted]
        result[:, :, wanted] = _one_measure(cube, chosen, found, values, buckets, targets, span)
    _settle(result, cube, targets, span)
    return result


def _settle(result: Floats, cube: Cube, targets: Sequence[date], span: Spans) -> None:
    for name in dict.fromkeys(figure.period.name for figure in cube.figures):
        columns = [at for at, figure in enumerate(cube.figures) if figure.period.name == name]
        known = [span.get((target, name)) for target in targets]
        divisors = np.array([UNKNOWN if part is None else part.days for part in known])
        if not (divisors == 1).all():
            result[:, :, columns] /= divisors[:, None, None]


def _one_measure(
    cube: Cube,
    chosen: Sequence[Figure],
    found: Cells,
    values: Floats,
    buckets: Buckets,
    targets: Sequence[date],
    span: Spans,
) -> Floats:
    selections = list(dict.fromkeys(figure.selection for figure in chosen))
    taken = np.stack([takes(s, found.classes) for s in selections], axis=1).astype(np.float64)
    snapshots = len(targets) if cube.grain.dated else 1
    by_bucket = _by_bucket(found, values, taken, snapshots, len(buckets.starts))
    result = np.zeros((len(targets), len(found.orgs), len(chosen)))
    for name in dict.fromkeys(figure.period.name for figure in chosen):
        columns = [at for at, figure in enumerate(chosen) if figure.period.name == name]
        picked = [selections.index(chosen[at].selection) for at in columns]
        weights = _weights(name, buckets, targets, span)
        part = by_bucket[:, :, :, picked]
        if cube.grain.dated:
            result[:, :, columns] = np.einsum("tb,otbs->tos", weights, part, optimize=True)
        else:
            summed = np.tensordot(weights, part[:, 0], axes=([1], [1]))
            result[:, :, columns] = summed
    return result


def _by_bucket(found: Cells, values: Floats, taken: Floats, snapshots: int, buckets: int) -> Floats:
    orgs, combinations = len(found.orgs), len(found.classes)
    result = np.zeros((orgs, snapshots, buckets, taken.shape[1]))
    per_org = snapshots * buckets * max(combinations, 1)
    step = max(1, MAX_DENSE_CELLS // max(per_org, 1))
    place = (found.asof * buckets + found.bucket) * combinations + found.combination
    for first in range(0, orgs, step):
        last = min(first + step, orgs)
        here = (found.org >= first) & (found.org < last) if step < orgs else slice(None)
        at = (found.org[here] - first) * per_org + place[here]
        dense = np.bincount(at, weights=values[here], minlength=(last - first) * per_org)
        product = dense.reshape(-1, combinations) @ taken
        result[first:last] = product.reshape(last - first, snapshots, buckets, -1)
    return result


def _weights(name: str, buckets: Buckets, targets: Sequence[date], span: Spans) -> Floats:
    weights = np.zeros((len(targets), len(buckets.starts)))
    for row, target in enumerate(targets):
        known = span.get((target, name))
        if known is not None:
            inside = buckets.inside(known)
            weights[row, inside.start : inside.stop] = 1.0
    return weights


def _exact(column: pa.ChunkedArray, cube: Cube) -> Floats:
    values = pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy()
    if np.abs(values).sum() >= EXACT:
        raise LimitExceeded(
            f"sums over {cube.grain.table} pass 2**53 and would lose their last digits",
            "Measure in a larger unit.",
        )
    return np.asarray(values, dtype=np.float64)


def _dictionary(column: pa.ChunkedArray) -> tuple[tuple[str, ...], Ints]:
    encoded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
    return tuple(encoded.dictionary.to_pylist()), encoded.indices.to_numpy().astype(np.int64)


def _date_column(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.cast(pa.int32()).to_numpy(), dtype=np.int64)


def _days(days: Sequence[date]) -> Ints:
    return np.array(days, dtype="datetime64[D]").astype(np.int64)


def _combinations(cube: Cube, rows: pa.Table) -> tuple[Ints, Ints]:
    count = rows.num_rows
    columns = [rows.column(key.name).to_numpy().astype(np.int64) for key in cube.keys]
    mixed, size = np.zeros(count, dtype=np.int64), 1
    for key, column in zip(cube.keys, columns, strict=True):
        if size > MAX_MIXED:
            mixed = np.unique(mixed, return_inverse=True)[1]
            size = count
        mixed = mixed * key.classes + column
        size *= key.classes
    _, first, combination = np.unique(mixed, return_index=True, return_inverse=True)
    if not columns:
        return combination, np.zeros((len(first), 0), dtype=np.int64)
    return combination, np.stack([column[first] for column in columns], axis=1)
