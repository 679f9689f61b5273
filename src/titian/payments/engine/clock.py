"""Time for the engine: the wall's, unless the wall jumps."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from titian.kernel import clock

MAX_DRIFT_US: Final = 60_000_000
_US: Final = 1_000_000


def _wall_us() -> int:
    return round(clock.now().timestamp() * _US)


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1_000


class SteadyClock:
    """The wall clock, never running backwards; after a jump, the time before it running on.

    A wall that leaves the machine's own count by more than a minute has jumped: it is not
    believed until it is back within a minute, and `jumped` says so.
    """

    def __init__(
        self, wall_us: Callable[[], int] = _wall_us, count_us: Callable[[], int] = _monotonic_us
    ) -> None:
        self._wall_us, self._count_us = wall_us, count_us
        self._ahead = wall_us() - count_us()
        self._last = 0
        self.jumped = False

    def now_us(self) -> int:
        """Give the present moment in microseconds since 1970 UTC."""
        count, wall = self._count_us(), self._wall_us()
        ahead = wall - count
        self.jumped = abs(ahead - self._ahead) > MAX_DRIFT_US
        if not self.jumped:
            self._ahead = ahead
        self._last = max(self._last, count + self._ahead)
        return self._last

    def hold(self, moment_us: int) -> None:
        """Never give a time before one that is on record."""
        self._last = max(self._last, moment_us)


def moment(at_us: int) -> datetime:
    """Give a moment as an aware datetime."""
    return datetime.fromtimestamp(at_us / _US, UTC)
