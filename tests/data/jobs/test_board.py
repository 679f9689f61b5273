from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from titian.data import definitions
from titian.data.definitions import Presets
from titian.data.feeds import quarantine, repair, replay, service
from titian.data.feeds.withdraw import withdraw
from titian.data.jobs import State, board, control, orders, pauses
from titian.data.jobs.orders import OrderState, Reason
from titian.kernel import audit
from titian.kernel.errors import Conflict, Denied, InvalidInput, NotFound
from titian.kernel.ids import RunId, UserId
from titian.kernel.scope import Role, Scope

from .conftest import DAY, Plot, job_text, same_day

NEXT = DAY + timedelta(days=1)


@pytest.fixture
def run_plot(plot: Plot) -> Plot:
    plot.feed("loan")
    broken = "id, CAST(id AS BIGINT) AS amount_fen"
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        core_bad=job_text("core.bad", same_day("raw.loan", broken)),
        mart_sum=job_text("mart.sum", same_day("core.bad")),
    )
    plot.deliver("loan")
    plot.run()
    return plot


def mend(plot: Plot) -> None:
    plot.jobs(core_bad=job_text("core.bad", same_day("raw.loan")))


def test_the_board_has_a_line_per_bank(run_plot: Plot, baishui: Scope, union: Scope) -> None:
    definitions.set_presets(baishui, Presets.NONE)
    lines = {line.bank: line for line in board.board(union, DAY)}
    assert set(lines) == {"qinghe", "baishui"}
    mine = lines[run_plot.scope.bank_id]
    assert (mine.total, mine.done, mine.red, mine.rows) == (3, 1, 2, 2)
    assert mine.counts[State.FAILED] == mine.counts[State.HELD] == 1
    assert mine.started is not None
    assert lines[baishui.bank_id].total == 0
    assert [line.bank for line in board.board(run_plot.scope, DAY)] == ["qinghe"]


def test_a_bank_with_broken_definitions_does_not_hide_the_others(
    run_plot: Plot, baishui: Scope, union: Scope
) -> None:
    place = definitions.folder(baishui, "jobs")
    place.mkdir(parents=True)
    (place / "x.sql").write_text("SELECT 1")
    lines = {line.bank: line for line in board.board(union, DAY)}
    assert "does not start with a header" in lines[baishui.bank_id].problem
    assert lines[run_plot.scope.bank_id].total == 3


def test_runs_are_filtered_and_paged(run_plot: Plot) -> None:
    run_plot.run(force=True)
    everything = board.runs(run_plot.scope)
    assert len(everything) == 4
    first = board.runs(run_plot.scope, limit=3)
    second = board.runs(run_plot.scope, limit=3, before=first[-1].run)
    assert [*first, *second] == everything
    assert {r.job for r in board.runs(run_plot.scope, state=State.FAILED)} == {"core.bad"}
    assert len(board.runs(run_plot.scope, job="core.loan")) == 2
    assert board.runs(run_plot.scope, business_date=NEXT) == []
    assert len(board.runs(run_plot.scope, order=everything[0].order)) == 2


def test_a_run_in_detail(run_plot: Plot, baishui: Scope) -> None:
    run_plot.run(jobs=["core.bad"], force=True)
    failed = board.runs(run_plot.scope, state=State.FAILED)[0]
    detail = board.run(run_plot.scope, failed.run)
    assert len(detail.attempts) == 2
    assert detail.job is not None
    assert "CAST(id AS BIGINT)" in detail.sql
    with pytest.raises(NotFound, match="there is no run"):
        board.run(baishui, failed.run)
    with pytest.raises(NotFound):
        board.run(run_plot.scope, RunId("run_x"))


def test_the_heat_map(run_plot: Plot) -> None:
    run_plot.run(NEXT)
    cells = board.heat(run_plot.scope, NEXT, days=2)
    assert [(cell.business_date, cell.worst) for cell in cells] == [
        (DAY, State.FAILED),
        (NEXT, State.HELD),
    ]
    by_job = board.heat(run_plot.scope, DAY, days=1, by_job=True)
    assert {cell.job: cell.worst for cell in by_job} == {
        "core.loan": State.SUCCEEDED,
        "core.bad": State.FAILED,
        "mart.sum": State.HELD,
    }


