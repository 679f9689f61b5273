from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from titian.data.jobs import board
from titian.data.jobs.orders import OrderState
from titian.kernel.errors import InvalidDefinition

from .conftest import DAY, Plot, job_text, same_day

pytest.importorskip("pysail", reason="the extra spark is not installed")

RULES = """{unique: [id]}
{not_null: [id]}
{range: {column: amount_fen, min: 0}}
{accepted: {column: id, values: [a, b]}}
{reference: {columns: [id], to: core.party}, severity: warning}
{condition: amount_fen < 100}"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from pysail.spark import SparkConnectServer

    running = SparkConnectServer("127.0.0.1", 0)
    running.start(background=True)
    _, port = running.listening_address
    yield f"sc://127.0.0.1:{port}"
    running.stop()


@pytest.fixture(autouse=True)
def _main_has_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without one, as in a worker of pytest-xdist, pyspark takes itself to be in a doctest.
    monkeypatch.setattr(sys.modules["__main__"], "__file__", __file__, raising=False)


def spark_job(rules: str = RULES) -> str:
    return job_text("core.loan", same_day("raw.loan"), extra="engine: spark", checks=rules)


@pytest.fixture
def loans(plot: Plot) -> Plot:
    plot.feed("loan", "party")
    plot.jobs(
        core_party=job_text("core.party", same_day("raw.party")),
        core_loan=spark_job(),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    plot.deliver("party", rows={"a": 0})
    plot.deliver("loan")
    return plot


def test_it_works(loans: Plot, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_REMOTE", server)
    assert loans.run(wide=True).state is OrderState.DONE
    assert loans.rows("mart.sum") == {"a": 1, "b": 2}
    run = board.runs(loans.scope, job="core.loan")[0]
    assert run.rows == 2
    found = board.run(loans.scope, run.run).checks
    assert [check.passed for check in found] == [True, True, True, True, False, True]
    assert found[4].failing == 1


def test_broken_rules_hold_the_rows(
    loans: Plot, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_REMOTE", server)
    loans.deliver("loan", rows={"a": -1, "b": 500})
    assert loans.run().state is OrderState.FAILED
    assert board.runs(loans.scope, job="core.loan")[0].error_code == "checks_failed"


def test_without_a_server_the_job_says_so(loans: Plot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPARK_REMOTE", raising=False)
    assert loans.run(DAY).state is OrderState.FAILED
    assert "no server is named" in board.runs(loans.scope, job="core.loan")[0].error


def test_what_spark_cannot_check_is_refused(loans: Plot) -> None:
    rule = "{reconcile: {ours: sum(amount_fen), to: raw.loan, theirs: sum(amount_fen)}}"
    with pytest.raises(InvalidDefinition, match="cannot reconcile"):
        loans.jobs(core_loan=spark_job(rule))
