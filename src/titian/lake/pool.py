"""Worker processes for people's SQL: each serves one place, and dies when it takes too long."""

from __future__ import annotations

import atexit
import os
import select
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition
from typing import Any

import msgspec

from titian.kernel.errors import LimitExceeded, TimedOut, Unavailable
from titian.kernel.settings import settings
from titian.lake import spill, worker
from titian.lake.functions import SCALAR_FUNCTIONS, TABLE_FUNCTIONS
from titian.lake.gate import CTE_PREFIX

START_TIMEOUT_S = 30.0
SPILL_MB = 2_048
WAIT_S = 15.0
_LENGTH = struct.Struct(">II")
_CHUNK = 1 << 20
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}


class Cancelled(LimitExceeded):
    """The query was cancelled by the one who asked."""


@dataclass(slots=True)
class Worker:
    """A running process, and whom it serves."""

    place: Path
    process: subprocess.Popen[bytes]
    spill: Path
    walls: int = 0
    cancelled: bool = False
    spent: bool = False
    pending: bytearray = field(default_factory=bytearray)

    def ask(self, request: Mapping[str, object], deadline: float) -> tuple[dict[str, Any], bytes]:
        """Send a request and wait for its answer. Raises TimedOut, Unavailable, Cancelled."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(worker.frame(request))
            self.process.stdin.flush()
            head, body = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
            words: dict[str, Any] = msgspec.json.decode(self._read(head, deadline))
            self.spent = words.get("spent", False)
            return words, self._read(body, deadline)
        except BrokenPipeError:
            raise self._died() from None

    def end(self) -> None:
        """Kill the process and remove what it spilled; twice is once."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        shutil.rmtree(self.spill, ignore_errors=True)

    def _read(self, length: int, deadline: float) -> bytes:
        assert self.process.stdout is not None
        source = self.process.stdout.fileno()
        while len(self.pending) < length:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([source], [], [], left)[0]:
                raise TimedOut(
                    "the query took longer than it may", "Read fewer dates, or aggregate first."
                )
            chunk = os.read(source, _CHUNK)
            if not chunk:
                raise self._died()
            self.pending += chunk
        taken = bytes(self.pending[:length])
        del self.pending[:length]
        return taken

    def _died(self) -> Unavailable | LimitExceeded:
        if self.cancelled:
            return Cancelled("the query was cancelled", "Run it again when you want it.")
        return LimitExceeded(
            "the query broke its worker process, most likely for want of memory",
            "Read fewer dates or columns, or aggregate before joining.",
        )


class Pool:
    """At most `query_workers` processes; one place never holds all of them when there are more."""

    def __init__(self) -> None:
        self._free = Condition()
        self._idle: list[Worker] = []
        self._busy: dict[str, Worker] = {}
        self._starting: list[Path] = []

    @contextmanager
    def worker(self, place: Path, query_id: str) -> Iterator[Worker]:
        """Lend a worker of a place; a failed or swollen one is ended. Raises Unavailable."""
        lent = self._take(place, query_id)
        try:
            yield lent
        except BaseException:
            self._drop(query_id, lent)
            raise
        if lent.spent:
            self._drop(query_id, lent)
            return
        with self._free:
            self._busy.pop(query_id, None)
            self._idle.append(lent)
            self._free.notify()

    def cancel(self, place: Path, query_id: str) -> bool:
        """End the worker that runs a query of a place; False when it does not run there."""
        with self._free:
            running = self._busy.get(query_id)
            if running is None or running.place != place:
                return False
            running.cancelled = True
            running.process.kill()
            return True

    def workers(self) -> list[Worker]:
        """List the running workers, idle ones first."""
        with self._free:
            return [*self._idle, *self._busy.values()]

    def close(self) -> None:
        """End every worker."""
        workers = self.workers()
        with self._free:
            self._idle.clear()
        for each in workers:
            each.end()

    def _take(self, place: Path, query_id: str) -> Worker:
        give_up = time.monotonic() + WAIT_S
        with self._free:
            while True:
                found = self._idle_of(place)
                if found is not None:
                    self._busy[query_id] = found
                    return found
                if self._may_start(place):
                    self._starting.append(place)
                    break
                if not self._free.wait(give_up - time.monotonic()):
                    raise Unavailable(
                        f"all {settings().query_workers} query workers are busy",
                        "Try again in a moment.",
                    )
        try:
            started = _start(place)
        finally:
            with self._free:
                self._starting.remove(place)
        with self._free:
            self._busy[query_id] = started
        return started

    def _idle_of(self, place: Path) -> Worker | None:
        for position, candidate in enumerate(self._idle):
            if candidate.place == place:
                self._idle.pop(position)
                if candidate.process.poll() is None and place.is_dir():
                    return candidate
                candidate.end()
                return self._idle_of(place)
        return None

    def _may_start(self, place: Path) -> bool:
        most = settings().query_workers
        mine = sum(busy.place == place for busy in self._busy.values())
        if mine + self._starting.count(place) >= max(1, most - 1):
            return False
        others = len(self._busy) + len(self._starting)
        if others + len(self._idle) >= most and self._idle:
            self._idle.pop(0).end()
        return others + len(self._idle) < most

    def _drop(self, query_id: str, lent: Worker) -> None:
        with self._free:
            self._busy.pop(query_id, None)
        lent.end()
        with self._free:
            self._free.notify()


def _start(place: Path) -> Worker:
    limits = settings()
    place.mkdir(parents=True, exist_ok=True)
    spilled = spill.folder()
    process = subprocess.Popen(
        [sys.executable, "-I", worker.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
        cwd=spilled,
        start_new_session=True,
    )
    started = Worker(place, process, spilled)
    hello = {
        "place": str(place),
        "spill": str(spilled),
        "spill_mb": SPILL_MB,
        "memory_mb": limits.query_memory_mb,
        "threads": max(1, (os.cpu_count() or 1) // limits.query_workers),
        "functions": sorted(SCALAR_FUNCTIONS),
        "table_functions": sorted(TABLE_FUNCTIONS),
        "cte_prefix": CTE_PREFIX,
    }
    try:
        ready, _ = started.ask(hello, time.monotonic() + START_TIMEOUT_S)
    except BaseException:
        started.end()
        raise
    started.walls = int(ready["landlock"])
    return started


_pool = Pool()
atexit.register(_pool.close)


def shared() -> Pool:
    """Give the pool of this process."""
    return _pool
