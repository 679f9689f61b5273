"""Forgetting keys: their distinct values, their ring, their slot; closing the gaps they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from titian.payments.windows.distinct import unlink_ring
from titian.payments.windows.layout import (
    C_ENTRIES,
    C_EVICTED,
    C_FREE_BLOCKS,
    C_FREE_SLOT,
    C_SLOTS,
    K_BLOCK,
    K_CAPACITY,
    K_KEY,
    K_SERIES,
    NONE,
    S_DISTINCT,
)
from titian.payments.windows.rings import give_block

if TYPE_CHECKING:
    from titian.payments.windows.layout import Ints, Shape, Store


@njit(cache=True, nogil=True)
def forget(shape: Shape, store: Store, slot_nos: Ints) -> None:
    """Empty these slots for others; the key table must be written anew afterwards."""
    for slot_no in slot_nos:
        slot = store.slots[slot_no]
        unlink_ring(store, slot_no, shape.series[slot[K_SERIES], S_DISTINCT])
        give_block(store.counters, store.entries, slot[K_BLOCK], slot[K_CAPACITY])
        slot[:] = 0
        slot[K_SERIES] = NONE
        slot[K_KEY] = store.counters[C_FREE_SLOT]
        store.counters[C_FREE_SLOT] = slot_no
        store.counters[C_EVICTED] += 1


@njit(cache=True, nogil=True)
def repack(store: Store, target: Ints) -> None:
    """Move every ring to the front of an empty pool, so that what was given back is one piece."""
    counters, free = store.counters, 0
    for slot_no in range(counters[C_SLOTS]):
        slot = store.slots[slot_no]
        if slot[K_SERIES] == NONE:
            continue
        source, capacity = slot[K_BLOCK], slot[K_CAPACITY]
        target[free : free + capacity] = store.entries[source : source + capacity]
        slot[K_BLOCK] = free
        free += capacity
    counters[C_ENTRIES] = free
    counters[C_FREE_BLOCKS:] = NONE
