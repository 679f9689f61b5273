from __future__ import annotations

import os
from pathlib import Path

import pytest

from titian.kernel.errors import InvalidInput, Unavailable
from titian.kernel.settings import default_home, load


def test_settings_come_from_file_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "titian.toml").write_text('locale = "en"\nport = 9000\n')
    monkeypatch.setenv("TITIAN_HOME", str(tmp_path))
    monkeypatch.setenv("TITIAN_PORT", "9001")
    chosen = load()
    assert (chosen.home, chosen.locale, chosen.port) == (tmp_path, "en", 9001)


def test_wrong_settings_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "titian.toml").write_text('locle = "en"\nport = -1\n')
    monkeypatch.setenv("TITIAN_HOME", str(tmp_path))
    with pytest.raises(InvalidInput, match=r"titian\.toml: locle is no setting") as caught:
        load()
    assert "port" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('port = "x"', "port is wrong"),
        ("prot = 1", "prot is no setting. Did you mean 'port'"),
        ('locale = "fr"', "locale is wrong"),
        ("[server]", "server is no setting"),
        ("port = = 1", "line 1"),
    ],
)
def test_a_wrong_line_is_named_with_its_file(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "titian.toml").write_text(f"{line}\n")
    with pytest.raises(InvalidInput) as caught:
        load(home=tmp_path)
    assert said in str(caught.value)
    assert str(tmp_path / "titian.toml") in caught.value.what


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "titian.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match=r"titian\.toml cannot be read"):
        load(home=tmp_path)


def test_a_variable_that_means_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TITIAN_DATABSE_URL", "postgresql://here/x")
    with pytest.raises(InvalidInput, match=r"TITIAN_DATABSE_URL.*'database_url'"):
        load()


def test_a_wrong_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "titian.toml").write_text("port = 9000\n")
    monkeypatch.setenv("TITIAN_PORT", "nine")
    with pytest.raises(InvalidInput, match="TITIAN_PORT: port is wrong"):
        load(home=tmp_path)


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TITIAN_HOME", "")
    monkeypatch.setenv("TITIAN_PORT", "")
    assert load().home == Path.home() / ".titian"
    assert load().port == 8800


def test_the_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TITIAN_HOME", "~/somewhere")
    monkeypatch.setenv("TITIAN_LAKE_PATH", "~/lake")
    assert load().home == Path.home() / "somewhere"
    assert load().lake == Path.home() / "lake"


def test_a_relative_home_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TITIAN_HOME", "here")
    chosen = load()
    monkeypatch.chdir("/")
    assert chosen.home == tmp_path / "here"


def test_without_any_home_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_path: str) -> str:
        return "~/.titian"

    monkeypatch.setattr(os.path, "expanduser", unknown)
    with pytest.raises(InvalidInput, match="Set TITIAN_HOME"):
        default_home()


def test_a_home_that_cannot_be_read_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", closed)
    with pytest.raises(Unavailable, match="Permission denied") as caught:
        load(home=tmp_path)
    assert "TITIAN_HOME" in caught.value.remedy


@pytest.mark.parametrize(
    ("variables", "lang"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": ""}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "TITIAN_LANG": "en"}, "en"),
    ],
)
def test_names_come_in_the_language_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], lang: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert load(home=tmp_path).lang == lang
    assert load(home=tmp_path, lang="zh").lang == "zh"
