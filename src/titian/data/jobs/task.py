"""A piece of work and what came of it: the words between the conductor and the engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Event, Lock

from titian.data.checks.evaluate import Facts
from titian.data.checks.model import Outcome
from titian.data.jobs.model import Job
from titian.kernel.errors import TimedOut
from titian.kernel.scope import Scope
from titian.lake import handles
from titian.lake.schema import Table
from titian.lake.session import JobSession


@dataclass(frozen=True, slots=True)
class Task:
    """What to do: a job, the business dates, and the declared tables by name."""

    job: Job
    dates: tuple[date, ...]
    tables: Mapping[str, Table]
    facts: Facts


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it: rows and bytes per date, the last table version, checks, SQL as run."""

    rows: Mapping[date, int]
    bytes: Mapping[date, int]
    version: int | None
    outcomes: tuple[Outcome, ...]
    sql: str


@dataclass(slots=True)
class Brake:
    """Stops a running task from another thread."""

    cancelled: Event = field(default_factory=Event)
    session: JobSession | None = None
    lock: Lock = field(default_factory=Lock)

    def pull(self) -> None:
        """Stop the statement that runs now and refuse to publish afterwards."""
        self.cancelled.set()
        with self.lock:
            if self.session is not None:
                self.session.interrupt()

    def check(self) -> None:
        """Raise TimedOut once pulled."""
        if self.cancelled.is_set():
            raise TimedOut("the job's time is over", "Give it a larger timeout_s, or less to do.")


def made(
    scope: Scope,
    tables: Sequence[Table],
    dates: Sequence[date],
    version: int | None,
    outcomes: tuple[Outcome, ...],
    sql: str,
) -> Made:
    """Sum up what was written: rows and bytes per date as the lake has them now."""
    rows = dict.fromkeys(dates, 0)
    sizes = dict.fromkeys(dates, 0)
    for name in {table.qualified for table in tables}:
        for file in handles.snapshot(scope, name).files:
            if file.date in rows:
                rows[file.date] += file.rows
                sizes[file.date] += file.bytes
    return Made(rows, sizes, version, outcomes, sql)
