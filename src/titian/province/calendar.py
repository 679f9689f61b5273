"""Days and hours of rural banking: weeks, pay days, markets and the Spring Festival."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from titian.province.model import Dates, Floats, Ints, ProvinceConfig

SPRING_FESTIVALS: Final = np.array(
    [
        "2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25",
        "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17",
        "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23", "2032-02-11",
        "2033-01-31", "2034-02-19", "2035-02-08", "2036-01-28", "2037-02-15", "2038-02-04",
        "2039-01-24", "2040-02-12", "2041-02-01",
    ],
    "datetime64[D]",
)  # fmt: skip
"""First day of the lunar year."""

MARKET_EVERY_DAYS: Final = 5
SECONDS_PER_DAY: Final = 86_400
_TABLE: Final = 65_536


def days_to_festival(days: Dates) -> Ints:
    """Return days from each date to the nearest Spring Festival (negative before it)."""
    nearest = np.searchsorted(SPRING_FESTIVALS, days)
    before = SPRING_FESTIVALS[np.clip(nearest - 1, 0, None)]
    after = SPRING_FESTIVALS[np.clip(nearest, None, len(SPRING_FESTIVALS) - 1)]
    gap_before = (days - before).astype(np.int64)
    gap_after = (days - after).astype(np.int64)
    gap: Ints = np.where(np.abs(gap_before) < np.abs(gap_after), gap_before, gap_after)
    return gap


def weekday(days: Dates) -> Ints:
    """Return 0 for Monday to 6 for Sunday."""
    number: Ints = (days.astype("datetime64[D]").astype(np.int64) + 3) % 7
    return number


def day_of_month(days: Dates) -> Ints:
    """Return 1 to 31."""
    number: Ints = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    return number


def month_of(days: Dates) -> Ints:
    """Return 1 to 12."""
    return days.astype("datetime64[M]").astype(np.int64) % 12 + 1


def window(config: ProvinceConfig) -> Dates:
    """Return every business date of the window."""
    return np.arange(config.start_day, config.end_day + 1)


def spending_weights(days: Dates) -> Floats:
    """Return how much is spent on each day.

    Weekends, the fortnight before the festival, the quiet days after it, the days after pay day.
    """
    gap = days_to_festival(days)
    week = np.array([0.95, 0.93, 0.95, 0.97, 1.08, 1.2, 1.12])[weekday(days)]
    surge = 1.0 + 1.1 * np.exp(-(((gap + 5) / 5.0) ** 2))
    quiet = np.where((gap >= 1) & (gap <= 4), 0.55, 1.0)
    payday = 1.0 + 0.15 * np.isin(day_of_month(days), [10, 11, 12, 15, 16])
    return np.asarray(week * surge * quiet * payday, np.float64)


def red_packet_weights(days: Dates) -> Floats:
    """Return how many gifts of money are sent on each day: almost all from eve to fifth day."""
    gap = days_to_festival(days)
    return np.where((gap >= -1) & (gap <= 4), np.exp(-np.abs(gap) / 1.5), 0.002)


def business_weights(days: Dates) -> Floats:
    """Return how much firms pay on each day: working days, and a standstill at the festival."""
    gap = days_to_festival(days)
    week = np.array([1.15, 1.05, 1.0, 1.0, 1.1, 0.25, 0.1])[weekday(days)]
    festival = np.where((gap >= -2) & (gap <= 6), 0.08, np.where((gap >= -14) & (gap < -2), 1.5, 1))
    month_end = 1.0 + 0.5 * (day_of_month(days) >= 25)
    return np.asarray(week * festival * month_end, np.float64)


def pay_days(days: Dates, day: int) -> Dates:
    """Return the pay days of the window; one that falls on a weekend is paid the Friday before."""
    months = np.arange(days[0].astype("datetime64[M]"), days[-1].astype("datetime64[M]") + 1)
    dates = months.astype("datetime64[D]") + (day - 1)
    dates = dates - np.clip(weekday(dates) - 4, 0, None)
    due: Dates = dates[(dates >= days[0]) & (dates <= days[-1])]
    return due


def snap_to_market(days: Ints, phase: Ints) -> Ints:
    """Move days (numbers since 1970) back to the last market day of each row's village."""
    return days - (days - phase) % MARKET_EVERY_DAYS


@lru_cache(maxsize=16)
def hours_table(profile: str) -> Ints:
    """Return a quantile table of seconds of the day for a named profile (65,536 values)."""
    weights = np.array(_HOURS[profile], np.float64)
    edges = np.r_[0.0, np.cumsum(weights) / weights.sum()]
    levels = (np.arange(_TABLE) + 0.5) / _TABLE
    seconds = np.interp(levels, edges, np.arange(25) * 3_600)
    table = np.minimum(seconds, SECONDS_PER_DAY - 1).astype(np.int64)
    table.flags.writeable = False
    return table


def quantile_table(weights: Floats) -> Ints:
    """Return a table of 65,536 categories in proportion to their weights."""
    edges = np.cumsum(weights) / np.sum(weights)
    levels = (np.arange(_TABLE) + 0.5) / _TABLE
    return np.searchsorted(edges, levels, side="right").clip(0, len(weights) - 1)


_HOURS: Final = {
    "mobile": [
        8, 4, 2, 1, 1, 3, 12, 30, 46, 55, 58, 62, 70, 56, 48, 48, 52, 60, 72, 82, 84, 70, 45, 20,
    ],
    "counter": [0, 0, 0, 0, 0, 0, 0, 0, 30, 90, 95, 70, 20, 25, 60, 65, 50, 12, 0, 0, 0, 0, 0, 0],
    "atm": [2, 1, 1, 1, 1, 3, 10, 28, 52, 66, 68, 58, 40, 38, 48, 52, 54, 52, 44, 34, 26, 16, 8, 4],
    "market": [0, 0, 0, 0, 1, 8, 35, 80, 95, 90, 70, 40, 15, 8, 6, 5, 4, 2, 0, 0, 0, 0, 0, 0],
    "business": [0, 0, 0, 0, 0, 0, 1, 6, 40, 90, 95, 70, 25, 40, 85, 90, 80, 45, 12, 5, 3, 1, 0, 0],
    "batch": [0, 0, 0, 0, 0, 40, 50, 20, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    "evening": [
        30, 4, 1, 1, 0, 1, 4, 15, 40, 45, 40, 38, 40, 35, 32, 32, 36, 45, 60, 90, 98, 85, 60, 40,
    ],
}  # fmt: skip
