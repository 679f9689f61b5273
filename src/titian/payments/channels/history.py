"""The events of a bank's lake as the monitor reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pyarrow as pa

from titian.kernel.clock import BANK_TZ
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.scope import Scope
from titian.lake import open_session, store
from titian.payments.channels.series import COLUMNS

TABLE: Final = "core.event"
NEW_AFTER_DAYS: Final = 30
"""Days before the first bin that tell which devices and payees are new."""

MAX_DAYS: Final = 120

# The lake keeps bank time without a zone; bins are cut in UTC.
_SQL: Final = """
SELECT epoch_us(occurred_at - INTERVAL 8 HOUR) AS at_us, channel, event_type, result, amount_fen,
  party_id, device_id, payee_account
FROM core.event
WHERE business_date BETWEEN $first AND $last
"""


@dataclass(frozen=True, slots=True)
class History:
    """Events [COLUMNS], with those that only tell what is new, and the days to be binned (UTC)."""

    events: pa.Table
    first: date
    last: date
    start_us: int
    end_us: int


def read_history(scope: Scope, days: int, last: date | None = None) -> History:
    """Read the last business dates of a bank's events.

    Raises InvalidInput for too many days or a date without events, NotFound for a bank without.
    """
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInput(f"{days} days cannot be read", f"Ask for 1 to {MAX_DAYS} days.")
    held = store.dates(scope, TABLE) if store.exists(scope, TABLE) else []
    if not held:
        raise NotFound(
            f"{scope.bank} has no channel events yet", "Load the event feed and run its jobs."
        )
    last = last or held[-1]
    if last not in held:
        raise InvalidInput(
            f"there are no channel events on {last}",
            f"Choose a date from {held[0]} to {held[-1]}.",
        )
    first = max(held[0], last - timedelta(days - 1))
    asked = {"first": first - timedelta(NEW_AFTER_DAYS), "last": last}
    with open_session(scope, tables=[TABLE]) as session:
        events = session.sql(_SQL, asked)
    assert events.column_names == list(COLUMNS)
    return History(events, first, last, _midnight_us(first), _midnight_us(last + timedelta(1)))


def _midnight_us(day: date) -> int:
    at = datetime.combine(day, time(), BANK_TZ).astimezone(UTC)
    return int(at.timestamp()) * 1_000_000
