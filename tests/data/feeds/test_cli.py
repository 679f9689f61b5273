from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from titian import cli
from titian.data.feeds.quarantine import Filter, quarantine
from titian.kernel import banks
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings, settings
from titian.lake import store

from .conftest import core_contract, unload

GOOD = [[f"L{n}", f"{n}.50", "1", "张三"] for n in range(100)]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(home: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a function that runs `titian feeds …` and gives exit code, output and errors."""

    def call(*words: str) -> tuple[int, str, str]:
        line = ["titian", "--home", str(settings().home), "feeds", *words]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), out, err

    return call


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    place = tmp_path / "contracts"
    place.mkdir()
    text = core_contract(custom={"max_bad_share": 0.5}).text()
    (place / "loan.odcs.yaml").write_text(text, encoding="utf-8")
    return place


def put(folder: Path, *rows: list[str], name: str = "LOAN_20260331.dat") -> None:
    (folder / name).write_text(unload([*GOOD, *rows]), "gb18030")


def test_from_check_to_replay(
    run: Run, contracts: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, ["B1", "12x", "1", "李四"])
    there = ("--from", str(folder))

    code, out, _ = run("check", "--contracts", str(contracts), *there)
    assert code == 0
    assert "acceptable" in out
    assert "1 × amount_fen: type, first at LOAN_20260331.dat:101" in out

    code, out, err = run("load", "--bank", "qinghe", "--contracts", str(contracts), *there)
    assert code == 0
    assert "100 rows good, 1 in quarantine" in out
    assert "qinghe was not known and is registered now" in " ".join(err.split())

    code, out, _ = run("load", "--bank", "qinghe", *there)
    assert (code, "unchanged" in out) == (0, True)

    code, out, _ = run("status", "--bank", "qinghe")
    assert (code, "2026-03-31" in out, "Loans" in out) == (0, True, True)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    code, out, _ = run("status", "--bank", "qinghe")
    assert (code, "贷款" in out) == (0, True)

    code, out, _ = run("quarantine", "--bank", "qinghe")
    assert code == 0
    assert "李四" not in out
    scope = Scope.system(BankId("qinghe"))
    row = quarantine(scope, Filter()).rows[0].row_id

    code, out, _ = run("quarantine", row, "--bank", "qinghe", "--unmask", "checking the slip")
    assert (code, "李四" in out) == (0, True)
    code, out, _ = run("fix", row, "--bank", "qinghe", "--set", "amount_fen=-12.00")
    assert (code, "amount = -12.00" in out) == (0, True)
    code, out, _ = run("fix", row, "--bank", "qinghe", "--set", "amount=12.00", "--note", "ok")
    assert (code, "fixed" in out, "amount = 12.00" in out) == (0, True, True)
    code, _, err = run("fix", row, "--bank", "qinghe", "--set", "amout=12.00")
    assert (code, "Its columns are id, amount (amount_fen), kind, name." in err) == (2, True)
    code, out, _ = run("replay", "--bank", "qinghe", "--feed", "loan")
    assert (code, out) == (0, "1 row replayed, 0 still waiting\n")
    assert store.read(scope, "raw.loan").num_rows == 101
    code, _, err = run("replay", "--bank", "qinghe")
    assert (code, "is waiting at qinghe" in err) == (4, True)


def test_a_known_bank_may_still_bring_its_own_contracts(
    run: Run, contracts: Path, folder: Path
) -> None:
    put(folder)
    words = ("--bank", "qinghe", "--from", str(folder))
    banks.ensure(Scope.system(None), BankId("qinghe"))
    assert run("load", *words, "--feed", "org")[0] == 4, "it has the union's feeds"
    code, out, err = run("load", *words, "--contracts", str(contracts))
    assert (code, "uses its own definitions only" in err) == (0, True)
    assert "100 rows good" in out


def test_a_rejected_delivery_says_why_and_exits_with_2(
    run: Run, contracts: Path, folder: Path
) -> None:
    put(folder, *([f"B{n}", "x", "1", ""] for n in range(200)))
    code, out, _ = run(
        "load", "--bank", "qinghe", "--contracts", str(contracts), "--from", str(folder)
    )
    assert code == 2
    assert "200 of 300 rows are bad (66.7 %), over the contract's limit of 50 %" in out
    assert "amount_fen type ×200" in out


def test_a_missing_file_names_what_it_wants_and_exits_with_4(
    run: Run, contracts: Path, folder: Path
) -> None:
    put(folder, name="LOAN_20260331.data")
    banks.ensure(Scope.system(None), BankId("qinghe"))
    words = ("--bank", "qinghe", "--contracts", str(contracts), "--from", str(folder))
    code, out, _ = run("load", *words, "--date", "2026-03-31")
    assert code == 4
    assert "nothing named LOAN_20260331.dat is there. Nearest: LOAN_20260331.data." in out


def test_square_brackets_are_text(run: Run, contracts: Path, folder: Path) -> None:
    put(folder, ["[/]", "12", "[", "[bold"])
    words = ("--bank", "qinghe", "--contracts", str(contracts), "--from", str(folder))
    assert run("load", *words)[0] == 0
    code, out, _ = run("quarantine", "--bank", "qinghe")
    assert (code, "[/]" in out) == (0, True)


def test_json_says_the_same(run: Run, contracts: Path, folder: Path) -> None:
    put(folder, ["B1", "1.00", "Z9", ""])
    words = ("--bank", "qinghe", "--contracts", str(contracts), "--from", str(folder), "--json")
    code, out, _ = run("load", *words)
    found = json.loads(out)
    assert code == 0
    assert (found["good"], found["bad"]) == (100, 1)
    (outcome,) = found["outcomes"]
    assert outcome["outcome"] == "loaded"
    assert outcome["reasons"][0]["code"] == "code"
    assert outcome["drift"] == [{"kind": "new_code", "column": "kind", "detail": "Z9", "rows": 1}]


def test_many_dates_are_shown_a_line_a_feed(run: Run, contracts: Path, folder: Path) -> None:
    for day in range(1, 32):
        put(folder, name=f"LOAN_202603{day:02}.dat")
        put(folder, name=f"LOAN_202601{day:02}.dat")
    words = ("--bank", "qinghe", "--contracts", str(contracts), "--from", str(folder))
    code, out, _ = run("load", *words)
    assert code == 0
    assert "2026-01-01 … 2026-03-31" in out
    assert "6,200 rows good" in out


def test_contracts_alone_are_checked(run: Run, contracts: Path) -> None:
    code, out, _ = run("check", "--contracts", str(contracts))
    assert (code, "contracts valid: 1" in out) == (0, True)
    path = contracts / "loan.odcs.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("yuan_to_fen", "rot13"), "utf-8")
    code, _, err = run("check", "--contracts", str(contracts))
    assert code == 2
    assert "loan.odcs.yaml:" in err.replace("\n", "")
    assert "yuan_to_fen" in err


def test_a_wrong_contract_installs_and_loads_nothing(
    run: Run, contracts: Path, folder: Path
) -> None:
    (contracts / "bad.yaml").write_text("a: [", encoding="utf-8")
    put(folder)
    code, _, err = run(
        "load", "--bank", "qinghe", "--contracts", str(contracts), "--from", str(folder)
    )
    assert (code, "not YAML" in err) == (2, True)
    assert banks.all_banks() == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("check",), 2, "nothing is named to check"),
        (("check", "--contracts", "/nowhere"), 4, "there is no folder"),
        (("load", "--bank", "Qing He", "--from", "."), 2, "is not a valid bank id"),
        (("quarantine", "--bank", "nobody"), 4, "there is no bank"),
        (("load", "--bank", "q", "--from", ".", "--date", "31/03/2026"), 2, "not a business date"),
        (
            (
                "load",
                "--bank",
                "q",
                "--from",
                ".",
                "--date",
                "2026-03-31",
                "--to-date",
                "2026-04-01",
            ),
            2,
            "--date and a range",
        ),
        (
            ("load", "--bank", "q", "--from-date", "2026-03-31", "--to-date", "2026-03-01"),
            2,
            "is after",
        ),
        (("drift", "--bank", "nobody"), 4, "there is no bank"),
    ],
)
def test_mistakes_have_their_message_and_exit_code(
    run: Run, words: tuple[str, ...], code: int, message: str
) -> None:
    got, _, err = run(*words)
    assert (got, message in " ".join(err.split())) == (code, True)


def test_a_slip_of_the_pen_makes_no_bank(run: Run, contracts: Path, folder: Path) -> None:
    put(folder)
    there = ("--contracts", str(contracts), "--from", str(folder))
    assert run("load", "--bank", "qinghe", *there)[0] == 0
    code, _, err = run("load", "--bank", "qinhe", *there)
    assert (code, "Did you mean 'qinghe'" in err, "titian banks add qinhe" in err) == (
        4,
        True,
        True,
    )
    assert run("load", "--bank", "newbank", *there[:2], "--from", "/nowhere")[0] == 4
    assert [bank.bank for bank in banks.all_banks()] == ["qinghe"]


def test_a_bank_nobody_knows_is_registered_with_its_first_delivery_only(
    run: Run, contracts: Path, folder: Path
) -> None:
    there = ("--bank", "nosuch", "--from", str(folder))
    for words in (there, (*there, "--contracts", str(contracts))):
        code, out, err = run("load", *words)
        said = " ".join(err.split())
        assert (code, out) == (4, "")
        assert f"bank nosuch is not registered, and {folder} holds no file of its feeds" in said
        assert "titian banks add" in said
    assert not banks.all_banks()
    put(folder)
    late = ("--contracts", str(contracts), "--from-date", "2026-04-01")
    assert run("load", *there, *late)[0] == 4, "no file of those dates"
    assert not banks.all_banks()


def test_the_unions_feeds_make_a_member_of_who_delivers_and_of_nobody_else(
    run: Run, contracts: Path, folder: Path, home: Settings
) -> None:
    union = home.definitions / "union" / "feeds"
    union.mkdir(parents=True)
    (contracts / "loan.odcs.yaml").rename(union / "loan.odcs.yaml")
    there = ("load", "--bank", "newbank", "--from", str(folder), "--feed", "loan")
    put(folder, *([f"B{n}", "x", "1", ""] for n in range(200)))
    code, out, err = run(*there)
    assert (code, "200 of 300 rows are bad" in out) == (2, True)
    assert "newbank is not registered, as nothing was loaded" in " ".join(err.split())
    assert not banks.all_banks()
    put(folder)
    code, _, err = run(*there)
    assert (code, "newbank was not known and is registered now" in " ".join(err.split())) == (
        0,
        True,
    )
    assert [bank.bank for bank in banks.all_banks()] == ["newbank"]


def test_unknown_names_and_empty_lists_are_told_apart(
    run: Run, contracts: Path, folder: Path
) -> None:
    put(folder)
    at = ("--bank", "qinghe")
    run("load", *at, "--contracts", str(contracts), "--from", str(folder))
    for command in ("status", "quarantine", "replay", "drift"):
        code, out, err = run(command, *at, "--feed", "laon")
        assert (code, out, "Did you mean 'loan'?" in err) == (4, "", True)
    for words, said in (
        (("status", "--date", "2020-01-01"), "nothing arrived or is awaited at qinghe"),
        (("quarantine",), "no open row of any feed is in quarantine at qinghe"),
        (("drift", "--feed", "loan"), "no delivery of loan at qinghe differed"),
    ):
        code, out, err = run(*words, *at)
        assert (code, out, said in err) == (0, "", True), words
    code, _, err = run("replay", *at)
    assert (code, "titian feeds fix" in err) == (4, True)


def test_lists_have_three_forms(run: Run, contracts: Path, folder: Path) -> None:
    put(folder, ["B1", "1.00", "Z9", ""])
    at = ("--bank", "qinghe")
    loaded = ("load", *at, "--contracts", str(contracts), "--from", str(folder))
    (outcome,) = csv.DictReader(io.StringIO(run(*loaded, "--csv")[1]))
    assert outcome["outcome"] == "loaded"
    for words in (("status", *at), ("quarantine", *at), ("drift", *at), ("check", *at)):
        objects = json.loads(run(*words, "--json")[1])
        rows = list(csv.DictReader(io.StringIO(run(*words, "--csv")[1])))
        assert len(objects) == len(rows) > 0, words
        assert list(objects[0]) == list(rows[0])
    row = json.loads(run("quarantine", *at, "--json")[1])[0]["row"]
    assert json.loads(run("quarantine", row, *at, "--json")[1])["row"]["row_id"] == row


def test_a_check_without_a_delivery_looks_at_the_feeds_named(run: Run, contracts: Path) -> None:
    words = ("check", "--contracts", str(contracts))
    assert "contracts valid: 1" in run(*words, "--feed", "loan")[1]
    code, _, err = run(*words, "--feed", "laon")
    assert (code, "Did you mean 'loan'?" in err) == (4, True)
    code, _, err = run(*words, "--date", "2026-13-01")
    assert (code, "is not a business date" in err) == (2, True)
    code, _, err = run(*words, "--date", "2026-03-31")
    assert (code, "--from" in err) == (2, True)


def test_more_mistakes(run: Run, contracts: Path, folder: Path, tmp_path: Path) -> None:
    put(folder, ["B1", "x", "1", ""])
    known = ("--bank", "qinghe", "--contracts", str(contracts))
    code, _, err = run("load", *known)
    assert (code, "no folder is named" in err) == (2, True)
    code, _, err = run("load", *known, "--from", str(tmp_path / "none"))
    assert (code, "there is no folder" in err) == (4, True)
    code, _, err = run("load", *known, "--from", str(folder), "--feed", "laon")
    assert (code, "Did you mean 'loan'?" in err) == (4, True)
    run("load", *known, "--from", str(folder))
    row = quarantine(Scope.system(BankId("qinghe")), Filter()).rows[0].row_id
    code, _, err = run("fix", row, "--bank", "qinghe", "--set", "amount_fen")
    assert (code, "sets nothing" in err) == (2, True)
    code, _, _ = run("dismiss", row, "--bank", "qinghe", "--note", "twice")
    assert code == 0
    code, _, err = run("fix", row, "--bank", "qinghe", "--set", "amount_fen=1")
    assert (code, "dismissed already" in err) == (5, True)
    assert run("drift", "--bank", "qinghe")[0] == 0
