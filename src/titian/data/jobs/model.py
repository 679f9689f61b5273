"""The words of jobs: what one writes and reads, when it is due, and what became of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from titian.data.checks.model import Check
from titian.kernel.ids import BankId, RunId
from titian.kernel.labels import UNSAID, Label
from titian.kernel.scope import Scope
from titian.lake.schema import Table

if TYPE_CHECKING:
    from titian.data.jobs.context import JobContext, Produced

Function = Callable[["JobContext"], "Produced"]


class State(StrEnum):
    """Where a job stands for one bank and business date."""

    SUCCEEDED = "succeeded"
    RUNNING = "running"
    RETRYING = "retrying"
    FAILED = "failed"
    WAITING = "waiting"
    HELD = "held"
    PAUSED = "paused"
    SKIPPED = "skipped"
    PENDING = "pending"

    @property
    def done(self) -> bool:
        """Whether jobs further down may use what this one wrote."""
        return self in (State.SUCCEEDED, State.SKIPPED)

    @property
    def red(self) -> bool:
        """Whether somebody has to look at it."""
        return self in (State.FAILED, State.HELD)


class Engine(StrEnum):
    """What runs a job's SQL."""

    DUCKDB = "duckdb"
    SPARK = "spark"


@dataclass(frozen=True, slots=True)
class Read:
    """A table a job reads; `history` when it reads other dates than the one it runs for."""

    table: str
    history: bool = False
    by_check: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """One unit of definition: a SQL file or a Python function.

    `name` is that of the first table it writes. `version` changes when anything that could change
    the result does. `batch` says that a function takes several dates at once.
    """

    name: str
    writes: tuple[Table, ...]
    reads: tuple[Read, ...]
    schedule: str
    waits: tuple[str, ...]
    retries: int
    checks: tuple[Check, ...]
    version: str
    zh: str
    en: str
    description: Label = UNSAID
    timeout_s: float | None = None
    due: str | None = None
    engine: Engine = Engine.DUCKDB
    file: str = ""
    sql: str | None = None
    parameters: frozenset[str] = frozenset()
    function: Function | None = None
    batch: bool = False

    @property
    def needs(self) -> frozenset[str]:
        """The tables of other jobs and feeds that must be ready before it runs."""
        own = {table.qualified for table in self.writes}
        return frozenset(read.table for read in self.reads) - own

    @property
    def reads_itself(self) -> bool:
        """Whether it builds on what it wrote for earlier dates."""
        own = {table.qualified for table in self.writes}
        return any(read.table in own for read in self.reads)


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a job for a bank and business date, as the run log has it.

    `batch` is the number of dates its statement covered; `seconds` is this date's share of it.
    `version` is that of the job, `table_version` that of the table after it.
    """

    run: RunId
    order: str
    bank: BankId
    job: str
    business_date: date
    state: State
    attempt: int
    reason: str
    started: datetime
    finished: datetime | None
    rows: int
    bytes: int
    seconds: float
    batch: int
    error: str
    error_code: str
    version: str
    sql_hash: str
    table_version: int | None


@dataclass(frozen=True, slots=True)
class Stand:
    """How a job stands on the board: its state, why, and the run behind it (if any)."""

    job: str
    state: State
    why: str
    run: RunId | None
    finished: datetime | None
    rows: int
    seconds: float


def day_scope(bank: BankId) -> Scope:
    """Give the scope under which the platform runs a bank's jobs."""
    return Scope.system(bank)
