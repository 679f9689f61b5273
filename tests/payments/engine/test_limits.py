"""What must not grow, and time that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.payment_events import event

from titian.payments.engine import Decision, Engine, Setup
from titian.payments.engine.clock import MAX_DRIFT_US, SteadyClock
from titian.payments.engine.idempotency import Horizon, Index
from titian.payments.engine.interning import Interner
from titian.payments.engine.queue import Overloaded, Queue
from titian.payments.model import Event
from titian.payments.windows import Limits

Start = Callable[..., Engine]


def test_a_flood_of_new_keys_is_bounded_and_counted(start: Start, setup: Setup) -> None:
    limits = Limits(slots=500, entries=4_096, distinct_values=2_048, entries_of_one_key=64)
    engine = start(replace(setup, windows=limits))
    for batch in range(20):
        engine.decide(
            [
                event(n, party_id=f"P{n}", device_id=f"D{n}")
                for n in range(100 * batch, 100 * batch + 100)
            ]
        )
    health = engine.state.windows.health()
    assert health.keys <= 500
    assert health.forgotten_keys > 1_000


def test_texts_remembered_are_bounded_and_numbers_do_not_change() -> None:
    interner = Interner(b"secret", most=100)
    first = interner.numbers(["a", None, "b"])
    for n in range(1_000):
        interner.numbers([f"flood {n}"])
    assert interner.remembered() < 300
    assert interner.numbers(["a", None, "b"]) == first
    assert Interner(b"another").numbers(["a"]) != first[:1]
    assert len(set(interner.numbers([f"flood {n}" for n in range(1_000)]))) == 1_000


def test_known_events_are_forgotten_by_number_and_by_age() -> None:
    index = Index(Horizon(events=3, age_us=100))
    for n in range(5):
        index.add(("b", str(n)), n, n)
    assert [index.find(("b", str(n))) for n in range(5)] == [None, None, 2, 3, 4]
    index.add(("b", "late"), 9, 200)
    assert len(index) == 1


def test_beyond_the_horizon_an_event_is_new_again(start: Start, setup: Setup) -> None:
    engine = start(replace(setup, horizon=Horizon(events=2)))
    engine.decide([event(n) for n in range(4)])
    answers = engine.decide([event(3), event(0)])
    assert [a.duplicate for a in answers if isinstance(a, Decision)] == [True, False]


class Clocks:
    def __init__(self) -> None:
        self.wall, self.count = 10**15, 0

    def pass_(self, wall_us: int, count_us: int) -> None:
        self.wall += wall_us
        self.count += count_us


@pytest.mark.parametrize("jump", [MAX_DRIFT_US + 1, -MAX_DRIFT_US - 1, 10**14, -(10**14)])
def test_a_jump_of_the_wall_is_not_believed_until_it_is_back(jump: int) -> None:
    clocks = Clocks()
    steady = SteadyClock(lambda: clocks.wall, lambda: clocks.count)
    before = steady.now_us()
    clocks.pass_(jump + 5, 5)
    assert steady.now_us() == before + 5
    assert steady.jumped
    clocks.pass_(-jump, 0)
    assert steady.now_us() == before + 5
    assert not steady.jumped


def test_small_corrections_are_followed_but_never_backwards() -> None:
    clocks = Clocks()
    steady = SteadyClock(lambda: clocks.wall, lambda: clocks.count)
    before = steady.now_us()
    clocks.pass_(-1_000, 0)
    assert steady.now_us() == before
    clocks.pass_(5_000, 10)
    assert steady.now_us() == before + 4_000
    steady.hold(before + 10**9)
    assert steady.now_us() == before + 10**9


def test_a_full_line_is_refused_and_the_others_are_answered(start: Start) -> None:
    async def run() -> list[object]:
        queue = Queue(start(), most=5)
        sent: list[list[Event]] = [[event(n)] for n in range(5)]
        tasks = [asyncio.create_task(queue.submit(events, 1)) for events in sent]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="5 events wait"):
            await queue.submit([event(9)], 1)
        answers = await asyncio.gather(*tasks)
        after = await queue.submit([event(9)], 1)
        await queue.close()
        return [*answers, after]

    assert len(asyncio.run(run())) == 6
