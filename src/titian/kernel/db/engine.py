"""Connections and transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from threading import Lock

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from titian.kernel.errors import Corrupt, InvalidInput, Unavailable
from titian.kernel.settings import settings

SQLITE_BUSY_TIMEOUT_MS = 30_000
_WRITE = "titian_write"
_making = Lock()


def engine() -> Engine:
    """Give the engine of the database in the settings; one per URL and process."""
    with _making:
        return _engine(settings().sqlalchemy_url)


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
    with _connect() as connection:
        connection.execution_options(**{_WRITE: True})
        with connection.begin():
            yield connection


@contextmanager
def read() -> Iterator[Connection]:
    """Open a transaction that only reads."""
    with _connect() as connection, connection.begin():
        yield connection


def _connect() -> Connection:
    try:
        return engine().connect()
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorname", "") in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
            raise Corrupt(
                f"{engine().url.database} is not a whole database ({error.orig})",
                "Restore it from a backup, or move it away to start with an empty one.",
            ) from error
        raise Unavailable(
            f"the operational database does not answer ({error.orig})",
            "Check database_url and that the server runs; `titian doctor` tells more.",
        ) from error
