"""Mended rows enter their table once, whenever the process that puts them there is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import date
from textwrap import dedent

import pytest

from titian.data.feeds import claims, lock
from titian.data.feeds import replay as replay_module
from titian.data.feeds.arrivals import arrival, arrivals
from titian.data.feeds.load import Fate, Order
from titian.data.feeds.quarantine import Filter, HistoryFilter, history, quarantine, waiting_row
from titian.data.feeds.record import RowStatus
from titian.data.feeds.repair import dismiss, fix
from titian.data.feeds.replay import replay
from titian.kernel import audit
from titian.kernel.errors import Conflict
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake import store

from .conftest import COLUMNS, Deliver, Install, core_contract, unload

DAY = date(2026, 3, 31)
NAME = "LOAN_20260331.dat"
GOOD = [[f"L{n}", f"{n}.50", "1", "张三"] for n in range(20)]
BAD = [["B1", "x", "1", ""], ["B2", "x", "1", ""]]
WITHOUT_KEY = COLUMNS.replace("  primaryKey: true\n", "")

KILLED = """
    import os, signal, sys
    from pathlib import Path
    from titian.data.feeds import claims, replay
    from titian.kernel import logs
    from titian.kernel.ids import BankId
    from titian.kernel.scope import Scope
    from titian.kernel.settings import configure, load

    home, arrival, moment = sys.argv[1:]
    configure(load(home=Path(home)))
    logs.setup()

    def killed(*_args, **_named):
        os.kill(os.getpid(), signal.SIGKILL)

    def and_killed(work):
        def done(*args):
            work(*args)
            killed()
        return done

    if moment == "claimed":
        replay._merge = killed
    elif moment == "committed":
        replay._merge = and_killed(replay._merge)
    else:
        claims.remember = and_killed(claims.remember)
    replay.replay(Scope.system(BankId("qinghe")), arrival)
"""
MOMENTS = ("claimed", "committed", "half settled")


@pytest.fixture
def mended(qinghe: Scope, install: Install, deliver: Deliver) -> str:
    """Load twenty rows of a feed without a key and mend two more; give the arrival."""
    contract = install(core_contract(columns=WITHOUT_KEY, custom={"max_bad_share": 0.5}))
    (outcome,) = deliver(contract, {NAME: unload([*GOOD, *BAD])})
    for row in quarantine(qinghe, Filter()).rows:
        fix(qinghe, row.row_id, values={"amount_fen": "1.00"})
    return outcome.arrival_id


def kill_a_replay(arrival_id: str, moment: str) -> None:
    line = [sys.executable, "-c", dedent(KILLED), str(settings().home), arrival_id, moment]
    done = subprocess.run(line, check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def ids(scope: Scope) -> list[str]:
    return sorted(store.read(scope, "raw.loan", business_date=DAY).column("id").to_pylist())


ALL = sorted([row[0] for row in [*GOOD, *BAD]])


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_replay_is_made_once(qinghe: Scope, mended: str, moment: str) -> None:
    kill_a_replay(mended, moment)
    done = replay(qinghe, mended)
    assert (done.good, done.left) == (2, 0)
    assert ids(qinghe) == ALL
    again = replay(qinghe, mended)
    assert (again.good, again.left) == (0, 0)
    assert ids(qinghe) == ALL
    found = arrival(qinghe, mended)
    assert (found.good, found.bad, found.waiting) == (22, 0, 0)
    settled = quarantine(qinghe, Filter(status=RowStatus.REPLAYED)).rows
    assert [(row.raw, row.fields) for row in settled] == [(None, None)] * 2
    acts = [one.action for one in history(qinghe, HistoryFilter(row_id=settled[0].row_id)).acts]
    assert acts == ["replay", "fix"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_row_can_be_mended_after_a_kill_unless_it_is_in_the_table(
    qinghe: Scope, mended: str, moment: str
) -> None:
    kill_a_replay(mended, moment)
    first, second = quarantine(qinghe, Filter(status=RowStatus.FIXED)).rows
    assert first.status is RowStatus.REPLAYING
    if moment == "claimed":
        assert fix(qinghe, first.row_id, values={"amount_fen": "2.00"}).status is RowStatus.FIXED
        dismiss(qinghe, second.row_id, "a test row")
        assert replay(qinghe, mended).good == 1
        assert ids(qinghe) == sorted({*ALL} - {"B2"})
        return
    with pytest.raises(Conflict, match="is replayed already"):
        fix(qinghe, first.row_id, values={"amount_fen": "2.00"})
    with pytest.raises(Conflict, match="is replayed already"):
        dismiss(qinghe, second.row_id, "a test row")
    assert ids(qinghe) == ALL


def test_a_delivery_after_a_kill_replaces_all(
    qinghe: Scope, mended: str, deliver: Deliver, install: Install
) -> None:
    kill_a_replay(mended, "committed")
    contract = install(core_contract(columns=WITHOUT_KEY, custom={"max_bad_share": 0.5}))
    assert deliver(contract)[0].fate is Fate.UNCHANGED
    assert ids(qinghe) == ALL
    assert [row.status for row in quarantine(qinghe, Filter(status=None)).rows] == ["replayed"] * 2
    (outcome,) = deliver(contract, order=Order(force=True))
    assert (outcome.good, outcome.bad) == (20, 2)
    assert len(ids(qinghe)) == 20
    assert arrivals(qinghe, DAY, DAY)[0].arrival == arrival(qinghe, outcome.arrival_id)


def test_a_failed_commit_leaves_the_rows_mended(
    qinghe: Scope, mended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(replay_module, "_merge", full)
        with pytest.raises(OSError, match="No space"):
            replay(qinghe, mended)
    assert {row.status for row in quarantine(qinghe, Filter(status=None)).rows} == {"fixed"}
    assert replay(qinghe, mended).good == 2
    assert ids(qinghe) == ALL


def test_rows_that_are_being_replayed_are_left_alone(qinghe: Scope, mended: str) -> None:
    first, _second = quarantine(qinghe, Filter(status=RowStatus.FIXED)).rows
    with lock.held(qinghe, "loan"):
        claims.claim(qinghe, "loan", [first.row_id])
        assert waiting_row(qinghe, first.row_id).status is RowStatus.REPLAYING
        with pytest.raises(Conflict, match="being loaded or replayed"):
            fix(qinghe, first.row_id, values={"amount_fen": "2.00"})
    assert fix(qinghe, first.row_id, values={"amount_fen": "2.00"}).status is RowStatus.FIXED


def test_finishing_later_is_audited(qinghe: Scope, mended: str) -> None:
    kill_a_replay(mended, "committed")
    with lock.held(qinghe, "loan"):
        assert claims.finish(qinghe, "loan") == {mended: 2}
        assert claims.finish(qinghe, "loan") == {}
    newest = audit.entries(qinghe, action="feeds.replay")[0]
    assert newest.detail == {"good": 2, "left": 0, "finished_later": True}
