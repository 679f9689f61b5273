"""Payment events for tests: plain, or invented from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from titian.payments.model import CHANNELS, EVENT_TYPES, RESULTS, Channel, Event, EventType

NOW = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)


def event(number: int = 0, **fields: Any) -> Event:
    """Give a transfer at qinghe; fields may be named otherwise."""
    given: dict[str, Any] = {
        "bank": "qinghe",
        "event_id": f"e{number}",
        "occurred_at": NOW,
        "channel": Channel.MOBILE,
        "event_type": EventType.TRANSFER,
        "amount_fen": 10_000,
        "party_id": "P1",
        "account_id": "A1",
        "device_id": "D1",
        "payee_account": "Y1",
    }
    return Event(**{**given, **fields})


def stream(seed: int, events: int) -> Sequence[Event]:
    """Invent events of a few customers over ten minutes, some out of order."""
    draw = random.Random(seed)
    return [
        Event(
            bank=draw.choice(("qinghe", "baishui")),
            event_id=f"s{number}",
            occurred_at=NOW + timedelta(milliseconds=10 * number - draw.randrange(5_000)),
            channel=draw.choice(CHANNELS),
            event_type=draw.choice(EVENT_TYPES),
            result=draw.choice(RESULTS),
            amount_fen=draw.choice((None, draw.randrange(10**7))),
            party_id=draw.choice((None, f"P{draw.randrange(40)}")),
            card_id=draw.choice((None, f"C{draw.randrange(40)}")),
            device_id=draw.choice((None, f"D{draw.randrange(40)}")),
            ip=f"10.0.0.{draw.randrange(30)}",
            payee_account=draw.choice((None, f"Y{draw.randrange(40)}")),
        )
        for number in range(events)
    ]
