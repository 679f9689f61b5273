from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable

import pytest
from tests.lake.conftest import LOAN, day, loans
from typer.testing import CliRunner, Result

from titian.cli import app
from titian.kernel import audit
from titian.kernel.errors import InvalidInput, NotFound, TitianError
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake import shell, store

Run = Callable[..., Result]


@pytest.fixture
def run(filled: Scope) -> Run:
    """Run a command in the test's home."""
    home = ["--home", str(settings().home)]

    def call(*words: str) -> Result:
        return CliRunner().invoke(app, [*home, *words], catch_exceptions=False)

    return call


def test_a_scalar_prints_plainly(run: Run) -> None:
    seen = run("query", "--bank", "qinghe", "SELECT count(*) FROM core.loan")
    assert seen.stdout == "6\n"


def test_a_table_shows_what_is_masked(run: Run) -> None:
    seen = run("query", "--bank", "qinghe", "SELECT * FROM core.loan", "--limit", "2")
    assert "name *" in seen.stdout
    assert "张*" in seen.stdout
    assert "138****0000" in seen.stdout
    assert "张三" not in seen.stdout
    assert "2 rows in" in seen.stderr
    assert "there are more" in seen.stderr


def test_csv_and_json(run: Run) -> None:
    sql = "SELECT loan_id, amount_fen, rate, [1, 2] AS l FROM core.loan ORDER BY ALL LIMIT 1"
    seen = run("query", "--bank", "qinghe", sql, "--format", "json")
    expected = {"loan_id": "L000000", "amount_fen": 0, "rate": None, "l": [1, 2]}
    assert json.loads(seen.stdout) == [expected]
    seen = run("query", "--bank", "qinghe", sql, "--format", "csv")
    rows = list(csv.reader(io.StringIO(seen.stdout)))
    assert rows == [["loan_id", "amount_fen", "rate", "l"], ["L000000", "0", "", "[1, 2]"]]


def test_unmasking_takes_a_reason_and_is_audited(run: Run, union: Scope) -> None:
    words = ["query", "--bank", "qinghe", "SELECT max(name) FROM core.loan"]
    assert run(*words, "--unmask", "complaint 7").stdout == "欧阳锋\n"
    assert audit.entries(union, action="unmask")[0].detail == {"reason": "complaint 7"}


def test_the_union_and_an_unknown_bank(run: Run) -> None:
    assert run("query", "SELECT 1 + 1").stdout == "2\n"
    with pytest.raises(NotFound, match=r"no bank 'nowhere'.*qinghe"):
        run("query", "--bank", "nowhere", "SELECT 1")


def test_lists_have_three_forms(run: Run) -> None:
    for words in (["tables"], ["schema", "core.loan"], ["history", "core.loan"]):
        listed = json.loads(run("lake", *words, "--bank", "qinghe", "--json").stdout)
        lines = list(
            csv.DictReader(io.StringIO(run("lake", *words, "--bank", "qinghe", "--csv").stdout))
        )
        assert len(listed) == len(lines) > 0
        assert list(listed[0]) == list(lines[0])
    assert json.loads(run("query", "SELECT 1 AS a", "--json").stdout) == [{"a": 1}]
    assert run("query", "SELECT 1 AS a, 'x,y' AS b", "--csv").stdout == 'a,b\n1,"x,y"\n'
    with pytest.raises(InvalidInput, match="two forms"):
        run("query", "SELECT 1", "--json", "--csv")
    with pytest.raises(InvalidInput, match="two forms"):
        run("query", "SELECT 1", "--json", "--format", "csv")


def test_an_unknown_table_names_the_nearest(run: Run) -> None:
    for words in (["schema"], ["history"], ["compact", "--table"], ["vacuum", "--table"]):
        with pytest.raises(NotFound, match=r"core\.lone.*Did you mean 'core\.loan'"):
            run("lake", *words, "core.lone", "--bank", "qinghe")


def test_a_query_of_an_unknown_table_says_where_to_look(run: Run, baishui: Scope) -> None:
    there = r"titian lake tables --bank ID, or \.tables in the shell"
    with pytest.raises(NotFound, match=rf"no table 'raw\.nothing' here.*{there}"):
        run("query", "SELECT * FROM raw.nothing", "--bank", "baishui")
    with pytest.raises(NotFound, match=r"no table 'raw\.nothing'.*--bank is not given"):
        run("query", "SELECT * FROM raw.nothing")


