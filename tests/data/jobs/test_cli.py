from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from titian.data.jobs import inflow
from titian.data.jobs.cli import app, define_command
from titian.kernel import banks
from titian.kernel.errors import InvalidDefinition, InvalidInput, NotFound, TitianError
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.lake import store

from .conftest import DAY, Plot, job_text, same_day

BROKEN = "id, CAST(id AS BIGINT) AS amount_fen"


def call(*words: str) -> Result:
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, TitianError):
        raise result.exception
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def loans(plot: Plot) -> Plot:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan"), checks="{unique: [id]}"),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    plot.deliver("loan")
    return plot


def test_it_works(loans: Plot) -> None:
    result = call("run", "--bank", "qinghe")
    assert result.exit_code == 0, result.output
    assert "core.loan" in result.stdout
    assert "succeeded" in result.stdout
    assert loans.rows("mart.sum") == {"a": 1, "b": 2}


def test_jobs_of_a_folder_are_installed_and_run(loans: Plot, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "mart.more.sql").write_text(job_text("mart.more", same_day("mart.sum")))
    result = call("run", "-b", "qinghe", "--jobs", str(folder), "--date", str(DAY), "--json")
    stands = json.loads(result.stdout)["jobs"]
    assert {stand["job"]: stand["state"] for stand in stands} == {
        "core.loan": "succeeded",
        "mart.sum": "succeeded",
        "mart.more": "succeeded",
    }
    (folder / "mart.more.sql").write_text("SELECT 1")
    with pytest.raises(InvalidDefinition):
        call("run", "-b", "qinghe", "--jobs", str(folder))


def test_the_exit_code_tells_failure_from_waiting(loans: Plot) -> None:
    assert call("run", "-b", "qinghe", "-d", "2026-04-02").exit_code == 8
    loans.jobs(core_loan=job_text("core.loan", same_day("raw.loan", BROKEN)))
    result = call("run", "-b", "qinghe")
    assert result.exit_code == 1
    assert "held up by core.loan" in " ".join(result.stdout.split())
    alerts = json.loads(call("alerts", "-b", "qinghe", "--json").stdout)
    assert [alert["job"] for alert in alerts] == ["core.loan"]
    loans.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    assert call("rerun", "-b", "qinghe").exit_code == 0


def test_backfill(loans: Plot) -> None:
    result = call("backfill", "-b", "qinghe", "--from", str(DAY), "--to", str(DAY), "--json")
    assert result.exit_code == 0
    (order,) = json.loads(result.stdout)
    assert (order["state"], order["finished"], order["wide"]) == ("done", 2, True)


def test_a_backfill_says_what_is_done_and_which_date_waits(loans: Plot) -> None:
    words = ("backfill", "-b", "qinghe", "--from", "2026-03-29", "--to", str(DAY))
    seen = call(*words)
    assert seen.exit_code == 8
    assert "waiting" in seen.stdout
    assert "2/4" in seen.stdout
    assert "see `titian jobs status --bank qinghe --date 2026-03-29`" in seen.stderr
    (order,) = json.loads(call(*words, "--json").stdout)
    assert (order["state"], order["done"], order["total"]) == ("waiting", 2, 4)


def test_a_backfill_says_which_date_failed(loans: Plot) -> None:
    loans.deliver("loan", date(2026, 3, 28))
    loans.jobs(core_loan=job_text("core.loan", same_day("raw.loan", BROKEN)))
    seen = call("backfill", "-b", "qinghe", "--from", "2026-03-27", "--to", "2026-03-29")
    assert seen.exit_code == 1
    assert "some jobs failed: see" in seen.stderr
    assert "--date 2026-03-28`" in seen.stderr


def test_status_of_one_bank_and_of_all(loans: Plot) -> None:
    stands = json.loads(call("status", "-b", "qinghe", "--json").stdout)
    assert stands["business_date"] == str(DAY)
    assert {stand["state"] for stand in stands["jobs"]} == {"pending"}
    (line,) = json.loads(call("status", "--json").stdout)
    assert (line["bank"], line["total"]) == ("qinghe", 2)
    assert "qinghe" in call("status").stdout


