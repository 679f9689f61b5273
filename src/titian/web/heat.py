"""Heat maps of days: one square a day, told apart by colour, by a mark and by a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from titian.data.feeds.arrivals import State as FeedState
from titian.data.jobs.model import State as JobState
from titian.web.i18n import Text

DAYS = 30


class Mark(StrEnum):
    """How a square looks; `heat.css` gives each a colour and a sign."""

    GOOD = "good"
    AFTER = "after"
    LATE = "late"
    NOTE = "note"
    WAIT = "wait"
    PAUSE = "pause"
    BAD = "bad"
    STOP = "stop"
    GONE = "gone"
    REST = "rest"


FEED_MARKS: dict[FeedState, Mark] = {
    FeedState.ARRIVED: Mark.GOOD,
    FeedState.BACKFILLED: Mark.AFTER,
    FeedState.LATE: Mark.LATE,
    FeedState.EXPECTED: Mark.NOTE,
    FeedState.MISSING: Mark.BAD,
    FeedState.REJECTED: Mark.STOP,
    FeedState.WITHDRAWN: Mark.GONE,
}

RUN_MARKS: dict[JobState, Mark] = {
    JobState.SUCCEEDED: Mark.GOOD,
    JobState.RUNNING: Mark.NOTE,
    JobState.RETRYING: Mark.NOTE,
    JobState.WAITING: Mark.WAIT,
    JobState.HELD: Mark.STOP,
    JobState.FAILED: Mark.BAD,
    JobState.PAUSED: Mark.PAUSE,
    JobState.SKIPPED: Mark.REST,
    JobState.PENDING: Mark.REST,
}


@dataclass(frozen=True, slots=True)
class Square:
    """One day of one line: its mark and word, where it leads, and more to say of it."""

    day: date
    mark: Mark
    word: Text
    url: str
    more: str = ""

    @property
    def title(self) -> str:
        """The day and its state in words."""
        more = f" · {self.more}" if self.more else ""
        return f"{self.day.isoformat()} {self.word}{more}"


@dataclass(frozen=True, slots=True)
class HeatLine:
    """One bank, feed or job with its squares, by day."""

    label: str
    url: str
    squares: Mapping[date, Square]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend: a mark (empty for no square) with its word, and how many there are."""

    mark: str
    word: Text
    many: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Lines over days; `words` says the marks, `blank` what a day without a square means."""

    title: Text
    days: Sequence[date]
    lines: Sequence[HeatLine]
    words: Mapping[Mark, Text]
    blank: Text

    @property
    def legend(self) -> list[Entry]:
        """Every mark with its word and number, blanks last."""
        cells = [line.squares.get(day) for line in self.lines for day in self.days]
        marks = Counter(cell.mark for cell in cells if cell is not None)
        known = [Entry(mark.value, word, marks[mark]) for mark, word in self.words.items()]
        return [*known, Entry("", self.blank, cells.count(None))]


def days_until(last: date, many: int = DAYS) -> list[date]:
    """Give the last `many` days up to a date, oldest first."""
    return [last - timedelta(days=back) for back in range(many - 1, -1, -1)]
