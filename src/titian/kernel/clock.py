"""Time, in one place, so that tests and rehearsals can set it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from titian.kernel.errors import InvalidInput

BANK_TZ = ZoneInfo("Asia/Shanghai")
FIRST_DATE = date(1900, 1, 1)
LAST_DATE = date(2199, 12, 31)


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """Give the present moment, in UTC."""
    return _source()


def today() -> date:
    """Give the calendar day at the banks (Asia/Shanghai)."""
    return now().astimezone(BANK_TZ).date()


def parse_date(text: str, what: str = "date") -> date:
    """Read `YYYY-MM-DD` or `YYYYMMDD` of 1900 to 2199, so that days around it exist, too.

    Raises InvalidInput.
    """
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not FIRST_DATE <= found <= LAST_DATE:
        raise InvalidInput(
            f"{text[:40]!r} is not a {what}", "Write it as YYYY-MM-DD, for example 2026-03-31."
        )
    return found


def frozen(moment: datetime) -> AbstractContextManager[None]:
    """Hold time at a moment (time-zone aware) inside the block."""
    assert moment.tzinfo is not None, "a moment needs a time zone"
    return _told_by(lambda: moment.astimezone(UTC))


def running_from(moment: datetime) -> AbstractContextManager[None]:
    """Let time run on from a moment (time-zone aware) inside the block, as in a rehearsal."""
    ahead = moment - _system()
    return _told_by(lambda: _system() + ahead)


@contextmanager
def _told_by(source: Callable[[], datetime]) -> Iterator[None]:
    global _source
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