def test_status_of_all_takes_each_banks_own_newest_date(loans: Plot, baishui: Scope) -> None:
    banks.ensure(Scope.system(None), BankId("yunxi"))
    table = inflow.feeds_of(loans.scope)["loan"].table
    rows = pa.table({"id": ["a"], "amount_fen": pa.array([1], pa.int64())})
    store.write_date(baishui, table, date(1998, 12, 31), rows)
    lines = {line["bank"]: line for line in json.loads(call("status", "--json").stdout)}
    assert lines["qinghe"]["business_date"] == str(DAY)
    assert lines["baishui"]["business_date"] == "1998-12-31"
    assert lines["yunxi"]["business_date"] is None
    assert "no data yet" in lines["yunxi"]["remark"]
    lines = {
        line["bank"]: line for line in json.loads(call("status", "-d", str(DAY), "--json").stdout)
    }
    assert lines["qinghe"]["remark"] == ""
    assert lines["baishui"]["remark"] == "no data of that date"
    assert "no data of that date" in " ".join(
        call("status", "-d", str(DAY), "--csv").stdout.split()
    )


def test_pause_and_resume(loans: Plot) -> None:
    assert "paused mart.sum" in call("pause", "-b", "qinghe", "-j", "mart.sum").stdout
    assert call("run", "-b", "qinghe").exit_code == 8
    result = call("resume", "-b", "qinghe", "-j", "mart.sum")
    assert (result.exit_code, "done" in result.stdout) == (0, True)


def test_nothing_to_do_is_said_and_how_to_do_it_again(loans: Plot) -> None:
    first = call("run", "-b", "qinghe")
    assert "nothing to do" not in first.stderr
    again = call("run", "-b", "qinghe")
    assert again.exit_code == 0
    assert f"everything of {DAY} is up to date. --force runs it again" in again.stderr
    assert "nothing to do" not in call("run", "-b", "qinghe", "--force").stderr
    assert "nothing to do" in call("run", "-b", "qinghe", "--json").stderr


def test_what_is_not_done_says_where_to_look(loans: Plot) -> None:
    waiting = call("run", "-b", "qinghe", "-d", "2026-04-02")
    assert "see `titian jobs status --bank qinghe --date 2026-04-02`" in waiting.stderr
    loans.jobs(core_loan=job_text("core.loan", same_day("raw.loan", BROKEN)))
    assert "some jobs failed: see" in call("run", "-b", "qinghe").stderr


def test_a_date_without_runs_says_so(loans: Plot) -> None:
    seen = call("status", "-b", "qinghe", "-d", "2020-01-01")
    assert f"no job of qinghe ran for 2020-01-01; its newest data is of {DAY}" in seen.stderr


def test_empty_lists_say_so(loans: Plot) -> None:
    for words, said in (
        (("alerts",), "nothing failed or is late"),
        (("webhooks", "list"), "titian jobs webhooks add"),
        (("checks", "-b", "qinghe"), "no check fails now"),
        (("checks", "-b", "qinghe", "-t", "core.loan"), "no check of core.loan has run yet"),
    ):
        seen = call(*words)
        assert (seen.exit_code, seen.stdout) == (0, "")
        assert said in seen.stderr


def test_lists_come_as_csv(loans: Plot) -> None:
    call("webhooks", "add", "https://a.example/x", "-b", "qinghe")
    ran = call("run", "-b", "qinghe", "--csv").stdout
    assert ran.startswith("job,state,rows,seconds,why\ncore.loan,succeeded,2,")
    for words in (
        ("status", "-b", "qinghe"),
        ("status",),
        ("graph", "-b", "qinghe"),
        ("checks", "-b", "qinghe", "-t", "core.loan"),
        ("webhooks", "list", "-b", "qinghe"),
        ("backfill", "-b", "qinghe", "--from", str(DAY), "--to", str(DAY)),
    ):
        rows = list(csv.DictReader(io.StringIO(call(*words, "--csv").stdout)))
        assert rows, words


