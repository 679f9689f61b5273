"""The lake's tables: written by whole business dates, read as snapshots.

A write replaces one date, or several, in one commit: readers see all of it or none of it, and
writing the same date twice leaves it once.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from deltalake.exceptions import DeltaError

from titian.kernel import audit
from titian.kernel.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from titian.kernel.ids import new_id
from titian.kernel.scope import Permission, Scope
from titian.lake import commit, handles, layout, masking, rows
from titian.lake.conform import check_columns, check_date, check_file, conform, dates_of
from titian.lake.files import FileWriter, split_by_date
from titian.lake.schema import BUSINESS_DATE, Table

Rows: TypeAlias = pa.Table | pa.RecordBatchReader
MAX_DATES = 4_000
MAX_HISTORY = 1_000


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a write left: rows and bytes of the dates written, and the table's version."""

    rows: int
    bytes: int
    version: int


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A table as it stands."""

    table: Table
    rows: int
    bytes: int
    files: int
    first_date: date | None
    last_date: date | None
    version: int


@dataclass(frozen=True, slots=True)
class Version:
    """One commit of a table."""

    version: int
    at: datetime
    action: str
    user: str
    dates: tuple[str, ...]


def write_date(scope: Scope, table: Table, business_date: date, data: Rows) -> WriteResult:
    """Replace one business date of a table; the table is made if it is new.

    Streams in bounded memory. A date without rows is kept as delivered and empty. Raises
    InvalidInput when columns do not match, Conflict when the declaration breaks the stored one.
    """
    _require_writer(scope)
    check_columns(table, data.schema, with_date=False)
    checked = (check_date(table, batch, business_date) for batch in _batches(data))
    parts = ((business_date, batch) for batch in conform(table, checked))
    return _write(scope, table, frozenset({business_date}), parts)


def write_dates(
    scope: Scope, table: Table, data: Rows, dates: Sequence[date], *, claim: int | None = None
) -> WriteResult:
    """Replace several business dates in one commit; each row names its own in `business_date`.

    A named date without rows becomes empty. The commit carries the `claim`: see `newest_claim`.
    Raises InvalidInput when a row is of another date.
    """
    _require_writer(scope)
    days = frozenset(dates)
    if not days or len(days) > MAX_DATES:
        raise InvalidInput(
            f"{len(days)} business dates of {table.qualified} are to be written",
            f"Name 1 to {MAX_DATES}.",
        )
    check_columns(table, data.schema, with_date=True)
    return _write(scope, table, days, _split(table, _batches(data), days), claim)


def newest_claim(scope: Scope, name: str) -> int | None:
    """Give the claim of the newest write that carried one; None when there is none."""
    return commit.newest_claim(handles.handle(scope, name)) if exists(scope, name) else None


def remove_date(scope: Scope, name: str, business_date: date) -> WriteResult:
    """Take one business date out of a table in one commit; gives what was taken out.

    Earlier versions keep it until they are vacuumed. Raises NotFound for an unknown table, or a
    date it does not hold.
    """
    _require_writer(scope)
    held = handles.handle(scope, name)
    gone = [file for file in held.snapshot().files if file.date == business_date]
    if not gone:
        raise NotFound(
            f"table {name} holds nothing of {business_date}", "List its dates with `titian query`."
        )
    version = commit.replace(held, commit.Change(frozenset({business_date}), (), "remove"), scope)
    return WriteResult(sum(f.rows for f in gone), sum(f.bytes for f in gone), version)


def adopt(scope: Scope, table: Table, business_date: date, stage: Path) -> WriteResult:
    """Replace one business date by Parquet files that another engine left in a folder.

    The folder must lie on the lake's own file system. Raises InvalidInput when their columns or
    required values do not match, NotFound when there is no folder.
    """
    _require_writer(scope)
    held = commit.ensure_table(scope, table)
    if not stage.is_dir():
        raise NotFound(
            f"the engine left nothing for {table.qualified} in {stage.name}",
            "See that it has the lake under the same path.",
        )
    counted = [(path, check_file(table, path)) for path in sorted(stage.rglob("*.parquet"))]
    writer = FileWriter(held.directory, table.arrow_schema(), table.sorted_by)
    days = frozenset({business_date})
    try:
        for path, count in counted:
            writer.adopt(business_date, path, count)
        files = writer.finish(days)
        version = commit.replace(held, commit.Change(days, files, "write"), scope)
    except BaseException:
        writer.discard()
        raise
    return WriteResult(sum(f.rows for f in files), sum(f.bytes for f in files), version)


def _write(
    scope: Scope,
    table: Table,
    days: frozenset[date],
    parts: Iterable[tuple[date, pa.RecordBatch]],
    claim: int | None = None,
) -> WriteResult:
    held = commit.ensure_table(scope, table)
    writer = FileWriter(held.directory, table.arrow_schema(), table.sorted_by)
    try:
        for day, batch in parts:
            writer.add(day, batch)
        files = writer.finish(days)
        change = commit.Change(days, files, "write", claim=claim)
        version = commit.replace(held, change, scope)
    except BaseException:
        writer.discard()
        raise
    return WriteResult(sum(f.rows for f in files), sum(f.bytes for f in files), version)


def _split(
    table: Table, batches: Iterator[pa.RecordBatch], days: frozenset[date]
) -> Iterator[tuple[date, pa.RecordBatch]]:
    for batch in batches:
        for day, part in split_by_date(batch, dates_of(table, batch)):
            if day not in days:
                raise InvalidInput(
                    f"rows for {table.qualified} are of {day}, which is not being written",
                    "Name it among the dates, or leave its rows out.",
                )
            yield from ((day, fitted) for fitted in conform(table, iter([part])))


def read(
    scope: Scope,
    name: str,
    *,
    business_date: date | None = None,
    dates: Iterable[date] | None = None,
    version: int | None = None,
    as_of: datetime | None = None,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Read a snapshot, by date, version or moment if named, with `business_date` as last column.

    People see what their clearance allows; the platform's own scope sees everything. Raises
    NotFound for an unknown table, column or version.
    """
    snapshot = handles.snapshot(scope, name, version=version, as_of=as_of)
    wanted = None if dates is None else frozenset(dates)
    if business_date is not None:
        wanted = frozenset({business_date})
    chosen = [column.name for column in snapshot.table.columns] + [BUSINESS_DATE]
    if columns is not None:
        for column in columns:
            if column != BUSINESS_DATE:
                snapshot.table.column(column)
        chosen = list(columns)
    found = rows.dataset(snapshot, wanted).to_table(columns=chosen)
    return masking.masked(scope, snapshot.table, found)


