"""Alerts carried to other systems: signed, retried, and never sent twice under two ids.

The form is that of the Standard Webhooks specification: `webhook-id`, `webhook-timestamp` and
`webhook-signature` over `id.timestamp.body` with HMAC-SHA256. A receiver's secret is derived from
this installation's key and the hook's id, so that no secret is stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Connection, Row, delete, insert, select, update

from titian.data.jobs.tables import job_alert, job_delivery, job_webhook
from titian.kernel import audit, clock, db
from titian.kernel.errors import InvalidInput, LimitExceeded, NotFound
from titian.kernel.ids import BankId, new_id
from titian.kernel.keys import key
from titian.kernel.scope import Permission, Scope

UNION = ""
MAX_HOOKS = 20
MAX_URL_CHARACTERS = 500
TIMEOUT_S = 5.0
BATCH = 50
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 3_600, 4 * 3_600, 24 * 3_600))
MAX_ERROR_CHARACTERS = 300
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Hook:
    """A receiver of one bank's alerts, or (with an empty bank) of all banks'."""

    hook: str
    bank: str
    url: str
    created_by: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far an alert got with a receiver."""

    hook: str
    url: str
    attempts: int
    next_attempt: datetime | None
    delivered: datetime | None
    error: str


def add(scope: Scope, url: str) -> Hook:
    """Send a bank's alerts (all banks', at union level) to an address. Needs DEFINE.

    Raises InvalidInput unless it is https, or http on this machine.
    """
    scope.require(Permission.DEFINE)
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname or parts.username or len(url) > MAX_URL_CHARACTERS:
        raise InvalidInput(
            f"{url[:80]!r} is not an address alerts may go to",
            "Give an https address without a user name in it.",
        )
    if len(listed(scope)) >= MAX_HOOKS:
        raise LimitExceeded(f"there are {MAX_HOOKS} receivers already", "Remove one first.")
    hook = Hook(new_id("hook"), scope.bank or UNION, url, scope.user, clock.now())
    with db.begin() as connection:
        connection.execute(
            insert(job_webhook).values(
                hook_id=hook.hook,
                bank=hook.bank,
                url=url,
                created_by=hook.created_by,
                created_at=hook.created,
            )
        )
        audit.record(scope, "jobs.webhook.add", hook.hook, {"host": parts.hostname}, connection)
    return hook


def remove(scope: Scope, hook: str) -> None:
    """Stop sending to a receiver. Needs DEFINE. Raises NotFound."""
    scope.require(Permission.DEFINE)
    with db.begin() as connection:
        gone = connection.execute(
            delete(job_webhook).where(
                job_webhook.c.hook_id == hook, job_webhook.c.bank == (scope.bank or UNION)
            )
        )
        if not gone.rowcount:
            raise NotFound(f"there is no receiver {hook!r}", "See `titian jobs webhooks list`.")
        connection.execute(delete(job_delivery).where(job_delivery.c.hook_id == hook))
        audit.record(scope, "jobs.webhook.remove", hook, {}, connection)


def listed(scope: Scope) -> list[Hook]:
    """List the receivers of a bank, or of the union. Needs VIEW_JOBS."""
    scope.require(Permission.VIEW_JOBS)
    query = select(job_webhook).where(job_webhook.c.bank == (scope.bank or UNION))
    with db.read() as connection:
        return [
            Hook(row.hook_id, row.bank, row.url, row.created_by, row.created_at)
            for row in connection.execute(query.order_by(job_webhook.c.created_at))
        ]


def secret(scope: Scope, hook: str) -> str:
    """Give the secret with which a receiver checks signatures (`whsec_…`). Needs DEFINE."""
    scope.require(Permission.DEFINE)
    if hook not in {known.hook for known in listed(scope)}:
        raise NotFound(f"there is no receiver {hook!r}", "See `titian jobs webhooks list`.")
    return "whsec_" + base64.b64encode(_secret(hook)).decode()


