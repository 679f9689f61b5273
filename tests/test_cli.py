from __future__ import annotations

import csv
import io
import json
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from tests.support.commands import Command, command

from titian.cli import COMMANDS
from titian.kernel import audit, banks
from titian.kernel.errors import Unavailable
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings
from titian.web import place


@pytest.fixture
def titian(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return command(monkeypatch, capsys)


def _process(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-c", "from titian.cli import main; main()", "--home", str(home)]
    surroundings = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run([*line, *words], capture_output=True, check=False, env=surroundings)


def test_as_a_process_of_its_own(tmp_path: Path) -> None:
    home = tmp_path / "home"
    added = _process(home, "banks", "add", "qinghe", "清河", "Qinghe")
    assert added.returncode == 0, added.stderr
    written = [home, *home.rglob("*")]
    assert len(written) > 2
    assert [path for path in written if path.stat().st_mode & 0o077] == []
    ascii_only = _process(home, "banks", "list", PYTHONIOENCODING="ascii")
    assert (ascii_only.returncode, b"\\u6e05\\u6cb3" in ascii_only.stdout) == (0, True)
    simplified = _process(home, "banks", "list", PYTHONIOENCODING="gb18030")
    assert "清河" in simplified.stdout.decode("gb18030")
    refused = _process(home, "lake", "tables", "--bank", "qinhe")
    assert refused.returncode == 4
    assert b"Did you mean 'qinghe'?" in refused.stderr
    assert b"\x1b[" not in refused.stderr


def test_it_works(titian: Command, tmp_path: Path) -> None:
    added = titian(tmp_path, "banks", "add", "qinghe", "清河农商行", "Qinghe")
    assert added.returncode == 0, added.stderr
    assert "清河农商行" in titian(tmp_path, "banks", "list").stdout
    assert titian(tmp_path, "audit", "verify").stdout == "whole: 1 entry\n"


def test_a_refusal_is_one_clear_message(titian: Command, tmp_path: Path) -> None:
    refused = titian(tmp_path, "banks", "add", "Qing He", "清河", "Qinghe")
    assert refused.returncode == 2
    assert "'Qing He' is not a valid bank id" in refused.stderr
    assert "lower-case letters" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_password_is_shown_once_and_must_be_changed(titian: Command, tmp_path: Path) -> None:
    added = titian(tmp_path, "users", "add", "li", "李", "--role", "operator")
    assert "first password: " in added.stdout
    assert added.stdout.split()[-1] not in titian(tmp_path, "audit", "list").stdout


def test_a_wrong_role_lists_the_roles(titian: Command, tmp_path: Path) -> None:
    refused = titian(tmp_path, "users", "add", "li", "李", "--role", "king")
    assert refused.returncode == 2
    assert "loan_officer" in refused.stderr


@pytest.mark.parametrize(
    ("words", "exit_code"), [("doctor", 1), ("banks list", 7), ("demo --no-serve", 7)]
)
def test_a_database_that_is_none_is_explained(
    titian: Command, tmp_path: Path, words: str, exit_code: int
) -> None:
    (tmp_path / "titian.db").write_bytes(b"this is no database " * 100)
    seen = titian(tmp_path, *words.split())
    assert seen.returncode == exit_code
    assert "Restore it from a backup" in seen.stdout + seen.stderr
    assert "Traceback" not in seen.stderr


def test_a_home_that_is_a_file_is_explained(titian: Command, tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("mine")
    assert "is a file, not a folder" in titian(home, "doctor").stdout
    refused = titian(home, "banks", "list")
    assert refused.returncode == 8
    assert "TITIAN_HOME" in refused.stderr
    assert home.read_text() == "mine"


def test_the_home_given_brings_its_own_settings(titian: Command, tmp_path: Path) -> None:
    (tmp_path / "titian.toml").write_text("port = = 1\n")
    refused = titian(tmp_path, "banks", "list")
    assert refused.returncode == 2
    assert "line 1" in refused.stderr
    assert "titian.toml" in refused.stderr


def test_a_port_in_use_is_said_before_anything_starts(titian: Command, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "titian.toml").write_text(f"port = {port}\n")
        for name in ("serve", "demo"):
            refused = titian(tmp_path, name)
            assert refused.returncode == 8
            assert "TITIAN_PORT" in refused.stderr


def test_a_front_end_not_built_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "FRONT", tmp_path)
    with pytest.raises(Unavailable) as refused:
        place.require_front()
    assert "make front" in refused.value.remedy


@pytest.mark.parametrize("url", ["garbage", "mysql://a/b"])
def test_a_database_of_another_kind_is_refused(titian: Command, tmp_path: Path, url: str) -> None:
    (tmp_path / "titian.toml").write_text(f"database_url = {url!r}\n")
    refused = titian(tmp_path, "banks", "list")
    assert refused.returncode == 2
    assert "postgresql://" in refused.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps(titian: Command, tmp_path: Path, name: str) -> None:
    shown = titian(tmp_path, name, "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Usage" in shown.stdout


def test_a_defect_is_told_in_one_line(
    titian: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> list[object]:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(banks, "all_banks", broken)
    seen = titian(tmp_path, "banks", "list")
    assert seen.returncode == 1
    assert "ZeroDivisionError: by nothing (test_cli.py:" in seen.stderr
    assert "TITIAN_LOG_LEVEL=DEBUG" in seen.stderr
    assert "Traceback" not in seen.stderr


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (PermissionError(13, "Permission denied", "/x"), 8, "/x: Permission denied"),
        (OSError(28, "No space left on device"), 8, "Free space"),
        (FileNotFoundError(2, "No such file or directory", "/x"), 4, "Check the path"),
        (OSError(5, "Input/output error"), 8, "titian doctor"),
        (ModuleNotFoundError("No module named 'duckdb'", name="duckdb"), 8, "package duckdb"),
        (OperationalError("SELECT 1", {}, sqlite3.OperationalError("x")), 8, "titian doctor"),
    ],
)
def test_what_the_system_refuses_is_explained(
    titian: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: int,
    words: str,
) -> None:
    def refuse() -> list[object]:
        raise error

    monkeypatch.setattr(banks, "all_banks", refuse)
    seen = titian(tmp_path, "banks", "list")
    assert seen.returncode == code
    assert words in seen.stderr
    assert "Traceback" not in seen.stderr


def test_the_kernels_lists_have_three_forms(titian: Command, tmp_path: Path) -> None:
    titian(tmp_path, "banks", "add", "qinghe", "清河农商行", "Qinghe")
    titian(tmp_path, "users", "add", "li", "李", "--role", "clerk", "--bank", "qinghe")
    for words in (("banks", "list"), ("users", "list"), ("audit", "list")):
        objects = json.loads(titian(tmp_path, *words, "--json").stdout)
        rows = list(csv.DictReader(io.StringIO(titian(tmp_path, *words, "--csv").stdout)))
        assert len(objects) == len(rows) > 0
        assert list(objects[0]) == list(rows[0])
    assert json.loads(titian(tmp_path, "audit", "list", "--json").stdout)[0]["seq"] == 2
    assert titian(tmp_path, "audit", "list", "--bank", "qinghe").stdout == ""


def test_a_role_and_a_user_name_the_nearest(titian: Command, tmp_path: Path) -> None:
    titian(tmp_path, "users", "add", "li", "李", "--role", "clerk")
    assert (
        "Did you mean 'clerk'"
        in titian(tmp_path, "users", "add", "wu", "吴", "--role", "clark").stderr
    )
    refused = titian(tmp_path, "users", "reset-password", "lii")
    assert (refused.returncode, "Did you mean 'li'" in refused.stderr) == (4, True)
    assert titian(tmp_path, "banks", "add", "x", "", "").returncode == 2


def test_the_first_bank_is_told_how_to_come(titian: Command, tmp_path: Path) -> None:
    refused = titian(tmp_path, "feeds", "status", "--bank", "berka")
    said = " ".join(refused.stderr.split())
    assert refused.returncode == 4
    assert "there is no bank 'berka'" in said
    assert "`titian feeds load --bank berka …`" in said
    assert "`titian banks add berka …`" in said


def test_the_audit_log_is_a_list_and_its_whole_text_is_in_json(
    titian: Command, home: Settings, qinghe: Scope
) -> None:
    sql = "SELECT '" + "long " * 200 + "' FROM core.loan"
    audit.record(qinghe, "query", "qinghe", {"sql": sql, "lines": "a\nb"})
    audit.record(qinghe, "query", "q", {})
    lines = titian(home.home, "audit", "list").stdout.splitlines()
    assert len(lines) == 4, "the heading, both acts, and the registration"
    assert "sql=SELECT 'long long" in lines[2]
    assert lines[2].endswith("…")
    assert all(len(line) < 200 and line == line.rstrip() for line in lines)
    first = json.loads(titian(home.home, "audit", "list", "--json").stdout)[1]
    assert first["detail"] == {"sql": sql, "lines": "a\nb"}


def test_the_language_of_names_is_an_option(titian: Command, tmp_path: Path) -> None:
    found = titian(tmp_path, "--lang", "zh", "banks", "list")
    assert found.returncode == 0
    assert titian(tmp_path, "--lang", "fr", "banks", "list").returncode == 2


def test_a_bank_is_renamed_and_the_log_says_so(titian: Command, tmp_path: Path) -> None:
    titian(tmp_path, "banks", "add", "berka", "berka", "Berka")
    assert titian(tmp_path, "banks", "rename", "berka", "--zh", "伯卡银行").returncode == 0
    (held,) = json.loads(titian(tmp_path, "banks", "list", "--json").stdout)
    assert (held["name_zh"], held["name_en"]) == ("伯卡银行", "Berka")
    newest = json.loads(titian(tmp_path, "audit", "list", "--json").stdout)[0]
    assert (newest["action"], newest["detail"]["name_zh"]) == ("bank.change", "伯卡银行")
    assert titian(tmp_path, "banks", "rename", "berka").returncode == 2
    assert titian(tmp_path, "banks", "rename", "nosuch", "--en", "x").returncode == 4
