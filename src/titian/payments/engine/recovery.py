"""Starting again: the newest snapshot that fits, then every later decision lived through again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from titian.kernel import logs
from titian.payments.engine.decision import Decided, Versions
from titian.payments.engine.setup import Setup
from titian.payments.engine.state import State
from titian.payments.journal import Anchor, Cut, Files, Journal, snapshots
from titian.payments.journal.journal import position_of
from titian.payments.journal.recovery import Record

_AT_ONCE: Final = 4_096
_DECODER: Final = msgspec.msgpack.Decoder(Versions | Decided)
_log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start found: `cuts` were never acknowledged, `passed_over` are useless snapshots."""

    state: State
    journal: Journal
    replayed: int
    snapshot: Anchor | None
    cuts: Sequence[Cut]
    passed_over: Sequence[str]


class _Replay:
    """Collects decisions and lives through many at once."""

    def __init__(self, state: State) -> None:
        self.state, self.count = state, 0
        self._waiting: list[tuple[Decided, int]] = []

    def take(self, record: Record) -> None:
        self.count += 1
        entry = _DECODER.decode(record.payload)
        if isinstance(entry, Versions):
            self.state.judged_by(entry)
            return
        self._waiting.append((entry, position_of(record)))
        if len(self._waiting) >= _AT_ONCE:
            self.finish()

    def finish(self) -> None:
        self.state.replay(self._waiting)
        self._waiting = []


def recover(files: Files, setup: Setup) -> Recovered:
    """Bring back state and journal. Raises Corrupt for damage that is not a torn tail."""
    found = snapshots.newest(files, setup.made_for)
    state = State(setup.plan, setup.windows, setup.horizon, setup.secret)
    start = Anchor()
    if found.snapshot is not None:
        state.restore(found.snapshot.state)
        start = found.snapshot.anchor
    replay = _Replay(state)
    journal, cuts = Journal.open(files, setup.journal, start, replay.take)
    replay.finish()
    for cut in cuts:
        _log.warning(
            "a tail that was never acknowledged was cut",
            segment=cut.segment,
            offset=cut.offset,
            bytes=cut.bytes,
        )
    snapshot = found.snapshot.anchor if found.snapshot else None
    return Recovered(state, journal, replay.count, snapshot, cuts, found.passed_over)