def deliveries(scope: Scope, alert: str) -> list[Delivery]:
    """List how far an alert got with each receiver. Needs VIEW_JOBS."""
    scope.require(Permission.VIEW_JOBS)
    query = (
        select(job_delivery, job_webhook.c.url)
        .join(job_webhook, job_webhook.c.hook_id == job_delivery.c.hook_id)
        .join(job_alert, job_alert.c.alert_id == job_delivery.c.alert_id)
        .where(job_delivery.c.alert_id == alert)
    )
    if scope.bank is not None:
        query = query.where(job_alert.c.bank == scope.bank)
    with db.read() as connection:
        return [
            Delivery(
                row.hook_id,
                row.url,
                row.attempts,
                row.next_attempt_at,
                row.delivered_at,
                row.error,
            )
            for row in connection.execute(query)
        ]


def enqueue(connection: Connection, bank: BankId, alerts: Sequence[str]) -> None:
    """Note new alerts for every receiver, in the transaction that raises them."""
    query = select(job_webhook.c.hook_id).where(job_webhook.c.bank.in_((UNION, bank)))
    rows = [
        {
            "alert_id": alert,
            "hook_id": hook,
            "attempts": 0,
            "next_attempt_at": clock.now(),
            "error": "",
        }
        for hook in connection.scalars(query)
        for alert in alerts
    ]
    if rows:
        connection.execute(insert(job_delivery), rows)


def deliver(client: httpx.Client | None = None) -> int:
    """Send what is due; give how many were accepted. A refusal is tried again, ever more rarely."""
    query = (
        select(job_alert, job_webhook.c.url, job_delivery.c.hook_id, job_delivery.c.attempts)
        .join(job_delivery, job_delivery.c.alert_id == job_alert.c.alert_id)
        .join(job_webhook, job_webhook.c.hook_id == job_delivery.c.hook_id)
        .where(job_delivery.c.next_attempt_at <= clock.now())
        .order_by(job_delivery.c.next_attempt_at)
        .limit(BATCH)
    )
    with db.read() as connection:
        due = list(connection.execute(query))
    if not due:
        return 0
    accepted = 0
    sender = client or httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)
    with sender:
        for row in due:
            problem = _send(sender, row)
            accepted += not problem
            _settle(row, problem)
    return accepted


def _send(client: httpx.Client, row: Row[Any]) -> str:
    body = json.dumps(
        {
            "type": f"job.{row.kind}",
            "timestamp": row.raised_at.isoformat(),
            "data": {
                "bank": row.bank,
                "business_date": row.business_date.isoformat(),
                "job": row.job,
                "message": row.message,
                "run": row.run_id,
            },
        },
        ensure_ascii=False,
    ).encode()
    moment = str(int(clock.now().timestamp()))
    headers = {
        "content-type": "application/json",
        "webhook-id": row.alert_id,
        "webhook-timestamp": moment,
        "webhook-signature": sign(_secret(row.hook_id), row.alert_id, moment, body),
    }
    try:
        answer = client.post(row.url, content=body, headers=headers)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARACTERS]
    return "" if answer.is_success else f"the receiver answered {answer.status_code}"


def sign(secret_: bytes, message: str, moment: str, body: bytes) -> str:
    """Sign a message as the Standard Webhooks specification says (`v1,<base64>`)."""
    content = b".".join((message.encode(), moment.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(secret_, content, "sha256")).decode()


def _settle(row: Row[Any], problem: str) -> None:
    attempts = row.attempts + 1
    following = None
    if problem and attempts <= len(BACKOFF):
        following = clock.now() + BACKOFF[attempts - 1]
    with db.begin() as connection:
        connection.execute(
            update(job_delivery)
            .where(job_delivery.c.alert_id == row.alert_id, job_delivery.c.hook_id == row.hook_id)
            .values(
                attempts=attempts,
                next_attempt_at=following,
                delivered_at=None if problem else clock.now(),
                error=problem,
            )
        )


def _secret(hook: str) -> bytes:
    return hmac.new(key("webhook"), hook.encode(), hashlib.sha256).digest()
