from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, insert, select
from sqlalchemy.exc import OperationalError
from tests.support.databases import on_postgres

from titian.kernel import banks, db
from titian.kernel.errors import Conflict, Corrupt, TitianError, Unavailable
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings, configure, load, settings
from titian.kernel.tables import bank


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Run the test on both databases, each fresh."""
    if request.param == "sqlite":
        configure(load(home=tmp_path))
        db.upgrade()
        yield
        db.engine().dispose()
        return
    with on_postgres(tmp_path, request.getfixturevalue("postgres_url")):
        yield


def test_migrations_give_the_declared_tables(database: None) -> None:
    from titian.systems import declare_tables

    declare_tables()
    with db.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), db.metadata)
    assert differences == []


def test_upgrade_twice_changes_nothing(database: None) -> None:
    db.upgrade()
    assert db.ready()


def test_two_starts_at_once_migrate_once(tmp_path: Path) -> None:
    configure(load(home=tmp_path / "fresh"))
    with ThreadPoolExecutor(4) as pool:
        for started in [pool.submit(db.upgrade) for _ in range(4)]:
            started.result()
    assert db.ready()
    db.engine().dispose()


def test_a_database_from_the_future_is_refused(home: object) -> None:
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_later'")
    with pytest.raises(Conflict, match="9999_later"):
        db.upgrade()


def test_moments_come_back_in_utc(database: None) -> None:
    moment = datetime(2026, 4, 1, 8, 30, 1, 250_000, tzinfo=UTC)
    _add_bank("qinghe", moment)
    with db.read() as connection:
        assert connection.scalar(select(bank.c.registered_at)) == moment


def test_a_failed_block_leaves_nothing(database: None) -> None:
    def break_off() -> None:
        with db.begin() as connection:
            connection.execute(insert(bank).values(**_row("qinghe", datetime.now(UTC))))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert banks.all_banks() == []


def test_writers_wait_for_each_other(database: None) -> None:
    def register(number: int) -> None:
        banks.ensure(Scope.system(None), BankId(f"bank{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(register, range(24)))
    with db.read() as connection:
        assert connection.scalar(select(func.count()).select_from(bank)) == 24


def test_sqlite_is_durable_and_in_wal(home: object) -> None:
    assert settings().sqlalchemy_url.startswith("sqlite")
    with db.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("SQLITE_NOTADB", Corrupt, "Restore it from a backup"),
        ("SQLITE_CORRUPT_INDEX", Corrupt, "Restore it from a backup"),
        ("SQLITE_BUSY", Unavailable, "another process keeps"),
        ("SQLITE_FULL", Unavailable, "Free space"),
        ("SQLITE_IOERR_WRITE", Unavailable, "Free space"),
        ("SQLITE_READONLY_DIRECTORY", Unavailable, "the right to write"),
        ("SQLITE_CANTOPEN", Unavailable, "the right to write"),
        ("SQLITE_MISUSE", Unavailable, "titian doctor"),
    ],
)
def test_what_sqlite_says_is_explained(
    home: Settings, said: str, kind: type[TitianError], words: str
) -> None:
    driver = sqlite3.OperationalError("in its own words")
    driver.sqlite_errorname = said
    error = db.explained(OperationalError("SELECT 1", {}, driver))
    assert type(error) is kind
    assert words in str(error)


def test_a_locked_database_is_explained(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("titian.kernel.db.engine"), "SQLITE_BUSY_TIMEOUT_MS", 10)
    db.engine().dispose()
    with sqlite3.connect(home.home / "titian.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OperationalError) as caught, db.begin():
            pass
        other.execute("ROLLBACK")
    assert "another process keeps" in str(db.explained(caught.value))


def test_a_postgres_that_does_not_answer_is_explained(tmp_path: Path) -> None:
    configure(load(home=tmp_path, database_url="postgresql://li:s3cret@127.0.0.1:1/x"))
    with pytest.raises(Unavailable, match="database_url") as caught, db.read():
        pass
    assert "s3cret" not in str(caught.value)
    assert "\n" not in caught.value.what


def _row(name: str, moment: datetime) -> dict[str, object]:
    return {
        "bank": name,
        "name_zh": name,
        "name_en": name,
        "status": "active",
        "registered_at": moment,
    }


def _add_bank(name: str, moment: datetime) -> None:
    with db.begin() as connection:
        connection.execute(insert(bank).values(**_row(name, moment)))
