from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from titian.cli import COMMANDS
from titian.kernel.errors import Unavailable
from titian.web import cli as web_cli


def _run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from titian.cli import main; main()", "--home", str(home)]
    return subprocess.run([*command, *words], capture_output=True, text=True, check=False)


def test_it_works(tmp_path: Path) -> None:
    added = _run(tmp_path, "banks", "add", "qinghe", "清河农商行", "Qinghe")
    assert added.returncode == 0, added.stderr
    assert "清河农商行" in _run(tmp_path, "banks", "list").stdout
    assert _run(tmp_path, "audit", "verify").stdout == "whole: 1 entries\n"


def test_a_refusal_is_one_clear_message(tmp_path: Path) -> None:
    refused = _run(tmp_path, "banks", "add", "Qing He", "清河", "Qinghe")
    assert refused.returncode == 2
    assert "'Qing He' is not a valid bank id" in refused.stderr
    assert "lower-case letters" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_password_is_shown_once_and_must_be_changed(tmp_path: Path) -> None:
    added = _run(tmp_path, "users", "add", "li", "李", "--role", "operator")
    assert "first password: " in added.stdout
    assert added.stdout.split()[-1] not in _run(tmp_path, "audit", "list").stdout


def test_a_wrong_role_lists_the_roles(tmp_path: Path) -> None:
    refused = _run(tmp_path, "users", "add", "li", "李", "--role", "king")
    assert refused.returncode == 2
    assert "loan_officer" in refused.stderr


def test_doctor_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "titian.db").write_bytes(b"this is no database " * 100)
    seen = _run(tmp_path, "doctor", "--json")
    assert seen.returncode == 1
    findings = {finding["subject"]: finding for finding in json.loads(seen.stdout)}
    assert findings["python"]["well"]
    assert not findings["database"]["well"]
    assert findings["database"]["remedy"]


@pytest.mark.parametrize(
    ("command", "exit_code"), [("doctor", 1), ("banks list", 7), ("demo --no-serve", 7)]
)
def test_a_database_that_is_none_is_explained(tmp_path: Path, command: str, exit_code: int) -> None:
    (tmp_path / "titian.db").write_bytes(b"this is no database " * 100)
    seen = _run(tmp_path, *command.split())
    assert seen.returncode == exit_code
    assert "Restore it from a backup" in seen.stdout + seen.stderr
    assert "Traceback" not in seen.stderr


def test_a_home_that_is_a_file_is_explained(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("mine")
    assert "is a file, not a folder" in _run(home, "doctor").stdout
    refused = _run(home, "banks", "list")
    assert refused.returncode == 8
    assert "TITIAN_HOME" in refused.stderr
    assert home.read_text() == "mine"


def test_the_home_given_brings_its_own_settings(tmp_path: Path) -> None:
    (tmp_path / "titian.toml").write_text("port = = 1\n")
    refused = _run(tmp_path, "banks", "list")
    assert refused.returncode == 2
    assert "line 1" in refused.stderr
    assert "titian.toml" in refused.stderr


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "titian.toml").write_text(f"port = {port}\n")
        for command in ("serve", "demo"):
            refused = _run(tmp_path, command)
            assert refused.returncode == 8
            assert "TITIAN_PORT" in refused.stderr


def test_a_front_end_not_built_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_cli, "FRONT", tmp_path)
    with pytest.raises(Unavailable) as refused:
        web_cli.require_front()
    assert "make front" in refused.value.remedy


@pytest.mark.parametrize("url", ["garbage", "mysql://a/b"])
def test_a_database_of_another_kind_is_refused(tmp_path: Path, url: str) -> None:
    (tmp_path / "titian.toml").write_text(f"database_url = {url!r}\n")
    refused = _run(tmp_path, "banks", "list")
    assert refused.returncode == 2
    assert "postgresql://" in refused.stderr


def test_wrong_settings_are_explained(tmp_path: Path) -> None:
    (tmp_path / "titian.toml").write_text("prot = 1\n")
    command = [sys.executable, "-c", "from titian.cli import main; main()", "banks", "list"]
    environment = {"TITIAN_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    seen = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert seen.returncode == 2
    assert "prot" in seen.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps(tmp_path: Path, name: str) -> None:
    shown = _run(tmp_path, name, "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Usage" in shown.stdout


def test_what_is_written_is_the_owners(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert _run(home, "banks", "add", "qinghe", "清河", "Qinghe").returncode == 0
    written = [home, *home.rglob("*")]
    assert len(written) > 2
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_doctor_sees_a_home_open_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    seen = _run(tmp_path, "doctor", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(seen.stdout)}
    assert "chmod 700" in findings["home"]["remedy"]
