"""Keeping tables small and quick: fewer files per date, and no files that no version needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from deltalake import DeltaTable

from titian.kernel import audit
from titian.kernel.errors import Conflict, InvalidInput, Unavailable
from titian.kernel.scope import Permission, Scope
from titian.lake import commit, delta, handles, layout, rows
from titian.lake.files import FILE_BYTES, FileWriter
from titian.lake.handles import Handle, Snapshot

MIN_KEEP_HOURS = 24
MAX_KEEP_HOURS = 24 * 3_650
COMPACT_ATTEMPTS = 5
SMALL_BYTES = FILE_BYTES // 2


@dataclass(frozen=True, slots=True)
class Compacted:
    """What compaction did to a table."""

    name: str
    files_before: int
    files_after: int
    version: int


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """What vacuum removed of a table, or would remove."""

    name: str
    files: int
    dry_run: bool


def compact(scope: Scope, name: str) -> Compacted:
    """Join the files of each business date; rows and dates stay. Needs MAINTAIN_LAKE.

    Raises NotFound, or Unavailable when writers keep changing the same dates.
    """
    scope.require(Permission.MAINTAIN_LAKE)
    held = handles.handle(scope, name)
    before = held.snapshot()
    for day in _scattered(before):
        _join(scope, held, day)
    after = held.snapshot()
    if after.version != before.version:
        audit.record(scope, "lake.compact", name, {"files": len(after.files)})
    return Compacted(name, len(before.files), len(after.files), after.version)


def _join(scope: Scope, held: Handle, day: date) -> None:
    days = frozenset({day})
    for _ in range(COMPACT_ATTEMPTS):
        found = held.snapshot()
        old = frozenset(file for file in found.files if file.date == day)
        writer = FileWriter(held.directory, found.table.arrow_schema(), found.table.sorted_by)
        names = [column.name for column in found.table.columns]
        try:
            for batch in rows.dataset(found, days).to_batches(columns=names):
                writer.add(day, batch)
            change = commit.Change(days, writer.finish(days), "compact", instead_of=old)
            commit.replace(held, change, scope)
        except Conflict:
            writer.discard()
        except BaseException:
            writer.discard()
            raise
        else:
            return
    raise Unavailable(
        f"{day} of table {held.qualified} was written {COMPACT_ATTEMPTS} times meanwhile",
        "Compact it when no job writes it.",
    )


def vacuum(
    scope: Scope,
    name: str,
    *,
    keep_hours: int = 24 * delta.FILE_RETENTION_DAYS,
    dry_run: bool = False,
) -> Vacuumed:
    """Remove files that no version of the last `keep_hours` needs, and files never committed.

    Older versions can no longer be read. Needs MAINTAIN_LAKE. Raises InvalidInput, NotFound.
    """
    scope.require(Permission.MAINTAIN_LAKE)
    if not MIN_KEEP_HOURS <= keep_hours <= MAX_KEEP_HOURS:
        raise InvalidInput(
            f"vacuum is to keep {keep_hours} hours",
            f"Keep {MIN_KEEP_HOURS} to {MAX_KEEP_HOURS}: readers and writers hold newer files.",
        )
    stored = handles.open_delta(layout.table_path(scope, name), name)
    gone = stored.vacuum(
        retention_hours=keep_hours,
        dry_run=dry_run,
        enforce_retention_duration=False,
        commit_properties=commit.properties(scope, "vacuum"),
        full=True,
    )
    if not dry_run:
        _shorten_log(stored)
        audit.record(scope, "lake.vacuum", name, {"files": len(gone), "keep_hours": keep_hours})
    return Vacuumed(name, len(gone), dry_run)


def maintain(scope: Scope) -> Iterator[tuple[Compacted, Vacuumed]]:
    """Compact and vacuum every table of a scope, one after the other: the nightly upkeep."""
    for name in layout.table_names(scope):
        yield compact(scope, name), vacuum(scope, name)


def _scattered(found: Snapshot) -> list[date]:
    small = Counter(file.date for file in found.files if file.bytes < SMALL_BYTES)
    return sorted(day for day, files in small.items() if files > 1)


def _shorten_log(stored: DeltaTable) -> None:
    stored.update_incremental()
    stored.create_checkpoint()
    stored.cleanup_metadata()
