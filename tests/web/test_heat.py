from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from titian.data.feeds.arrivals import State as FeedState
from titian.data.jobs.model import State as JobState
from titian.web import heat
from titian.web.heat import FEED_MARKS, RUN_MARKS, HeatLine, HeatMap, Mark, Square, days_until

DAY = date(2026, 3, 31)
SHEET = (Path(heat.__file__).parent / "static" / "css" / "heat.css").read_text()


def test_every_state_has_a_mark() -> None:
    assert set(FEED_MARKS) == set(FeedState)
    assert set(RUN_MARKS) == set(JobState)


def test_feeds_are_told_apart_state_by_state() -> None:
    assert len(set(FEED_MARKS.values())) == len(FEED_MARKS)


def test_every_mark_has_a_colour_and_all_but_two_a_sign() -> None:
    for mark in Mark:
        assert f'[data-mark="{mark}"] {{ --square' in SHEET
    signed = set(re.findall(r'\[data-mark="(\w+)"\]::after', SHEET))
    # One solid, one filled at the foot: told apart without a sign.
    assert set(Mark) - signed == {Mark.GOOD, Mark.AFTER}


def test_the_legend_counts_squares_and_blanks() -> None:
    days = days_until(DAY, 3)
    squares = {
        days[0]: Square(days[0], Mark.GOOD, "in time", "/a"),
        days[2]: Square(days[2], Mark.BAD, "missing", "/b"),
        date(2020, 1, 1): Square(date(2020, 1, 1), Mark.BAD, "missing", "/outside"),
    }
    words = {Mark.GOOD: "in time", Mark.LATE: "late", Mark.BAD: "missing"}
    found = HeatMap("x", days, [HeatLine("loan", "", squares)], words, "not expected")
    assert [(one.mark, one.word, one.many) for one in found.legend] == [
        ("good", "in time", 1),
        ("late", "late", 0),
        ("bad", "missing", 1),
        ("", "not expected", 1),
    ]


def test_a_square_says_day_state_and_more() -> None:
    assert Square(DAY, Mark.AFTER, "loaded later", "/x", "2 waiting").title == (
        "2026-03-31 loaded later · 2 waiting"
    )
    assert days_until(DAY, 2) == [date(2026, 3, 30), DAY]
