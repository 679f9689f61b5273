"""Figures of additive cubes: two matrix products over the cells of one scan.

Cells are `(organisation, snapshot, bucket) x combination of classes`. A product with the 0/1
matrix of what each selection takes gives every selection per bucket; a product with the 0/1
matrix of what buckets each period holds gives every figure. Sums of whole fen stay exact: float64
holds integers up to 2**53 and larger totals are refused.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.indicators.cells import Asked, Cells, cells, takes
from titian.data.indicators.orgs import Floats
from titian.data.indicators.plan import Figure
from titian.kernel.errors import LimitExceeded

EXACT = 2.0**53
MAX_DENSE_CELLS = 8_000_000
UNKNOWN = np.nan


def figures(asked: Asked, rows: pa.Table) -> tuple[tuple[str, ...], Floats]:
    """Compute every figure of a cube: organisations, and an array (targets, they, figures).

    A figure whose dates cannot be known is NaN. Raises LimitExceeded beyond exact sums.
    """
    cube, targets = asked.cube, asked.targets
    groups = cells(asked, rows)
    orgs = groups[0].orgs
    result = np.zeros((len(targets), len(orgs), len(cube.figures)))
    for number, found in enumerate(groups):
        for measure in range(len(cube.measures)):
            wanted = [
                at
                for at, figure in enumerate(cube.figures)
                if (figure.group, figure.measure) == (number, measure)
            ]
            if wanted:
                values = _exact(rows.column(f"m{measure}"), asked)[found.rows]
                chosen = [cube.figures[at] for at in wanted]
                result[:, :, wanted] = _one_measure(asked, chosen, found, values)
    _settle(result, asked)
    return orgs, result


def _settle(result: Floats, asked: Asked) -> None:
    figures = asked.cube.figures
    for name in dict.fromkeys(figure.period.name for figure in figures):
        columns = [at for at, figure in enumerate(figures) if figure.period.name == name]
        known = [asked.span.get((target, name)) for target in asked.targets]
        divisors = np.array([UNKNOWN if part is None else part.days for part in known])
        if not (divisors == 1).all():
            result[:, :, columns] /= divisors[:, None, None]


def _one_measure(asked: Asked, chosen: Sequence[Figure], found: Cells, values: Floats) -> Floats:
    selections = {selection: at for at, selection in enumerate(
        dict.fromkeys(figure.selection for figure in chosen))}  # fmt: skip
    taken = np.stack([takes(s, found.classes) for s in selections], axis=1).astype(np.float64)
    by_bucket = _by_bucket(asked, found, values, taken)
    result = np.zeros((len(asked.targets), len(found.orgs), len(chosen)))
    for name in dict.fromkeys(figure.period.name for figure in chosen):
        columns = [at for at, figure in enumerate(chosen) if figure.period.name == name]
        part = by_bucket[:, :, :, [selections[chosen[at].selection] for at in columns]]
        weights = _weights(name, asked)
        if asked.cube.grain.dated:
            result[:, :, columns] = np.einsum("tb,otbs->tos", weights, part, optimize=True)
        else:
            result[:, :, columns] = np.tensordot(weights, part[:, 0], axes=([1], [1]))
    return result


def _by_bucket(asked: Asked, found: Cells, values: Floats, taken: Floats) -> Floats:
    snapshots = len(asked.targets) if asked.cube.grain.dated else 1
    buckets = len(asked.buckets.starts)
    orgs, combinations = len(found.orgs), len(found.classes)
    result = np.zeros((orgs, snapshots, buckets, taken.shape[1]))
    per_org = snapshots * buckets * max(combinations, 1)
    step = max(1, MAX_DENSE_CELLS // per_org)
    place = (found.asof * buckets + found.bucket) * combinations + found.combination
    for first in range(0, orgs, step):
        last = min(first + step, orgs)
        here = (found.org >= first) & (found.org < last) if step < orgs else slice(None)
        at = (found.org[here] - first) * per_org + place[here]
        dense = np.bincount(at, weights=values[here], minlength=(last - first) * per_org)
        product = dense.reshape(-1, combinations) @ taken
        result[first:last] = product.reshape(last - first, snapshots, buckets, -1)
    return result


def _weights(name: str, asked: Asked) -> Floats:
    weights = np.zeros((len(asked.targets), len(asked.buckets.starts)))
    for row, target in enumerate(asked.targets):
        known = asked.span.get((target, name))
        if known is not None:
            inside = asked.buckets.inside(known)
            weights[row, inside.start : inside.stop] = 1.0
    return weights


def _exact(column: pa.ChunkedArray, asked: Asked) -> Floats:
    values = pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy()
    if np.abs(values).sum() >= EXACT * len(asked.cube.groups):
        raise LimitExceeded(
            f"sums over {asked.cube.grain.table} pass 2**53 and would lose their last digits",
            "Measure in a larger unit.",
        )
    return np.asarray(values, dtype=np.float64)
