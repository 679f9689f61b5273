"""Putting an event into its key's ring: at the end, merged with the newest, or in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from titian.payments.windows.distinct import link, link_ring, unlink_ring
from titian.payments.windows.layout import (
    C_LARGEST_BLOCK,
    D_VALUE,
    DISTINCT_WIDTH,
    E_AT,
    E_COUNT,
    E_DOWN,
    E_MAX,
    E_SUM,
    ENTRY_HEAD,
    K_CAPACITY,
    K_END,
    K_START,
    K_TOP,
    NONE,
    S_DISTINCT,
    S_KEEPS_MAX,
    S_RESOLUTION,
    S_SPANS,
    SLOT_HEAD,
    W_COUNT,
    W_FRONT,
    W_SUM,
    W_TAIL,
)
from titian.payments.windows.rings import cell, grow, push_maximum, rebuild_maxima
from titian.payments.windows.spans import (
    admit,
    advance,
    drop_unread,
    enter,
    find_oldest,
    floor_to,
    group_width,
    shorten,
)

if TYPE_CHECKING:
    from titian.payments.windows.layout import Input, Ints, Shape, Store


@njit(cache=True, nogil=True, forceinline=True)
def has_room(shape: Shape, store: Store, number: int, slot_no: int, now: int) -> bool:
    """Make room for one entry; False when the pool is exhausted."""
    slot = store.slots[slot_no]
    if slot[K_END] - slot[K_START] == slot[K_CAPACITY]:
        drop_unread(shape, store, number, slot_no, now)
    if slot[K_END] - slot[K_START] < slot[K_CAPACITY]:
        return True
    if slot[K_CAPACITY] >= store.counters[C_LARGEST_BLOCK]:
        shorten(shape, store, number, slot_no)
        return True
    roomier: bool = grow(store, slot)
    return roomier


@njit(cache=True, nogil=True, forceinline=True)
def _write(
    entries: Ints,
    here: int,
    at_us: int,
    amount: int,
    batch: Input,
    event: int,
    columns: Ints,
    used: int,
) -> None:
    entries[here, E_AT] = at_us
    entries[here, E_COUNT] = 1
    entries[here, E_SUM] = amount if amount != NONE else 0
    entries[here, E_MAX] = amount
    for column in range(used):
        entries[here, ENTRY_HEAD + column * DISTINCT_WIDTH + D_VALUE] = batch.values[
            event, columns[column]
        ]


@njit(cache=True, nogil=True, forceinline=True)
def _merges(
    entries: Ints, slot: Ints, at_us: int, batch: Input, event: int, columns: Ints, series: Ints
) -> bool:
    if series[S_RESOLUTION] == 1 or slot[K_END] == slot[K_START]:
        return False
    newest = cell(slot, slot[K_END] - 1)
    if entries[newest, E_AT] != at_us:
        return False
    for column in range(series[S_DISTINCT]):
        if (
            entries[newest, ENTRY_HEAD + column * DISTINCT_WIDTH + D_VALUE]
            != batch.values[event, columns[column]]
        ):
            return False
    return True


@njit(cache=True, nogil=True)
def _merge(entries: Ints, slot: Ints, amount: int, series: Ints, group: int) -> None:
    position = slot[K_END] - 1
    here = cell(slot, position)
    added = amount if amount != NONE else 0
    entries[here, E_COUNT] += 1
    entries[here, E_SUM] += added
    for span in range(series[S_SPANS]):
        window = SLOT_HEAD + span * group
        if slot[window + W_FRONT] > position >= slot[window + W_TAIL]:
            slot[window + W_COUNT] += 1
            slot[window + W_SUM] += added
    if series[S_KEEPS_MAX] and amount > entries[here, E_MAX]:
        entries[here, E_MAX] = amount
        slot[K_TOP] = entries[here, E_DOWN]
        push_maximum(entries, slot, position, series[S_SPANS], group, slot[K_START])


@njit(cache=True, nogil=True, forceinline=True)
def append(shape: Shape, store: Store, number: int, slot_no: int, batch: Input, event: int) -> None:
    """Put in an event that is not older than anything its key has seen."""
    series, columns, slot = shape.series[number], shape.distinct[number], store.slots[slot_no]
    group = group_width(shape)
    now, amount = batch.at_us[event], batch.amounts[event]
    at_us = floor_to(now, series[S_RESOLUTION])
    if _merges(store.entries, slot, at_us, batch, event, columns, series):
        _merge(store.entries, slot, amount, series, group)
        return
    position = slot[K_END]
    _write(
        store.entries,
        cell(slot, position),
        at_us,
        amount,
        batch,
        event,
        columns,
        series[S_DISTINCT],
    )
    slot[K_END] = position + 1
    link(store, slot_no, position, series[S_DISTINCT])
    if series[S_KEEPS_MAX]:
        push_maximum(store.entries, slot, position, series[S_SPANS], group, slot[K_START])
    admit(shape, store, number, slot_no)


@njit(cache=True, nogil=True)
def put_between(
    shape: Shape, store: Store, number: int, slot_no: int, batch: Input, event: int, now: int
) -> None:
    """Put in an event that its key has seen newer ones than; `now` is the newest time seen."""
    series, columns, slot = shape.series[number], shape.distinct[number], store.slots[slot_no]
    group = group_width(shape)
    entries = store.entries
    at_us = floor_to(batch.at_us[event], series[S_RESOLUTION])
    unlink_ring(store, slot_no, series[S_DISTINCT])
    place = slot[K_END]
    while place > slot[K_START] and entries[cell(slot, place - 1), E_AT] > at_us:
        entries[cell(slot, place)] = entries[cell(slot, place - 1)]
        place -= 1
    here = cell(slot, place)
    _write(entries, here, at_us, batch.amounts[event], batch, event, columns, series[S_DISTINCT])
    slot[K_END] += 1
    link_ring(store, slot_no, series[S_DISTINCT])
    for span in range(series[S_SPANS]):
        window = SLOT_HEAD + span * group
        if place < slot[window + W_TAIL]:
            slot[window + W_TAIL] += 1
            slot[window + W_FRONT] += 1
        elif place < slot[window + W_FRONT]:
            slot[window + W_FRONT] += 1
            enter(shape, store, number, slot_no, span, here)
            find_oldest(entries, slot, window)
    if series[S_KEEPS_MAX]:
        rebuild_maxima(entries, slot, series[S_SPANS], group)
    advance(shape, store, number, slot_no, now)
