"""The words of payment risk: channels, events, outcomes and decisions.

Amounts are fen; times are aware (a time without zone is refused at the door, `intake`).
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Final

import msgspec


class Channel(StrEnum):
    """The six channels a customer reaches the bank through, in the order of their codes."""

    ONLINE = "online"
    MOBILE = "mobile"
    WECHAT = "wechat"
    DIRECT = "direct"
    CARD = "card"
    QUICK = "quick"


class EventType(StrEnum):
    """What was asked for, in the order of their codes."""

    LOGIN = "login"
    REGISTRATION = "registration"
    DEVICE_BIND = "device_bind"
    LIMIT_CHANGE = "limit_change"
    PAYEE_ADD = "payee_add"
    BONUS_CLAIM = "bonus_claim"
    TRANSFER = "transfer"
    PAYMENT = "payment"
    CASH_OUT = "cash_out"


class Result(StrEnum):
    """What the channel itself made of an attempt before asking us, in the order of their codes."""

    SUCCESS = "success"
    DECLINED = "declined"
    FAILED = "failed"


class Scenario(StrEnum):
    """The nine fraud scenarios."""

    CREDENTIAL_STUFFING = "credential_stuffing"
    BONUS_ABUSE = "bonus_abuse"
    CARD_THEFT = "card_theft"
    TELECOM_FRAUD = "telecom_fraud"
    LAUNDERING = "laundering"
    IDENTITY_THEFT = "identity_theft"
    UNAUTHORISED_USE = "unauthorised_use"
    MALICIOUS_REGISTRATION = "malicious_registration"
    PROHIBITED_TRANSACTION = "prohibited_transaction"


class Outcome(IntEnum):
    """What happens to the event, mildest first; the most severe of all reasons holds."""

    PASS = 0
    WARN = 1
    STEP_UP = 2
    DELAY = 3
    HOLD = 4
    BLOCK = 5


CHANNELS: Final = tuple(Channel)
EVENT_TYPES: Final = tuple(EventType)
RESULTS: Final = tuple(Result)

KEYS: Final = (
    "party_id",
    "account_id",
    "card_id",
    "device_id",
    "ip",
    "payee_account",
    "phone",
    "merchant_id",
    "terminal_id",
)
"""The fields of an event by which behaviour is counted, in the order of a batch's key columns."""


MAX_ID_CHARACTERS: Final = 64
MAX_NAME_CHARACTERS: Final = 120
MAX_AMOUNT_FEN: Final = 10**13
"""A hundred thousand million yuan: more than any bank of the province holds."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_CHARACTERS)]
Fen = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT_FEN)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
):
    """One thing asked of a channel, as the channel sends it before it acts.

    The names are those of the raw `event` feed, so that history and the live stream read alike.
    """

    bank: Id
    event_id: Id
    occurred_at: Moment
    channel: Channel
    event_type: EventType
    result: Result = Result.SUCCESS
    amount_fen: Fen | None = None
    party_id: Id | None = None
    account_id: Id | None = None
    card_id: Id | None = None
    device_id: Id | None = None
    ip: Id | None = None
    payee_account: Id | None = None
    payee_name: Annotated[str, msgspec.Meta(max_length=MAX_NAME_CHARACTERS)] | None = None
    phone: Id | None = None
    merchant_id: Id | None = None
    terminal_id: Id | None = None
