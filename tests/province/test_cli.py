from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from titian.kernel.errors import Conflict, Corrupt, InvalidInput, NotFound
from titian.province.cli import app

runner = CliRunner()
SMALL = ["generate", "--banks", "1", "--customers", "80", "--days", "2", "--seed", "4"]


def test_it_works(tmp_path: Path) -> None:
    result = runner.invoke(app, [*SMALL, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "1 bank, 80 customers, 2 dates: 28 files" in " ".join(result.output.split())
    assert "合成数据" in result.output


def test_json_for_machines(tmp_path: Path) -> None:
    result = runner.invoke(
        app, [*SMALL, "--end", "2026-02-18", "--out", str(tmp_path / "out"), "--json"]
    )
    figures = json.loads(result.stdout)
    assert figures["files"] == 28
    assert figures["all_rows"] == sum(figures["rows"].values())
    assert (tmp_path / "out" / "unload" / "qinghe" / "20260218").is_dir()


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--end", "31.3.2026"], "'31.3.2026' is not a date for --end"),
        (["--banks", "99"], "--banks is 99, outside 1 to 51"),
        (["--customers", "3"], "--customers is 3, outside 50 to 5000000"),
        (["--days", "100000"], "--days is 100000"),
    ],
)
def test_bad_arguments_say_what_to_do(tmp_path: Path, extra: list[str], words: str) -> None:
    result = runner.invoke(app, [*SMALL, *extra, "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, InvalidInput)
    assert words in result.exception.what
    assert result.exception.remedy
    assert not (tmp_path / "out").exists()


def test_a_full_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    result = runner.invoke(app, [*SMALL, "--out", str(tmp_path)])
    assert isinstance(result.exception, Conflict)


def test_a_stream_that_cannot_begin_says_why(tmp_path: Path) -> None:
    made = tmp_path / "out"
    assert runner.invoke(app, [*SMALL, "--out", str(made)]).exit_code == 0
    go = ["stream", "--province", str(made), "--speed", "0", "--limit", "2"]
    assert len(runner.invoke(app, go).stdout.splitlines()) == 2
    for more, words in (
        (["--start", "tomorrow"], "'tomorrow' is no moment"),
        (["--start", "2020-01-01"], "is not after the history"),
        (["--out", str(tmp_path / "none" / "x")], "cannot be written"),
        (["--speed", "-1"], "--speed is -1.0"),
        (["--limit", "-1"], "--limit is -1"),
    ):
        assert words in str(runner.invoke(app, [*go, *more]).exception)
    (made / "province.json").write_text("{")
    assert isinstance(runner.invoke(app, go).exception, Corrupt)
    nowhere = ["stream", "--province", str(tmp_path / "none")]
    assert isinstance(runner.invoke(app, nowhere).exception, NotFound)