def test_a_rerun_takes_what_depends_on_it_along(run_plot: Plot) -> None:
    mend(run_plot)
    failed = board.runs(run_plot.scope, state=State.FAILED)[0]
    order = control.rerun(run_plot.scope, failed.run)
    assert (order.jobs, order.force, order.reason) == (("core.bad", "mart.sum"), True, Reason.RERUN)
    assert run_plot.lead(order).state is OrderState.DONE
    assert len(board.runs(run_plot.scope, job="core.loan")) == 1
    assert run_plot.rows("mart.sum") == {"a": 1, "b": 2}
    with pytest.raises(Conflict, match="no job of qinghe failed"):
        control.rerun_failed(run_plot.scope, DAY)


def test_all_failures_of_a_date_at_once(run_plot: Plot) -> None:
    mend(run_plot)
    assert control.rerun_failed(run_plot.scope, DAY).jobs == ("core.bad", "mart.sum")


@pytest.fixture
def one_row_short(plot: Plot, tmp_path: Path) -> Plot:
    """Run a day whose feed has a row in quarantine, so that a rule of a later job fails."""
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan"), extra="waits: [loan]"),
        core_other=job_text("core.other", same_day("raw.loan"), extra="waits: [loan]"),
        mart_sum=job_text("mart.sum", same_day("core.loan"), checks="{row_count: {min: 40}}"),
    )
    lines = [f"{number},{'x' if number == 7 else number}" for number in range(40)]
    (tmp_path / f"LOAN_{DAY:%Y%m%d}.dat").write_text("\n".join(["NO,AMT", *lines]) + "\n")
    service.load(plot.scope, tmp_path)
    assert plot.run().state is OrderState.FAILED
    return plot


def put_in(plot: Plot) -> None:
    (row,) = quarantine.quarantine(plot.scope, quarantine.Filter()).rows
    repair.fix(plot.scope, row.row_id, values={"amount_fen": "7"})
    assert replay.replay(plot.scope, row.arrival_id).good == 1


def test_what_failed_runs_again_upon_mended_rows(one_row_short: Plot) -> None:
    assert control.rerun_failed(one_row_short.scope, DAY).jobs == ("mart.sum",)
    put_in(one_row_short)
    order = control.rerun_failed(one_row_short.scope, DAY)
    assert order.jobs == ("core.loan", "mart.sum")
    assert one_row_short.lead(order).state is OrderState.DONE
    assert len(one_row_short.rows("mart.sum")) == 40


def test_what_read_a_date_before_it_was_mended_is_not_up_to_date(one_row_short: Plot) -> None:
    put_in(one_row_short)
    assert one_row_short.run().state is OrderState.DONE
    assert {len(one_row_short.rows(name)) for name in ("core.loan", "core.other")} == {40}
    assert one_row_short.run().state is OrderState.DONE
    assert len(board.runs(one_row_short.scope, job="core.other")) == 2


def states(plot: Plot) -> dict[str, State]:
    return {stand.job: stand.state for stand in board.stands(plot.scope, DAY)}


def test_the_board_says_which_jobs_their_feeds_have_overtaken(plot: Plot, tmp_path: Path) -> None:
    plot.feed("loan", "card")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
        core_card=job_text("core.card", same_day("raw.card")),
    )
    for feed in ("LOAN", "CARD"):
        (tmp_path / f"{feed}_{DAY:%Y%m%d}.dat").write_text("NO,AMT\n1,1\n")
    service.load(plot.scope, tmp_path)
    assert plot.run().state is OrderState.DONE
    assert set(states(plot).values()) == {State.SUCCEEDED}
    withdraw(plot.scope, "loan", DAY, "the sender took it back")
    assert states(plot) == {
        "core.loan": State.WAITING,
        "mart.sum": State.HELD,
        "core.card": State.SUCCEEDED,
    }
    line = next(line for line in board.board(plot.scope, DAY) if line.bank == plot.scope.bank)
    assert (line.done, [root.job for root in line.roots]) == (1, ["core.loan"])
    (tmp_path / f"LOAN_{DAY:%Y%m%d}.dat").write_text("NO,AMT\n1,2\n")
    service.load(plot.scope, tmp_path)
    assert states(plot) == {
        "core.loan": State.PENDING,
        "mart.sum": State.PENDING,
        "core.card": State.SUCCEEDED,
    }
    assert plot.run().state is OrderState.DONE
    assert set(states(plot).values()) == {State.SUCCEEDED}


