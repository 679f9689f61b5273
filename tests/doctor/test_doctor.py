from __future__ import annotations

import errno
import importlib
import importlib.metadata
import json
import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest
from sqlalchemy import insert
from typer.testing import CliRunner, Result

from titian.cli import app
from titian.data.definitions import Presets, set_presets
from titian.data.feeds.tables import feed_arrival
from titian.doctor import keeping, program
from titian.doctor.command import examine
from titian.doctor.finding import Finding, carefully
from titian.kernel import audit, clock, db
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings, configure
from titian.lake import store
from titian.lake.schema import Column, Layer, Table
from titian.web import place

Found = dict[str, Finding]
Look = Callable[[], Found]


@pytest.fixture
def doctor(home: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Look]:
    """Give a doctor for the test's home, where the rest of the machine is well."""
    front = tmp_path / "front"
    front.mkdir()
    (front / "app.js").write_text("1")
    (front / ".outputs").write_text('{"app.js": 1}')
    monkeypatch.setattr(place, "FRONT", front)
    monkeypatch.setattr(keeping, "LOCK_TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (home.home / "titian.toml").write_text(f"port = {port}\n")

    def look() -> Found:
        return {finding.subject: finding for finding in examine(home.home)}

    yield look
    configure(home)


def ill(found: Found) -> list[str]:
    """Name what is not well; each has a remedy."""
    wrong = [finding for finding in found.values() if not finding.well]
    assert all(finding.seen and finding.remedy for finding in wrong)
    return [finding.subject for finding in wrong]


def command(home: Path) -> Result:
    return CliRunner().invoke(app, ["--home", str(home), "doctor", "--json"])


def test_it_works(doctor: Look, home: Settings) -> None:
    assert ill(doctor()) == []
    seen = command(home.home)
    assert seen.exit_code == 0
    subjects = [finding["subject"] for finding in json.loads(seen.stdout)]
    assert subjects[0] == "python"
    assert {"settings", "home", "database", "lake", "clock", "definitions"} < set(subjects)


def test_anything_wrong_is_exit_1(doctor: Look, home: Settings) -> None:
    home.home.chmod(0o755)
    assert command(home.home).exit_code == 1


def test_looking_makes_nothing(doctor: Look, tmp_path: Path) -> None:
    new = tmp_path / "new"
    found = {finding.subject: finding for finding in examine(new)}
    assert found["database"].well
    assert "to be made" in found["home"].seen
    assert not new.exists()


def test_1_a_wrong_setting_leaves_the_rest_looked_at(doctor: Look, home: Settings) -> None:
    (home.home / "titian.toml").write_text("prot = 1\n")
    found = doctor()
    assert ill(found) == ["settings"]
    assert "'port'" in found["settings"].remedy
    assert found["python"].well
    (home.home / "titian.toml").write_text('port = "many"\n')
    assert "port is wrong" in doctor()["settings"].seen


def test_2_a_home_that_is_a_file(doctor: Look, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    found = {finding.subject: finding for finding in examine(file)}
    assert ill(found) == ["home", "disk", "database"]
    assert "is a file, not a folder" in found["home"].seen
    assert file.read_text() == "mine"


def test_3_a_home_nobody_may_write(
    doctor: Look, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, _mode: int) -> bool:
        return Path(path) != home.home

    monkeypatch.setattr(os, "access", denied)
    found = doctor()
    assert "home" in ill(found)
    assert "TITIAN_HOME" in found["home"].remedy


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="only Linux shows its kernel there")
def test_3_a_home_where_even_root_can_make_nothing(doctor: Look) -> None:
    found = {finding.subject: finding for finding in examine(Path("/sys/titian/home"))}
    assert ill(found) == ["home", "disk", "database"]
    assert found["home"].seen == "/sys cannot be written"


def test_3_a_home_on_a_disk_that_takes_no_files(
    doctor: Look, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(dir: Path) -> None:  # noqa: A002  # named so by the library
        raise OSError(errno.EROFS, "Read-only file system", str(dir))

    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    found = {finding.subject: finding for finding in examine(home.home / "new")}
    assert ill(found) == ["home", "disk", "database"]
    assert found["home"].seen == f"{home.home} cannot be written"


def test_4_a_home_open_to_others(doctor: Look, home: Settings) -> None:
    home.home.chmod(0o750)
    found = doctor()
    assert ill(found) == ["home"]
    assert found["home"].remedy == f"Run: chmod 700 {home.home}"


def test_5_a_full_disk(doctor: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage)
    found = doctor()
    assert ill(found) == ["disk"]
    assert "Free at least 2 GiB" in found["disk"].remedy


def test_6_a_database_that_is_none(doctor: Look, home: Settings) -> None:
    db.engine().dispose()
    (home.home / "titian.db").write_bytes(b"this is no database " * 100)
    found = doctor()
    assert ill(found) == ["database"]
    assert "Restore it from a backup" in found["database"].remedy
    assert "audit log" not in found


def test_7_a_database_broken_in_the_middle(doctor: Look, home: Settings) -> None:
    db.engine().dispose()
    file = home.home / "titian.db"
    with file.open("r+b") as held:
        held.seek(4096 * 3)
        held.write(b"\xff" * 4096 * 12)
    assert ill(doctor()) == ["database"]


def test_8_a_locked_database(doctor: Look, home: Settings) -> None:
    other = sqlite3.connect(home.home / "titian.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        found = doctor()
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert ill(found) == ["database"]
    assert "another process keeps" in found["database"].seen


def test_9_a_schema_of_the_future_and_one_of_the_past(doctor: Look) -> None:
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001_kernel'")
    assert "migrated by the next command" in doctor()["database"].seen
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_later'")
    found = doctor()
    assert ill(found) == ["database"]
    assert "newer version" in found["database"].remedy


def test_10_a_postgres_that_does_not_answer(doctor: Look, home: Settings) -> None:
    (home.home / "titian.toml").write_text('database_url = "postgresql://x@127.0.0.1:1/x"\n')
    found = doctor()
    assert "database" in ill(found)
    assert "database_url" in found["database"].remedy


def test_10_a_database_of_another_kind(doctor: Look, home: Settings) -> None:
    (home.home / "titian.toml").write_text('database_url = "mysql://x@127.0.0.1/x"\n')
    assert "postgresql://" in doctor()["database"].remedy


def test_11_a_queue_that_is_no_database(doctor: Look, home: Settings) -> None:
    (home.home / "jobs.db").write_bytes(b"this is no database " * 100)
    found = doctor()
    assert ill(found) == ["job queue"]
    assert "jobs.db" in found["job queue"].seen


def test_12_an_audit_log_somebody_touched(doctor: Look, union: Scope) -> None:
    audit.record(union, "test.act", "x")
    with db.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        connection.exec_driver_sql("UPDATE audit_entry SET target = 'y'")
    assert ill(doctor()) == ["audit log"]


def test_12_a_seal_that_is_lost(doctor: Look, home: Settings, union: Scope) -> None:
    audit.record(union, "test.act", "x")
    (home.home / "keys" / "audit.key").unlink()
    found = doctor()
    assert ill(found) == ["audit log"]
    assert "Restore" in found["audit log"].remedy
    assert not (home.home / "keys" / "audit.key").exists()


def test_13_a_lake_that_is_gone(doctor: Look, home: Settings, qinghe: Scope) -> None:
    texts = dict.fromkeys(("arrival_id", "feed", "delivery_id", "content", "loaded_by"), "x")
    texts |= dict.fromkeys(("contract_version", "contract_digest"), "x")
    numbers = dict.fromkeys(("rows", "good", "bad", "bytes"), 1)
    lists: dict[str, list[str]] = {
        name: [] for name in ("files", "control", "refusals", "reasons", "types")
    }
    with db.begin() as connection:
        connection.execute(
            insert(feed_arrival).values(
                **texts,
                **numbers,
                **lists,
                bank="qinghe",
                status="loaded",
                business_date=date(2026, 3, 31),
                started_at=clock.now(),
            )
        )
    found = doctor()
    assert ill(found) == ["lake"]
    assert "though 1 delivery was loaded" in found["lake"].seen


def test_14_a_lake_that_is_a_file(doctor: Look, home: Settings) -> None:
    (home.home / "lake").write_text("mine")
    found = doctor()
    assert ill(found) == ["lake"]
    assert "lake_path" in found["lake"].remedy


def test_15_a_table_that_cannot_be_opened(doctor: Look, home: Settings, qinghe: Scope) -> None:
    broken = home.home / "lake" / "banks" / "qinghe" / "core" / "loan" / "_delta_log"
    broken.mkdir(parents=True)
    (broken / f"{0:020d}.json").write_text("garbage")
    found = doctor()
    assert ill(found) == ["lake"]
    assert "core.loan" in found["lake"].seen
    assert "backup" in found["lake"].remedy


def test_16_a_definition_that_cannot_be_read(doctor: Look, home: Settings, qinghe: Scope) -> None:
    folder = home.home / "definitions" / "banks" / "qinghe" / "tags"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("tags: [")
    found = doctor()
    assert ill(found) == ["definitions"]
    assert "mine.yaml" in found["definitions"].seen


def test_16_a_definition_hides_none_that_comes_later(
    doctor: Look, home: Settings, qinghe: Scope, baishui: Scope
) -> None:
    for scope, kind in ((baishui, "feeds"), (qinghe, "tags"), (qinghe, "feeds")):
        folder = home.home / "definitions" / "banks" / scope.bank_id / kind
        folder.mkdir(parents=True)
        (folder / f"{scope.bank}_{kind}.yaml").write_text("wrong: [")
    seen = doctor()["definitions"].seen
    assert [
        name in seen for name in ("baishui_feeds.yaml", "qinghe_feeds.yaml", "qinghe_tags.yaml")
    ] == [True] * 3


def test_16_a_bank_may_do_without_tags(doctor: Look, qinghe: Scope) -> None:
    set_presets(qinghe, Presets.NONE)
    assert ill(doctor()) == []


def test_17_a_clock_that_is_behind(doctor: Look, union: Scope) -> None:
    with clock.frozen(datetime(1970, 1, 2, tzinfo=UTC)):
        assert "before Titian was installed" in doctor()["clock"].seen
    with clock.frozen(clock.now() + timedelta(hours=3)):
        audit.record(union, "test.act", "x")
    found = doctor()
    assert ill(found) == ["clock"]
    assert "newest act of the audit log" in found["clock"].seen


def test_18_built_files_that_are_missing_or_broken(doctor: Look) -> None:
    (place.FRONT / "app.js").write_text("12")
    found = doctor()
    assert ill(found) == ["front end"]
    assert "app.js" in found["front end"].seen
    (place.FRONT / "app.js").unlink()
    assert ill(doctor()) == ["front end"]
    (place.FRONT / ".outputs").unlink()
    assert "make front" in doctor()["front end"].remedy


def test_19_a_port_in_use(doctor: Look, home: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (home.home / "titian.toml").write_text(f"port = {taken.getsockname()[1]}\n")
        found = doctor()
    assert ill(found) == ["port"]
    assert "TITIAN_PORT" in found["port"].remedy


def test_19_an_address_of_another_machine(doctor: Look, home: Settings) -> None:
    (home.home / "titian.toml").write_text('host = "no.such.host.invalid"\n')
    assert "address of this machine" in doctor()["port"].remedy


def test_20_packages_that_do_not_fit(doctor: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["duckdb<1,>=0.9", "no-such-package>=1", "postgres-thing>=3; extra == 'postgres'"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda _name: needed)
    found = doctor()
    assert ill(found) == ["packages"]
    assert "no-such-package is missing" in found["packages"].seen
    assert "is not <1" in found["packages"].seen
    assert "postgres-thing" not in found["packages"].seen


def test_21_an_old_python(doctor: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "MIN_PYTHON", (9, 0))
    found = doctor()
    assert ill(found) == ["python"]
    assert "PYTHON=" in found["python"].remedy


def test_22_no_chromium_is_named_and_no_fault(
    doctor: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    found = doctor()
    assert ill(found) == []
    assert "apt-get install chromium" in found["chromium (tests only)"].seen


def test_23_without_openmp_no_model_is_taught(
    doctor: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.import_module

    def load(name: str) -> ModuleType:
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file")
        return real(name)

    monkeypatch.setattr(importlib, "import_module", load)
    found = doctor()
    assert ill(found) == ["training of models"]
    assert "apt-get install libgomp1" in found["training of models"].remedy


def test_a_look_that_fails_is_a_finding() -> None:
    def closed() -> Finding:
        raise PermissionError(13, "Permission denied", "/somewhere")

    found = carefully("home", closed)
    assert (found.well, found.seen) == (False, "/somewhere: Permission denied")
    assert found.remedy


def test_tables_that_open_are_counted(doctor: Look, home: Settings, qinghe: Scope) -> None:
    column = Column("loan_id", "string", "借据号", "Loan", key=True)
    loan = Table(Layer.CORE, "loan", "贷款借据", "Loans", (column,))
    store.write_date(qinghe, loan, date(2026, 3, 31), pa.table({"loan_id": ["L1"]}))
    assert "1 of 1 tables opened" in doctor()["lake"].seen
