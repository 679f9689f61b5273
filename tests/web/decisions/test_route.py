"""Decisions over HTTP: who may send, what is refused and how, and that many wait for one disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from tests.support.payment_events import event

from titian.kernel import audit, clock, tokens
from titian.kernel.ids import BankId
from titian.kernel.scope import Permission, Scope
from titian.kernel.settings import Settings
from titian.payments.engine import queue
from titian.payments.engine.intake import MAX_EVENTS
from titian.payments.journal import Disk, verify
from titian.web.decisions import Decisions
from titian.web.decisions.route import PATH

QINGHE = Scope.system(BankId("qinghe"))
Send = Callable[..., Any]


async def _elsewhere(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"elsewhere"})


@asynccontextmanager
async def served() -> AsyncIterator[httpx.AsyncClient]:
    route = Decisions(_elsewhere)
    transport = httpx.ASGITransport(route)
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
        yield client
    if route.running is not None:
        await route.running.close()


@pytest.fixture
def token(home: Settings) -> str:
    return tokens.issue(QINGHE, "mobile_bank", Permission.SUBMIT_EVENTS, 30)


def now_event(number: int = 0, **fields: Any) -> dict[str, Any]:
    made = event(number, occurred_at=clock.now(), **fields)
    plain: dict[str, Any] = json.loads(msgspec.json.encode(made))
    return plain


def post(token: str, body: Any, **headers: str) -> httpx.Response:
    async def sent() -> httpx.Response:
        async with served() as client:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            given = {"authorization": f"Bearer {token}", **headers}
            return await client.post(PATH, content=content, headers=given)

    return asyncio.run(sent())


def test_it_works(token: str) -> None:
    answer = post(token, now_event())
    assert answer.status_code == 200
    assert answer.json()["outcome"] == "PASS"
    assert answer.json()["event_id"] == "e0"


def test_what_was_answered_is_on_disk_and_is_answered_again(token: str, home: Settings) -> None:
    body = now_event(amount_fen=6_000_000)
    first = post(token, body).json()
    assert first["outcome"] == "DELAY"
    disk = Disk(home.home / "payments" / "journal")
    assert verify(disk).records == 2
    disk.close()
    assert post(token, body).json() == {**first, "duplicate": True}
    other = post(token, {**body, "amount_fen": 1})
    assert (other.status_code, other.json()["code"]) == (409, "other_body")


def test_many_are_answered_in_order_each_with_its_own_fate(token: str) -> None:
    bodies = [now_event(1), now_event(2, bank="baishui"), {"event_id": "e3"}, now_event(4)]
    answer = post(token, bodies)
    assert answer.status_code == 200
    told = answer.json()
    assert [one["event_id"] for one in told] == ["e1", "e2", "e3", "e4"]
    assert [one.get("code") for one in told] == [None, "other_bank", "invalid_event", None]


@pytest.mark.parametrize("sent", ["", "nonsense", "titian_nobody"])
def test_nobody_sends_without_a_token(home: Settings, sent: str) -> None:
    answer = post(sent, now_event())
    assert answer.status_code == 401
    assert "add-token" in answer.json()["detail"]
    assert not (home.home / "payments").exists()


def test_a_token_ends_and_can_be_taken_back(token: str) -> None:
    with clock.frozen(clock.now() + timedelta(days=31)):
        assert post(token, now_event()).status_code == 401
    tokens.revoke(QINGHE, "mobile_bank")
    assert post(token, now_event()).status_code == 401


def test_a_token_is_kept_as_a_hash_and_its_making_is_on_record(token: str, home: Settings) -> None:
    assert token.encode() not in (home.home / "titian.db").read_bytes()
    newest = audit.entries(Scope.system(None), limit=1)[0]
    assert (newest.action, newest.target, newest.bank) == ("token.issue", "mobile_bank", "qinghe")
    assert token not in str(newest.detail)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "truncated"),
        (b"[", 422, "not JSON"),
        (b"[]", 413, "0 events"),
        (b"[" + b"1," * MAX_EVENTS + b"1]", 413, "501 events"),
        (b"{" + b" " * 9_000 + b"}", 413, "9,002 bytes"),
        (b" " * 600_000, 413, "bytes"),
    ],
)
def test_a_bad_request_says_what_is_wrong(token: str, body: bytes, status: int, words: str) -> None:
    answer = post(token, body)
    assert answer.status_code == status
    assert words in answer.text


def test_only_this_path_and_post_are_taken(token: str) -> None:
    async def asked() -> list[int]:
        async with served() as client:
            return [(await client.get(path)).status_code for path in (PATH, "/", f"{PATH}/more")]

    assert asyncio.run(asked()) == [405, 299, 299]


def test_a_full_line_is_said_at_once(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_WAITING", 3)
    monkeypatch.setattr(queue.Queue.__init__, "__defaults__", (3,))
    answer = post(token, [now_event(n) for n in range(4)])
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"].endswith("overloaded")


def test_a_passed_deadline_holds_what_can_be_held(token: str) -> None:
    answer = post(token, now_event(), **{"titian-deadline-ms": "0"}).json()
    assert (answer["outcome"], answer["degraded"]) == ("HOLD", ["deadline"])


def test_many_senders_share_a_batch(token: str, home: Settings) -> None:
    async def sent() -> list[httpx.Response]:
        async with served() as client:
            headers = {"authorization": f"Bearer {token}"}
            await client.post(PATH, json=now_event(0), headers=headers)
            posts = (client.post(PATH, json=now_event(n), headers=headers) for n in range(1, 40))
            return await asyncio.gather(*posts)

    answers = asyncio.run(sent())
    assert [answer.json()["event_id"] for answer in answers] == [f"e{n}" for n in range(1, 40)]
    disk = Disk(home.home / "payments" / "journal")
    assert verify(disk).records == 41
    disk.close()
