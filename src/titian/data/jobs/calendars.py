"""On which business dates a job is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from importlib import resources

import yaml

from titian.kernel.errors import InvalidInput

DAILY = "daily"
MAX_RANGE_DAYS = 3_660
_SATURDAY = 5
_DAY = timedelta(days=1)


def _weekday(day: date) -> bool:
    return day.weekday() < _SATURDAY


def _workday(day: date) -> bool:
    off, worked = _holidays()
    return day in worked or (_weekday(day) and day not in off)


def _month_end(day: date) -> bool:
    return (day + _DAY).day == 1


def _quarter_end(day: date) -> bool:
    return _month_end(day) and day.month % 3 == 0


def _year_end(day: date) -> bool:
    return (day.month, day.day) == (12, 31)


_DUE: Mapping[str, Callable[[date], bool]] = {
    DAILY: lambda _day: True,
    "weekdays": _weekday,
    "workdays": _workday,
    "weekly": lambda day: day.isoweekday() == 7,  # noqa: PLR2004
    "month_end": _month_end,
    "quarter_end": _quarter_end,
    "year_end": _year_end,
}
NAMES = tuple(_DUE)


def due(schedule: str, day: date) -> bool:
    """Say whether a job of that schedule runs for a business date.

    `workdays` follows China's public holidays and the weekend days worked in exchange.
    """
    return _DUE[schedule](day)


def days(first: date, last: date) -> list[date]:
    """List the dates of a range. Raises InvalidInput when it is upside down or too long."""
    if last < first:
        raise InvalidInput(f"{first} comes after {last}", "Put the earlier date first.")
    count = (last - first).days + 1
    if count > MAX_RANGE_DAYS:
        raise InvalidInput(f"{count} days is too long a range", f"Take at most {MAX_RANGE_DAYS}.")
    return [first + _DAY * offset for offset in range(count)]


@cache
def _holidays() -> tuple[frozenset[date], frozenset[date]]:
    text = (resources.files("titian.data.jobs") / "cn_holidays.yaml").read_text(encoding="utf-8")
    off: set[date] = set()
    worked: set[date] = set()
    for year in yaml.safe_load(text).values():
        for entry in year["closed"]:
            off.update(_span(entry))
        worked.update(year["worked"])
    return frozenset(off), frozenset(worked)


def _span(entry: date | str) -> Iterator[date]:
    if isinstance(entry, date):
        yield entry
        return
    first, last = (date.fromisoformat(part) for part in entry.split("/"))
    yield from days(first, last)
