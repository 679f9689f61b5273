from __future__ import annotations

from datetime import date, timedelta

from titian.data.checks import results
from titian.data.jobs import alerts, board, executor, orders, retention
from titian.kernel import clock

from .conftest import DAY, Plot, job_text, same_day
from .test_executor import ended

LONG_AGO = date(1998, 12, 31)


def test_old_runs_go_and_the_present_stays(plot: Plot) -> None:
    plot.feed("loan")
    rule = "{range: {column: amount_fen, min: 0}}"
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), checks=rule))
    plot.deliver("loan", rows={"a": -1})
    plot.run()
    plot.deliver("loan")
    plot.run()
    assert retention.forget_old() == 0
    with clock.frozen(clock.now() + retention.KEEP_RUNS + timedelta(days=1)):
        # Two runs, two orders, one check that is history, one settled alert, one SQL text.
        assert retention.forget_old() == 7
        assert board.runs(plot.scope) == []
        assert orders.recent(plot.scope) == []
        assert alerts.listed(plot.scope, only_open=False) == []
        assert len(results.of_table(plot.scope, "core.loan")) == 1
        assert board.stands(plot.scope, DAY)[0].state == "succeeded"
        assert retention.forget_old() == 0


def test_states_go_in_the_end(plot: Plot) -> None:
    plot.feed("loan")
    rule = "{range: {column: amount_fen, min: 0}}"
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), checks=rule))
    plot.deliver("loan")
    plot.run()
    plot.run(DAY - timedelta(days=1))
    with clock.frozen(clock.now() + retention.KEEP_STATES - timedelta(days=1)):
        retention.forget_old()
        assert _stands(plot, DAY) == ["succeeded"]
        assert _stands(plot, DAY - timedelta(days=1)) == ["waiting"]
    with clock.frozen(clock.now() + retention.KEEP_STATES + timedelta(days=1)):
        retention.forget_old()
        assert _stands(plot, DAY) == _stands(plot, DAY - timedelta(days=1)) == ["pending"]
        assert results.of_table(plot.scope, "core.loan") == []


def test_what_ran_lately_stays_however_old_its_date(plot: Plot) -> None:
    plot.feed("loan")
    rule = "{range: {column: amount_fen, min: 0}}"
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), checks=rule))
    plot.deliver("loan", LONG_AGO)
    plot.run(LONG_AGO, LONG_AGO - timedelta(days=1))
    assert retention.forget_old() == 0
    assert _stands(plot, LONG_AGO) == ["succeeded"]
    assert _stands(plot, LONG_AGO - timedelta(days=1)) == ["waiting"]
    assert len(results.of_table(plot.scope, "core.loan")) == 1


def _stands(plot: Plot, day: date) -> list[str]:
    return [stand.state for stand in board.stands(plot.scope, day)]


def test_the_queue_forgets_too(plot: Plot) -> None:
    from titian.data.jobs import control

    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    plot.deliver("loan")
    with executor.running():
        ended(control.run(plot.scope, [DAY]))
    with executor.running():
        assert executor.forget_finished() == 0
        with clock.frozen(clock.now() + executor.KEEP_FINISHED + timedelta(days=1)):
            assert executor.forget_finished() == 1
        assert executor.forget_finished() == 0
