from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pyarrow as pa
import pytest

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.jobs import JobContext, PythonJob, State, alerts, board, conductor, job, orders
from titian.data.jobs.orders import OrderState
from titian.kernel.errors import InvalidInput, Unavailable
from titian.lake import store
from titian.lake.schema import Column, Layer, Table

from .conftest import CONTRACT, DAY, Plot, job_text, same_day

Use = Callable[[Sequence[PythonJob]], None]
NEXT = DAY + timedelta(days=1)
RIVER = Table(
    Layer.CORE,
    "river",
    "河",
    "River",
    (Column("id", "string", "编号", "Number"), Column("amount_fen", "integer", "金额", "Amount")),
)


def rows(**given: int) -> pa.Table:
    return pa.table({"id": list(given), "amount_fen": list(given.values())})


def states(plot: Plot, day: date = DAY) -> dict[str, State]:
    return {stand.job: stand.state for stand in board.stands(plot.scope, day)}


def test_it_works(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        mart_sum=job_text("mart.sum", same_day("core.loan", "id, amount_fen * 2 AS amount_fen")),
    )
    plot.deliver("loan")
    order = plot.run()
    assert (order.state, order.finished, order.total) == (OrderState.DONE, 2, 2)
    assert plot.rows("mart.sum") == {"a": 2, "b": 4}
    last = board.runs(plot.scope)[0]
    assert (last.job, last.state, last.rows, last.attempt) == ("mart.sum", State.SUCCEEDED, 2, 1)
    assert last.finished is not None
    assert last.seconds > 0
    assert last.table_version is not None
    assert "amount_fen * 2" in board.run(plot.scope, last.run).sql


def test_a_second_order_runs_nothing_that_is_up_to_date(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    plot.deliver("loan")
    plot.run()
    assert plot.run().state is OrderState.DONE
    assert len(board.runs(plot.scope)) == 1
    plot.run(force=True)
    assert len(board.runs(plot.scope)) == 2


def test_a_changed_job_runs_again_with_what_depends_on_it(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    plot.deliver("loan")
    plot.run()
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan", "id, 7 AS amount_fen")))
    plot.run()
    assert plot.rows("mart.sum") == {"a": 7, "b": 7}


def test_a_failure_holds_what_depends_on_it_and_nothing_else(plot: Plot) -> None:
    plot.feed("loan", "card")
    broken = "id, CAST(id AS BIGINT) AS amount_fen"
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan", broken)),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
        mart_more=job_text("mart.more", same_day("mart.sum")),
        core_card=job_text("core.card", same_day("raw.card")),
    )
    plot.deliver("loan")
    plot.deliver("card")
    assert plot.run().state is OrderState.FAILED
    assert states(plot) == {
        "core.loan": State.FAILED,
        "mart.sum": State.HELD,
        "mart.more": State.HELD,
        "core.card": State.SUCCEEDED,
    }
    failed = board.runs(plot.scope, state=State.FAILED)[0]
    assert (failed.error_code, failed.attempt) == ("invalid_input", 1)
    assert "Conversion Error" in failed.error
    assert "Check names and types" in failed.error
    roots = board.held_up_by(plot.scope, "mart.more", DAY)
    assert [root.job for root in roots] == ["core.loan"]
    assert [alert.job for alert in alerts.listed(plot.scope)] == ["core.loan"]


def test_a_mended_job_closes_its_alert_and_frees_the_rest(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan", "id, CAST(id AS INT) AS amount_fen")),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    plot.deliver("loan")
    plot.run()
    assert len(alerts.listed(plot.scope)) == 1
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    assert plot.run().state is OrderState.DONE
    assert alerts.listed(plot.scope) == []
    assert len(alerts.listed(plot.scope, only_open=False)) == 1


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ("", State.WAITING),
        ("  - {property: optional, value: true}\n", State.SUCCEEDED),
        ("retired", State.SUCCEEDED),
    ],
)
def test_a_job_waits_for_a_feed_that_has_brought_nothing_yet(
    plot: Plot, more: str, state: State
) -> None:
    text = CONTRACT.format(feed="loan", upper="LOAN")
    text += f"  - {{property: schedule, value: once}}\n  - {{property: as_of, value: {DAY}}}\n"
    if more == "retired":
        text = text.replace("status: active", "status: retired")
    else:
        text += more
    folder = plot.folder / "feeds"
    folder.mkdir()
    (folder / "loan.yaml").write_text(text)
    definitions.install(plot.scope, Kind.FEEDS, folder)
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    before, after = DAY - timedelta(days=1), DAY + timedelta(days=1)
    plot.deliver("loan", DAY)
    plot.run(before)
    (stand,) = board.stands(plot.scope, before)
    assert stand.state is state
    for day in (DAY, after):
        plot.run(day)
        (stand,) = board.stands(plot.scope, day)
        assert stand.state is State.SUCCEEDED, "what came once is carried on"


