"""Tenant sessions for the platform's own jobs: DuckDB behind the wall of one bank.

A session sees the tables of its scope as `raw.*`, `core.*` and `mart.*`, each as one snapshot,
and can open no file outside the scope's directory. People's SQL does not run here: see `query`.
"""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self, TypeVar

import duckdb
import pyarrow as pa

from titian.kernel.errors import Denied, InvalidInput, NotFound
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake import handles, layout, spill
from titian.lake.faults import explained
from titian.lake.handles import Snapshot
from titian.lake.queries import QueryResult, query
from titian.lake.schema import Table
from titian.lake.views import plain_view, variable
from titian.lake.worker import lock_down

__all__ = ["JobSession", "QueryResult", "close_idle", "open_session", "query"]

MAX_IDLE = 8
BATCH_ROWS = 65_536
SPILL_MB = 8_192
T = TypeVar("T")
Parameters = Mapping[str, object] | Sequence[object] | None


@dataclass(slots=True)
class _Engine:
    """A locked-down DuckDB of one place, and the views it holds."""

    place: Path
    connection: duckdb.DuckDBPyConnection
    spill: Path
    views: dict[str, tuple[str, int]] = field(default_factory=dict)


_idle: list[_Engine] = []
_pool = Lock()


class JobSession:
    """SQL over the snapshot of one scope's tables, in the clear. Close it, or use `with`."""

    def __init__(self, engine: _Engine, snapshots: Mapping[str, Snapshot]) -> None:
        self._engine: _Engine | None = engine
        self._connection = engine.connection
        self._used = False
        self._reader: pa.RecordBatchReader | None = None
        self.versions = {name: found.version for name, found in snapshots.items()}

    def sql(self, text: str, params: Parameters = None) -> pa.Table:
        """Run one query and give all its rows. Raises InvalidInput, LimitExceeded, Denied."""
        return self._query(text, params, lambda found: found.to_arrow_table())

    def stream(self, text: str, params: Parameters = None) -> pa.RecordBatchReader:
        """Run one query and give its rows in batches; read them before the next statement."""
        self._reader = self._query(text, params, lambda found: found.to_arrow_reader(BATCH_ROWS))
        return self._reader

    def execute(self, text: str, params: Parameters = None) -> None:
        """Run statements for their effect, such as a temporary table of this session."""
        self._used = True
        try:
            self._connection.execute(text, params).complete()
        except duckdb.Error as error:
            raise explained(error) from error

    def register(self, name: str, rows: pa.Table | pa.RecordBatchReader) -> None:
        """Show rows of this process as a table named `name` in this session."""
        self._used = True
        self._connection.register(name, rows)

    def interrupt(self) -> None:
        """Stop the running statement, from another thread."""
        self._connection.interrupt()

    def close(self) -> None:
        """Give the engine back; twice is once."""
        engine, self._engine = self._engine, None
        if self._reader is not None:
            self._reader.close()
        if engine is not None and self._used:
            _discard(engine)
        elif engine is not None:
            _give_back(engine)

    def _query(
        self, text: str, params: Parameters, take: Callable[[duckdb.DuckDBPyRelation], T]
    ) -> T:
        try:
            kinds = [found.type for found in self._connection.extract_statements(text)]
            if kinds != [duckdb.StatementType.SELECT]:
                raise InvalidInput(
                    f"{len(kinds)} statements, or one that is no query, were given as a query",
                    "Give one SELECT; use execute for statements with an effect.",
                )
            return take(self._connection.sql(text, params=params))
        except duckdb.Error as error:
            raise explained(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_session(scope: Scope, *, tables: Iterable[str | Table] | None = None) -> JobSession:
    """Open a session over the named tables, or over all of the scope.

    A `Table` that does not exist yet shows as empty. Raises Denied for people's scopes, NotFound
    for an unknown table.
    """
    if not scope.is_system:
        raise Denied(
            f"{scope.user} may not open a session of the platform",
            "Use `query`: it masks and limits what people see.",
        )
    wanted = layout.table_names(scope) if tables is None else list(tables)
    snapshots = {}
    absent = {}
    for table in wanted:
        name = table if isinstance(table, str) else table.qualified
        try:
            snapshots[name] = handles.snapshot(scope, name)
        except NotFound as error:
            if isinstance(table, str):
                raise _unknown(scope, name, error) from None
            absent[name] = table
    engine = _take(layout.root(scope))
    try:
        for found in snapshots.values():
            _show(engine, found)
        for table in absent.values():
            engine.connection.execute(plain_view(table, empty=True, evolved=False))
            engine.views.pop(table.qualified, None)
    except BaseException:
        _discard(engine)
        raise
    return JobSession(engine, snapshots)


def _show(engine: _Engine, found: Snapshot) -> None:
    table = found.table
    statement = plain_view(table, empty=not found.files, evolved=found.evolved)
    shown = engine.views.get(table.qualified)
    if shown == (statement, found.version):
        return
    engine.connection.execute(f'SET VARIABLE "{variable(table)}" = $1', [found.uris()])
    if shown is None or shown[0] != statement:
        engine.connection.execute(statement)
    engine.views[table.qualified] = (statement, found.version)


def _unknown(scope: Scope, name: str, error: NotFound) -> NotFound:
    close = get_close_matches(name, layout.table_names(scope), n=3)
    remedy = f"Did you mean {', '.join(close)}?" if close else error.remedy
    return NotFound(f"there is no table {name} at {scope.place}", remedy)


def _take(place: Path) -> _Engine:
    with _pool:
        for position in range(len(_idle) - 1, -1, -1):
            if _idle[position].place == place:
                return _idle.pop(position)
    limits = settings()
    place.mkdir(parents=True, exist_ok=True)
    spilled = spill.folder()
    threads = max(1, (os.cpu_count() or 1) // limits.job_workers)
    connection = duckdb.connect(
        ":memory:", config={"memory_limit": f"{limits.job_memory_mb}MB", "threads": threads}
    )
    lock_down(connection, str(place), str(spilled), SPILL_MB)
    return _Engine(place, connection, spilled)


def _give_back(engine: _Engine) -> None:
    with _pool:
        _idle.append(engine)
        spare = _idle.pop(0) if len(_idle) > MAX_IDLE else None
    if spare is not None:
        _discard(spare)


def _discard(engine: _Engine) -> None:
    engine.connection.close()
    shutil.rmtree(engine.spill, ignore_errors=True)


def close_idle() -> None:
    """Close the engines that wait for work, for tests and orderly ends."""
    with _pool:
        engines, _idle[:] = list(_idle), []
    for engine in engines:
        _discard(engine)


atexit.register(close_idle)