def exists(scope: Scope, name: str) -> bool:
    """Say whether a table is there."""
    return (layout.table_path(scope, name) / layout.LOG).is_dir()


def describe(scope: Scope, name: str) -> Table:
    """Give a table's declaration as stored with it. Raises NotFound."""
    return handles.snapshot(scope, name).table


def dates(scope: Scope, name: str) -> list[date]:
    """List the business dates a table holds, in order. Raises NotFound."""
    return handles.snapshot(scope, name).dates


def info(scope: Scope, name: str) -> TableInfo:
    """Give a table's size and span. Raises NotFound."""
    found = handles.snapshot(scope, name)
    days = found.dates
    return TableInfo(
        found.table,
        rows=sum(file.rows for file in found.files),
        bytes=sum(file.bytes for file in found.files),
        files=len(found.files),
        first_date=days[0] if days else None,
        last_date=days[-1] if days else None,
        version=found.version,
    )


def tables(scope: Scope) -> list[TableInfo]:
    """List the tables of a scope by layer and name."""
    return [info(scope, name) for name in layout.table_names(scope)]


def history(scope: Scope, name: str, limit: int = 100) -> list[Version]:
    """List a table's versions, newest first. Raises NotFound."""
    if not 1 <= limit <= MAX_HISTORY:
        raise LimitExceeded(f"{limit} versions were asked for", f"Ask for 1 to {MAX_HISTORY}.")
    held = handles.handle(scope, name)
    held.refresh()
    return [
        Version(
            version=entry["version"],
            at=datetime.fromtimestamp(entry["timestamp"] / 1_000, UTC),
            action=entry.get("titian.action") or str(entry.get("operation", "")).lower(),
            user=entry.get("titian.user", ""),
            dates=tuple(filter(None, entry.get("titian.dates", "").split(","))),
        )
        for entry in held.delta.history(limit)
    ]


def restore(scope: Scope, name: str, version: int) -> int:
    """Make an earlier version the newest one; needs MAINTAIN_LAKE. Raises NotFound, Conflict."""
    scope.require(Permission.MAINTAIN_LAKE)
    held = handles.handle(scope, name)
    target = handles.snapshot(scope, name, version=version)
    with held.lock:
        dates = {*held.snapshot().dates, *target.dates}
        claim = commit.properties(scope, "restore", dates)
        try:
            held.delta.restore(version, commit_properties=claim)
        except DeltaError as error:
            raise Conflict(
                f"version {version} of {name} cannot be restored: {error}",
                "Its files may be vacuumed; choose a later version or load the dates again.",
            ) from error
    audit.record(scope, "lake.restore", name, {"version": version})
    return held.snapshot().version


def drop(scope: Scope, name: str) -> None:
    """Remove a table and all its versions; needs MAINTAIN_LAKE. Raises NotFound."""
    scope.require(Permission.MAINTAIN_LAKE)
    directory = layout.table_path(scope, name)
    if not directory.is_dir():
        raise NotFound(f"there is no table {name} here", "List them with `titian lake tables`.")
    grave = directory.with_name(f".{new_id('dropped')}")
    directory.rename(grave)
    handles.forget(scope, name)
    shutil.rmtree(grave)
    audit.record(scope, "lake.drop", name)


def _require_writer(scope: Scope) -> None:
    if not scope.is_system:
        scope.require(Permission.RUN_JOBS)


def _batches(data: Rows) -> Iterator[pa.RecordBatch]:
    return iter(data.to_batches()) if isinstance(data, pa.Table) else iter(data)