def test_a_job_waits_for_its_feed(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    assert plot.run().state is OrderState.WAITING
    assert states(plot) == {"core.loan": State.WAITING, "mart.sum": State.HELD}
    assert [root.job for root in board.held_up_by(plot.scope, "mart.sum", DAY)] == ["feed:loan"]
    plot.deliver("loan")
    assert plot.run().state is OrderState.DONE
    assert set(states(plot).values()) == {State.SUCCEEDED}


def test_an_empty_delivery_is_a_delivery(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    plot.deliver("loan", rows={})
    assert plot.run().state is OrderState.DONE
    assert DAY in store.dates(plot.scope, "core.loan")


def test_a_paused_job_is_not_run(plot: Plot) -> None:
    from titian.data.jobs import pauses

    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    plot.deliver("loan")
    pauses.add(plot.scope, "mart.sum", "the bank asked")
    assert plot.run().state is OrderState.WAITING
    assert states(plot) == {"core.loan": State.SUCCEEDED, "mart.sum": State.PAUSED}


def test_a_job_off_its_calendar_is_skipped_and_holds_nobody(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        mart_month=job_text("mart.month", same_day("core.loan"), extra="schedule: month_end"),
        mart_all=job_text(
            "mart.all",
            "SELECT id, amount_fen FROM core.loan WHERE business_date = $business_date "
            "UNION ALL SELECT id || '!', amount_fen FROM mart.month "
            "WHERE business_date = $business_date",
        ),
    )
    plot.deliver("loan")
    plot.deliver("loan", NEXT)
    assert plot.run(DAY, NEXT).state is OrderState.DONE
    assert states(plot)["mart.month"] is State.SKIPPED
    assert sorted(plot.rows("mart.all")) == ["a", "b"]
    assert sorted(plot.rows("mart.all", NEXT)) == ["a", "a!", "b", "b!"]


def test_only_transient_errors_are_tried_again(plot: Plot, python_jobs: Use) -> None:
    calls = {"shaky": 0, "wrong": 0}

    @job(writes=RIVER, retries=3)
    def shaky(_context: JobContext) -> pa.Table:
        calls["shaky"] += 1
        if calls["shaky"] < 3:
            raise Unavailable("the gauge does not answer", "Wait.")
        return rows(a=calls["shaky"])

    wrong_table = Table(Layer.CORE, "wrong", "错", "Wrong", RIVER.columns)

    @job(writes=wrong_table, retries=3)
    def wrong(_context: JobContext) -> pa.Table:
        calls["wrong"] += 1
        raise InvalidInput("the gauge is upside down", "Turn it.")

    python_jobs([shaky, wrong])
    assert plot.run().state is OrderState.FAILED
    assert calls == {"shaky": 3, "wrong": 1}
    tries = board.runs(plot.scope, job="core.river")
    assert [(run.attempt, run.state) for run in tries] == [
        (3, State.SUCCEEDED),
        (2, State.FAILED),
        (1, State.FAILED),
    ]
    assert plot.rows("core.river") == {"a": 3}


def test_tries_end(plot: Plot, python_jobs: Use) -> None:
    @job(writes=RIVER, retries=1)
    def dry(_context: JobContext) -> pa.Table:
        raise Unavailable("the river is dry", "Wait for rain.")

    python_jobs([dry])
    assert plot.run().state is OrderState.FAILED
    assert len(board.runs(plot.scope)) == 2


def test_a_defect_is_told_as_one(plot: Plot, python_jobs: Use) -> None:
    @job(writes=RIVER)
    def odd(_context: JobContext) -> pa.Table:
        raise ZeroDivisionError("phone 13800138000")

    python_jobs([odd])
    plot.run()
    run = board.runs(plot.scope)[0]
    assert run.error_code == "unexpected"
    assert "ZeroDivisionError" in run.error
    assert "13800138000" not in run.error


def test_a_panic_in_native_code_ends_the_run_and_not_the_worker(
    plot: Plot, python_jobs: Use
) -> None:
    class Panic(BaseException):
        pass

    @job(writes=RIVER)
    def broken(_context: JobContext) -> pa.Table:
        raise Panic("assertion failed")

    python_jobs([broken])
    for _ in range(3):
        assert plot.run().state is OrderState.FAILED
    assert "Panic: assertion failed" in board.runs(plot.scope)[0].error


def test_a_job_over_its_time_is_stopped(plot: Plot, python_jobs: Use) -> None:
    @job(writes=RIVER, timeout_s=0.5, retries=0)
    def slow(context: JobContext) -> pa.Table:
        while True:
            time.sleep(0.01)
            context.keep_going()

    python_jobs([slow])
    assert plot.run().state is OrderState.FAILED
    assert board.runs(plot.scope)[0].error_code == "timed_out"


def test_a_statement_over_its_time_is_interrupted(
    plot: Plot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conductor, "TICK_S", 0.05)
    endless = "SELECT 'x' AS id, count(*) AS amount_fen FROM range(100000000) a, range(100000) b"
    plot.jobs(core_slow=job_text("core.slow", endless, extra="timeout_s: 1\nretries: 0"))
    assert plot.run().state is OrderState.FAILED
    assert board.runs(plot.scope)[0].error_code == "timed_out"


def test_a_function_that_never_returns_is_given_up(
    plot: Plot, python_jobs: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conductor, "GRACE_S", 0.05)
    monkeypatch.setattr(conductor, "TICK_S", 0.02)
    release = threading.Event()

    @job(writes=RIVER, timeout_s=0.5, retries=0)
    def stuck(_context: JobContext) -> pa.Table:
        release.wait(10)
        return rows(a=1)

    python_jobs([stuck])
    assert plot.run().state is OrderState.FAILED
    release.set()
    assert "did not stop" in board.runs(plot.scope)[0].error
    assert not store.exists(plot.scope, "core.river")


def test_dates_of_a_job_that_builds_on_itself_run_in_order(plot: Plot) -> None:
    plot.feed("loan")
    running_sum = """
        SELECT 'sum' AS id,
          (SELECT coalesce(sum(amount_fen), 0) FROM raw.loan WHERE business_date = $business_date)
          + coalesce((SELECT max(amount_fen) FROM core.total
                      WHERE business_date = $previous_date), 0) AS amount_fen
    """
    plot.jobs(core_total=job_text("core.total", running_sum))
    days = [DAY + timedelta(days=offset) for offset in range(5)]
    for day in days:
        plot.deliver("loan", day)
    assert plot.run(*days, wide=True).state is OrderState.DONE
    assert [plot.rows("core.total", day)["sum"] for day in days] == [3, 6, 9, 12, 15]


def test_many_dates_in_one_statement_give_what_single_ones_give(plot: Plot) -> None:
    plot.feed("loan")
    latest = """
        WITH newest AS (
          SELECT * FROM raw.loan WHERE business_date <= $business_date
          QUALIFY row_number() OVER (PARTITION BY id ORDER BY business_date DESC) = 1
        )
        SELECT id, amount_fen + day($month_start) + day($previous_date) AS amount_fen FROM newest
    """
    plot.jobs(
        core_loan=job_text("core.loan", latest, checks="{unique: [id]}\n{not_null: [id]}"),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    days = [DAY + timedelta(days=offset) for offset in range(4)]
    for at, day in enumerate(days):
        plot.deliver("loan", day, {"a": at, f"new{at}": at * 10})
    assert plot.run(*days, wide=True).state is OrderState.DONE
    wide = [plot.rows("mart.sum", day) for day in days]
    assert {run.batch for run in board.runs(plot.scope)} == {4}
    plot.run(*days, force=True)
    assert [plot.rows("mart.sum", day) for day in days] == wide
    assert wide[3].keys() == {"a", "new0", "new1", "new2", "new3"}


def test_a_bad_date_in_a_batch_does_not_spoil_the_others(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text(
            "core.loan", same_day("raw.loan"), checks="{range: {column: amount_fen, min: 0}}"
        ),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    days = [DAY + timedelta(days=offset) for offset in range(3)]
    for day in days:
        plot.deliver("loan", day)
    plot.deliver("loan", days[1], {"a": -1})
    assert plot.run(*days, wide=True).state is OrderState.FAILED
    assert [states(plot, day)["core.loan"] for day in days] == [
        State.SUCCEEDED,
        State.FAILED,
        State.SUCCEEDED,
    ]
    assert [states(plot, day)["mart.sum"] for day in days] == [
        State.SUCCEEDED,
        State.HELD,
        State.SUCCEEDED,
    ]
    assert store.dates(plot.scope, "mart.sum") == [days[0], days[2]]


def test_an_order_for_some_jobs_needs_the_others_done(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    plot.deliver("loan")
    plot.run(jobs=["mart.sum"])
    assert states(plot)["mart.sum"] is State.HELD
    plot.run(jobs=["core.loan"])
    assert plot.run(jobs=["mart.sum"]).state is OrderState.DONE


def test_a_cancelled_order_starts_nothing_more(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    plot.deliver("loan")
    order = orders.create(plot.scope, [DAY])
    orders.cancel(order.order)
    assert plot.lead(order).state is OrderState.CANCELLED
    assert board.runs(plot.scope) == []


def test_a_stopped_order_goes_on_where_it_was(plot: Plot, python_jobs: Use) -> None:
    stop = threading.Event()
    made: list[str] = []
    second = Table(Layer.MART, "second", "二", "Second", RIVER.columns)

    @job(writes=RIVER)
    def first_job(_context: JobContext) -> pa.Table:
        made.append("first")
        stop.set()
        return rows(a=1)

    @job(writes=second, reads=("core.river",))
    def second_job(_context: JobContext) -> pa.Table:
        made.append("second")
        return rows(a=2)

    python_jobs([first_job, second_job])
    order = orders.create(plot.scope, [DAY], force=True)
    assert conductor.conduct(order, plot.pool, stop) is None
    assert orders.get(order.order).state is OrderState.RUNNING
    assert plot.lead(order).state is OrderState.DONE
    assert made == ["first", "second"]


def test_wrong_definitions_fail_the_order_with_the_reason(plot: Plot) -> None:
    plot.jobs(core_loan=job_text("core.loan", "SELECT 'a' AS id, 1 AS amount_fen"))
    path = plot.scope.bank_id
    from titian.data import definitions

    installed = definitions.folder(plot.scope, "jobs") / "core.loan.sql"
    installed.write_text("SELECT 1")
    order = plot.run()
    assert order.state is OrderState.FAILED
    assert "does not start with a header" in order.error
    assert path in order.error
