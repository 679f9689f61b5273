"""Counting distinct values: every entry knows where the same value stands before and after it.

An entry that comes into a span adds a value exactly when the one before it is outside, and one
that goes out takes a value away exactly when the one after it is outside. So a span costs a
comparison, and an event one look into the table of last positions, however many spans there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from titian.payments.windows.index import close_gap, find_row
from titian.payments.windows.layout import (
    C_MOST_PAIRS,
    C_PAIRS,
    C_SLOTS,
    D_NEXT,
    D_PREVIOUS,
    D_VALUE,
    DISTINCT_WIDTH,
    ENTRY_HEAD,
    K_END,
    K_SERIES,
    K_START,
    NONE,
    S_DISTINCT,
)
from titian.payments.windows.rings import cell

if TYPE_CHECKING:
    from titian.payments.windows.layout import Ints, Shape, Store


@njit(cache=True, nogil=True, inline="always")
def pairs_suffice(store: Store, columns: int) -> bool:
    """Whether the table of last positions takes what one event may add."""
    used = store.counters[C_PAIRS] + columns
    enough: bool = 2 * used <= store.pairs.shape[0] and used <= store.counters[C_MOST_PAIRS]
    return enough


@njit(cache=True, nogil=True, inline="always")
def place_of(store: Store, slot_no: int, column: int) -> int:
    """The name under which the last positions of a slot's column are found."""
    columns: int = (store.entries.shape[1] - ENTRY_HEAD) // DISTINCT_WIDTH
    return slot_no * columns + column


@njit(cache=True, nogil=True, forceinline=True)
def link(store: Store, slot_no: int, position: int, columns: int) -> None:
    """Tie an entry, newer than all that are tied, to the ones before it with the same values."""
    entries, pairs, slot = store.entries, store.pairs, store.slots[slot_no]
    here = cell(slot, position)
    for column in range(columns):
        at = ENTRY_HEAD + column * DISTINCT_WIDTH
        value = entries[here, at + D_VALUE]
        entries[here, at + D_PREVIOUS] = entries[here, at + D_NEXT] = NONE
        if value == NONE:
            continue
        place = place_of(store, slot_no, column)
        row = find_row(pairs, place, value)
        previous = pairs[row, 2]
        if previous == NONE:
            pairs[row, 0], pairs[row, 1] = place, value
            store.counters[C_PAIRS] += 1
        else:
            entries[here, at + D_PREVIOUS] = previous
            entries[cell(slot, previous), at + D_NEXT] = position
        pairs[row, 2] = position


@njit(cache=True, nogil=True)
def unlink(store: Store, slot_no: int, position: int, columns: int) -> None:
    """Forget the values of which an entry is the last."""
    entries, pairs = store.entries, store.pairs
    here = cell(store.slots[slot_no], position)
    for column in range(columns):
        at = ENTRY_HEAD + column * DISTINCT_WIDTH
        value = entries[here, at + D_VALUE]
        if value != NONE and entries[here, at + D_NEXT] == NONE:
            close_gap(pairs, find_row(pairs, place_of(store, slot_no, column), value))
            store.counters[C_PAIRS] -= 1


@njit(cache=True, nogil=True)
def unlink_ring(store: Store, slot_no: int, columns: int) -> None:
    """Forget every value of a ring."""
    if columns:
        for position in range(store.slots[slot_no, K_START], store.slots[slot_no, K_END]):
            unlink(store, slot_no, position, columns)


@njit(cache=True, nogil=True)
def link_ring(store: Store, slot_no: int, columns: int) -> None:
    """Tie the entries of a ring, of which the table knows nothing, anew."""
    if columns:
        for position in range(store.slots[slot_no, K_START], store.slots[slot_no, K_END]):
            link(store, slot_no, position, columns)


@njit(cache=True, nogil=True, inline="always")
def adds(entries: Ints, here: int, column: int, tail: int, front: int) -> bool:
    """Whether an entry brings a value that the entries of [tail, front) do not have."""
    at = ENTRY_HEAD + column * DISTINCT_WIDTH
    after = entries[here, at + D_NEXT]
    alone: bool = entries[here, at + D_PREVIOUS] < tail and (after == NONE or after >= front)
    return alone and entries[here, at + D_VALUE] != NONE


@njit(cache=True, nogil=True, inline="always")
def takes(entries: Ints, here: int, column: int, front: int) -> bool:
    """Whether the oldest entry of a span that ends before `front` takes its value along."""
    at = ENTRY_HEAD + column * DISTINCT_WIDTH
    after = entries[here, at + D_NEXT]
    last: bool = after == NONE or after >= front
    return last and entries[here, at + D_VALUE] != NONE


@njit(cache=True, nogil=True)
def fill_pairs(shape: Shape, store: Store) -> None:
    """Write the last positions into an empty table from the rings, which stay as they are."""
    for slot_no in range(store.counters[C_SLOTS]):
        slot = store.slots[slot_no]
        if slot[K_SERIES] == NONE:
            continue
        for position in range(slot[K_START], slot[K_END]):
            here = cell(slot, position)
            for column in range(shape.series[slot[K_SERIES], S_DISTINCT]):
                at = ENTRY_HEAD + column * DISTINCT_WIDTH
                value = store.entries[here, at + D_VALUE]
                if value != NONE and store.entries[here, at + D_NEXT] == NONE:
                    place = place_of(store, slot_no, column)
                    row = find_row(store.pairs, place, value)
                    store.pairs[row, 0], store.pairs[row, 1] = place, value
                    store.pairs[row, 2] = position
