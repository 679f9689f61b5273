"""Many senders, one writer: what waits is bounded, what waited together is decided together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from typing import Final

from titian.kernel import logs
from titian.kernel.errors import TitianError, Unavailable
from titian.payments.engine.path import Answer, Engine
from titian.payments.model import Event

MAX_WAITING: Final = 4_096
MAX_BATCH: Final = 512
_log = logs.get(__name__)


class Overloaded(Unavailable):
    """More events wait than may: nothing was counted, nothing decided."""

    code = "overloaded"


@dataclass(slots=True)
class _Waiting:
    events: Sequence[Event]
    deadline: float
    answered: asyncio.Future[Sequence[Answer]]


class Queue:
    """Feeds an engine from one event loop; the disk is waited for in a thread beside it."""

    def __init__(self, engine: Engine, most: int = MAX_WAITING) -> None:
        self.engine, self._most = engine, most
        self._waiting: deque[_Waiting] = deque()
        self._events = 0
        self._wake = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, "payments-journal")
        self._task = asyncio.create_task(self._run())

    async def submit(self, events: Sequence[Event], deadline_s: float) -> Sequence[Answer]:
        """Have events decided; the answers are safe on disk. `deadline_s` bounds the wait in line.

        Raises Overloaded at once when too many wait, Unavailable when the journal fails.
        """
        if self._events + len(events) > self._most:
            raise Overloaded(
                f"{self._events:,} events wait already",
                "Send them again in a second, or apply the channel's fail policy.",
            )
        answered = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(events, monotonic() + deadline_s, answered))
        self._events += len(events)
        self._wake.set()
        answers: Sequence[Answer] = await answered
        return answers

    async def close(self) -> None:
        """Stop; who still waits is told."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._refuse(list(self._waiting), Unavailable("the engine stops", "Send the events again."))
        self._waiting.clear()
        self._disk.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            taken = self._take()
            if not taken:
                self._wake.clear()
                continue
            try:
                events, expired = _together(taken)
                batch = self.engine.prepare(events, expired)
                await loop.run_in_executor(self._disk, self.engine.journal.commit)
                self._answer(taken, batch.answers)
            except TitianError as error:
                self._refuse(taken, error)
            except Exception as error:  # noqa: BLE001 - senders must hear, and the line go on
                _log.error("a batch could not be decided", exc_info=error)
                self._refuse(taken, Unavailable("the engine failed", "Start the server again."))

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        events = 0
        while self._waiting and (not taken or events + len(self._waiting[0].events) <= MAX_BATCH):
            taken.append(self._waiting.popleft())
            events += len(taken[-1].events)
        self._events -= events
        return taken

    def _answer(self, taken: Sequence[_Waiting], answers: Sequence[Answer]) -> None:
        place = 0
        for waiting in taken:
            end = place + len(waiting.events)
            if not waiting.answered.done():
                waiting.answered.set_result(answers[place:end])
            place = end

    def _refuse(self, taken: Sequence[_Waiting], error: TitianError) -> None:
        for waiting in taken:
            if not waiting.answered.done():
                waiting.answered.set_exception(error)


def _together(taken: Sequence[_Waiting]) -> tuple[list[Event], set[int]]:
    """Give all events of a batch, and the places of those that waited too long."""
    now = monotonic()
    events: list[Event] = []
    expired: set[int] = set()
    for waiting in taken:
        if waiting.deadline < now:
            expired.update(range(len(events), len(events) + len(waiting.events)))
        events += waiting.events
    return events, expired
