from __future__ import annotations

import threading

from titian.data.jobs.pool import FairPool


def test_it_works() -> None:
    pool = FairPool(2)
    done = threading.Event()
    pool.submit("a", done.set)
    assert done.wait(5)
    pool.close()


def test_banks_take_turns() -> None:
    pool = FairPool(1)
    gate, over, order = threading.Event(), threading.Event(), list[str]()

    def hold() -> None:
        gate.wait(5)

    pool.submit("first", hold)
    for at in range(4):
        pool.submit("long", lambda at=at: order.append(f"long{at}"))  # type: ignore[misc]
    pool.submit("short", lambda: order.append("short"))
    pool.submit("zlast", over.set)
    gate.set()
    assert over.wait(5)
    assert order.index("short") <= 1
    pool.close()


def test_work_that_raises_does_not_cost_a_worker(capsys: object) -> None:
    pool = FairPool(1)
    done = threading.Event()
    pool.submit("a", lambda: 1 // 0)  # type: ignore[arg-type]
    pool.submit("a", done.set)
    assert done.wait(5)
    pool.close()


def test_a_lost_worker_is_replaced_and_leaves_when_it_returns() -> None:
    pool = FairPool(1)
    gate, done, ident = threading.Event(), threading.Event(), list[int]()

    def stuck() -> None:
        ident.append(threading.get_ident())
        gate.wait(5)

    pool.submit("a", stuck)
    while not ident:
        gate.wait(0.001)
    assert pool.lost(ident[0])
    pool.submit("a", done.set)
    assert done.wait(5)
    gate.set()
    pool.close()
    assert not any(thread.ident == ident[0] for thread in threading.enumerate())


def test_a_closed_pool_starts_nothing() -> None:
    pool = FairPool(1)
    pool.close()
    started = threading.Event()
    pool.submit("a", started.set)
    assert not started.wait(0.05)
