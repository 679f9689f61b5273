from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from rich.console import Console
from tests.lake.conftest import LOAN, day, loans
from typer.testing import CliRunner, Result

from titian.cli import app
from titian.kernel import audit
from titian.kernel.errors import NotFound
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


def test_looking_after_tables(run: Run, filled: Scope) -> None:
    store.write_date(filled, LOAN, day(0), loans(1))
    assert "core.loan" in run("lake", "tables", "--bank", "qinghe").stdout
    assert "2026-01-02" in run("lake", "tables", "--bank", "qinghe").stdout
    assert "手机号" in run("lake", "schema", "core.loan", "--bank", "qinghe").stdout
    history = run("lake", "history", "core.loan", "--bank", "qinghe").stdout
    assert "write" in history
    assert "create" in history
    assert "2 files are now 2" in run("lake", "compact", "--bank", "qinghe").stdout
    assert "0 files would go" in run("lake", "vacuum", "--bank", "qinghe", "--dry-run").stdout
    assert "0 files are gone" in run("lake", "vacuum", "--bank", "qinghe").stdout
    assert "version 3" in run("lake", "restore", "core.loan", "1", "--bank", "qinghe").stdout
    assert store.info(filled, "core.loan").rows == 6


@pytest.fixture
def said(filled: Scope, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], str]:
    """Type lines into a shell and give what it says."""

    def type_in(lines: list[str]) -> str:
        typed = iter(lines)

        def answer(_prompt: str) -> str:
            line = next(typed, None)
            if line is None:
                raise EOFError
            if line == "^C":
                raise KeyboardInterrupt
            return line

        monkeypatch.setattr("builtins.input", answer)
        out = Console(file=io.StringIO(), width=200)
        shell.Shell(filled, 100, out).run()
        assert isinstance(out.file, io.StringIO)
        return out.file.getvalue()

    return type_in


def test_the_shell_answers_and_goes_on(said: Callable[[list[str]], str]) -> None:
    seen = said(
        [
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
            ".nonsense",
            ".quit",
            "SELECT 99;",
        ]
    )
    for words in (
        "core.loan",
        "手机号",
        "6\n",
        "Mend the SQL",
        "2 statements were given",
        "choose 1 to 10000 rows",
        "choose table, csv or json",
        '[{"loan_id": "L000000"}]',
        ".schema NAME",
        "no such command",
    ):
        assert words in seen
    assert "99" not in seen


def test_what_is_piped_in_needs_no_last_semicolon(said: Callable[[list[str]], str]) -> None:
    assert "41" in said(["SELECT", "40 + 1"])


def test_the_shell_keeps_its_history_to_itself(said: Callable[[list[str]], str]) -> None:
    said(["SELECT 1;"])
    path = settings().home / "shell_history"
    assert path.stat().st_mode & 0o077 == 0
