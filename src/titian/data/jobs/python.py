"""Jobs written in Python: a function, and a decorator that states what it reads and writes.

    @job(writes=RIVER_LEVEL, reads=("core.loan",), schedule="daily")
    def river_level(context: JobContext) -> pa.Table: ...

The decorator registers nothing. A room lists its jobs in a tuple named `JOBS`.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from titian.data.checks.model import Check
from titian.data.checks.parse import parse_checks
from titian.data.jobs import calendars
from titian.data.jobs.header import DEFAULT_RETRIES
from titian.data.jobs.model import Function, Job, Read
from titian.data.strict import Document, nearest
from titian.kernel.errors import InvalidDefinition
from titian.kernel.scope import Scope
from titian.lake.schema import BUSINESS_DATE, Table

Writes = Table | Sequence[Table]
CheckList = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a Python job reads and writes at one bank, where that depends on its definitions.

    `history` names the reads that look at other dates than the run's, beside the declared ones.
    """

    writes: tuple[Table, ...]
    reads: tuple[str, ...]
    version: str = ""
    history: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PythonJob:
    """A function with its declaration, before it meets a bank."""

    function: Function
    shape: Callable[[Scope], Shape | None]
    schedule: str
    waits: tuple[str, ...]
    retries: int
    timeout_s: float | None
    due: str | None
    checks: Mapping[str, CheckList]
    history: frozenset[str]
    batch: bool
    zh: str
    en: str

    @property
    def file(self) -> str:
        """The module and function, for messages."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def at(self, scope: Scope) -> Job | None:
        """Give the job as it is at a bank; None where the bank has no use for it.

        Raises InvalidDefinition for a declaration that is wrong.
        """
        shape = self.shape(scope)
        if shape is None:
            return None
        main = shape.writes[0]
        return Job(
            name=main.qualified,
            writes=shape.writes,
            reads=tuple(Read(name, name in self.history | shape.history) for name in shape.reads),
            schedule=self.schedule,
            waits=self.waits,
            retries=self.retries,
            checks=self._checks(shape.writes),
            version=_version(self.function, shape),
            zh=self.zh or main.zh,
            en=self.en or main.en,
            description=main.description,
            timeout_s=self.timeout_s,
            due=self.due,
            file=self.file,
            function=self.function,
            batch=self.batch,
        )

    def _checks(self, writes: Sequence[Table]) -> tuple[Check, ...]:
        document = Document(self.file, {"checks": dict(self.checks)}, {})
        document.known_keys(self.checks, [table.qualified for table in writes], ())
        found: list[Check] = []
        for table in writes:
            names = frozenset({column.name for column in table.columns} | {BUSINESS_DATE})
            given = list(self.checks.get(table.qualified, ()))
            inner = Document(self.file, {"checks": given}, {})
            found.extend(parse_checks(inner, ("checks",), table.qualified, names))
        return tuple(found)


def job(
    *,
    writes: Writes | None = None,
    reads: Sequence[str] = (),
    shape: Callable[[Scope], Shape | None] | None = None,
    schedule: str = calendars.DAILY,
    waits: Sequence[str] = (),
    retries: int = DEFAULT_RETRIES,
    timeout_s: float | None = None,
    due: str | None = None,
    checks: CheckList | Mapping[str, CheckList] = (),
    history: Sequence[str] = (),
    batch: bool = False,
    zh: str = "",
    en: str = "",
) -> Callable[[Function], PythonJob]:
    """Declare a Python job.

    Give `writes` and `reads`, or a `shape` that works them out from a bank's definitions (None
    where the bank has none). `history` names the reads that look at other dates than the run's.
    `checks` are written as in a SQL header; with several tables, per table. `batch` lets a
    back-fill call the function with several dates at once.
    """
    if (writes is None) == (shape is None):
        raise InvalidDefinition(
            "a Python job states either what it writes or a shape", "Give one of writes and shape."
        )
    if schedule not in calendars.NAMES:
        raise InvalidDefinition(
            f"schedule {schedule!r} is not known", nearest(schedule, calendars.NAMES)
        )
    tables = (writes,) if isinstance(writes, Table) else tuple(writes or ())
    fixed = Shape(tables, tuple(reads))
    by_table = checks if isinstance(checks, Mapping) else {}
    if checks and not isinstance(checks, Mapping):
        by_table = {tables[0].qualified: checks} if tables else {}

    def declare(function: Function) -> PythonJob:
        return PythonJob(
            function=function,
            shape=shape or (lambda _scope: fixed),
            schedule=schedule,
            waits=tuple(waits),
            retries=retries,
            timeout_s=timeout_s,
            due=due,
            checks=by_table,
            history=frozenset(history),
            batch=batch,
            zh=zh,
            en=en,
        )

    return declare


def _version(function: Function, shape: Shape) -> str:
    words = f"{_source(function)}\0{shape.writes!r}\0{shape.reads!r}\0{shape.version}"
    return hashlib.sha256(words.encode()).hexdigest()[:16]


@lru_cache(maxsize=512)
def _source(function: Function) -> str:
    try:
        return inspect.getsource(function)
    except OSError:
        return repr(function)
