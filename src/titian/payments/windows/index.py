"""Hash tables in flat arrays: (key, series) to slot, and (slot and column, value) to position.

Open addressing with linear probing; removal shifts back, so no tombstones gather. A row is the
pair of integers looked for and what it leads to, NONE in an empty row. Tables have a power of two
of rows and stay at most half full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from titian.payments.windows.layout import NONE

if TYPE_CHECKING:
    from titian.payments.windows.layout import Ints


@njit(cache=True, nogil=True, inline="always")
def home(first: int, second: int, rows: int) -> int:
    """Where a pair of integers would stand (a 64-bit mix after Steele, Lea and Flood 2014)."""
    mixed = np.uint64(first) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(second)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    row: int = np.int64(mixed & np.uint64(rows - 1))  # type: ignore[assignment]
    return row


@njit(cache=True, nogil=True, forceinline=True)
def find_row(table: Ints, first: int, second: int) -> int:
    """Give the row that holds the pair, or the empty row where it belongs."""
    rows = table.shape[0]
    row = home(first, second, rows)
    while table[row, 2] != NONE and not (table[row, 0] == first and table[row, 1] == second):
        row = (row + 1) & (rows - 1)
    return row


@njit(cache=True, nogil=True)
def close_gap(table: Ints, gap: int) -> None:
    """Empty a row and move up those that stood behind it for want of room."""
    rows = table.shape[0]
    table[gap, 2] = NONE
    row = (gap + 1) & (rows - 1)
    while table[row, 2] != NONE:
        wanted = home(table[row, 0], table[row, 1], rows)
        if ((row - wanted) & (rows - 1)) >= ((row - gap) & (rows - 1)):
            table[gap] = table[row]
            table[row, 2] = NONE
            gap = row
        row = (row + 1) & (rows - 1)


@njit(cache=True, nogil=True)
def fill_keys(keys: Ints, slots: Ints, used: int) -> None:
    """Write the key table anew from the slots in use."""
    keys[:, 2] = NONE
    for slot in range(used):
        if slots[slot, 1] == NONE:
            continue
        row = find_row(keys, slots[slot, 0], slots[slot, 1])
        keys[row, 0] = slots[slot, 0]
        keys[row, 1] = slots[slot, 1]
        keys[row, 2] = slot
