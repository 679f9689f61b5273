from __future__ import annotations

from datetime import timedelta

from titian.data.jobs import catalogue
from titian.data.jobs.plan import Plan, Unit, plan

from .conftest import DAY, Plot, job_text, same_day

DAYS = tuple(DAY + timedelta(days=offset) for offset in range(3))


def laid(plot: Plot, *, wide: bool = False) -> Plan:
    found = catalogue.load(plot.scope)
    return plan(found, found.graph.order, DAYS, wide=wide)


def waits(made: Plan, job: str, at: int) -> set[tuple[str, int]]:
    found = made.waits_for[Unit(job, (DAYS[at],))]
    return {(unit.job, DAYS.index(day)) for unit in found for day in unit.dates}


def test_dates_that_do_not_depend_on_each_other_run_side_by_side(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        mart_sum=job_text("mart.sum", same_day("core.loan")),
    )
    assert waits(laid(plot), "core.loan", 1) == set()
    assert waits(laid(plot), "mart.sum", 1) == {("core.loan", 1)}


def test_a_look_back_waits_for_earlier_dates_and_not_for_later_ones(plot: Plot) -> None:
    plot.feed("loan")
    back = "SELECT id, amount_fen FROM core.loan WHERE business_date = $previous_date"
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        mart_sum=job_text("mart.sum", back),
    )
    assert waits(laid(plot), "mart.sum", 1) == {("core.loan", 0), ("core.loan", 1)}


def test_a_job_that_builds_on_itself_goes_date_by_date(plot: Plot) -> None:
    plot.feed("loan")
    own = "SELECT id, amount_fen FROM core.loan WHERE business_date = $previous_date"
    plot.jobs(core_loan=job_text("core.loan", own))
    made = laid(plot, wide=True)
    assert len(made.units) == 3
    assert waits(made, "core.loan", 2) == {("core.loan", 1)}


def test_wide_puts_many_dates_into_one_unit(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan")),
        mart_sum=job_text("mart.sum", same_day("core.loan"), extra="schedule: month_end"),
    )
    made = laid(plot, wide=True)
    month_end = tuple(day for day in DAYS if day.day == 31)
    assert set(made.units) == {Unit("core.loan", DAYS), Unit("mart.sum", month_end)}
    assert made.waits_for[Unit("mart.sum", month_end)] == (Unit("core.loan", DAYS),)
