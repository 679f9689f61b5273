"""HTTP for decisions: read, find the sender, have it decided, answer; nothing else in between."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from titian.kernel.errors import LimitExceeded, TitianError, Unavailable, http_status
from titian.payments.engine.decision import Refusal
from titian.payments.engine.intake import MAX_BODY_BYTES, receive
from titian.payments.engine.path import Answer
from titian.payments.model import Event
from titian.web.decisions.engine import Running
from titian.web.decisions.tokens import Senders

PATH: Final = "/api/v1/payments/decisions"
DEADLINE_S: Final = 1.0
MAX_DEADLINE_MS: Final = 60_000
_ENCODER: Final = msgspec.json.Encoder()
_JSON: Final = (b"content-type", b"application/json")
_PROBLEM: Final = (b"content-type", b"application/problem+json")
_NO_STORE: Final = (b"cache-control", b"no-store")
_REFUSED: Final = {
    "other_bank": HTTPStatus.FORBIDDEN,
    "other_body": HTTPStatus.CONFLICT,
    "oversize": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


class Decisions:
    """Middleware before all others: takes its one path and the end of the server, passes the rest.

    `Titian-Deadline-Ms` says how long an event may wait in line before the channel's fail policy
    decides. One refused event gives a status of its own; in a list each entry tells its own fate.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.running: Running | None = None
        self._senders = Senders()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for decisions; hand anything else on."""
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._answer(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            if scope["type"] == "lifespan" and self.running is not None:
                await self.running.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, body = await self._decide(scope, receive)
            kind = _JSON
        except TitianError as error:
            status, kind = http_status(error), _PROBLEM
            body = _problem(status, error)
        headers = [kind, _NO_STORE, (b"content-length", str(len(body)).encode())]
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append((b"retry-after", b"1"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _decide(self, scope: Scope, receive_: Receive) -> tuple[int, bytes]:
        headers = dict(scope["headers"])
        body = await _body(receive_)
        if scope["method"] != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED, b"{}"
        sender = await self._senders.find(headers.get(b"authorization", b""))
        if self.running is None:
            self.running = Running()
        queue = self.running.queue or await self.running.started()
        received = receive(body, sender.bank, queue.engine.clock.now_us())
        events = [entry for entry in received.entries if isinstance(entry, Event)]
        answers = await queue.submit(events, _deadline_s(headers)) if events else []
        decided = iter(answers)
        told = [next(decided) if isinstance(e, Event) else e for e in received.entries]
        if received.many:
            return HTTPStatus.OK, _ENCODER.encode(told)
        return _status(told[0]), _ENCODER.encode(told[0])


def _status(answer: Answer) -> int:
    if isinstance(answer, Refusal):
        return _REFUSED.get(answer.code, HTTPStatus.UNPROCESSABLE_ENTITY)
    return HTTPStatus.OK


def _deadline_s(headers: dict[bytes, bytes]) -> float:
    asked = headers.get(b"titian-deadline-ms", b"")
    if asked.isdigit() and len(asked) <= len(str(MAX_DEADLINE_MS)):
        return min(int(asked), MAX_DEADLINE_MS) / 1000
    return DEADLINE_S


async def _body(receive_: Receive) -> bytes:
    parts, size, more = [], 0, True
    while more:
        message = await receive_()
        if message["type"] == "http.disconnect":
            raise Unavailable("the sender is gone", "Send the events again.")
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise LimitExceeded(
                f"the request has more than {MAX_BODY_BYTES:,} bytes", "Send fewer events at once."
            )
        parts.append(part)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _problem(status: int, error: TitianError) -> bytes:
    return _ENCODER.encode(
        {
            "type": f"about:blank#{error.code}",
            "title": error.what,
            "status": status,
            "detail": error.remedy,
            "instance": PATH,
        }
    )
