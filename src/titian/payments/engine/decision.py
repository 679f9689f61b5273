"""What the engine answers, and what it puts on record."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from titian.payments.model import Event


class Reason(msgspec.Struct, frozen=True, gc=False):
    """Why: the rule's code, and its words in both languages."""

    code: str
    zh: str
    en: str


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The answer to one event. `seq` is its number in the journal, `versions` names what judged.

    `method` comes with STEP_UP and `until` with DELAY. `degraded` tells what did not take part
    (`model`, `deadline`); `duplicate` that the event was decided before. `score` is the model's.
    """

    event_id: str
    outcome: str
    reasons: list[Reason]
    decided_at: datetime
    versions: str
    score: float | None = None
    method: str | None = None
    until: datetime | None = None
    degraded: list[str] = []
    duplicate: bool = False


class Refusal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event that was not taken: nothing was counted and nothing decided."""

    event_id: str
    code: str
    what: str
    refused: bool = True


class Rule(msgspec.Struct, frozen=True):
    """What the journal keeps of a rule: enough to say years later why it held."""

    code: str
    condition: str
    outcome: int
    zh: str
    en: str
    method: str | None = None
    delay_s: int = 0


class Versions(msgspec.Struct, frozen=True, tag="v", array_like=True):
    """Everything that judged from here on; `name` is the digest of the rest."""

    name: str
    engine: str
    features: list[str]
    declarations: str
    model: str | None
    policy: str
    rules: list[Rule]


class Decided(msgspec.Struct, frozen=True, tag="d", array_like=True, gc=False):
    """One decision on record; `features` and `channels` are little-endian doubles."""

    at_us: int
    event: Event
    late: int
    outcome: int
    hits: list[str]
    score: float | None
    degraded: list[str]
    features: bytes
    channels: bytes
    versions: str


ENCODER: Final = msgspec.msgpack.Encoder()
