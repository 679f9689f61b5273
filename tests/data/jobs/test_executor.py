from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import select

from titian.data import definitions
from titian.data.definitions import Presets
from titian.data.jobs import (
    JobContext,
    PythonJob,
    State,
    board,
    control,
    executor,
    job,
    orders,
    registry,
    slots,
)
from titian.data.jobs.orders import Order, OrderState, Reason
from titian.data.jobs.tables import job_run
from titian.kernel import db
from titian.kernel.errors import Conflict
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings, settings
from titian.lake import store
from titian.lake.schema import Column, Layer, Table

from .conftest import DAY, Plot, job_text, same_day

Use = Callable[[Sequence[PythonJob]], None]
COLUMNS = (
    Column("id", "string", "编号", "Number"),
    Column("amount_fen", "integer", "金额", "Amount"),
)
CHAIN = 24
PATIENCE_S = 60.0


def table(name: str) -> Table:
    return Table(Layer.CORE, name, "试验", "Test", COLUMNS)


def rows(amount: int) -> pa.Table:
    return pa.table({"id": ["a"], "amount_fen": [amount]})


def ended(order: Order) -> Order:
    *_, last = executor.wait(order.order, PATIENCE_S)
    return last


def test_it_works(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    plot.deliver("loan")
    with executor.running():
        assert executor.is_running()
        assert ended(control.run(plot.scope, [DAY])).state is OrderState.DONE
    assert not executor.is_running()
    assert plot.rows("core.loan") == {"a": 1, "b": 2}


def test_a_process_starts_once(home: Settings) -> None:
    with executor.running():
        with executor.running():
            pass
        assert executor.is_running()
        with pytest.raises(Conflict, match="runs jobs already"):
            executor.start()


def test_what_was_ordered_without_a_worker_is_done_at_the_next_start(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    plot.deliver("loan")
    order = control.run(plot.scope, [DAY])
    assert orders.get(order.order).state is OrderState.QUEUED
    with executor.running():
        assert ended(order).state is OrderState.DONE


def test_a_long_day_does_not_starve_another_bank(
    plot: Plot, baishui: Scope, python_jobs: Use
) -> None:
    definitions.set_presets(baishui, Presets.NONE)
    finished: list[str] = []
    gate = threading.Event()

    def made(name: str) -> PythonJob:
        @job(writes=table(name))
        def work(context: JobContext) -> pa.Table:
            gate.wait(5)
            time.sleep(0.02)
            finished.append(context.scope.bank_id)
            return rows(1)

        return work

    python_jobs([made(f"t{at}") for at in range(12)])
    with executor.running():
        first = control.run(plot.scope, [DAY])
        while orders.get(first.order).state is OrderState.QUEUED:
            time.sleep(0.01)
        second = control.run(baishui, [DAY], jobs=["core.t0", "core.t1"])
        while orders.get(second.order).state is OrderState.QUEUED:
            time.sleep(0.01)
        gate.set()
        assert ended(second).state is OrderState.DONE
        assert ended(first).state is OrderState.DONE
    # Both workers were busy with the long day when the short one came; then they took turns.
    assert finished.index("baishui") <= 4
    assert finished[:8].count("baishui") == 2


def test_orders_of_one_bank_run_one_after_another(plot: Plot, python_jobs: Use) -> None:
    at_once: list[int] = []
    lock = threading.Lock()
    inside = 0

    @job(writes=table("t"))
    def work(_context: JobContext) -> pa.Table:
        nonlocal inside
        with lock:
            inside += 1
            at_once.append(inside)
        time.sleep(0.05)
        with lock:
            inside -= 1
        return rows(1)

    python_jobs([work])
    with executor.running():
        made = [control.run(plot.scope, [DAY], force=True) for _ in range(3)]
        assert {ended(order).state for order in made} == {OrderState.DONE}
    assert at_once == [1, 1, 1]


def test_stopping_hands_the_rest_to_the_next_start(plot: Plot, python_jobs: Use) -> None:
    made: list[str] = []
    begun = threading.Event()

    def link(at: int) -> PythonJob:
        @job(writes=table(f"t{at}"), reads=(f"core.t{at - 1}",) if at else ())
        def work(_context: JobContext) -> pa.Table:
            made.append(f"t{at}")
            begun.set()
            time.sleep(0.05)
            return rows(at)

        return work

    python_jobs([link(at) for at in range(6)])
    with executor.running():
        order = control.run(plot.scope, [DAY])
        assert begun.wait(PATIENCE_S)
    assert orders.get(order.order).state is OrderState.RUNNING
    assert len(made) < 6
    with executor.running():
        assert ended(order).state is OrderState.DONE
    assert made == [f"t{at}" for at in range(6)]


KILLED = """
import sys, time
from datetime import date
from pathlib import Path
from titian.data.jobs import control, executor, registry
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.kernel.settings import configure, load
sys.path.insert(0, {here!r})
import killed_jobs
configure(load(home=Path({home!r}), job_workers=2))
registry.python_jobs = lambda: killed_jobs.JOBS
executor.start()
order = control.run(Scope.system(BankId("qinghe")), [date.fromisoformat(d) for d in {days!r}])
print(order.order, flush=True)
time.sleep(600)
"""

KILLED_JOBS = """
import os, time
import pyarrow as pa
from titian.data.jobs import job
from titian.lake.schema import Column, Layer, Table

COLUMNS = (
    Column("id", "string", "编号", "Number"),
    Column("amount_fen", "integer", "金额", "Amount"),
)


def link(at):
    table = Table(Layer.CORE, f"t{at}", "试验", "Test", COLUMNS)

    @job(writes=table, reads=(f"core.t{at - 1}",) if at else ())
    def work(context):
        time.sleep(0.01)
        before = context.read(f"core.t{at - 1}")["amount_fen"][0].as_py() if at else 0
        return pa.table({"id": ["a"], "amount_fen": [before + 1]})

    return work


JOBS = tuple(link(at) for at in range(int(os.environ["CHAIN"])))
"""


@pytest.fixture
def killed_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "killed_jobs.py").write_text(KILLED_JOBS, encoding="utf-8")
    monkeypatch.setenv("CHAIN", str(CHAIN))
    monkeypatch.syspath_prepend(str(folder))
    import killed_jobs as made  # type: ignore[import-not-found]  # written just above

    monkeypatch.setattr(registry, "python_jobs", lambda: made.JOBS)
    yield folder
    sys.modules.pop("killed_jobs")


@pytest.mark.parametrize("done_before", [1, CHAIN // 2, CHAIN + 3])
def test_a_killed_process_loses_and_doubles_nothing(
    plot: Plot, killed_jobs: Path, done_before: int
) -> None:
    days = [DAY, DAY + timedelta(days=1)]
    definitions.set_presets(plot.scope, Presets.NONE)
    order_id = _run_and_kill(killed_jobs, days, done_before)
    succeeded = len(_succeeded())
    assert succeeded < 2 * CHAIN, "the process was killed before the end"
    with executor.running():
        *_, last = executor.wait(order_id, PATIENCE_S)
    assert last.state is OrderState.DONE
    for at in range(CHAIN):
        name = f"core.t{at}"
        assert store.dates(plot.scope, name) == days
        assert store.read(plot.scope, name)["amount_fen"].to_pylist() == [at + 1, at + 1]
    for day in days:
        assert {stand.state for stand in board.stands(plot.scope, day)} == {State.SUCCEEDED}
    assert set(Counter(_succeeded()).values()) == {1}
    assert board.runs(plot.scope, state=State.RUNNING) == []
    interrupted = board.runs(plot.scope, state=State.FAILED)
    assert {run.error_code for run in interrupted} <= {"interrupted"}
    assert len(interrupted) <= settings().job_workers


def _run_and_kill(code: Path, days: list[date], done_before: int) -> str:
    text = KILLED.format(
        here=str(code), home=str(settings().home), days=[day.isoformat() for day in days]
    )
    process = subprocess.Popen(
        [sys.executable, "-c", text],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "CHAIN": str(CHAIN)},
    )
    assert process.stdout is not None
    try:
        order_id = process.stdout.readline().strip()
        until = time.monotonic() + PATIENCE_S
        while len(_succeeded()) < done_before and time.monotonic() < until:
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    return order_id


def _succeeded() -> list[tuple[str, date]]:
    query = select(job_run.c.job, job_run.c.business_date).where(job_run.c.state == "succeeded")
    with db.read() as connection:
        return [(row.job, row.business_date) for row in connection.execute(query)]


def test_a_live_process_takes_over_from_a_dead_one(plot: Plot, killed_jobs: Path) -> None:
    held, release = slots.take()
    assert held == 0
    try:
        order_id = _run_and_kill(killed_jobs, [DAY], 2)
    finally:
        release()
    with executor.running():
        *_, last = executor.wait(order_id, PATIENCE_S)
    assert last.state is OrderState.DONE


def test_slots_are_held_once(home: Settings) -> None:
    first, release_first = slots.take()
    second, release_second = slots.take()
    assert (first, second) == (0, 1)
    assert slots.try_take(0) is None
    release_first()
    again = slots.try_take(0)
    assert again is not None
    again()
    release_second()


def test_the_nights_orders_go_before_backfills(plot: Plot, python_jobs: Use) -> None:
    seen: list[str] = []

    @job(writes=table("t"))
    def work(context: JobContext) -> pa.Table:
        seen.append(context.business_date.isoformat())
        time.sleep(0.05)
        return rows(1)

    python_jobs([work])
    far = DAY - timedelta(days=300)
    with executor.running():
        blocker = control.run(plot.scope, [DAY])
        parts = control.backfill(plot.scope, far, far + timedelta(days=1), wide=False)
        night = control.run(plot.scope, [DAY + timedelta(days=1)], reason=Reason.NIGHT)
        for order in (blocker, *parts, night):
            assert ended(order).state is OrderState.DONE
    tonight = (DAY + timedelta(days=1)).isoformat()
    assert seen.index(tonight) < seen.index(far.isoformat())
