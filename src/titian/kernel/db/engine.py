"""Connections and transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from threading import Lock

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.pool import ConnectionPoolEntry

from titian.kernel.errors import Corrupt, InvalidInput, TitianError, Unavailable
from titian.kernel.settings import settings

SQLITE_BUSY_TIMEOUT_MS = 30_000
LOOK_FOR_THE_CAUSE = "`titian doctor` looks for the cause; TITIAN_LOG_LEVEL=DEBUG shows where."
_WRITE = "titian_write"
_AFTER = "titian_after_commit"
_making = Lock()


def engine() -> Engine:
    """Give the engine of the database in the settings; one per URL and process."""
    with _making:
        return _engine(settings().sqlalchemy_url)


def sqlite_file() -> Path | None:
    """Give the file of the operational database, made or not; None for a server's."""
    url = settings().sqlalchemy_url
    return Path(make_url(url).database or "") if _backend(url) == "sqlite" else None


@lru_cache(maxsize=16)
def _engine(url: str) -> Engine:
    if _backend(url) == "sqlite":
        _make_folder(make_url(url).database)
        made = create_engine(url, connect_args={"isolation_level": None})
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        return made
    return create_engine(_with_psycopg(url), pool_pre_ping=True)


def _backend(url: str) -> str:
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        backend = "no database Titian knows"
    if backend not in {"sqlite", "postgresql"}:
        raise InvalidInput(
            f"database_url names {backend}",
            "Write postgresql://USER@HOST/NAME or sqlite:///FILE, or leave it out.",
        )
    return backend


def _make_folder(file: str | None) -> None:
    if not file:
        return
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"the folder {Path(file).parent} cannot be made ({error.strerror})",
            "Set TITIAN_HOME to a folder you may write; `titian doctor` tells more.",
        ) from error


def _with_psycopg(url: str) -> str:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def _prepare_sqlite(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    for pragma in (
        f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: a read that turns into a write can only fail with "busy".
    write = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def is_postgres() -> bool:
    """Say whether the operational database is PostgreSQL."""
    return engine().dialect.name == "postgresql"


@contextmanager
def begin() -> Iterator[Connection]:
    """Open a transaction that may write; it commits at the end of the block."""
    after: list[Callable[[], None]] = []
    with _connect() as connection:
        connection.execution_options(**{_WRITE: True, _AFTER: after})
        with connection.begin():
            yield connection
    for act in after:
        act()


def after_commit(connection: Connection, act: Callable[[], None]) -> None:
    """Do something once the transaction of `begin` is committed; not at all when it is not."""
    connection.get_execution_options()[_AFTER].append(act)


@contextmanager
def read() -> Iterator[Connection]:
    """Open a transaction that only reads."""
    with _connect() as connection, connection.begin():
        yield connection


def _connect() -> Connection:
    try:
        return engine().connect()
    except DatabaseError as error:
        raise explained(error) from error


def explained(error: DBAPIError, file: str | None = None) -> TitianError:
    """Turn what a database's driver says into what is wrong, where, and what to do.

    `file` names another SQLite file than the operational database.
    """
    if isinstance(error.orig, SqliteError):
        return explained_sqlite(error.orig, file or str(engine().url.database))
    if isinstance(error, OperationalError | InterfaceError):
        return Unavailable(
            f"the operational database does not answer ({_first_line(error.orig)})",
            "Check database_url, and that the server runs and knows this user.",
        )
    return Unavailable(
        f"the operational database refused ({_first_line(error.orig)})", LOOK_FOR_THE_CAUSE
    )


def explained_sqlite(error: SqliteError, file: str) -> TitianError:
    """Turn what SQLite says of a file into what is wrong, where, and what to do."""
    kind = getattr(error, "sqlite_errorname", "")
    if kind.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return Corrupt(
            f"{file} is not a whole database ({error})",
            "Restore it from a backup, or move it away to start with an empty one.",
        )
    if kind.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unavailable(
            f"another process keeps {file} locked",
            "Let it end, or stop it (`fuser` names it), and try again.",
        )
    if kind.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return Unavailable(
            f"{file} cannot grow ({error})", "Free space on its disk, then try again."
        )
    if kind.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return Unavailable(
            f"{file} cannot be opened for writing ({error})",
            "Give yourself the right to write it and its folder, or set TITIAN_HOME to another.",
        )
    return Unavailable(f"{file}: {_first_line(error)}", LOOK_FOR_THE_CAUSE)


def _first_line(error: BaseException | None) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".")