def test_a_slip_of_the_pen_makes_no_bank(loans: Plot, tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    own = job_text("mart.own", "SELECT 'a' AS id, 1 AS amount_fen")
    (tmp_path / "jobs" / "mart.own.sql").write_text(own)
    with pytest.raises(NotFound, match=r"Did you mean 'qinghe'.*titian banks add qinhe"):
        define_command(tmp_path, "qinhe")
    assert "qinhe" not in {bank.bank for bank in banks.all_banks()}


def test_lineage_and_graph(loans: Plot) -> None:
    assert "feed:loan.AMT" in call("lineage", "mart.sum.amount_fen", "-b", "qinghe").stdout
    down = call("lineage", "feed:loan.AMT", "-b", "qinghe", "--down", "--json")
    assert len(json.loads(down.stdout)["links"]) == 3
    assert "core.loan" in call("graph", "-b", "qinghe").stdout
    assert len(json.loads(call("graph", "-b", "qinghe", "--json").stdout)["nodes"]) == 3


def test_checks(loans: Plot) -> None:
    call("run", "-b", "qinghe")
    assert "id must not repeat" in call("checks", "-b", "qinghe", "-t", "core.loan").stdout
    assert json.loads(call("checks", "-b", "qinghe", "--json").stdout) == []


def test_webhooks(loans: Plot) -> None:
    added = call("webhooks", "add", "https://a.example/x", "-b", "qinghe").stdout
    hook, secret = added.split()
    assert secret.startswith("whsec_")
    assert "a.example" in call("webhooks", "list", "-b", "qinghe").stdout
    assert hook in call("webhooks", "remove", hook, "-b", "qinghe").stdout


def test_define_registers_an_unknown_bank(loans: Plot, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    (folder / "jobs").mkdir(parents=True)
    (folder / "bank.yaml").write_text("presets: none\n")
    own = job_text("mart.own", "SELECT 'a' AS id, 1 AS amount_fen")
    (folder / "jobs" / "mart.own.sql").write_text(own)
    define_command(folder, "berka")
    assert "mart.own" in call("graph", "-b", "berka").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "-b", "nowhere"), "there is no bank 'nowhere'"),
        (("run", "-b", "qinghe", "-j", "core.lone"), "there is no job 'core.lone'"),
        (("status", "-b", "qinghe", "-d", "31.3.2026"), "is not a business date"),
        (("rerun", "-b", "qinghe"), "no job of qinghe failed"),
        (("rerun", "-b", "qinghe", "--run", "run_1"), "there is no run 'run_1'"),
        (("backfill", "-b", "qinghe", "--from", "2026-01-02", "--to", "2026-01-01"), "comes after"),
        (("run", "-b", "qinhe"), "Did you mean 'qinghe'"),
        (("status", "-d", "2199-01-01"), "has not come yet"),
        (("checks", "-b", "qinghe", "-t", "core.lone"), "Did you mean 'core.loan'"),
        (("resume", "-b", "qinghe", "-j", "mart.sum"), "mart.sum is not paused"),
        (("rerun", "-b", "qinghe", "-j", "core.lone"), "Did you mean 'core.loan'"),
        (("graph", "-b", "qinghe", "--json", "--csv"), "--json and --csv"),
        (("webhooks", "remove", "nope"), "there is no receiver 'nope'"),
    ],
)
def test_what_is_wrong_is_said(loans: Plot, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(TitianError, match=message):
        call(*words)


def test_a_day_that_has_not_come_is_refused(loans: Plot) -> None:
    for words in (
        ("run", "--date", "2199-01-01"),
        ("backfill", "--from", str(DAY), "--to", "2199-01-01"),
    ):
        with pytest.raises(InvalidInput, match="has not come yet"):
            call(*words, "--bank", "qinghe")


def test_a_folder_that_defines_nothing_registers_no_bank(loans: Plot, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no definitions"):
        define_command(tmp_path / "none", "newcomer")
    assert "newcomer" not in {bank.bank for bank in banks.all_banks()}


def test_a_bank_without_data_asks_for_a_date(plot: Plot) -> None:
    with pytest.raises(NotFound, match="has no data yet"):
        call("status", "-b", "qinghe")
