"""Looks at what the installation keeps: home, disk, databases, audit log, lake, definitions.

Nothing that stays is made by looking.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from titian.data import feeds, indicators
from titian.data.feeds.tables import feed_arrival
from titian.data.jobs import catalogue as jobs
from titian.data.tags import catalogue as tags
from titian.doctor.finding import Finding
from titian.kernel import audit, banks, db
from titian.kernel.errors import TitianError
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.kernel.terminal import counted
from titian.lake import handles, layout

MIN_FREE_BYTES = 2 * 2**30
LOCK_TIMEOUT_S = 2.0
MAX_CHECKED_BYTES = 2**30
MAX_TABLES = 600
MAX_NAMED = 3
_ELSEWHERE = "Set TITIAN_HOME to a folder you may write."


def home() -> Finding:
    """Look whether the home folder can be written, and by its owner only."""
    place = settings().home
    existing = _existing(place)
    obstacle = _obstacle(place)
    if obstacle:
        remedy = f"Set TITIAN_HOME to a folder you may write, or make {existing} one."
        return Finding("home", False, obstacle, remedy)
    if existing == place and place.stat().st_mode & 0o077:
        return Finding("home", False, f"{place} is open to others", f"Run: chmod 700 {place}")
    return Finding("home", True, f"{place}" if existing == place else f"{place}, to be made")


def disk() -> Finding:
    """Look whether there is room where the lake and the databases grow."""
    if obstacle := _obstacle(settings().home):
        return Finding("disk", False, f"nothing can grow there: {obstacle}", _ELSEWHERE)
    places = {_existing(place) for place in (settings().home, settings().lake)}
    free = {place: shutil.disk_usage(place).free for place in places}
    least = min(free, key=lambda place: free[place])
    remedy = f"Free at least {MIN_FREE_BYTES >> 30} GiB, or name a larger disk in the settings."
    seen = f"{free[least] / 2**30:.1f} GiB free at {least}"
    return Finding("disk", free[least] >= MIN_FREE_BYTES, seen, remedy)


def database() -> Finding:
    """Look whether the operational database answers, is whole and of a known schema."""
    file = db.sqlite_file()
    if file is not None:
        if obstacle := _obstacle(file.parent):
            return Finding("database", False, f"no place for it: {obstacle}", _ELSEWHERE)
        if not file.exists():
            return Finding("database", True, "sqlite, made by the first command that needs it")
        _try_sqlite(file)
    old = db.behind()
    seen = db.engine().dialect.name + (", to be migrated by the next command" if old else "")
    return Finding("database", True, seen)


def queue() -> Finding:
    """Look whether the queue of jobs is whole."""
    file = settings().home / "jobs.db"
    if db.sqlite_file() is None:
        return Finding("job queue", True, "in the operational database")
    if not file.exists():
        return Finding("job queue", True, "made by the first run")
    _try_sqlite(file)
    return Finding("job queue", True, "sqlite")


def _try_sqlite(file: Path) -> None:
    try:
        place = f"file:{file}?mode=rw"
        with closing(sqlite3.connect(place, uri=True, timeout=LOCK_TIMEOUT_S)) as held:
            held.isolation_level = None
            held.execute("BEGIN IMMEDIATE")
            held.execute("ROLLBACK")
            if file.stat().st_size <= MAX_CHECKED_BYTES:
                said = held.execute("PRAGMA quick_check(1)").fetchone()[0]
                if said != "ok":
                    raise _malformed(said)
    except sqlite3.Error as error:
        raise db.explained_sqlite(error, str(file)) from error


def _malformed(said: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(said.splitlines()[0])
    error.sqlite_errorname = "SQLITE_CORRUPT"
    return error


def audit_log() -> Finding:
    """Prove that nobody touched the audit log."""
    if no_database():
        return Finding("audit log", True, "empty")
    seal = settings().home / "keys" / "audit.key"
    if not seal.exists():
        entries = audit.count(Scope.system(None))
        remedy = f"Restore {seal.parent} from a backup: without it nobody can prove the log whole."
        return Finding("audit log", not entries, f"{entries:,} entries, no {seal}", remedy)
    verdict = audit.verify()
    seen = f"{verdict.entries} entries" + ("" if verdict.whole else f", then {verdict.reason}")
    return Finding("audit log", verdict.whole, seen, "Compare with a backup; tell compliance.")


def lake() -> Finding:
    """Look whether the lake can be written and its tables be opened."""
    place = settings().lake
    if obstacle := _obstacle(place):
        remedy = "Give yourself the right to write it, or set lake_path to another folder."
        return Finding("lake", False, obstacle, remedy)
    if not place.exists():
        return _no_lake(place)
    scopes = [Scope.system(None), *(Scope.system(bank.bank) for bank in _banks())]
    names = [(scope, name) for scope in scopes for name in layout.table_names(scope)]
    broken = [error for scope, name in names[:MAX_TABLES] for error in _trouble(scope, name)]
    if broken:
        seen = "; ".join(error.what for error in broken[:MAX_NAMED])
        return Finding("lake", False, f"{len(broken)} broken tables: {seen}", broken[0].remedy)
    opened = min(len(names), MAX_TABLES)
    return Finding("lake", True, f"{opened:,} of {len(names):,} tables opened at {place}")


def _no_lake(place: Path) -> Finding:
    if no_database():
        return Finding("lake", True, "made by the first load")
    with db.read() as connection:
        loaded = connection.scalar(select(func.count()).select_from(feed_arrival)) or 0
    remedy = f"Restore {place} from a backup, or set lake_path to where it is."
    what = counted(loaded, "delivery was", "deliveries were")
    seen = f"{place} is missing, though {what} loaded"
    return Finding("lake", False, seen, remedy) if loaded else Finding("lake", True, "empty yet")


def _trouble(scope: Scope, name: str) -> list[TitianError]:
    try:
        handles.snapshot(scope, name)
    except TitianError as error:
        return [error]
    return []


def definitions() -> Finding:
    """Look whether every bank's feeds, jobs, indicators and tags can be read."""
    known = _banks()
    wrong = [error for bank in known for error in _unread(Scope.system(bank.bank))]
    if wrong:
        seen = "; ".join(error.what for error in wrong[:MAX_NAMED])
        more = f" and {len(wrong) - MAX_NAMED} more" if len(wrong) > MAX_NAMED else ""
        return Finding("definitions", False, seen + more, wrong[0].remedy)
    return Finding("definitions", True, f"read for {len(known)} banks")


def _unread(scope: Scope) -> list[TitianError]:
    wrong: list[TitianError] = []
    for read in (feeds.contracts, jobs.load, indicators.catalogue, tags.load):
        try:
            read(scope)
        except TitianError as error:
            if error.what not in {known.what for known in wrong}:
                wrong.append(error)
    return wrong


def _banks() -> list[banks.Bank]:
    return [] if no_database() else banks.all_banks()


def no_database() -> bool:
    """Say whether there is no database, or none of this version, to ask yet."""
    file = db.sqlite_file()
    return (file is not None and not file.exists()) or db.behind()


def _obstacle(place: Path) -> str:
    """Say why nothing could be made in a place, or the place itself; empty when it can."""
    existing = _existing(place)
    if not existing.is_dir():
        return f"{existing} is a file, not a folder"
    if not os.access(existing, os.R_OK | os.W_OK | os.X_OK) or not _takes_files(existing):
        return f"{existing} cannot be written"
    return ""


def _takes_files(folder: Path) -> bool:
    """Try it with a file without a name: rights alone do not tell, least of all an owner's."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _existing(place: Path) -> Path:
    return next(path for path in (place, *place.parents) if path.exists())
