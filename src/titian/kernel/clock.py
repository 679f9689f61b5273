"""Time, in one place, so that tests and rehearsals can set it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from titian.kernel.errors import InvalidInput

BANK_TZ = ZoneInfo("Asia/Shanghai")


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
    """Read `YYYY-MM-DD` or `YYYYMMDD`. Raises InvalidInput."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"{text[:40]!r} is not a {what}", "Write it as YYYY-MM-DD, for example 2026-03-31."
        ) from None


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Hold time at a moment (time-zone aware) inside the block."""
    global _source
    assert moment.tzinfo is not None, "a moment needs a time zone"
    before, _source = _source, lambda: moment.astimezone(UTC)
    try:
        yield
    finally:
        _source = before
