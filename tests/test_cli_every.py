"""Every command, found by walking the help: what is wrong is said, never a stack trace."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.support.commands import Command, Ended, command
from typer._click import Context

from titian.cli import app
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings

# What a required argument is given; a right name, so that another mistake is the one seen.
GIVEN = {
    "code": "npl_ratio",
    "tags code": "borrower",
    "expression": "borrower",
    "expressions": "borrower payroll",
    "column": "core.loan.balance_fen",
    "sql": "SELECT 1",
    "table": "core.loan",
    "words": "张小明",
    "version": "1",
    "url": "https://alerts.example/x",
    "role": "clerk",
    "note": "because",
    "first": "2026-03-30",
    "last": "2026-03-31",
    "bank": "qinghe",
    "user": "newcomer",
}
NEVER_END = {"serve", "province stream"}
NEEDS_NO_DATABASE = {"doctor", "province stream", "province generate"}
DATES = {"--date", "--from", "--to", "--from-date", "--to-date", "--end", "--start"}


def _leaves(at: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if not hasattr(at, "list_commands"):
        yield " ".join(path), at
        return
    context = Context(at, info_name="titian")
    for name in at.list_commands(context):
        yield from _leaves(at.get_command(context, name), (*path, name))


LEAVES: dict[str, Any] = dict(_leaves(typer.main.get_command(app)))
EVERY = pytest.mark.parametrize("name", LEAVES)


def _with(option: str) -> list[str]:
    return [name for name, leaf in LEAVES.items() if option in _options(leaf)]


def _options(leaf: Any) -> list[str]:
    return [word for parameter in leaf.params for word in parameter.opts if word.startswith("--")]


def _words(name: str, folder: Path, **other: str) -> list[str]:
    """Give a command with what it requires, and with its bank where it takes one."""
    words, last = name.split(), []
    for parameter in LEAVES[name].params:
        option = next((word for word in parameter.opts if word.startswith("--")), None)
        if not parameter.required and option != "--bank":
            continue
        path = name.split(maxsplit=1)[0]
        held = GIVEN.get(f"{path} {parameter.name}", GIVEN.get(parameter.name, "nope"))
        if parameter.name in ("directory", "out", "province"):
            held = str(folder / "nowhere")
        value = other.get(parameter.name, held)
        if option is None:
            last += value.split() if parameter.name == "expressions" else [value]
        else:
            words += [option, value]
    return [*words, *last]


@pytest.fixture
def titian(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return command(monkeypatch, capsys)


def refused(ended: Ended, code: int) -> str:
    """Check that a command was refused with what, where and what to do; give the words."""
    assert ended.returncode == code, (ended.stdout, ended.stderr)
    assert "Traceback" not in ended.stderr
    assert "this is a defect" not in ended.stderr.lower()
    assert len(ended.stderr.strip().splitlines()) >= 2
    return " ".join(ended.stderr.split())


def test_the_walk_finds_them() -> None:
    assert {"query", "lake tables", "jobs webhooks add", "audit verify", "doctor"} <= set(LEAVES)
    assert len(LEAVES) > 50


@pytest.mark.parametrize("name", _with("--bank"))
def test_an_unknown_bank_names_the_nearest(
    titian: Command, home: Settings, qinghe: Scope, tmp_path: Path, name: str
) -> None:
    said = refused(titian(home.home, *_words(name, tmp_path, bank="qinhe")), 4)
    assert "'qinhe'" in said
    assert "Did you mean 'qinghe'?" in said


@pytest.mark.parametrize("name", _with("--bank"))
def test_a_bank_that_is_no_name_is_refused(
    titian: Command, home: Settings, qinghe: Scope, tmp_path: Path, name: str
) -> None:
    said = refused(titian(home.home, *_words(name, tmp_path, bank="Qing He")), 2)
    assert "'Qing He' is not a valid bank id" in said


@pytest.mark.parametrize(
    ("name", "option"),
    [
        (name, option)
        for name, leaf in LEAVES.items()
        for option in _options(leaf)
        if option in DATES and not (name.startswith("feeds") and option == "--from")
    ],
)
def test_a_date_that_is_none_is_refused(
    titian: Command, home: Settings, qinghe: Scope, tmp_path: Path, name: str, option: str
) -> None:
    given = _words(name, tmp_path, first="2026-03-30", last="2026-03-31")
    said = titian(home.home, *_without(given, option), option, "31.2.2026")
    assert "'31.2.2026'" in refused(said, 2)


def _without(words: list[str], option: str) -> list[str]:
    if option not in words:
        return words
    at = words.index(option)
    return words[:at] + words[at + 2 :]


@EVERY
def test_an_option_that_is_none_is_refused(
    titian: Command, home: Settings, tmp_path: Path, name: str
) -> None:
    said = refused(titian(home.home, *_words(name, tmp_path), "--no-such-option"), 2)
    assert "--no-such-option" in said


@EVERY
def test_a_number_that_is_none_is_refused(
    titian: Command, home: Settings, tmp_path: Path, name: str
) -> None:
    for option in ("--limit", "--port", "--banks", "--days", "--keep-hours", "--offset"):
        if option in _options(LEAVES[name]):
            said = refused(titian(home.home, *_words(name, tmp_path), option, "many"), 2)
            assert option in said


@EVERY
def test_a_home_that_is_a_file_is_refused(titian: Command, tmp_path: Path, name: str) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    if name in NEEDS_NO_DATABASE:
        return
    said = refused(titian(file, *_words(name, tmp_path)), 8)
    assert "TITIAN_HOME" in said
    assert file.read_text() == "mine"


@EVERY
def test_a_database_that_is_none_is_refused(titian: Command, tmp_path: Path, name: str) -> None:
    (tmp_path / "titian.db").write_bytes(b"this is no database " * 100)
    if name in NEEDS_NO_DATABASE:
        return
    assert "Restore it from a backup" in refused(titian(tmp_path, *_words(name, tmp_path)), 7)


@EVERY
def test_a_setting_that_is_none_is_refused(titian: Command, tmp_path: Path, name: str) -> None:
    (tmp_path / "titian.toml").write_text("prot = 1\n")
    ended = titian(tmp_path, *_words(name, tmp_path))
    if name == "doctor":
        assert ended.returncode == 1
        assert "Did you mean 'port'?" in ended.stdout
        return
    assert "Did you mean 'port'?" in refused(ended, 2)


@pytest.mark.parametrize("name", [name for name in LEAVES if name not in {*NEVER_END, "demo"}])
def test_a_house_without_data_is_told_apart_from_a_mistake(
    titian: Command, home: Settings, qinghe: Scope, tmp_path: Path, name: str
) -> None:
    ended = titian(home.home, *_words(name, tmp_path))
    assert 0 <= ended.returncode <= 9, (ended.stdout, ended.stderr)
    assert "Traceback" not in ended.stderr
    assert "this is a defect" not in ended.stderr.lower()
    if name != "shell":
        assert (ended.stdout + ended.stderr).strip(), "nothing is said"
