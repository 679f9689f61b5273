"""Hash tables in flat arrays: key and series to slot, and counts of distinct values.

Open addressing with linear probing; removal shifts back, so no tombstones gather. A row of `keys`
is (key, series, slot); a row of `pairs` is (slot and place, value, count). Count 0 or slot -1 is
an empty row. Both arrays have a power of two of rows and stay at most half full.
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
def find_slot(keys: Ints, key: int, series: int) -> int:
    """Give the row of `keys` that holds the key, or the empty row where it belongs."""
    rows = keys.shape[0]
    row = home(key, series, rows)
    while keys[row, 2] != NONE and not (keys[row, 0] == key and keys[row, 1] == series):
        row = (row + 1) & (rows - 1)
    return row


@njit(cache=True, nogil=True, forceinline=True)
def count_value(pairs: Ints, place: int, value: int) -> int:
    """Count a value once more; give how often it now occurs."""
    rows = pairs.shape[0]
    row = home(place, value, rows)
    while pairs[row, 2] != 0 and not (pairs[row, 0] == place and pairs[row, 1] == value):
        row = (row + 1) & (rows - 1)
    pairs[row, 0] = place
    pairs[row, 1] = value
    pairs[row, 2] += 1
    occurs: int = pairs[row, 2]
    return occurs


@njit(cache=True, nogil=True, forceinline=True)
def discount_value(pairs: Ints, place: int, value: int) -> int:
    """Count a value once less; give how often it still occurs."""
    rows = pairs.shape[0]
    row = home(place, value, rows)
    while not (pairs[row, 0] == place and pairs[row, 1] == value and pairs[row, 2] != 0):
        row = (row + 1) & (rows - 1)
    pairs[row, 2] -= 1
    left: int = pairs[row, 2]
    if left == 0:
        _close_gap(pairs, row)
    return left


@njit(cache=True, nogil=True)
def _close_gap(pairs: Ints, gap: int) -> None:
    rows = pairs.shape[0]
    row = (gap + 1) & (rows - 1)
    while pairs[row, 2] != 0:
        wanted = home(pairs[row, 0], pairs[row, 1], rows)
        if ((row - wanted) & (rows - 1)) >= ((row - gap) & (rows - 1)):
            pairs[gap] = pairs[row]
            pairs[row, 2] = 0
            gap = row
        row = (row + 1) & (rows - 1)


@njit(cache=True, nogil=True)
def fill_keys(keys: Ints, slots: Ints, used: int) -> None:
    """Write the key table anew from the slots in use."""
    keys[:, 2] = NONE
    for slot in range(used):
        if slots[slot, 1] == NONE:
            continue
        row = find_slot(keys, slots[slot, 0], slots[slot, 1])
        keys[row, 0] = slots[slot, 0]
        keys[row, 1] = slots[slot, 1]
        keys[row, 2] = slot


@njit(cache=True, nogil=True)
def move_pairs(old: Ints, new: Ints) -> None:
    """Write the counts of distinct values into a larger, empty table."""
    rows = new.shape[0]
    for source in range(old.shape[0]):
        if old[source, 2] != 0:
            row = home(old[source, 0], old[source, 1], rows)
            while new[row, 2] != 0:
                row = (row + 1) & (rows - 1)
            new[row] = old[source]
