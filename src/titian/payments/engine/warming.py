"""Compiling the windows kernel before the first sender waits for it."""

from __future__ import annotations

from datetime import UTC, datetime

from titian.payments.engine.setup import Setup
from titian.payments.engine.state import State
from titian.payments.model import Channel, Event, EventType


def warm(setup: Setup) -> None:
    """Let one event into a state that is then thrown away."""
    state = State(setup.plan, setup.windows, setup.horizon, setup.secret)
    event = Event(
        bank="warm",
        event_id="warm",
        occurred_at=datetime(2000, 1, 1, tzinfo=UTC),
        channel=Channel.MOBILE,
        event_type=EventType.LOGIN,
        party_id="warm",
    )
    state.count([event])
