"""The door: bytes to events, or to a refusal that says which event, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from titian.kernel.errors import InvalidInput, LimitExceeded
from titian.payments.engine.decision import Refusal
from titian.payments.model import Event

MAX_EVENT_BYTES: Final = 8 << 10
MAX_EVENTS: Final = 500
MAX_BODY_BYTES: Final = 512 << 10
MAX_AHEAD_US: Final = 120_000_000
"""How far a channel's clock may run ahead; less than what the windows take as merely late."""

MAX_AGE_US: Final = 72 * 3_600_000_000

_ONE: Final = msgspec.json.Decoder(Event)
_MANY: Final = msgspec.json.Decoder(list[Event])
_RAW: Final = msgspec.json.Decoder(list[msgspec.Raw])
_LOOSE: Final = msgspec.json.Decoder()
_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Received:
    """What a request held: events or refusals in order, and whether it was a list."""

    entries: Sequence[Event | Refusal]
    many: bool


def receive(body: bytes, bank: str, now_us: int) -> Received:
    """Read one event or a list of them, sent for one bank.

    Raises LimitExceeded for an oversized request and InvalidInput for what is no JSON at all.
    """
    if len(body) > MAX_BODY_BYTES:
        raise LimitExceeded(
            f"the request has {len(body):,} bytes", f"Send at most {MAX_BODY_BYTES:,} at once."
        )
    many = body.lstrip()[:1] == b"["
    entries = _several(body) if many else [_decoded(body)]
    return Received([_checked(entry, bank, now_us) for entry in entries], many)


def _several(body: bytes) -> list[Event | Refusal]:
    try:
        entries: list[Event | Refusal] = list(_MANY.decode(body))
    except msgspec.MsgspecError:
        entries = [_decoded(bytes(raw)) for raw in _raw(body)]
    if not 1 <= len(entries) <= MAX_EVENTS:
        raise LimitExceeded(
            f"the request holds {len(entries):,} events", f"Send 1 to {MAX_EVENTS} at once."
        )
    return entries


def _raw(body: bytes) -> list[msgspec.Raw]:
    try:
        return _RAW.decode(body)
    except msgspec.MsgspecError as error:
        raise InvalidInput(
            f"the request is not JSON: {error}", "Send one event as an object, or a list of them."
        ) from None


def _decoded(raw: bytes) -> Event | Refusal:
    if len(raw) > MAX_EVENT_BYTES:
        what = f"the event has {len(raw):,} bytes, at most {MAX_EVENT_BYTES:,} are taken"
        return Refusal(event_id="", code="oversize", what=what)
    try:
        return _ONE.decode(raw)
    except msgspec.ValidationError as error:
        return Refusal(event_id=_id_of(raw), code="invalid_event", what=str(error))
    except msgspec.DecodeError as error:
        return Refusal(event_id="", code="not_json", what=str(error))
    except UnicodeDecodeError:
        return Refusal(event_id="", code="not_json", what="the text is not UTF-8")


def _id_of(raw: bytes) -> str:
    found = _LOOSE.decode(raw)
    name = found.get("event_id") if isinstance(found, dict) else None
    return name[:64] if isinstance(name, str) else ""


def at_us(event: Event) -> int:
    """Give when an event happened, in microseconds since 1970 UTC."""
    return round(event.occurred_at.timestamp() * _US)


def _checked(entry: Event | Refusal, bank: str, now_us: int) -> Event | Refusal:
    if isinstance(entry, Refusal):
        return entry
    if entry.bank != bank:
        what = f"the sender works for {bank}, not for the bank of this event"
        return Refusal(event_id=entry.event_id, code="other_bank", what=what)
    age = now_us - at_us(entry)
    if age < -MAX_AHEAD_US:
        what = f"it happens {-age // _US} seconds from now; check the channel's clock"
        return Refusal(event_id=entry.event_id, code="in_the_future", what=what)
    if age > MAX_AGE_US:
        what = f"it happened {age // (3600 * _US)} hours ago; load it as history instead"
        return Refusal(event_id=entry.event_id, code="too_old", what=what)
    return entry
