"""Worker threads shared fairly: whichever bank has the least running goes next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count
from threading import Condition, Thread, get_ident

from titian.kernel import logs

_log = logs.get(__name__)
MAX_LOST = 64
JOIN_S = 1.0

Work = Callable[[], None]


class FairPool:
    """A fixed number of threads over any number of lanes, one lane per bank."""

    def __init__(self, workers: int) -> None:
        self._lanes: dict[str, deque[Work]] = {}
        self._running: dict[str, int] = {}
        self._turn: dict[str, int] = {}
        self._served = 0
        self._lost: set[int] = set()
        self._closed = False
        self._change = Condition()
        self._names = count(1)
        self._threads: list[Thread] = []
        for _ in range(workers):
            self._start()

    def submit(self, lane: str, work: Work) -> None:
        """Queue work on a lane; it must not raise."""
        with self._change:
            self._lanes.setdefault(lane, deque()).append(work)
            self._change.notify()

    def lost(self, thread: int) -> bool:
        """Replace a worker (by thread id) that no longer answers; it ends when its work returns.

        Gives False when too many were lost already, in which case none is added.
        """
        with self._change:
            if len(self._lost) >= MAX_LOST:
                return False
            self._lost.add(thread)
        self._start()
        return True

    def close(self) -> None:
        """Start no more work, and wait a little for idle threads to leave."""
        with self._change:
            self._closed = True
            self._lanes.clear()
            self._change.notify_all()
        for thread in self._threads:
            thread.join(timeout=JOIN_S)

    def _start(self) -> None:
        thread = Thread(target=self._serve, name=f"job-{next(self._names)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while True:
            taken = self._take()
            if taken is None:
                return
            lane, work = taken
            try:
                work()
            except BaseException:  # noqa: BLE001  # a worker thread must survive its work
                _log.exception("a job's work raised outside of its own handling", lane=lane)
            if self._done(lane):
                return

    def _take(self) -> tuple[str, Work] | None:
        with self._change:
            while not self._closed:
                lane = self._next_lane()
                if lane is not None:
                    return lane, self._pop(lane)
                self._change.wait()
            return None

    def _next_lane(self) -> str | None:
        if not self._lanes:
            return None
        return min(
            self._lanes, key=lambda lane: (self._running.get(lane, 0), self._turn.get(lane, 0))
        )

    def _pop(self, lane: str) -> Work:
        work = self._lanes[lane].popleft()
        if not self._lanes[lane]:
            del self._lanes[lane]
        self._served += 1
        self._turn[lane] = self._served
        self._running[lane] = self._running.get(lane, 0) + 1
        return work

    def _done(self, lane: str) -> bool:
        with self._change:
            self._running[lane] -= 1
            if not self._running[lane]:
                del self._running[lane]
            replaced = get_ident() in self._lost
            self._lost.discard(get_ident())
            return replaced
