"""One key's entries, in order of time: a ring in a block of the pool, and its falling maxima.

Blocks have 4, 16, 64 ... cells and come from free lists. The maxima are a monotonic stack laid
over the ring by links (E_UP towards newer and smaller, E_DOWN towards older and larger), so that
every span finds its maximum by a pointer that only moves towards newer entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from titian.payments.windows import layout as at
from titian.payments.windows.layout import (
    C_ENTRIES,
    C_FREE_BLOCKS,
    E_DOWN,
    E_MAX,
    E_UP,
    K_BLOCK,
    K_CAPACITY,
    K_END,
    K_START,
    K_TOP,
    NONE,
    SLOT_HEAD,
    W_MAX,
    W_TAIL,
)

if TYPE_CHECKING:
    from titian.payments.windows.layout import Ints, Store

_SMALLEST = at.SMALLEST_BLOCK


@njit(cache=True, nogil=True)
def _class_of(capacity: int) -> int:
    number = 0
    while (_SMALLEST << (2 * number)) < capacity:
        number += 1
    return number


@njit(cache=True, nogil=True)
def take_block(counters: Ints, entries: Ints, capacity: int) -> int:
    """Give the first cell of a free block, or NONE when the pool is exhausted."""
    head = C_FREE_BLOCKS + _class_of(capacity)
    block: int = counters[head]
    if block != NONE:
        counters[head] = entries[block, 0]
        return block
    block = counters[C_ENTRIES]
    if block + capacity > entries.shape[0]:
        return NONE
    counters[C_ENTRIES] = block + capacity
    return block


@njit(cache=True, nogil=True)
def give_block(counters: Ints, entries: Ints, block: int, capacity: int) -> None:
    """Put a block back for others."""
    head = C_FREE_BLOCKS + _class_of(capacity)
    entries[block, 0] = counters[head]
    counters[head] = block


@njit(cache=True, nogil=True, inline="always")
def cell(slot: Ints, position: int) -> int:
    """Where an entry of a ring stands in the pool."""
    where: int = slot[K_BLOCK] + (position & (slot[K_CAPACITY] - 1))
    return where


@njit(cache=True, nogil=True)
def grow(store: Store, slot: Ints) -> bool:
    """Move a full ring into a block four times as large; False when the pool is exhausted."""
    old_block, old_capacity = slot[K_BLOCK], slot[K_CAPACITY]
    capacity = old_capacity * 4
    block: int = take_block(store.counters, store.entries, capacity)
    if block == NONE:
        return False
    for position in range(slot[K_START], slot[K_END]):
        source = old_block + (position & (old_capacity - 1))
        store.entries[block + (position & (capacity - 1))] = store.entries[source]
    give_block(store.counters, store.entries, old_block, old_capacity)
    slot[K_BLOCK], slot[K_CAPACITY] = block, capacity
    return True


@njit(cache=True, nogil=True, forceinline=True)
def push_maximum(
    entries: Ints, slot: Ints, position: int, spans: int, group: int, first: int
) -> None:
    """Put the newest entry on the stack of maxima and let each span's pointer see it.

    `first` is the oldest position that any span still reads.
    """
    value = entries[cell(slot, position), E_MAX]
    below = slot[K_TOP]
    while below >= first and entries[cell(slot, below), E_MAX] <= value:
        below = entries[cell(slot, below), E_DOWN]
    here = cell(slot, position)
    entries[here, E_UP] = NONE
    entries[here, E_DOWN] = below if below >= first else NONE
    if below >= first:
        entries[cell(slot, below), E_UP] = position
    slot[K_TOP] = position
    for span in range(spans):
        window = SLOT_HEAD + span * group
        pointed = slot[window + W_MAX]
        if pointed < slot[window + W_TAIL] or entries[cell(slot, pointed), E_MAX] <= value:
            slot[window + W_MAX] = position


@njit(cache=True, nogil=True, forceinline=True)
def follow_maximum(entries: Ints, slot: Ints, window: int) -> None:
    """Move a span's pointer to the maximum that is still inside the span."""
    pointed = slot[window + W_MAX]
    while pointed != NONE and pointed < slot[window + W_TAIL]:
        pointed = entries[cell(slot, pointed), E_UP]
    slot[window + W_MAX] = pointed


@njit(cache=True, nogil=True)
def rebuild_maxima(entries: Ints, slot: Ints, spans: int, group: int) -> None:
    """Lay the stack and every span's pointer anew, after an entry went in between."""
    slot[K_TOP] = NONE
    for span in range(spans):
        slot[SLOT_HEAD + span * group + W_MAX] = NONE
    for position in range(slot[K_START], slot[K_END]):
        push_maximum(entries, slot, position, spans, group, slot[K_START])
    for span in range(spans):
        follow_maximum(entries, slot, SLOT_HEAD + span * group)
