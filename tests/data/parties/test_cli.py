from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from titian.cli import app
from titian.kernel.errors import TitianError
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings

RUN = CliRunner()


def run(home: Settings, *words: str) -> object:
    result = RUN.invoke(app, ["--home", str(home.home), *words, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_parties_from_the_command_line(sample_bank: Scope, home: Settings) -> None:
    found = run(home, "party", "search", "-b", "qinghe", "李小101")
    assert isinstance(found, list)
    assert [(hit["party_id"], hit["name"]) for hit in found] == [("p00101", "李*")]
    shown = run(home, "party", "show", "-b", "qinghe", "p00100")
    assert isinstance(shown, dict)
    assert shown["identity"]["rows"][0]["name"] == "王*"
    clear = run(home, "party", "show", "-b", "qinghe", "p00100", "--unmask", "上门核实")
    assert isinstance(clear, dict)
    assert clear["identity"]["rows"][0]["name"] == "王小100"


def test_tags_and_audiences_from_the_command_line(sample_bank: Scope, home: Settings) -> None:
    tags = run(home, "tags", "list", "-b", "qinghe")
    assert isinstance(tags, list)
    assert len(tags) == 110
    shown = run(home, "tags", "show", "-b", "qinghe", "borrower")
    assert isinstance(shown, dict)
    assert len(shown["coverage"]) == 4
    counted = run(home, "tags", "count", "-b", "qinghe", "borrower")
    assert isinstance(counted, list)
    audience = run(home, "audience", "count", "-b", "qinghe", "borrower")
    assert isinstance(audience, dict)
    assert audience["members"] == counted[0]["members"] > 0
    assert run(home, "audience", "profile", "-b", "qinghe", "borrower")
    assert run(home, "audience", "overlap", "-b", "qinghe", "borrower", "opt_out")
    assert run(home, "audience", "trend", "-b", "qinghe", "borrower")


def test_the_same_for_people_to_read(sample_bank: Scope, home: Settings) -> None:
    for words in (
        ("party", "search", "-b", "qinghe", "李小101"),
        ("party", "show", "-b", "qinghe", "p00100"),
        ("tags", "list", "-b", "qinghe"),
        ("tags", "show", "-b", "qinghe", "stage"),
        ("tags", "count", "-b", "qinghe"),
        ("audience", "count", "-b", "qinghe", "borrower AND NOT opt_out"),
        ("audience", "explain", "-b", "qinghe", "borrower AND NOT opt_out"),
        ("audience", "profile", "-b", "qinghe", "borrower"),
        ("audience", "overlap", "-b", "qinghe", "borrower", "opt_out"),
        ("audience", "trend", "-b", "qinghe", "borrower"),
    ):
        result = RUN.invoke(app, ["--home", str(home.home), *words])
        assert result.exit_code == 0, (words, result.output)
        assert result.stdout.strip()


def test_a_wrong_expression_is_explained(sample_bank: Scope, home: Settings) -> None:
    words = ["--home", str(home.home), "audience", "explain", "-b", "qinghe", "borower"]
    result = RUN.invoke(app, words)
    assert result.exit_code == 2
    assert "borrower" in result.stdout


def refused(home: Settings, *words: str) -> str:
    result = RUN.invoke(app, ["--home", str(home.home), *words])
    assert isinstance(result.exception, TitianError), result.output
    return str(result.exception)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("tags list -b qinghe --category basick", "Did you mean 'basic'"),
        ("tags show -b qinghe borower", "Did you mean 'borrower'"),
        ("tags count -b qinghe borower", "Did you mean 'borrower'"),
        ("tags count -b qinghe --date 2020-01-01", "no tags were worked out for 2020-01-01"),
        ("tags count -b qinghe --date 31.3.2026", "is not a business date"),
        ("tags list -b qinhe", "Did you mean 'qinghe'"),
        ("audience count -b qinghe borower", "Did you mean borrower"),
        ("audience count -b qinghe borrower --date 2020-01-01", "no tags were worked out"),
        ("audience overlap -b qinghe borrower", "two or more"),
        ("party search -b qinhe 李小101", "Did you mean 'qinghe'"),
        ("party show -b qinghe nobody", "there is no customer"),
        ("party show -b qinghe p00100 --date 2020-01-01", "there are no customers on 2020-01-01"),
        ("tags list -b qinghe --json --csv", "--json and --csv"),
    ],
)
def test_what_is_wrong_is_named(sample_bank: Scope, home: Settings, words: str, said: str) -> None:
    assert said in refused(home, *words.split())


def test_a_bank_without_tags_says_so(sample_bank: Scope, home: Settings, baishui: Scope) -> None:
    for words in ("tags count", "audience count borrower", "audience trend borrower"):
        assert "no tags were worked out at baishui yet" in refused(
            home, *words.split(), "-b", "baishui"
        )
    shown = RUN.invoke(app, ["--home", str(home.home), "tags", "show", "borrower", "-b", "baishui"])
    assert "titian jobs run" in shown.stderr


def test_lists_come_as_csv(sample_bank: Scope, home: Settings) -> None:
    for words in (
        ("party", "search", "李小101"),
        ("tags", "list"),
        ("tags", "count", "borrower"),
        ("audience", "profile", "borrower"),
        ("audience", "overlap", "borrower", "opt_out"),
        ("audience", "trend", "borrower"),
    ):
        command = ["--home", str(home.home), *words, "-b", "qinghe", "--csv"]
        rows = list(csv.DictReader(io.StringIO(RUN.invoke(app, command).stdout)))
        assert rows, words
        assert all(None not in row for row in rows)


def test_nobody_found_says_so(sample_bank: Scope, home: Settings) -> None:
    command = ["--home", str(home.home), "party", "search", "没有这个人", "-b", "qinghe"]
    seen = RUN.invoke(app, command)
    assert (seen.exit_code, seen.stdout) == (0, "")
    assert "nobody is found" in seen.stderr