def test_a_place_without_tables_says_so(run: Run, baishui: Scope) -> None:
    for command in ("tables", "compact", "vacuum"):
        seen = run("lake", command, "--bank", "baishui")
        assert (seen.exit_code, seen.stdout) == (0, "")
        assert "baishui has no tables yet" in seen.stderr


def test_looking_after_tables(run: Run, filled: Scope) -> None:
    store.write_date(filled, LOAN, day(0), loans(1))
    assert "core.loan" in run("lake", "tables", "--bank", "qinghe").stdout
    assert "2026-01-02" in run("lake", "tables", "--bank", "qinghe").stdout
    assert "手机号" in run("lake", "schema", "core.loan", "--bank", "qinghe").stdout
    history = run("lake", "history", "core.loan", "--bank", "qinghe").stdout
    assert "write" in history
    assert "create" in history
    assert "2 files before, 2 now" in run("lake", "compact", "--bank", "qinghe").stdout
    assert "0 files to go" in run("lake", "vacuum", "--bank", "qinghe", "--dry-run").stdout
    assert "0 files removed" in run("lake", "vacuum", "--bank", "qinghe").stdout
    assert "version 3" in run("lake", "restore", "core.loan", "1", "--bank", "qinghe").stdout
    assert store.info(filled, "core.loan").rows == 6


Say = Callable[..., tuple[str, str, TitianError | None]]


@pytest.fixture
def said(filled: Scope, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Type lines into a shell; give what it says, what it says beside, and the first error."""

    def type_in(lines: list[str], *, watched: bool = False) -> tuple[str, str, TitianError | None]:
        typed = iter(lines)

        def answer(prompt: str) -> str:
            sys.stdout.write(prompt)
            line = next(typed, None)
            if line is None:
                raise EOFError
            if line == "^C":
                raise KeyboardInterrupt
            return line

        monkeypatch.setattr("builtins.input", answer)
        monkeypatch.setattr("sys.stdin.isatty", lambda: watched)
        failed = shell.Shell(filled, 100).run()
        seen = capsys.readouterr()
        return seen.out, seen.err, failed

    return type_in


LINES = [
    ".tables",
    ".schema core.loan",
    "SELECT count(*)",
    "FROM core.loan;",
    "SELECT nope;",
    "SELECT 1; SELECT 2;",
    ".limit 1",
    ".limit many",
    ".format json",
    ".format xml",
    "SELECT loan_id FROM core.loan ORDER BY 1;",
    "^C",
    "",
    ".help",
    ".tabels",
    ".quit",
    "SELECT 99;",
]


def test_the_shell_answers_and_goes_on(said: Say) -> None:
    out, err, failed = said(LINES, watched=True)
    for words in ("core.loan", "手机号", "6\n", '[{"loan_id": "L000000"}]', ".schema NAME"):
        assert words in out
    for words in (
        "nope",
        "2 statements were given",
        "Choose 1 to 10000 rows",
        "Choose table, csv or json",
        "Did you mean '.tables'?",
        "1 row in",
    ):
        assert words in err
    assert "99" not in out
    assert "qinghe> " in out
    assert failed is None


def test_what_is_piped_in_prompts_nobody_and_gives_its_first_failure(said: Say) -> None:
    out, err, failed = said(["SELECT 40 + 1;", ".nonsense", "SELECT nope;", "SELECT 40 + 2;"])
    assert out == "41\n42\n"
    assert isinstance(failed, InvalidInput)
    assert ".nonsense" in failed.what
    assert "nope" in err
    assert said(["SELECT 40 + 1;"])[2] is None


def test_what_is_piped_in_needs_no_last_semicolon(said: Say) -> None:
    assert said(["SELECT", "40 + 1"])[0] == "41\n"


def test_the_exit_code_of_a_pipe_is_that_of_its_first_failure(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = ["--home", str(settings().home), "shell", "--bank", "qinghe"]
    for piped, code in (
        ("SELECT 1;", 0),
        ("SELECT * FROM core.lone;\nSELECT nope;", 4),
        ("SELECT nope;\nSELECT * FROM core.lone;", 2),
        ("DROP TABLE core.loan;", 3),
        (".nonsense", 2),
        ("", 0),
    ):
        assert CliRunner().invoke(app, home, input=piped).exit_code == code


def test_the_shell_keeps_its_history_to_itself(said: Say) -> None:
    path = settings().home / "shell_history"
    said(["SELECT 1;"])
    assert not path.exists()
    said(["SELECT 1;"], watched=True)
    assert path.stat().st_mode & 0o077 == 0
