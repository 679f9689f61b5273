"""The door: each kind of bad input has its own refusal, and good events pass beside it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.support.payment_events import NOW, event

from titian.kernel.errors import InvalidInput, LimitExceeded
from titian.payments.engine.decision import Refusal
from titian.payments.engine.intake import MAX_AGE_US, MAX_AHEAD_US, MAX_BODY_BYTES, receive
from titian.payments.model import MAX_AMOUNT_FEN, Event

NOW_US = round(NOW.timestamp() * 1_000_000)
GOOD: dict[str, Any] = json.loads(msgspec.json.encode(event()))


def one(body: object, now_us: int = NOW_US) -> Event | Refusal:
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    (entry,) = receive(data, "qinghe", now_us).entries
    return entry


def test_it_works() -> None:
    assert one(GOOD) == event()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"colour": "red"}, "unknown field `colour`"),
        ({"amount_fen": "100"}, "Expected `int"),
        ({"amount_fen": 1.5}, "Expected `int"),
        ({"amount_fen": -1}, ">= 0"),
        ({"amount_fen": MAX_AMOUNT_FEN + 1}, "<= 10000000000000"),
        ({"occurred_at": "2026-04-01T08:30:00"}, "timezone"),
        ({"occurred_at": "yesterday"}, "Invalid RFC3339"),
        ({"occurred_at": 1_775_000_000}, "Expected `datetime`"),
        ({"channel": "fax"}, "Invalid enum value 'fax'"),
        ({"result": None}, "Expected `str`"),
        ({"party_id": ""}, "length >= 1"),
        ({"device_id": "x" * 65}, "length <= 64"),
        ({"bank": 7}, "Expected `str`"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], words: str) -> None:
    refused = one({**GOOD, **fields})
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.event_id) == ("invalid_event", "e0")
    assert words in refused.what


@pytest.mark.parametrize("missing", ["bank", "event_id", "occurred_at", "channel", "event_type"])
def test_a_missing_field_is_named(missing: str) -> None:
    refused = one({name: value for name, value in GOOD.items() if name != missing})
    assert isinstance(refused, Refusal)
    assert f"missing required field `{missing}`" in refused.what


@pytest.mark.parametrize(
    ("off_us", "code"),
    [
        (MAX_AHEAD_US, None),
        (MAX_AHEAD_US + 1, "in_the_future"),
        (-MAX_AGE_US, None),
        (-MAX_AGE_US - 1, "too_old"),
        (-(10**15), "too_old"),
    ],
)
def test_absurd_times_are_refused_to_the_microsecond(off_us: int, code: str | None) -> None:
    entry = one(GOOD, NOW_US - off_us)
    assert (entry.code if isinstance(entry, Refusal) else None) == code


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_the_ends_of_the_calendar_are_refused(year: str) -> None:
    assert isinstance(one({**GOOD, "occurred_at": f"{year}-01-01T00:00:00Z"}), Refusal)


def test_another_banks_event_is_refused() -> None:
    refused = one({**GOOD, "bank": "baishui"})
    assert isinstance(refused, Refusal)
    assert refused.code == "other_bank"


def test_an_oversized_event_is_refused_before_it_is_read() -> None:
    refused = one({**GOOD, "payee_name": "名" * 4_000})
    assert isinstance(refused, Refusal)
    assert refused.code == "oversize"


def test_a_list_of_which_one_is_oversized_keeps_the_others() -> None:
    body = json.dumps([GOOD, {**GOOD, "payee_name": "x" * 9_000}]).encode()
    good, bad = receive(body, "qinghe", NOW_US).entries
    assert good == event()
    assert isinstance(bad, Refusal)


@pytest.mark.parametrize("body", [b"[{", b"[1,]", b'["a" "b"]'])
def test_what_is_no_list_is_refused_whole(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="not JSON"):
        receive(body, "qinghe", NOW_US)


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"bank": "\xff"}', b"nonsense", b"{", b"null"])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    assert isinstance(one(body), Refusal)


def test_an_oversized_request_is_refused_whole() -> None:
    with pytest.raises(LimitExceeded):
        receive(b" " * (MAX_BODY_BYTES + 1), "qinghe", NOW_US)
