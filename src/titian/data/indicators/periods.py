"""Periods: the dates an indicator of a business date is measured over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from titian.decide import Label

_DAY = timedelta(days=1)
_FEBRUARY_29 = (2, 29)
# A snapshot that is missing on a reference date (a holiday) is looked for this many days back.
STOCK_LOOKBACK_DAYS = 10

Window = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Period:
    """A named span of dates that depends on the business date.

    `window` gives its first and last date, both included. For a stock, `average` says whether the
    mean of the window's snapshots is meant; otherwise first and last date are the same.
    """

    name: str
    label: Label
    window: Callable[[date], Window]
    average: bool = False


def month_start(day: date) -> date:
    """Give the first day of the month."""
    return day.replace(day=1)


def quarter_start(day: date) -> date:
    """Give the first day of the quarter."""
    return day.replace(month=day.month - (day.month - 1) % 3, day=1)


def year_start(day: date) -> date:
    """Give the first day of the year."""
    return day.replace(month=1, day=1)


def last_year(day: date) -> date:
    """Give the same day of the year before; 28 February for 29 February."""
    if (day.month, day.day) == _FEBRUARY_29:
        return day.replace(year=day.year - 1, day=28)
    return day.replace(year=day.year - 1)


def _since(start: Callable[[date], date]) -> Callable[[date], Window]:
    return lambda day: (start(day), day)


def _last(days: int) -> Callable[[date], Window]:
    return lambda day: (day - _DAY * (days - 1), day)


def _at(moment: Callable[[date], date]) -> Callable[[date], Window]:
    return lambda day: (moment(day), moment(day))


def _year_before(window: Callable[[date], Window]) -> Callable[[date], Window]:
    return lambda day: window(last_year(day))


_FLOW_SPANS: tuple[tuple[str, Label, Label, Callable[[date], Window]], ...] = (
    ("day", Label("当日", "today"), Label("上年同日", "same day last year"), _at(lambda day: day)),
    ("mtd", Label("本月", "month to date"), Label("上年同月", "same month last year, to date"),
     _since(month_start)),
    ("qtd", Label("本季", "quarter to date"), Label("上年同季", "same quarter last year, to date"),
     _since(quarter_start)),
    ("ytd", Label("本年", "year to date"), Label("上年同期", "last year to the same day"),
     _since(year_start)),
    ("d7", Label("近7天", "last 7 days"), Label("上年同期近7天", "same 7 days last year"),
     _last(7)),
    ("d30", Label("近30天", "last 30 days"), Label("上年同期近30天", "same 30 days last year"),
     _last(30)),
    ("d90", Label("近90天", "last 90 days"), Label("上年同期近90天", "same 90 days last year"),
     _last(90)),
)  # fmt: skip

FLOW: Mapping[str, Period] = {
    period.name: period
    for name, now, then, window in _FLOW_SPANS
    for period in (
        Period(name, now, window),
        Period(f"{name}_ly", then, _year_before(window)),
    )
}

STOCK: Mapping[str, Period] = {
    period.name: period
    for period in (
        Period("day", Label("", ""), _at(lambda day: day)),
        Period("pme", Label("上月末", "end of last month"), _at(lambda d: month_start(d) - _DAY)),
        Period(
            "pqe", Label("上季末", "end of last quarter"), _at(lambda d: quarter_start(d) - _DAY)
        ),
        Period("pye", Label("上年末", "end of last year"), _at(lambda d: year_start(d) - _DAY)),
        Period("ly", Label("上年同日", "same day last year"), _at(last_year)),
        Period("avg_mtd", Label("月日均", "daily average, month to date"),
               _since(month_start), average=True),
        Period("avg_qtd", Label("季日均", "daily average, quarter to date"),
               _since(quarter_start), average=True),
        Period("avg_ytd", Label("年日均", "daily average, year to date"),
               _since(year_start), average=True),
    )
}  # fmt: skip


def suffix(period: Period, *, stock: bool) -> str:
    """Give what a period adds to an indicator's code; nothing for a stock at its own date."""
    return "" if stock and period.name == "day" else f"_{period.name}"
