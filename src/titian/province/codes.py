"""Ids and codes as text for the tables that are not unload files: vendors', farms' and truth."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from titian.province import text
from titian.province.model import World
from titian.province.sheets import ids_of


def codes(prefix: str, numbers: npt.NDArray[np.integer], width: int) -> pa.Array:
    """`prefix` followed by each number padded to `width` digits; negative numbers are missing."""
    return text.ids(prefix, numbers, width).cast(pa.string())


def party_ids(world: World, party: npt.NDArray[np.integer]) -> pa.Array:
    """The ids that the unload gives rows of People; negative rows are missing."""
    return text.take(ids_of(world).party, party).cast(pa.string())


def words(kind: type[IntEnum], values: npt.NDArray[np.integer]) -> pa.Array:
    """The names of enum values in lower case."""
    names = [""] * (max(kind) + 1)
    for item in kind:
        names[item] = item.name.lower()
    return pa.array(names).take(pa.array(values.astype(np.int64)))
