"""Changes of a table in one commit each, tried again when another writer was first."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, TableFeatures
from deltalake import Transaction as DeltaTransaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from titian.kernel.errors import Conflict, NotFound, Unavailable
from titian.kernel.scope import Scope
from titian.lake import delta, handles
from titian.lake.handles import DataFile, Handle
from titian.lake.layout import table_path
from titian.lake.schema import BUSINESS_DATE, Table

COMMIT_ATTEMPTS = 12
BACKOFF_S = 0.02
MAX_DATES_NAMED = 400
_AFTER = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
_NO_DATE = "0001-01-01"
_CLAIM = "claim"
_ONLY_ADD = (
    "Columns can be added, not changed: use a new table name, or drop the table and load it again."
)


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit does: these dates hold exactly these files afterwards.

    `instead_of` are the files whose rows the new ones hold; None where rows are new. `claim` is a
    number the commit carries, so that a caller who died can tell later whether it was made.
    """

    dates: frozenset[date]
    files: Sequence[DataFile]
    action: str
    instead_of: frozenset[DataFile] | None = None
    claim: int | None = None


def ensure_table(scope: Scope, table: Table) -> Handle:
    """Make the table, or bring its stored declaration up to date by adding columns and words.

    Raises Conflict when a stored column would change its type or vanish.
    """
    try:
        held = handles.handle(scope, table.qualified)
        stored = held.snapshot().table
    except NotFound:
        handles.forget(scope, table.qualified)
        _create(scope, table)
        held = handles.handle(scope, table.qualified)
        stored = held.snapshot().table
    if stored != table:
        _refuse_breaking(stored, table)
        _attempt(held, lambda: _evolve(held, table, scope))
    return held


def replace(held: Handle, change: Change, scope: Scope) -> int:
    """Put a change in one commit and give its version.

    Raises Unavailable after many conflicts, Conflict if the files it stands for were replaced.
    """
    return _attempt(held, lambda: _replace(held, change, scope))


def newest_claim(held: Handle) -> int | None:
    """Give the claim of the newest commit that carried one; it outlives the log's shortening."""
    with held.lock:
        held.refresh()
        return held.delta.transaction_version(_CLAIM)


def properties(
    scope: Scope, action: str, dates: Iterable[date] = (), claim: int | None = None
) -> CommitProperties:
    """Give the words kept with a commit, and the claim on its dates.

    Two commits that claim the same date at the same time conflict; different dates do not. Every
    commit that adds or removes files must claim their dates: Delta alone would let both win.
    """
    days = sorted(day.isoformat() for day in dates)
    named = days if len(days) <= MAX_DATES_NAMED else [days[0], days[-1]]
    claims = [DeltaTransaction(f"date:{day}", _now_ms()) for day in days]
    claims += [] if claim is None else [DeltaTransaction(_CLAIM, claim)]
    return CommitProperties(
        custom_metadata={
            "titian.action": action,
            "titian.user": str(scope.user),
            "titian.dates": ",".join(named),
        },
        app_transactions=claims or None,
    )


def _create(scope: Scope, table: Table) -> None:
    directory = table_path(scope, table.qualified)
    directory.mkdir(parents=True, exist_ok=True)
    try:
        DeltaTable.create(
            directory,
            delta.delta_schema(table),
            mode="error",
            partition_by=[BUSINESS_DATE],
            name=table.qualified,
            configuration=delta.configuration(),
            raise_if_key_not_exists=False,
            commit_properties=properties(scope, "create"),
        )
    except DeltaError:
        if not DeltaTable.is_deltatable(directory):
            raise


def _replace(held: Handle, change: Change, scope: Scope) -> int:
    snapshot = held.snapshot()
    old = [file for file in snapshot.files if file.date in change.dates]
    if change.instead_of is not None and change.instead_of != frozenset(old):
        raise Conflict(f"dates of {held.qualified} were written meanwhile", "Start again.")
    new_rows = change.instead_of is None
    actions: list[AddAction | RemoveAction] = [_add(file, new_rows) for file in change.files]
    actions += [_remove(file, new_rows) for file in old]
    held.delta.create_write_transaction(
        actions,
        "append",
        held.delta.schema(),
        [BUSINESS_DATE],
        commit_properties=properties(scope, change.action, change.dates, change.claim),
        post_commithook_properties=_AFTER,
    )
    return snapshot.version + 1


def _evolve(held: Handle, table: Table, scope: Scope) -> int:
    snapshot = held.snapshot()
    added = len(table.columns) > len(snapshot.table.columns)
    needs_timestamps = any(column.type == "timestamp" for column in table.columns)
    if needs_timestamps and held.delta.protocol().min_writer_version < delta.MAX_WRITER_VERSION:
        held.delta.alter.add_feature(TableFeatures.TimestampWithoutTimezone, True)
        held.refresh()
    held.delta.create_write_transaction(
        [],
        "overwrite",
        delta.delta_schema(table, evolved=snapshot.evolved or added),
        [BUSINESS_DATE],
        [(BUSINESS_DATE, "=", _NO_DATE)],
        commit_properties=properties(scope, "declare"),
    )
    return held.snapshot().version


def _refuse_breaking(stored: Table, table: Table) -> None:
    before = {column.name: column.type for column in stored.columns}
    after = {column.name: column.type for column in table.columns}
    gone = [name for name in before if name not in after]
    changed = [
        f"{name} ({before[name]} → {after[name]})"
        for name in before
        if name in after and before[name] != after[name]
    ]
    if gone:
        raise Conflict(
            f"the new declaration of {table.qualified} lacks {', '.join(gone)}",
            _ONLY_ADD,
        )
    if changed:
        raise Conflict(
            f"the new declaration of {table.qualified} has other types: {', '.join(changed)}",
            _ONLY_ADD,
        )


def _attempt(held: Handle, change: Callable[[], int]) -> int:
    for attempt in range(COMMIT_ATTEMPTS):
        try:
            with held.lock:
                return change()
        except CommitFailedError:
            time.sleep(random.uniform(0, BACKOFF_S * 2 ** min(attempt, 6)))  # noqa: S311
    raise Unavailable(
        f"table {held.qualified} was changed by others {COMMIT_ATTEMPTS} times meanwhile",
        "Try again when fewer jobs write the same date of it.",
    )


def _now_ms() -> int:
    # The machine's own clock: vacuum compares these stamps with the age of files on disk.
    return time.time_ns() // 1_000_000


def _add(file: DataFile, new_rows: bool) -> AddAction:  # noqa: FBT001
    return AddAction(
        file.path,
        file.bytes,
        {BUSINESS_DATE: file.date.isoformat()},
        _now_ms(),
        new_rows,
        json.dumps({"numRecords": file.rows}),
    )


def _remove(file: DataFile, new_rows: bool) -> RemoveAction:  # noqa: FBT001
    return RemoveAction(
        file.path, new_rows, _now_ms(), file.bytes, {BUSINESS_DATE: file.date.isoformat()}
    )
