"""The rows of a cube's query as positions: who, when, and which combination of classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.indicators.cubesql import ASOF, BUCKET, ORG, coarse
from titian.data.indicators.keys import Selection
from titian.data.indicators.orgs import Ints
from titian.data.indicators.plan import Cube, Group
from titian.data.indicators.spans import Buckets, Spans

MAX_MIXED = 2**40
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a cube: business dates, their spans, and the buckets these are cut into."""

    cube: Cube
    targets: tuple[date, ...]
    span: Spans
    buckets: Buckets


@dataclass(frozen=True, slots=True)
class Cells:
    """One group of a cube's rows as positions; `rows` says which rows of the query they are.

    `classes` has shape (combinations, keys of the cube); keys outside the group are 0.
    """

    orgs: tuple[str, ...]
    rows: Ints
    org: Ints
    asof: Ints
    bucket: Ints
    combination: Ints
    classes: Ints


def places(asked: Asked, rows: pa.Table) -> tuple[tuple[str, ...], Ints, Ints]:
    """Give the organisations, and for each row the position of its own and of its snapshot."""
    encoded = pc.fill_null(rows.column(ORG), "").combine_chunks().dictionary_encode()
    asof = np.zeros(rows.num_rows, dtype=np.int64)
    if asked.cube.grain.dated:
        asof = np.searchsorted(_days(asked.targets), _dates(rows.column(ASOF)))
    org = encoded.indices.to_numpy().astype(np.int64)
    return tuple(encoded.dictionary.to_pylist()), org, asof


def cells(asked: Asked, rows: pa.Table) -> list[Cells]:
    """Number the rows of a cube's query: one `Cells` per group, all with the same `orgs`."""
    orgs, org, asof = places(asked, rows)
    if coarse(asked.buckets):
        bucket = rows.column(BUCKET).to_numpy().astype(np.int64)
    else:
        days = _dates(rows.column(BUCKET))
        bucket = np.searchsorted(_days(asked.buckets.starts), days, "right") - 1
    nothing = np.zeros(0, dtype=np.int64)
    every = Cells(orgs, nothing, org, asof, bucket, nothing, nothing)
    return [_group(asked.cube, group, every, rows) for group in asked.cube.groups]


def grid(cube: Cube) -> Ints:
    """Give all combinations of classes, the last key changing fastest: (combinations, keys)."""
    sizes = [key.classes for key in cube.keys]
    return np.indices(sizes).reshape(len(sizes), math.prod(sizes)).T


def takes(selection: Selection, classes: Ints) -> Flags:
    """Say which combinations of classes a selection takes."""
    taken = np.ones(len(classes), dtype=np.bool_)
    for key, allowed in selection:
        taken &= np.isin(classes[:, key], list(allowed))
    return taken


def _group(cube: Cube, group: Group, every: Cells, rows: pa.Table) -> Cells:
    here = _members(cube, group, rows)
    chosen = rows if here is None else rows.take(here)
    combination, classes = _combinations(cube, group, chosen)
    if here is None:
        place = np.arange(rows.num_rows)
        return replace(every, rows=place, combination=combination, classes=classes)
    return Cells(
        every.orgs,
        here,
        every.org[here],
        every.asof[here],
        every.bucket[here],
        combination,
        classes,
    )


def _members(cube: Cube, group: Group, rows: pa.Table) -> Ints | None:
    # A row of a grouping set has classes for exactly its keys; they are never null by themselves.
    if len(cube.groups) == 1:
        return None
    kept = np.ones(rows.num_rows, dtype=np.bool_)
    for at, key in enumerate(cube.keys):
        column = rows.column(key.name)
        kept &= (column.is_valid() if at in group.keys else column.is_null()).to_numpy()
    return np.flatnonzero(kept)


def _combinations(cube: Cube, group: Group, rows: pa.Table) -> tuple[Ints, Ints]:
    count = rows.num_rows
    mixed, size = np.zeros(count, dtype=np.int64), 1
    columns = {at: rows.column(cube.keys[at].name).to_numpy().astype(np.int64) for at in group.keys}
    for at, column in columns.items():
        if size > MAX_MIXED:
            mixed = np.unique(mixed, return_inverse=True)[1]
            size = count
        mixed = mixed * cube.keys[at].classes + column
        size *= cube.keys[at].classes
    _, first, combination = np.unique(mixed, return_index=True, return_inverse=True)
    classes = np.zeros((len(first), len(cube.keys)), dtype=np.int64)
    for at, column in columns.items():
        classes[:, at] = column[first]
    return combination, classes


def _dates(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.cast(pa.int32()).to_numpy(), dtype=np.int64)


def _days(days: Sequence[date]) -> Ints:
    return np.array(days, dtype="datetime64[D]").astype(np.int64)
