"""Runs a batch through every series: read, check and update in one step, in order of arrival.

The running edges are those of in-order sliding-window aggregation (Tangwongsan, Hirzel and
Schneider 2015, "General incremental sliding-window aggregation", VLDB 8), one ring per key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba import njit

from titian.payments.windows.ahead import look_ahead
from titian.payments.windows.bare import bare
from titian.payments.windows.distinct import pairs_suffice
from titian.payments.windows.index import find_row
from titian.payments.windows.insert import append, has_room, put_between
from titian.payments.windows.layout import (
    C_ARRIVALS,
    C_FREE_SLOT,
    C_KEEP_US,
    C_LATE,
    C_SLOTS,
    C_TOO_LATE,
    F_OUT,
    F_SPAN,
    FOREVER,
    K_BLOCK,
    K_CAPACITY,
    K_DROPPED,
    K_FIRST,
    K_KEY,
    K_LAST,
    K_NOW,
    K_SERIES,
    K_TOP,
    K_TOUCHED,
    NEVER,
    NONE,
    S_DISTINCT,
    S_FEATURES_FROM,
    S_FEATURES_TO,
    S_FEATURES_WITH,
    S_KEY,
    SLOT_HEAD,
    SMALLEST_BLOCK,
    W_MAX,
    W_OLDEST,
    Input,
    Shape,
    Store,
)
from titian.payments.windows.measures import from_entries, from_running
from titian.payments.windows.rings import take_block
from titian.payments.windows.spans import advance, group_width

if TYPE_CHECKING:
    from titian.payments.windows.layout import Bytes, Floats, Ints

DONE: Final = 0
NEEDS_SLOTS: Final = 1
NEEDS_ENTRIES: Final = 2
NEEDS_PAIRS: Final = 3

ON_TIME: Final = 0
LATE: Final = 1
TOO_LATE: Final = 2


@njit(cache=True, nogil=True)
def _new_slot(store: Store, row: int, key: int, series: int, group: int) -> int:
    counters = store.counters
    number: int = counters[C_FREE_SLOT]
    if number == NONE and counters[C_SLOTS] == store.slots.shape[0]:
        return -NEEDS_SLOTS
    block = take_block(counters, store.entries, SMALLEST_BLOCK)
    if block == NONE:
        return -NEEDS_ENTRIES
    if number == NONE:
        number = counters[C_SLOTS]
        counters[C_SLOTS] = number + 1
    else:
        counters[C_FREE_SLOT] = store.slots[number, K_KEY]
    slot = store.slots[number]
    slot[:] = 0
    slot[K_KEY], slot[K_SERIES] = key, series
    slot[K_BLOCK], slot[K_CAPACITY] = block, SMALLEST_BLOCK
    slot[K_NOW] = slot[K_LAST] = slot[K_FIRST] = slot[K_DROPPED] = NEVER
    slot[K_TOP] = NONE
    slot[K_TOUCHED] = counters[C_ARRIVALS]
    for window in range(SLOT_HEAD, slot.shape[0], group):
        slot[window + W_MAX] = NONE
        slot[window + W_OLDEST] = FOREVER
    store.keys[row, 0], store.keys[row, 1], store.keys[row, 2] = key, series, number
    return number


@njit(cache=True, nogil=True, forceinline=True)
def _read(
    store: Store,
    slot: Ints,
    shape: Shape,
    number: int,
    batch: Input,
    event: int,
    row: Floats,
    counted: int,
) -> None:
    series, now, amount = shape.series[number], batch.at_us[event], batch.amounts[event]
    group, in_order = group_width(shape), now >= slot[K_NOW]
    first = series[S_FEATURES_WITH] if counted else series[S_FEATURES_FROM]
    end = series[S_FEATURES_TO] if counted else series[S_FEATURES_WITH]
    for f in range(first, end):
        feature = shape.features[f]
        if in_order:
            value = from_running(store.entries, slot, feature, now, amount, group)
        else:
            spec = shape.spans[number, feature[F_SPAN]]
            value = from_entries(store.entries, slot, feature, spec, now, amount, series)
        row[feature[F_OUT]] = value


@njit(cache=True, nogil=True, forceinline=True)
def _step(
    shape: Shape, store: Store, batch: Input, event: int, number: int, row: Floats, flags: Bytes
) -> int:
    key, now = batch.keys[event, shape.series[number, S_KEY]], batch.at_us[event]
    if key == NONE:
        return DONE
    found = find_row(store.keys, key, number)
    slot_no = store.keys[found, 2]
    if slot_no == NONE:
        slot_no = _new_slot(store, found, key, number, group_width(shape))
        if slot_no < 0:
            why: int = -slot_no
            return why
    slot = store.slots[slot_no]
    newest = slot[K_NOW]
    in_order = now >= newest
    if in_order:
        advance(shape, store, number, slot_no, now)
    counts = batch.matches[event, number]
    if counts:
        if not has_room(shape, store, number, slot_no, max(now, newest)):
            return NEEDS_ENTRIES
        if not pairs_suffice(store, shape.series[number, S_DISTINCT]):
            return NEEDS_PAIRS
    _read(store, slot, shape, number, batch, event, row, 0)
    if counts and in_order:
        append(shape, store, number, slot_no, batch, event)
    elif counts:
        put_between(shape, store, number, slot_no, batch, event, newest)
    _read(store, slot, shape, number, batch, event, row, 1)
    _remember(store, slot, now, counts, event, flags)
    return DONE


@njit(cache=True, nogil=True, forceinline=True)
def _remember(store: Store, slot: Ints, now: int, counts: int, event: int, flags: Bytes) -> None:
    if now < slot[K_NOW]:
        too_late = now < slot[K_NOW] - store.counters[C_KEEP_US]
        flags[event] = max(flags[event], TOO_LATE if too_late else LATE)
    if counts:
        slot[K_LAST] = max(slot[K_LAST], now)
        slot[K_FIRST] = now if slot[K_FIRST] == NEVER else min(slot[K_FIRST], now)
    slot[K_NOW] = max(slot[K_NOW], now)
    slot[K_TOUCHED] = store.counters[C_ARRIVALS]


@njit(cache=True, nogil=True)
def _bare_shape(shape: Shape) -> Shape:
    return Shape(bare(shape.series), bare(shape.spans), bare(shape.features), bare(shape.distinct))


@njit(cache=True, nogil=True)
def _bare_store(store: Store) -> Store:
    return Store(
        bare(store.counters),
        bare(store.slots),
        bare(store.entries),
        bare(store.keys),
        bare(store.pairs),
    )


@njit(cache=True, nogil=True)
def _bare_input(batch: Input) -> Input:
    return Input(
        bare(batch.at_us),
        bare(batch.keys),
        bare(batch.amounts),
        bare(batch.values),
        bare(batch.matches),
    )


@njit(cache=True, nogil=True)
def run(
    shape: Shape, store: Store, batch: Input, out: Floats, flags: Bytes, event: int, number: int
) -> tuple[int, int, int]:
    """Run a batch from (event, series) on; give why it stopped and where.

    `out` [events, features] must come filled with NaN; `flags` [events] tells late ones.
    """
    shape, store, batch = _bare_shape(shape), _bare_store(store), _bare_input(batch)
    out, flags = bare(out), bare(flags)
    while event < batch.at_us.shape[0]:
        while number < shape.series.shape[0]:
            look_ahead(shape, store, batch, event, number)
            why = _step(shape, store, batch, event, number, out[event], flags)
            if why != DONE:
                return why, event, number
            number += 1
        store.counters[C_LATE] += flags[event] == LATE
        store.counters[C_TOO_LATE] += flags[event] == TOO_LATE
        store.counters[C_ARRIVALS] += 1
        number = 0
        event += 1
    return DONE, event, 0
