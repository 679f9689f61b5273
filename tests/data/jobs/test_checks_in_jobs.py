"""Checks as part of a run: what is published, held, recorded and scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pyarrow as pa
import pytest

from titian.data.checks import results
from titian.data.jobs import JobContext, PythonJob, State, board, job
from titian.data.jobs.orders import OrderState
from titian.kernel.errors import Denied, InvalidDefinition
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.lake import store
from titian.lake.schema import Column, Layer, Table

from .conftest import DAY, Plot, job_text, same_day

POSITIVE = "{range: {column: amount_fen, min: 0}}"
NEXT = DAY + timedelta(days=1)


def states(plot: Plot) -> dict[str, State]:
    return {stand.job: stand.state for stand in board.stands(plot.scope, DAY)}


def test_it_works(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), checks=POSITIVE))
    plot.deliver("loan")
    plot.run()
    (found,) = results.of_table(plot.scope, "core.loan")
    assert (found.passed, found.rows, found.failing) == (True, 2, 0)
    assert found.label == "amount_fen must be at least 0"
    run = board.runs(plot.scope)[0]
    assert results.of_run(plot.scope, run.run) == [found]
    assert board.run(plot.scope, run.run).checks == (found,)


def test_rows_that_break_an_error_are_never_published(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan"), checks=POSITIVE),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    plot.deliver("loan")
    plot.run()
    plot.deliver("loan", rows={"a": -5, "b": 7})
    assert plot.run(force=True).state is OrderState.FAILED
    assert plot.rows("core.loan") == {"a": 1, "b": 2}
    assert states(plot) == {"core.loan": State.FAILED, "mart.sum": State.HELD}
    failed = board.runs(plot.scope, state=State.FAILED)[0]
    assert failed.error_code == "checks_failed"
    assert "1 of 2 rows" in failed.error
    (found,) = results.failing(plot.scope)
    assert found.sample == ({"id": "a", "amount_fen": "-5"},)


def test_a_first_date_that_is_wrong_leaves_no_date(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), checks=POSITIVE))
    plot.deliver("loan", rows={"a": -5})
    plot.run()
    assert not store.exists(plot.scope, "core.loan") or not store.dates(plot.scope, "core.loan")


def test_a_warning_is_shown_and_holds_nothing(plot: Plot) -> None:
    plot.feed("loan")
    warning = POSITIVE.removesuffix("}") + ", severity: warning}"
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), checks=warning))
    plot.deliver("loan", rows={"a": -5, "b": 7})
    assert plot.run().state is OrderState.DONE
    assert plot.rows("core.loan") == {"a": -5, "b": 7}
    (found,) = results.failing(plot.scope)
    assert (found.severity, found.sample[0]["id"]) == ("warning", "a")


def test_a_mended_date_replaces_its_result_and_keeps_the_history(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), checks=POSITIVE))
    plot.deliver("loan", rows={"a": -5})
    plot.run()
    plot.deliver("loan", rows={"a": 5})
    plot.run()
    assert results.failing(plot.scope) == []
    assert [r.passed for r in results.of_table(plot.scope, "core.loan")] == [True]
    runs = board.runs(plot.scope)
    assert [results.of_run(plot.scope, run.run)[0].passed for run in runs] == [True, False]


def test_sums_of_two_tables_are_reconciled_before_publishing(plot: Plot) -> None:
    plot.feed("loan", "ledger")
    rule = "{reconcile: {ours: sum(amount_fen), to: raw.ledger, theirs: sum(amount_fen)}}"
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), checks=rule))
    plot.deliver("loan")
    plot.deliver("ledger", rows={"x": 4})
    assert plot.run().state is OrderState.FAILED
    assert "3 against 4" in board.runs(plot.scope)[0].error
    plot.deliver("ledger", rows={"x": 3})
    assert plot.run().state is OrderState.DONE
    assert plot.rows("core.loan") == {"a": 1, "b": 2}


def test_a_check_that_reads_a_table_waits_for_it(plot: Plot) -> None:
    plot.feed("loan", "party")
    rule = "{reference: {columns: [id], to: core.party}}"
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan"), checks=rule),
        core_party=job_text("core.party", same_day("raw.party")),
    )
    plot.deliver("loan")
    plot.deliver("party", rows={"a": 0, "b": 0})
    assert plot.run().state is OrderState.DONE
    with pytest.raises(InvalidDefinition, match=r"no feed or job writes core\.partie"):
        plot.jobs(
            core_loan=job_text(
                "core.loan", same_day("raw.loan"), checks=rule.replace("core.party", "core.partie")
            )
        )


def test_python_jobs_are_checked_too(
    plot: Plot, python_jobs: Callable[[Sequence[PythonJob]], None]
) -> None:
    columns = (Column("id", "string", "编", "Id"), Column("n", "integer", "数", "Number"))
    one = Table(Layer.CORE, "one", "一", "One", columns)
    two = Table(Layer.CORE, "two", "二", "Two", columns)
    rules = {"core.two": [{"range": {"column": "n", "min": 0}}]}

    @job(writes=(one, two), checks=rules)
    def both(context: JobContext) -> dict[str, pa.Table]:
        rows = pa.table({"id": ["a"], "n": [-context.business_date.day]})
        return {"core.one": rows, "core.two": rows}

    python_jobs([both])
    assert plot.run().state is OrderState.FAILED
    assert store.dates(plot.scope, "core.one") == [DAY]
    assert not store.exists(plot.scope, "core.two")
    (found,) = results.failing(plot.scope)
    assert (found.table, found.sample) == ("core.two", ({"n": "-30"},))


def test_scores_weigh_errors_three_times(plot: Plot, frozen_clock: object) -> None:
    plot.feed("loan")
    rules = f"{{unique: [id]}}\n{POSITIVE.removesuffix('}')}, severity: warning}}"
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), checks=rules))
    plot.deliver("loan", rows={"a": -1})
    plot.deliver("loan", NEXT)
    plot.run(DAY, NEXT)
    (score,) = results.scores(plot.scope)
    assert (score.table, score.score, score.checks, score.failed) == ("core.loan", 87.5, 4, 1)
    assert [s.score for _, s in results.history(plot.scope, "core.loan")] == [75.0, 100.0]
    assert results.bank_scores(plot.scope)[0].score == 87.5


def test_one_bank_does_not_see_anothers_checks(plot: Plot, baishui: Scope) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), checks=POSITIVE))
    plot.deliver("loan", rows={"a": -1})
    plot.run()
    operator = Scope(UserId("li"), baishui.bank, frozenset({Role.OPERATOR}))
    assert results.failing(operator) == []
    assert results.of_table(operator, "core.loan") == []
    assert results.of_run(operator, board.runs(plot.scope)[0].run) == []
    clerk = Scope(UserId("wang"), plot.scope.bank, frozenset({Role.CLERK}))
    with pytest.raises(Denied):
        results.failing(clerk)
