"""Crashing the engine at every kind of moment, from a seed, and checking what it promised.

Promises: a decision that was acknowledged is in the journal once, unchanged, and is what its sender
gets when it asks again; the state after a restart is the state that living through the journal
gives, whether a snapshot helped or not.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import numpy as np

from titian.kernel.errors import Corrupt, Unavailable
from titian.payments.engine.clock import SteadyClock
from titian.payments.engine.decision import Decided, Decision, Refusal, Versions
from titian.payments.engine.idempotency import Horizon, name_of
from titian.payments.engine.path import Engine
from titian.payments.engine.setup import Setup
from titian.payments.engine.state import State
from titian.payments.journal import Anchor, Limits, verify
from titian.payments.journal.journal import position_of
from titian.payments.journal.recovery import records
from titian.payments.journal.simulated import PowerLoss, SimulatedFiles
from titian.payments.model import CHANNELS, EVENT_TYPES, RESULTS, Event
from titian.payments.windows import Limits as WindowLimits
from titian.payments.windows.layout import Floats

_START: Final = datetime(2026, 4, 1, tzinfo=UTC)
_START_US: Final = round(_START.timestamp() * 1_000_000)
_MOST_AT_ONCE: Final = 24
_SHOWN: Final = 20
_DECODER: Final = msgspec.msgpack.Decoder(Versions | Decided)
_Name = tuple[str, str]


class _Sum:
    """A model without a file: a number that any difference in any feature changes."""

    version = "sum"

    def score(self, features: Floats) -> Floats:
        whole = np.nan_to_num(features).sum(axis=1)
        return np.asarray(whole % 1000 / 1000)


@dataclass(slots=True)
class Report:
    """What happened; `violations` names each broken promise, the first twenty in words."""

    seed: int
    events: int
    acknowledged: int = 0
    duplicates: int = 0
    refused: int = 0
    crashes: int = 0
    crashes_at_start: int = 0
    failed_syncs: int = 0
    snapshots: int = 0
    snapshots_used: int = 0
    cuts: int = 0
    segments: int = 0
    late: int = 0
    forgotten_keys: int = 0
    state: str = ""
    chain: str = ""
    violations: int = 0
    told: list[str] = field(default_factory=list)

    def broken(self, what: str) -> None:
        """Count a broken promise."""
        self.violations += 1
        if len(self.told) < _SHOWN:
            self.told.append(what)


def torture(setup: Setup, seed: int, events: int) -> Report:
    """Send invented events to engines that lose power again and again; give what was found."""
    return _Campaign(_narrow(setup), seed, events).run()


def _narrow(setup: Setup) -> Setup:
    """Make limits so small that segments turn, keys are forgotten and horizons pass."""
    return replace(
        setup,
        scorer=_Sum(),
        windows=WindowLimits(slots=600, entries=8_192, distinct_values=4_096,
                             entries_of_one_key=64, lateness_us=60_000_000),
        journal=Limits(segment_bytes=20_000),
        horizon=Horizon(events=400),
    )  # fmt: skip


def invented(draw: random.Random, events: int) -> list[Event]:
    """Invent events of few customers and a flood of new devices, some late, some out of order."""
    made = []
    for number in range(events):
        late_s = draw.choice((0, 0, 0, 1, 5, 300 if draw.random() < 0.1 else 0))  # noqa: PLR2004
        made.append(
            Event(
                bank=draw.choice(("qinghe", "baishui")),
                event_id=f"t{number}",
                occurred_at=_START
                + timedelta(milliseconds=250 * number)
                - timedelta(seconds=late_s),
                channel=draw.choice(CHANNELS),
                event_type=draw.choice(EVENT_TYPES),
                result=draw.choice(RESULTS),
                amount_fen=draw.choice((None, draw.randrange(10**7))),
                party_id=f"P{draw.randrange(25)}",
                device_id=f"D{draw.randrange(25)}" if draw.random() < 0.8 else f"new{number}",  # noqa: PLR2004
                ip=f"10.0.0.{draw.randrange(40)}",
                payee_account=f"Y{draw.randrange(60)}",
            )
        )
    return made


class _Campaign:
    def __init__(self, setup: Setup, seed: int, events: int) -> None:
        self.setup, self.draw = setup, random.Random(seed)  # noqa: S311 - a seeded simulation
        self.report = Report(seed, events)
        self.files = SimulatedFiles(self.draw, failing_syncs=0.002)
        self.waiting = invented(self.draw, events)
        self.heard: dict[_Name, tuple[Event, Decision]] = {}
        self.states: dict[int, str] = {}
        self.ticks = 0

    def run(self) -> Report:
        while self.waiting:
            self.files.fuse = self.draw.randrange(1, self.draw.choice((6, 25, 80)))
            try:
                self._live()
            except Corrupt as error:
                self.report.broken(f"the journal cannot be read after a crash: {error}")
                return self.report
            except (PowerLoss, Unavailable) as error:
                self.report.crashes += 1
                self.report.failed_syncs += isinstance(error, Unavailable)
                self.files.lose_power()
        self.files.fuse = None
        self.files.failing_syncs = 0.0
        self._finish(self._start())
        return self.report

    def _start(self) -> Engine:
        clock = SteadyClock(lambda: _START_US + 1_000 * self.ticks, lambda: 1_000 * self.ticks)
        self.report.crashes_at_start += 1
        engine = Engine.start(self.files, self.setup, clock)
        self.report.crashes_at_start -= 1
        self.report.cuts += len(engine.recovered.cuts)
        self.report.snapshots_used += engine.recovered.snapshot is not None
        return engine

    def _live(self) -> None:
        engine = self._start()
        self._check(engine)
        while self.waiting:
            self.ticks += 1
            batch = self._next_batch()
            answers = engine.decide(batch)
            self._hear(batch, answers)
            self.states[engine.journal.end.seq] = engine.state.hash()
            self.waiting = self.waiting[self.taken :]
            if self.draw.random() < 0.05:  # noqa: PLR2004
                engine.snapshot()
                self.report.snapshots += 1

    def _next_batch(self) -> list[Event]:
        """Take the next events, nearly in order, with repetitions and forgeries in between."""
        self.taken = self.draw.randrange(1, _MOST_AT_ONCE)
        batch = self.waiting[: self.taken]
        known = list(self.heard.values())[-200:]
        for _ in range(self.draw.randrange(4) if known else 0):
            event = self.draw.choice(known)[0]
            if self.draw.random() < 0.2:  # noqa: PLR2004
                event = msgspec.structs.replace(event, amount_fen=1 + (event.amount_fen or 0))
            batch.append(event)
        if self.draw.random() < 0.2:  # noqa: PLR2004
            batch.append(batch[0])
        self.draw.shuffle(batch)
        return batch

    def _hear(self, batch: Sequence[Event], answers: Sequence[Decision | Refusal]) -> None:
        for event, answer in zip(batch, answers, strict=True):
            name = name_of(event)
            before = self.heard.get(name)
            if isinstance(answer, Refusal):
                self.report.refused += 1
                if before is None or before[0] == event:
                    self.report.broken(f"{name} was refused: {answer.code}")
            elif before is None:
                self.heard[name] = event, msgspec.structs.replace(answer, duplicate=False)
            else:
                self.report.duplicates += 1
                same = msgspec.structs.replace(answer, duplicate=False) == before[1]
                if before[0] != event or not same:
                    self.report.broken(f"{name} was decided again, otherwise")

    def _check(self, engine: Engine) -> None:
        """Check a fresh start against what was heard and against the journal alone."""
        seq, found = engine.journal.end.seq, engine.state.hash()
        if self.states.get(seq, found) != found:
            self.report.broken(f"the state at record {seq} is not what it was before the crash")
        recorded: dict[_Name, Decided] = {}
        alone = State(self.setup.plan, self.setup.windows, self.setup.horizon, self.setup.secret)
        for record in records(self.files, Anchor()):
            entry = _DECODER.decode(record.payload)
            if isinstance(entry, Versions):
                alone.judged_by(entry)
                continue
            if name_of(entry.event) in recorded:
                self.report.broken(f"{name_of(entry.event)} is on record twice")
            recorded[name_of(entry.event)] = entry
            alone.replay([(entry, position_of(record))])
        if alone.hash() != found:
            self.report.broken(f"the state at record {seq} is not what the journal gives")
        for name, (event, decision) in self.heard.items():
            kept = recorded.get(name)
            if kept is None:
                self.report.broken(f"the acknowledged decision on {name} is lost")
            elif kept.event != event or engine.answer(kept) != decision:
                self.report.broken(f"the acknowledged decision on {name} was changed")

    def _finish(self, engine: Engine) -> None:
        self._check(engine)
        health, verdict = engine.state.windows.health(), verify(self.files)
        report = self.report
        report.acknowledged = len(self.heard)
        report.late, report.forgotten_keys = health.late + health.too_late, health.forgotten_keys
        report.segments = sum(name.endswith(".seg") for name in self.files.names())
        report.state, report.chain = engine.state.hash(), verdict.chain
