"""Promises under simulated power cuts and a real kill; and that a broken promise is noticed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.payment_events import stream

from titian.payments.engine import Engine, Setup
from titian.payments.engine.torture import torture
from titian.payments.journal import Disk, Journal
from titian.payments.journal.simulated import PowerLoss, SimulatedFiles

VICTIM = """
import json, sys
from pathlib import Path
from tests.support.payment_events import stream
from titian.payments.engine import Engine
from titian.payments.engine.setup import preset
from titian.payments.journal import Disk

engine = Engine.start(Disk(Path(sys.argv[1])), preset(b"secret of the tests"))
events = stream(9, 200_000)
for place in range(0, len(events), 8):
    answers = engine.decide(events[place : place + 8])
    heard = [[answer.event_id, answer.outcome] for answer in answers]
    print(json.dumps([engine.journal.end.seq, engine.state.hash(), heard]), flush=True)
    if place % 400 == 392:
        engine.snapshot()
"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_promise_is_broken(setup: Setup, seed: int) -> None:
    report = torture(setup, seed, 700)
    assert report.told == []
    assert report.acknowledged == 700
    assert report.crashes > 3
    assert report.cuts > 0
    assert report.segments > 3
    assert report.forgotten_keys > 0
    assert report.duplicates > 20
    assert report.refused > 0


def test_the_same_seed_gives_the_same_end(setup: Setup) -> None:
    assert torture(setup, 5, 300) == torture(setup, 5, 300)


def test_a_journal_that_does_not_wait_for_the_disk_is_found_out(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "commit", lambda _: None)
    told = [what for seed in range(6) for what in torture(setup, seed, 400).told]
    assert any("is lost" in what or "cannot be read" in what for what in told)


def test_a_cut_power_keeps_only_what_was_synced() -> None:
    kept = set()
    for seed in range(40):
        files = SimulatedFiles(random.Random(seed))
        files.write("a", b"safe")
        files.sync("a")
        files.sync_names()
        files.write("a", b"unsafe")
        files.write("b", b"nobody knows")
        files.lose_power()
        assert files.read("a").startswith(b"safe")
        kept.add((len(files.read("a")), "b" in files.names()))
    assert len(kept) > 4


def test_the_fuse_cuts_the_power_in_the_middle_of_a_write() -> None:
    files = SimulatedFiles(random.Random(1))
    files.fuse = 2
    files.write("a", b"1")
    with pytest.raises(PowerLoss):
        files.write("a", b"2" * 100)


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, setup: Setup) -> None:
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert victim.stdout is not None
    first = victim.stdout.readline()
    time.sleep(1)
    victim.send_signal(signal.SIGKILL)
    lines = [first, *victim.stdout.read().splitlines(keepends=True)]
    victim.wait()
    victim.stdout.close()
    told = [json.loads(line) for line in lines if line.endswith(b"\n")]
    assert told
    seq, state, _ = told[-1]
    heard = dict(pair for _, _, pairs in told for pair in pairs)
    disk = Disk(tmp_path)
    engine = Engine.start(disk, setup)
    assert engine.journal.end.seq >= seq
    if engine.journal.end.seq == seq:
        assert engine.state.hash() == state
    again = engine.decide([event for event in stream(9, 200_000) if event.event_id in heard])
    assert {answer.event_id: answer.outcome for answer in again} == heard  # type: ignore[union-attr]
    assert all(answer.duplicate for answer in again)  # type: ignore[union-attr]
    disk.close()
