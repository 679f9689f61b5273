"""Which events were decided, and where: the same event gets the same answer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from hashlib import blake2b

from titian.payments.model import Event


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far back a repeated event is recognised: by time and, whatever comes first, by number."""

    events: int = 1_000_000
    age_us: int = 24 * 3_600_000_000


def name_of(event: Event) -> tuple[str, str]:
    """Give what makes an event itself."""
    return event.bank, event.event_id


class Index:
    """(bank, event id) to the position of its decision, oldest forgotten first."""

    def __init__(self, horizon: Horizon) -> None:
        self._horizon = horizon
        self._positions: dict[tuple[str, str], int] = {}
        self._order: deque[tuple[tuple[str, str], int]] = deque()
        self.find = self._positions.get

    def __len__(self) -> int:
        return len(self._positions)

    def add(self, name: tuple[str, str], position: int, at_us: int) -> None:
        """Remember a decision made now, and forget what is beyond the horizon."""
        self._positions[name] = position
        self._order.append((name, at_us))
        oldest = at_us - self._horizon.age_us
        while len(self._order) > self._horizon.events or self._order[0][1] < oldest:
            del self._positions[self._order.popleft()[0]]

    def rows(self) -> list[tuple[str, str, int, int, int]]:
        """Give everything, oldest first: bank, event id, the position in two parts, the time."""
        return [
            (*name, *divmod(self._positions[name], 1 << 32), at_us) for name, at_us in self._order
        ]

    def fill(self, rows: list[tuple[str, str, int, int, int]]) -> None:
        """Take what `rows` gave."""
        for bank, event_id, high, low, at_us in rows:
            self._positions[bank, event_id] = high << 32 | low
            self._order.append(((bank, event_id), at_us))

    def digest(self) -> bytes:
        """Give a digest that is equal exactly when two indexes are."""
        digest = blake2b(digest_size=16)
        for row in self.rows():
            digest.update(repr(row).encode())
        return digest.digest()
