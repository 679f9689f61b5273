"""What was made of a feed's date, as `titian feeds withdraw` says it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from titian import cli
from titian.data.feeds.withdraw import withdraw
from titian.data.jobs import board, inflow
from titian.data.jobs.impact import impact
from titian.data.jobs.model import State
from titian.kernel import audit
from titian.kernel.errors import Denied
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import settings

from .conftest import DAY, Plot, job_text, same_day

NEXT = DAY + timedelta(days=1)
WHY = "the wrong day's file"
LATEST = """SELECT id, amount_fen FROM raw.loan WHERE business_date = (
    SELECT max(business_date) FROM raw.loan WHERE business_date <= $business_date)"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def made(plot: Plot) -> Plot:
    """Make a table of a feed, one of that, and one of another feed, on two dates."""
    plot.feed("loan", "party")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        core_party=job_text("core.party", same_day("raw.party")),
        mart_loan=job_text("mart.loan", same_day("core.loan")),
    )
    for day in (DAY, NEXT):
        plot.deliver("loan", day)
        plot.deliver("party", day)
    plot.run(DAY)
    return plot


@pytest.fixture
def run(plot: Plot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        line = ["titian", "--home", str(settings().home), "feeds", "withdraw", "--bank", "qinghe"]
        monkeypatch.setattr(sys, "argv", [*line, *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), out, err

    return call


def test_it_works(made: Plot) -> None:
    found = impact(made.scope, "loan", DAY)
    assert found.readers == ("core.loan",)
    assert found.tables == ("core.loan", "mart.loan")
    assert found.last == DAY
    assert impact(made.scope, "loan", NEXT).tables == ()


def test_a_job_that_looks_back_carries_a_date_on(made: Plot) -> None:
    made.jobs(core_loan=job_text("core.loan", LATEST))
    assert impact(made.scope, "loan", DAY).last == NEXT
    assert impact(made.scope, "party", DAY).last == DAY


def test_it_needs_the_right_to_see_jobs(made: Plot) -> None:
    with pytest.raises(Denied):
        impact(Scope(UserId("li"), made.scope.bank, frozenset({Role.CLERK})), "loan", DAY)


def test_a_withdrawn_date_makes_its_jobs_wait(made: Plot) -> None:
    withdraw(made.scope, "loan", DAY, WHY)
    assert not inflow.has_date(made.scope, "raw.loan", DAY)
    made.run(DAY, force=True)
    stands = {stand.job: stand for stand in board.stands(made.scope, DAY)}
    assert stands["core.loan"].state is State.WAITING
    assert stands["mart.loan"].state is State.HELD
    assert stands["core.party"].state is State.SUCCEEDED


class TestCommand:
    FLAGS = ("--feed", "loan", "--date", str(DAY), "--reason", WHY)

    def test_it_works(self, made: Plot, run: Run) -> None:
        code, out, _err = run(*self.FLAGS, "--yes")
        assert code == 0
        assert f"raw.loan of {DAY} withdrawn: 2 rows" in out
        assert "2 tables hold what was made of it: core.loan, mart.loan" in out
        again = f"titian jobs backfill --bank qinghe --from {DAY} --to {DAY} --job core.loan"
        assert f"{again} --downstream --force" in out
        assert not inflow.has_date(made.scope, "raw.loan", DAY)
        (entry,) = audit.entries(made.scope, action="feeds.withdraw")
        assert entry.detail["reason"] == WHY

    @pytest.mark.usefixtures("made")
    def test_as_json(self, run: Run) -> None:
        _code, out, _err = run(*self.FLAGS, "--yes", "--json")
        said = json.loads(out)
        assert (said["rows"], said["tables"]) == (2, ["core.loan", "mart.loan"])

    def test_nobody_reads_it(self, made: Plot, run: Run) -> None:
        made.feed("card")
        made.deliver("card")
        _code, out, _err = run("--feed", "card", *self.FLAGS[2:], "--yes")
        assert "no job reads it" in out

    @pytest.mark.usefixtures("made")
    def test_no_table_holds_it(self, run: Run) -> None:
        _code, out, _err = run(*self.FLAGS[:2], "--date", str(NEXT), "--reason", WHY, "--yes")
        assert "no table made of it holds that date" in out

    def test_it_asks_first(self, made: Plot, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("typer.confirm", self.refused)
        code, _out, _err = run(*self.FLAGS)
        assert code == 1
        assert inflow.has_date(made.scope, "raw.loan", DAY)

    def refused(self, question: str, *, abort: bool) -> None:
        import typer

        assert "loan of 2026-03-30 at qinghe" in question
        assert abort
        raise typer.Abort

    @pytest.mark.usefixtures("made")
    def test_jobs_that_cannot_be_read_do_not_hinder(self, run: Run) -> None:
        folder = settings().definitions / "banks" / "qinghe" / "jobs"
        (folder / "core.loan.sql").write_text("SELECT", encoding="utf-8")
        code, out, err = run(*self.FLAGS, "--yes")
        assert code == 0
        assert "withdrawn: 2 rows" in out
        assert "what was made of it is not known" in err

    @pytest.mark.parametrize(
        ("words", "code", "message"),
        [
            (("--feed", "laon", "--date", str(DAY), "--reason", WHY), 4, "no feed 'laon'"),
            (("--feed", "loan", "--date", "never", "--reason", WHY), 2, "not a business date"),
            (("--feed", "loan", "--date", str(DAY), "--reason", "oops"), 2, "too short"),
            (("--feed", "loan", "--date", "2020-01-01", "--reason", WHY), 4, "holds nothing"),
        ],
    )
    def test_mistakes(
        self, made: Plot, run: Run, words: tuple[str, ...], code: int, message: str
    ) -> None:
        found, _out, err = run(*words, "--yes")
        assert (found, message in err) == (code, True), err
        assert inflow.has_date(made.scope, "raw.loan", DAY)