def test_pause_and_resume(run_plot: Plot) -> None:
    mend(run_plot)
    control.pause(run_plot.scope, "mart.sum", "the bank asked")
    assert [(p.job, p.reason) for p in pauses.listed(run_plot.scope)] == [
        ("mart.sum", "the bank asked")
    ]
    run_plot.run()
    with pytest.raises(Conflict, match="paused already"):
        control.pause(run_plot.scope, "mart.sum", "")
    (order,) = control.resume(run_plot.scope, "mart.sum")
    assert (order.dates, order.reason) == ((DAY,), Reason.RESUME)
    assert run_plot.lead(order).state is OrderState.DONE
    with pytest.raises(NotFound, match="is not paused"):
        control.resume(run_plot.scope, "mart.sum")
    with pytest.raises(NotFound, match="there is no job"):
        control.pause(run_plot.scope, "mart.sun", "")


def test_a_whole_bank_is_paused(run_plot: Plot) -> None:
    mend(run_plot)
    control.pause(run_plot.scope, None, "migration")
    assert board.board(run_plot.scope, DAY)[0].paused
    assert run_plot.run(NEXT, DAY).state is OrderState.WAITING
    assert [order.dates for order in control.resume(run_plot.scope, None)] == [(DAY, NEXT)]


def test_waking_orders_the_dates_whose_feeds_came(run_plot: Plot) -> None:
    run_plot.run(NEXT)
    assert control.wake(run_plot.scope) == []
    run_plot.deliver("loan", NEXT)
    assert [order.dates for order in control.wake(run_plot.scope)] == [(NEXT,)]


def test_a_backfill_is_cut_in_parts_and_may_take_what_depends(run_plot: Plot) -> None:
    last = DAY + timedelta(days=control.BACKFILL_DATES)
    made = control.backfill(run_plot.scope, DAY, last, jobs=["core.bad"], downstream=True)
    assert [len(order.dates) for order in made] == [control.BACKFILL_DATES, 1]
    assert made[0].jobs == ("core.bad", "mart.sum")
    assert made[0].wide
    with pytest.raises(InvalidInput, match="comes after"):
        control.backfill(run_plot.scope, NEXT, DAY)


def test_orders_are_listed_and_called_off(run_plot: Plot, baishui: Scope) -> None:
    order = control.run(run_plot.scope, [DAY])
    assert orders.recent(run_plot.scope)[0].order == order.order
    with pytest.raises(Denied):
        control.cancel(baishui, order.order)
    control.cancel(run_plot.scope, order.order)
    assert orders.get(order.order).state is OrderState.CANCELLED
    actions = [entry.action for entry in audit.entries(run_plot.scope)]
    assert actions[:2] == ["jobs.cancel", "jobs.run"]


def test_running_needs_the_right_to(run_plot: Plot) -> None:
    compliance = Scope(UserId("ma"), run_plot.scope.bank, frozenset({Role.COMPLIANCE}))
    assert board.stands(compliance, DAY)
    for act in (
        lambda: control.run(compliance, [DAY]),
        lambda: control.pause(compliance, None, ""),
        lambda: control.cancel(compliance, "order_x"),
        lambda: control.backfill(compliance, DAY, DAY),
    ):
        with pytest.raises(Denied):
            act()
    clerk = Scope(UserId("wang"), run_plot.scope.bank, frozenset({Role.CLERK}))
    for look in (
        lambda: board.board(clerk, DAY),
        lambda: board.runs(clerk),
        lambda: board.heat(clerk, DAY),
        lambda: board.graph(clerk),
    ):
        with pytest.raises(Denied):
            look()


def test_a_bank_without_jobs_says_so(baishui: Scope, run_plot: Plot) -> None:
    definitions.set_presets(baishui, Presets.NONE)
    with pytest.raises(NotFound, match="has no jobs"):
        control.run(baishui, [DAY])
