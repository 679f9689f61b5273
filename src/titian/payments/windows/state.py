"""The state of all windows: its limits, its growth, what it forgets first, its snapshots."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Final

import numpy as np

from titian.kernel.errors import InvalidInput
from titian.payments.windows import kernel
from titian.payments.windows.distinct import fill_pairs
from titian.payments.windows.forget import forget, repack
from titian.payments.windows.index import fill_keys
from titian.payments.windows.layout import (
    C_ENTRIES,
    C_EVICTED,
    C_FREE_BLOCKS,
    C_FREE_SLOT,
    C_KEEP_US,
    C_LARGEST_BLOCK,
    C_LATE,
    C_MOST_PAIRS,
    C_PAIRS,
    C_SHORTENED,
    C_SLOTS,
    C_TOO_LATE,
    COUNTERS,
    DISTINCT_WIDTH,
    ENTRY_HEAD,
    K_SERIES,
    K_TOUCHED,
    NONE,
    SLOT_HEAD,
    SMALLEST_BLOCK,
    WINDOW_HEAD,
    Bytes,
    Floats,
    Input,
    Ints,
    Shape,
    Store,
)

_FIRST_ROWS: Final = 1 << 12
_FORGET_SHARE: Final = 16
"""When slots run out, one in so many is forgotten at once: those untouched the longest."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the state; what lies beyond is forgotten, least recently seen first, and counted.

    A slot is one key in one series; an entry is one event (or one hour) of a slot. Late events up
    to `lateness_us` behind their key's newest are exact.
    """

    slots: int = 4_000_000
    entries: int = 32_000_000
    distinct_values: int = 16_000_000
    entries_of_one_key: int = 65_536
    lateness_us: int = 600_000_000


@dataclass(frozen=True, slots=True)
class Health:
    """What the windows had to bear so far: counts of events and keys."""

    keys: int
    late: int
    too_late: int
    forgotten_keys: int
    shortened_entries: int


class Windows:
    """Windows over a stream; one writer."""

    def __init__(self, shape: Shape, limits: Limits | None = None) -> None:
        self.shape = shape
        self.limits = limits or Limits()
        _check(self.limits, shape)
        self._store = _empty(shape, self.limits)
        self.width = int(shape.features.shape[0])

    def update(self, batch: Input) -> tuple[Floats, Bytes]:
        """Count a batch in order of arrival; give features [n, width] and lateness flags [n].

        A feature is NaN where the event lacks the key or there is nothing to tell.
        """
        events = batch.at_us.shape[0]
        out = np.full((events, self.width), np.nan)
        flags = np.zeros(events, np.uint8)
        why, event, number = kernel.run(self.shape, self._store, batch, out, flags, 0, 0)
        while why != kernel.DONE:
            self._make_room(why)
            why, event, number = kernel.run(
                self.shape, self._store, batch, out, flags, event, number
            )
        return out, flags

    def health(self) -> Health:
        """Give the counts of what was late or forgotten."""
        c = self._store.counters
        return Health(
            keys=int(np.count_nonzero(self._store.slots[: c[C_SLOTS], K_SERIES] != NONE)),
            late=int(c[C_LATE]),
            too_late=int(c[C_TOO_LATE]),
            forgotten_keys=int(c[C_EVICTED]),
            shortened_entries=int(c[C_SHORTENED]),
        )

    def snapshot(self) -> bytes:
        """Give the whole state as bytes for `restore`."""
        target = io.BytesIO()
        np.savez(target, allow_pickle=False, **_in_use(self._store))
        return target.getvalue()

    def restore(self, data: bytes) -> None:
        """Take the state of a snapshot made with the same declarations and limits."""
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            counters, slots, entries = kept["counters"], kept["slots"], kept["entries"]
            store = _sized(
                self.shape,
                min(_rows(len(slots)), self.limits.slots),
                min(_rows(len(entries)), self.limits.entries),
                _rows(2 * int(counters[C_PAIRS])),
            )
            store.counters[:] = counters
            store.slots[: len(slots)] = slots
            store.entries[: len(entries)] = entries
        fill_keys(store.keys, store.slots, int(store.counters[C_SLOTS]))
        fill_pairs(self.shape, store)
        self._store = store

    def state_hash(self) -> str:
        """Give a digest that is equal exactly when two states are."""
        digest = hashlib.blake2b(digest_size=16)
        for name, array in sorted(_in_use(self._store).items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def _make_room(self, why: int) -> None:
        limits, store = self.limits, self._store
        if why == kernel.NEEDS_SLOTS and len(store.slots) < limits.slots:
            self._store = _with_slots(store, min(2 * len(store.slots), limits.slots))
        elif why == kernel.NEEDS_ENTRIES and len(store.entries) < limits.entries:
            rows = min(2 * len(store.entries), limits.entries)
            self._store = store._replace(entries=_longer(store.entries, rows))
        elif why == kernel.NEEDS_PAIRS and len(store.pairs) < 2 * limits.distinct_values:
            pairs = np.full((2 * len(store.pairs), 3), NONE, np.int64)
            self._store = store._replace(pairs=pairs)
            fill_pairs(self.shape, self._store)
        else:
            self._forget()

    def _forget(self) -> None:
        store = self._store
        used = int(store.counters[C_SLOTS])
        touched = store.slots[:used, K_TOUCHED]
        live = np.flatnonzero(store.slots[:used, K_SERIES] != NONE)
        many = max(1, len(live) // _FORGET_SHARE)
        oldest = live[np.argsort(touched[live], kind="stable")[:many]]
        forget(self.shape, store, oldest.astype(np.int64))
        fill_keys(store.keys, store.slots, used)
        packed = np.zeros_like(store.entries)
        repack(store, packed)
        self._store = store._replace(entries=packed)


def _check(limits: Limits, shape: Shape) -> None:
    """Refuse limits in which one event has no room even when everything else is forgotten."""
    least = {
        "slots": shape.series.shape[0],
        "entries_of_one_key": 1,
        "entries": 8 * limits.entries_of_one_key + SMALLEST_BLOCK * shape.series.shape[0],
        "distinct_values": shape.distinct.shape[1],
        "lateness_us": 0,
    }
    for name, fewest in least.items():
        given = getattr(limits, name)
        if given < fewest:
            raise InvalidInput(
                f"windows limited to {name} = {given} have no room for one event",
                f"Set {name} to {fewest} or more.",
            )


def _rows(least: int) -> int:
    return max(_FIRST_ROWS, 1 << (least - 1).bit_length() if least else 0)


def _sized(shape: Shape, slots: int, entries: int, pairs: int) -> Store:
    spans, columns = shape.spans.shape[1], shape.distinct.shape[1]
    width = SLOT_HEAD + spans * (WINDOW_HEAD + columns)
    keys = np.full((_rows(2 * slots), 3), NONE, np.int64)
    return Store(
        counters=np.zeros(COUNTERS, np.int64),
        slots=np.zeros((slots, width), np.int64),
        entries=np.zeros((entries, ENTRY_HEAD + columns * DISTINCT_WIDTH), np.int64),
        keys=keys,
        pairs=np.full((pairs, 3), NONE, np.int64),
    )


def _empty(shape: Shape, limits: Limits) -> Store:
    rows = min(_FIRST_ROWS, limits.slots)
    store = _sized(shape, rows, min(4 * _FIRST_ROWS, limits.entries), 2 * _FIRST_ROWS)
    store.counters[C_FREE_SLOT] = NONE
    store.counters[C_FREE_BLOCKS:] = NONE
    store.counters[C_LARGEST_BLOCK] = limits.entries_of_one_key
    store.counters[C_KEEP_US] = limits.lateness_us
    store.counters[C_MOST_PAIRS] = limits.distinct_values
    return store


def _longer(array: Ints, rows: int) -> Ints:
    grown = np.zeros((rows, array.shape[1]), np.int64)
    grown[: len(array)] = array
    return grown


def _with_slots(store: Store, rows: int) -> Store:
    slots = _longer(store.slots, rows)
    keys = np.full((_rows(2 * rows), 3), NONE, np.int64)
    fill_keys(keys, slots, int(store.counters[C_SLOTS]))
    return store._replace(slots=slots, keys=keys)


def _in_use(store: Store) -> dict[str, Ints]:
    counters = store.counters
    return {
        "counters": counters,
        "slots": store.slots[: counters[C_SLOTS]],
        "entries": store.entries[: counters[C_ENTRIES]],
    }
