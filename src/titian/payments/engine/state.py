"""All that must be the same again after a crash: windows, known events, what judged, the time."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import msgspec

from titian.payments.engine.decision import Decided, Versions
from titian.payments.engine.features import Columns, InputMaker, columns
from titian.payments.engine.idempotency import Horizon, Index, name_of
from titian.payments.engine.interning import Interner
from titian.payments.features import Plan
from titian.payments.model import Event
from titian.payments.windows import Limits, Windows
from titian.payments.windows.layout import Bytes, Floats

MAX_VERSIONS: Final = 256


class _Kept(msgspec.Struct):
    windows: bytes
    index: list[tuple[str, str, int, int, int]]
    versions: list[Versions]
    last_us: int


class State:
    """The engine's memory; a function of the events in the order of the journal, nothing else."""

    def __init__(self, plan: Plan, limits: Limits, horizon: Horizon, secret: bytes) -> None:
        self.plan = plan
        self.windows = Windows(plan.shape, limits)
        self.index = Index(horizon)
        self.versions: dict[str, Versions] = {}
        self.last_us = 0
        self._maker = InputMaker(plan)
        self._interner = Interner(secret)

    def count(self, events: Sequence[Event]) -> tuple[Columns, Floats, Bytes]:
        """Let events into the windows; give their columns, features [n, w] and lateness [n]."""
        made = columns(events, self._interner)
        features, late = self.windows.update(self._maker.input(made))
        return made, features, late

    def remember(self, event: Event, position: int, at_us: int) -> None:
        """Know an event as decided."""
        self.index.add(name_of(event), position, at_us)
        self.last_us = max(self.last_us, at_us)

    def judged_by(self, versions: Versions) -> None:
        """Know what judges from here on; the oldest of many are only in the journal."""
        self.versions.pop(versions.name, None)
        self.versions[versions.name] = versions
        if len(self.versions) > MAX_VERSIONS:
            del self.versions[next(iter(self.versions))]

    def replay(self, records: Sequence[tuple[Decided, int]]) -> None:
        """Live through decisions again: each with its position."""
        if records:
            self.count([record.event for record, _ in records])
        for record, position in records:
            self.remember(record.event, position, record.at_us)

    def snapshot(self) -> bytes:
        """Give everything as bytes for `restore`."""
        kept = _Kept(
            self.windows.snapshot(), self.index.rows(), list(self.versions.values()), self.last_us
        )
        return msgspec.msgpack.encode(kept)

    def restore(self, data: bytes) -> None:
        """Take a snapshot made for the same declarations, limits and secret, into a new state."""
        kept = msgspec.msgpack.decode(data, type=_Kept)
        self.windows.restore(kept.windows)
        self.index.fill(kept.index)
        self.versions = {versions.name: versions for versions in kept.versions}
        self.last_us = kept.last_us

    def hash(self) -> str:
        """Give a digest that is equal exactly when two states are."""
        digest = blake2b(self.windows.state_hash().encode(), digest_size=16)
        digest.update(self.index.digest())
        digest.update(repr((list(self.versions), self.last_us)).encode())
        return digest.hexdigest()
