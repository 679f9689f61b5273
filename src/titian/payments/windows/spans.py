"""A span's running numbers: moving its edges with time, and entries going in between.

A span of length L and delay D read at time t holds the entries with t-D-L < at <= t-D. At a
coarser resolution r, entries stand at the beginning of their r; the span then begins with the
whole r that holds t-D-L and, when delayed, ends before the r that holds t-D.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from titian.payments.windows.distinct import adds, takes, unlink
from titian.payments.windows.layout import (
    C_KEEP_US,
    C_SHORTENED,
    E_AT,
    E_COUNT,
    E_SUM,
    FOREVER,
    K_DROPPED,
    K_END,
    K_START,
    P_DELAY,
    P_DISTINCT,
    P_LENGTH,
    S_DISTINCT,
    S_KEEPS_MAX,
    S_REACH,
    S_RESOLUTION,
    S_SPANS,
    SLOT_HEAD,
    W_COUNT,
    W_FRONT,
    W_OLDEST,
    W_SUM,
    W_TAIL,
    WINDOW_HEAD,
)
from titian.payments.windows.rings import cell, follow_maximum

if TYPE_CHECKING:
    from titian.payments.windows.layout import Ints, Shape, Store


@njit(cache=True, nogil=True, inline="always")
def floor_to(time_us: int, resolution: int) -> int:
    """The beginning of the piece of time that holds a moment."""
    return time_us if resolution == 1 else time_us - time_us % resolution


@njit(cache=True, nogil=True, inline="always")
def lower_edge(now: int, spec: Ints, resolution: int) -> int:
    """The last time that is already outside, on the old side."""
    edge = now - spec[P_DELAY] - spec[P_LENGTH]
    return edge if resolution == 1 else floor_to(edge, resolution) - 1


@njit(cache=True, nogil=True, inline="always")
def upper_edge(now: int, spec: Ints, resolution: int) -> int:
    """The last time that is inside, on the new side."""
    edge = now - spec[P_DELAY]
    return edge if resolution == 1 or spec[P_DELAY] == 0 else floor_to(edge, resolution) - 1


@njit(cache=True, nogil=True, inline="always")
def group_width(shape: Shape) -> int:
    """How many numbers a slot keeps for each span."""
    width: int = WINDOW_HEAD + shape.distinct.shape[1]
    return width


@njit(cache=True, nogil=True, forceinline=True)
def enter(shape: Shape, store: Store, number: int, slot_no: int, span: int, at_cell: int) -> None:
    """Add an entry to a span's running numbers."""
    entries, slot = store.entries, store.slots[slot_no]
    window = SLOT_HEAD + span * group_width(shape)
    slot[window + W_COUNT] += entries[at_cell, E_COUNT]
    slot[window + W_SUM] += entries[at_cell, E_SUM]
    if shape.spans[number, span, P_DISTINCT]:
        for column in range(shape.series[number, S_DISTINCT]):
            if adds(entries, at_cell, column, slot[window + W_TAIL], slot[window + W_FRONT]):
                slot[window + WINDOW_HEAD + column] += 1


@njit(cache=True, nogil=True, forceinline=True)
def leave(shape: Shape, store: Store, number: int, slot_no: int, span: int, at_cell: int) -> None:
    """Take an entry out of a span's running numbers."""
    entries, slot = store.entries, store.slots[slot_no]
    window = SLOT_HEAD + span * group_width(shape)
    slot[window + W_COUNT] -= entries[at_cell, E_COUNT]
    slot[window + W_SUM] -= entries[at_cell, E_SUM]
    if shape.spans[number, span, P_DISTINCT]:
        for column in range(shape.series[number, S_DISTINCT]):
            if takes(entries, at_cell, column, slot[window + W_FRONT]):
                slot[window + WINDOW_HEAD + column] -= 1


@njit(cache=True, nogil=True, forceinline=True)
def _let_in(shape: Shape, store: Store, number: int, slot_no: int, span: int, inside: int) -> None:
    entries, slot = store.entries, store.slots[slot_no]
    window = SLOT_HEAD + span * group_width(shape)
    front = slot[window + W_FRONT]
    while front < slot[K_END] and entries[cell(slot, front), E_AT] <= inside:
        enter(shape, store, number, slot_no, span, cell(slot, front))
        front += 1
    slot[window + W_FRONT] = front
    find_oldest(entries, slot, window)


