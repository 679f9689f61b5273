from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titian.province import calendar


def _days(*texts: str) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return np.array(texts, "datetime64[D]")


@given(st.dates(min_value=date(2016, 1, 1), max_value=date(2039, 12, 31)))
def test_weekday_day_and_month_agree_with_the_standard_library(day: date) -> None:
    days = np.array([day], "datetime64[D]")
    assert calendar.weekday(days)[0] == day.weekday()
    assert calendar.day_of_month(days)[0] == day.day
    assert calendar.month_of(days)[0] == day.month


@pytest.mark.parametrize(
    ("day", "gap"), [("2026-02-17", 0), ("2026-02-16", -1), ("2026-03-01", 12), ("2025-09-30", 244)]
)
def test_days_to_the_nearest_festival(day: str, gap: int) -> None:
    nearest = calendar.days_to_festival(_days(day))[0]
    assert nearest == gap or abs(nearest) < abs(gap)


def test_pay_on_a_weekend_comes_on_friday() -> None:
    window = np.arange(np.datetime64("2026-01-01"), np.datetime64("2026-04-01"))
    # 10 January 2026 is a Saturday, 10 February and 10 March are Tuesdays.
    assert calendar.pay_days(window, 10).astype(str).tolist() == [
        "2026-01-09", "2026-02-10", "2026-03-10",
    ]  # fmt: skip


@given(st.integers(20_000, 25_000), st.integers(0, 4))
def test_market_days_come_every_five_days(day: int, phase: int) -> None:
    market = int(calendar.snap_to_market(np.array([day]), np.array([phase]))[0])
    assert market % 5 == phase
    assert 0 <= day - market < 5


def test_hours_follow_their_profile() -> None:
    night = calendar.hours_table("counter") // 3_600
    assert set(night.tolist()) <= set(range(8, 18))
    assert len(calendar.hours_table("mobile")) == 65_536


def test_spending_rises_before_the_festival_and_falls_after_it() -> None:
    before, after, usual = calendar.spending_weights(
        _days("2026-02-12", "2026-02-19", "2026-01-08")
    )
    assert before > 1.5 * usual > 0
    assert after < usual
