"""What a feature reads: from a span's running numbers, or, for a late event, from the entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from titian.payments.windows.layout import (
    D_VALUE,
    DISTINCT_WIDTH,
    E_AT,
    E_COUNT,
    E_MAX,
    E_SUM,
    ENTRY_HEAD,
    F_DISTINCT,
    F_MEASURE,
    F_SPAN,
    K_DROPPED,
    K_END,
    K_FIRST,
    K_LAST,
    K_START,
    NEVER,
    NONE,
    S_RESOLUTION,
    SLOT_HEAD,
    W_COUNT,
    W_FRONT,
    W_MAX,
    W_SUM,
    W_TAIL,
    WINDOW_HEAD,
    Measure,
)
from titian.payments.windows.rings import cell
from titian.payments.windows.spans import lower_edge, upper_edge

if TYPE_CHECKING:
    from titian.payments.windows.layout import Ints

_COUNT = int(Measure.COUNT)
_SUM = int(Measure.SUM)
_MEAN = int(Measure.MEAN)
_MAX = int(Measure.MAX)
_DISTINCT = int(Measure.DISTINCT)
_SINCE_LAST = int(Measure.SINCE_LAST)
_SINCE_FIRST = int(Measure.SINCE_FIRST)
_SINCE_OLDEST = int(Measure.SINCE_OLDEST)
_SINCE_NEWEST = int(Measure.SINCE_NEWEST)
_TIMES_MEAN = int(Measure.TIMES_MEAN)

_SECOND_US = 1_000_000.0


@njit(cache=True, nogil=True, forceinline=True)
def _value(kind: int, count: int, total: int, largest: int, amount: int) -> float:
    if kind in (_COUNT, _SUM):
        return float(count if kind == _COUNT else total)
    if count == 0 or (kind == _MAX and largest == NONE):
        return np.nan
    if kind == _MAX:
        return float(largest)
    mean = total / count
    base = mean if kind in (_MEAN, _TIMES_MEAN) else float(largest)
    if kind == _MEAN or amount == NONE or base <= 0:
        return base if kind == _MEAN else np.nan
    times: float = amount / base
    return times


@njit(cache=True, nogil=True, forceinline=True)
def from_running(
    entries: Ints, slot: Ints, feature: Ints, now: int, amount: int, group: int
) -> float:
    """Give a feature's value at `now`, which no entry is newer than."""
    kind = feature[F_MEASURE]
    if kind == _SINCE_LAST:
        return (now - slot[K_LAST]) / _SECOND_US if slot[K_LAST] != NEVER else np.nan
    if kind == _SINCE_FIRST:
        return (now - slot[K_FIRST]) / _SECOND_US if slot[K_FIRST] != NEVER else np.nan
    window = SLOT_HEAD + feature[F_SPAN] * group
    if kind == _DISTINCT:
        return float(slot[window + WINDOW_HEAD + feature[F_DISTINCT]])
    count = slot[window + W_COUNT]
    if kind in (_SINCE_OLDEST, _SINCE_NEWEST):
        if count == 0:
            return np.nan
        edge = slot[window + W_TAIL] if kind == _SINCE_OLDEST else slot[window + W_FRONT] - 1
        age: float = (now - entries[cell(slot, edge), E_AT]) / _SECOND_US
        return age
    pointed = slot[window + W_MAX]
    largest = entries[cell(slot, pointed), E_MAX] if pointed != NONE else NONE
    return _value(kind, count, slot[window + W_SUM], largest, amount)


@njit(cache=True, nogil=True)
def _last_before(entries: Ints, slot: Ints, moment: int) -> int:
    last: int = slot[K_DROPPED] if slot[K_DROPPED] <= moment else NEVER
    for position in range(slot[K_START], slot[K_END]):
        at_us = entries[cell(slot, position), E_AT]
        if at_us > moment:
            break
        last = max(last, at_us)
    return last


@njit(cache=True, nogil=True)
def _distinct_between(entries: Ints, slot: Ints, first: int, end: int, column: int) -> float:
    values = np.empty(end - first, np.int64)
    kept = 0
    for position in range(first, end):
        value = entries[cell(slot, position), ENTRY_HEAD + column * DISTINCT_WIDTH + D_VALUE]
        if value != NONE:
            values[kept] = value
            kept += 1
    ordered = np.sort(values[:kept])
    different = 1 if kept else 0
    for i in range(1, kept):
        different += ordered[i] != ordered[i - 1]
    return float(different)


@njit(cache=True, nogil=True)
def from_entries(
    entries: Ints, slot: Ints, feature: Ints, spec: Ints, moment: int, amount: int, series: Ints
) -> float:
    """Give a feature's value at a moment of the past, from the entries that are kept."""
    kind = feature[F_MEASURE]
    if kind == _SINCE_FIRST:
        return (
            (moment - slot[K_FIRST]) / _SECOND_US
            if slot[K_FIRST] <= moment and slot[K_FIRST] != NEVER
            else np.nan
        )
    if kind == _SINCE_LAST:
        last = _last_before(entries, slot, moment)
        return (moment - last) / _SECOND_US if last != NEVER else np.nan
    low = lower_edge(moment, spec, series[S_RESOLUTION])
    high = upper_edge(moment, spec, series[S_RESOLUTION])
    first = slot[K_START]
    while first < slot[K_END] and entries[cell(slot, first), E_AT] <= low:
        first += 1
    end = first
    count = total = 0
    largest = NONE
    while end < slot[K_END] and entries[cell(slot, end), E_AT] <= high:
        here = cell(slot, end)
        count += entries[here, E_COUNT]
        total += entries[here, E_SUM]
        largest = max(largest, entries[here, E_MAX])
        end += 1
    if kind == _DISTINCT:
        return _distinct_between(entries, slot, first, end, feature[F_DISTINCT])
    if kind in (_SINCE_OLDEST, _SINCE_NEWEST):
        if end == first:
            return np.nan
        edge = first if kind == _SINCE_OLDEST else end - 1
        age: float = (moment - entries[cell(slot, edge), E_AT]) / _SECOND_US
        return age
    return _value(kind, count, total, largest, amount)