@njit(cache=True, nogil=True, forceinline=True)
def _let_out(
    shape: Shape, store: Store, number: int, slot_no: int, span: int, outside: int
) -> None:
    entries, slot = store.entries, store.slots[slot_no]
    window = SLOT_HEAD + span * group_width(shape)
    tail = slot[window + W_TAIL]
    while tail < slot[window + W_FRONT] and entries[cell(slot, tail), E_AT] <= outside:
        leave(shape, store, number, slot_no, span, cell(slot, tail))
        tail += 1
    slot[window + W_TAIL] = tail
    find_oldest(entries, slot, window)
    if shape.series[number, S_KEEPS_MAX]:
        follow_maximum(entries, slot, window)


@njit(cache=True, nogil=True, forceinline=True)
def find_oldest(entries: Ints, slot: Ints, window: int) -> None:
    """Note the time of a span's oldest entry, so that nobody asks the ring before it leaves."""
    tail = slot[window + W_TAIL]
    holds = tail < slot[window + W_FRONT]
    slot[window + W_OLDEST] = entries[cell(slot, tail), E_AT] if holds else FOREVER


@njit(cache=True, nogil=True, forceinline=True)
def advance(shape: Shape, store: Store, number: int, slot_no: int, now: int) -> None:
    """Move every span's edges to `now`."""
    series, specs, slot = shape.series[number], shape.spans[number], store.slots[slot_no]
    resolution, group = series[S_RESOLUTION], group_width(shape)
    for span in range(series[S_SPANS]):
        window = SLOT_HEAD + span * group
        if slot[window + W_FRONT] < slot[K_END]:
            inside = upper_edge(now, specs[span], resolution)
            _let_in(shape, store, number, slot_no, span, inside)
        outside = lower_edge(now, specs[span], resolution)
        if slot[window + W_OLDEST] <= outside:
            _let_out(shape, store, number, slot_no, span, outside)


@njit(cache=True, nogil=True, forceinline=True)
def admit(shape: Shape, store: Store, number: int, slot_no: int) -> None:
    """Let the newest entry into every span that has no delay; `advance` came before it."""
    series, slot = shape.series[number], store.slots[slot_no]
    group, newest = group_width(shape), slot[K_END] - 1
    at_cell = cell(slot, newest)
    at_us = store.entries[at_cell, E_AT]
    for span in range(series[S_SPANS]):
        window = SLOT_HEAD + span * group
        if shape.spans[number, span, P_DELAY] == 0:
            enter(shape, store, number, slot_no, span, at_cell)
            slot[window + W_FRONT] = newest + 1
            slot[window + W_OLDEST] = min(slot[window + W_OLDEST], at_us)


@njit(cache=True, nogil=True)
def drop_unread(shape: Shape, store: Store, number: int, slot_no: int, now: int) -> None:
    """Drop what no span, and no late event, will read."""
    series, slot, group = shape.series[number], store.slots[slot_no], group_width(shape)
    oldest = slot[K_END]
    for span in range(series[S_SPANS]):
        oldest = min(oldest, slot[SLOT_HEAD + span * group + W_TAIL])
    kept = now - series[S_REACH] - store.counters[C_KEEP_US]
    start = slot[K_START]
    while start < oldest and store.entries[cell(slot, start), E_AT] <= kept:
        unlink(store, slot_no, start, series[S_DISTINCT])
        start += 1
    if start > slot[K_START]:
        newest_gone = store.entries[cell(slot, start - 1), E_AT]
        slot[K_DROPPED] = max(slot[K_DROPPED], newest_gone)
        slot[K_START] = start


@njit(cache=True, nogil=True)
def shorten(shape: Shape, store: Store, number: int, slot_no: int) -> None:
    """Give up the oldest entry of a ring that may not grow further."""
    series, slot, group = shape.series[number], store.slots[slot_no], group_width(shape)
    start = slot[K_START]
    for span in range(series[S_SPANS]):
        window = SLOT_HEAD + span * group
        if slot[window + W_TAIL] == start:
            if slot[window + W_FRONT] == start:
                slot[window + W_FRONT] = start + 1
            else:
                leave(shape, store, number, slot_no, span, cell(slot, start))
            slot[window + W_TAIL] = start + 1
            find_oldest(store.entries, slot, window)
            if series[S_KEEPS_MAX]:
                follow_maximum(store.entries, slot, window)
    unlink(store, slot_no, start, series[S_DISTINCT])
    slot[K_DROPPED] = max(slot[K_DROPPED], store.entries[cell(slot, start), E_AT])
    slot[K_START] = start + 1
    store.counters[C_SHORTENED] += 1
