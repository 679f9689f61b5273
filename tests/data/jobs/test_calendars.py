from __future__ import annotations

from datetime import date, timedelta

import pytest

from titian.data.jobs import calendars
from titian.kernel.errors import InvalidInput


def due_dates(schedule: str, first: date, last: date) -> list[date]:
    return [day for day in calendars.days(first, last) if calendars.due(schedule, day)]


def test_it_works() -> None:
    march = date(2026, 3, 1), date(2026, 3, 31)
    assert len(due_dates("daily", *march)) == 31
    assert len(due_dates("weekdays", *march)) == 22
    assert due_dates("month_end", *march) == [date(2026, 3, 31)]
    assert due_dates("quarter_end", date(2026, 1, 1), date(2026, 4, 30)) == [date(2026, 3, 31)]
    assert due_dates("year_end", *march) == []
    assert [day.day for day in due_dates("weekly", *march)] == [1, 8, 15, 22, 29]


def test_workdays_follow_the_spring_festival_of_2026() -> None:
    worked = due_dates("workdays", date(2026, 2, 13), date(2026, 3, 1))
    # The 14th and 28th are Saturdays worked in exchange for the days from the 15th to the 23rd.
    assert [day.day for day in worked] == [13, 14, 24, 25, 26, 27, 28]


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_exchanged_days_are_weekends(year: int) -> None:
    off, worked = calendars._holidays()
    assert {day for day in worked if day.year == year}
    assert all(day.weekday() >= 5 for day in worked)
    assert not off & worked


def test_a_year_without_a_list_has_plain_weekdays() -> None:
    first = date(2031, 10, 1)
    days = calendars.days(first, first + timedelta(days=13))
    assert [calendars.due("workdays", d) for d in days] == [
        calendars.due("weekdays", d) for d in days
    ]


def test_ranges_are_limited() -> None:
    with pytest.raises(InvalidInput, match="comes after"):
        calendars.days(date(2026, 1, 2), date(2026, 1, 1))
    with pytest.raises(InvalidInput, match="too long"):
        calendars.days(date(2000, 1, 1), date(2026, 1, 1))
