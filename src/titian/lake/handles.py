"""Open Delta tables, kept between uses so that a snapshot costs microseconds when nothing changed.

A handle is fresh as long as the next commit file does not exist and the one it stands on is the
same file; else it reads the new commits only.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from threading import Lock, RLock

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from titian.kernel.errors import Corrupt, InvalidInput, NotFound, Remedy
from titian.kernel.near import nearest
from titian.kernel.scope import Scope
from titian.lake import delta
from titian.lake.layout import LOG, table_path
from titian.lake.schema import BUSINESS_DATE, Table

MAX_HANDLES = 2_048


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file of a snapshot; `path` is relative to the table's directory."""

    path: str
    date: date
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A table at one version: its declaration and its files, by date."""

    version: int
    table: Table
    directory: Path
    files: tuple[DataFile, ...]
    evolved: bool = False

    def uris(self, dates: frozenset[date] | None = None) -> list[str]:
        """Give the absolute paths of the files, of some dates only if named."""
        place = f"{self.directory}/"
        chosen = self.files if dates is None else [f for f in self.files if f.date in dates]
        return [place + file.path for file in chosen]

    @property
    def dates(self) -> list[date]:
        """The business dates it holds, in order."""
        return sorted({file.date for file in self.files})


class Handle:
    """An open table. Hold `lock` while committing through `delta`."""

    def __init__(self, qualified: str, directory: Path) -> None:
        self.qualified = qualified
        self.directory = directory
        self.lock = RLock()
        self.delta = open_delta(directory, qualified)
        self._stamp = self._version_stamp()
        self._snapshot: Snapshot | None = None
        self._declared: tuple[str, Table, bool] | None = None

    def fresh(self) -> bool:
        """Say whether the newest version is the one at hand."""
        following = self._commit_file(self.delta.version() + 1)
        return not following.exists() and self._stamp == self._version_stamp()

    def refresh(self) -> None:
        """Move to the newest version. Raises NotFound when the table is gone."""
        with self.lock:
            if self.fresh() and self._stamp is not None:
                return
            if self._stamp is not None and self._stamp == self._version_stamp():
                self.delta.update_incremental()
            else:
                self.delta = open_delta(self.directory, self.qualified)
            self._snapshot = None
            self._stamp = self._version_stamp()

    def snapshot(self) -> Snapshot:
        """Give the newest snapshot. Raises NotFound, Corrupt."""
        with self.lock:
            self.refresh()
            if self._snapshot is None:
                self._snapshot = self._taken()
            return self._snapshot

    def _taken(self) -> Snapshot:
        now = f"{self.delta.protocol()}{self.delta.schema().to_json()}"
        if self._declared is None or self._declared[0] != now:
            delta.check_features(self.delta, self.qualified)
            self._declared = now, *delta.declared(self.delta, self.qualified)
        _, table, evolved = self._declared
        files = files_of(self.delta, self.qualified)
        return Snapshot(self.delta.version(), table, self.directory, files, evolved)

    def _commit_file(self, version: int) -> Path:
        return self.directory / LOG / f"{version:020d}.json"

    def _version_stamp(self) -> tuple[int, int] | None:
        with suppress(FileNotFoundError):
            found = self._commit_file(self.delta.version()).stat()
            return found.st_ino, found.st_mtime_ns
        return None


_handles: OrderedDict[str, Handle] = OrderedDict()
_registry = Lock()


def handle(scope: Scope, qualified: str) -> Handle:
    """Give the open table of a scope. Raises NotFound, Corrupt."""
    directory = table_path(scope, qualified)
    place = str(directory)
    with _registry:
        known = _handles.get(place)
        if known is not None:
            _handles.move_to_end(place)
            return known
    opened = Handle(qualified, directory)
    with _registry:
        known = _handles.setdefault(place, opened)
        while len(_handles) > MAX_HANDLES:
            _handles.popitem(last=False)
        return known


def forget(scope: Scope, qualified: str) -> None:
    """Close a table whose directory was removed."""
    with _registry:
        _handles.pop(str(table_path(scope, qualified)), None)


def snapshot(
    scope: Scope,
    qualified: str,
    *,
    version: int | None = None,
    as_of: datetime | None = None,
) -> Snapshot:
    """Give a table's newest snapshot, or the one of a version or moment.

    Raises NotFound for an unknown table or version, InvalidInput when both are named.
    """
    if version is None and as_of is None:
        return handle(scope, qualified).snapshot()
    if version is not None and as_of is not None:
        raise InvalidInput("version and as_of are both named", "Name one of them.")
    directory = table_path(scope, qualified)
    stored = open_delta(directory, qualified, version)
    if as_of is not None:
        stored.load_as_version(_version_at(stored, as_of, qualified))
    delta.check_features(stored, qualified)
    table, evolved = delta.declared(stored, qualified)
    files = files_of(stored, qualified)
    return Snapshot(stored.version(), table, directory, files, evolved)


def open_delta(directory: Path, qualified: str, version: int | None = None) -> DeltaTable:
    """Open a table's directory. Raises NotFound, Corrupt."""
    if not (directory / LOG).is_dir():
        raise NotFound(f"there is no table {qualified} here", _what_there_is(directory, qualified))
    try:
        return DeltaTable(directory, version=version)
    except TableNotFoundError:
        raise NotFound(f"table {qualified} holds nothing yet", "Load or run it first.") from None
    except DeltaError as error:
        if version is not None:
            raise NotFound(
                f"table {qualified} has no version {version}",
                "List the versions with `titian lake history`.",
            ) from error
        raise Corrupt(
            f"the log of table {qualified} cannot be read: {_first_line(error)}",
            "Restore its folder in the lake from a backup.",
        ) from error


def _first_line(error: DeltaError) -> str:
    return (str(error).splitlines() or [""])[0]


def _what_there_is(directory: Path, qualified: str) -> str:
    found = directory.parents[1].glob(f"*/*/{LOG}")
    names = {f"{log.parents[1].name}.{log.parent.name}" for log in found}
    if get_close_matches(qualified, names, n=1):
        return nearest(qualified, names)
    return Remedy("List the tables with `titian lake tables`; load its feed or run its job first.")


def files_of(stored: DeltaTable, qualified: str) -> tuple[DataFile, ...]:
    """List the files of an open table by date. Raises Corrupt if one lies outside of it."""
    names = ["path", "size_bytes", "num_records", f"partition.{BUSINESS_DATE}"]
    actions = stored.get_add_actions(flatten=True)
    if actions.num_rows == 0:
        return ()
    columns = [pa.chunked_array(actions.column(name)).to_pylist() for name in names]
    files = [
        DataFile(path, day, size, rows) for path, size, rows, day in zip(*columns, strict=True)
    ]
    for file in files:
        if "://" in file.path or file.path.startswith("/") or ".." in file.path.split("/"):
            raise Corrupt(
                f"table {qualified} lists a file outside its directory",
                "Its log was tampered with: restore the directory and look into the audit log.",
            )
    return tuple(sorted(files, key=lambda file: (file.date, file.path)))


def _version_at(stored: DeltaTable, moment: datetime, qualified: str) -> int:
    if moment.tzinfo is None:
        raise InvalidInput("as_of has no time zone", "Give a time-zone aware moment.")
    # By the times the commits name: those of the files on disk are a little later.
    then = moment.timestamp() * 1_000
    known = [entry["version"] for entry in stored.history() if entry["timestamp"] <= then]
    if not known:
        raise NotFound(
            f"table {qualified} did not exist at {moment.isoformat()}, or its log is shortened",
            "List the versions with `titian lake history`.",
        )
    return int(max(known))
