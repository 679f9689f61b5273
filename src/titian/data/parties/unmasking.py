"""Seeing one customer in the clear for some minutes: asked for with a reason, over by itself.

What is unmasked is one customer, for one sign-in, at one bank. Each look meanwhile is recorded
with the reason; others who show on the page stay masked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from titian.data.parties import limits
from titian.data.parties.customer import UNMASKED
from titian.data.parties.reading import PARTY, reading
from titian.data.parties.tables import unmasking
from titian.kernel import audit, clock, db
from titian.kernel.errors import Denied, LimitExceeded, NotFound
from titian.kernel.ids import PartyId
from titian.kernel.scope import Permission, Scope

MASKED, REFUSED = "party.mask", "party.unmask.refused"
MINUTES = 10
MAX_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Unmasking:
    """What a person may see of a customer in the clear, why, and until when."""

    party_id: PartyId
    reason: str
    since: datetime
    until: datetime


def unmask(
    scope: Scope, session: str, party_id: PartyId, reason: str, day: date | None = None
) -> Unmasking:
    """Let a sign-in see a customer in the clear for MINUTES; recorded with the reason.

    Needs VIEW_CUSTOMERS and UNMASK. Raises Denied for a reason that is none or names the customer,
    NotFound, LimitExceeded where too many customers are in the clear at once.
    """
    scope.require(Permission.VIEW_CUSTOMERS)
    said = str(scope.unmasked(reason).unmask_reason)
    limits.unmasked(scope)
    if _tells_the_name(scope, party_id, said, day):
        # Recorded, so that names cannot be tried out in silence.
        audit.record(scope, REFUSED, party_id, {"why": "name"})
        raise Denied(
            "the reason names the customer", "Leave names out: the reason stays in the audit log."
        )
    now = clock.now()
    made = Unmasking(party_id, said, now, now + timedelta(minutes=MINUTES))
    with db.begin() as connection:
        over = (unmasking.c.until <= now) | _of(scope, session, party_id)
        connection.execute(delete(unmasking).where(over))
        _refuse_many(connection, session)
        values = {"session": session, "bank": scope.bank_id, "party_id": party_id}
        values |= {"user_id": scope.user, "reason": said}
        connection.execute(insert(unmasking).values(**values, since=now, until=made.until))
        detail = {"reason": said, "until": made.until}
        audit.record(scope, UNMASKED, party_id, detail, connection)
    return made


def current(scope: Scope, session: str, party_id: PartyId) -> Unmasking | None:
    """Give what a sign-in may see of a customer in the clear now; None when it may not."""
    if not scope.allows(Permission.UNMASK):
        return None
    query = select(unmasking).where(
        _of(scope, session, party_id),
        unmasking.c.user_id == scope.user,
        unmasking.c.until > clock.now(),
    )
    with db.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    return Unmasking(PartyId(row.party_id), row.reason, row.since, row.until)


def mask(scope: Scope, session: str, party_id: PartyId) -> bool:
    """End an unmasking before its time; False when there is none."""
    with db.begin() as connection:
        gone = connection.execute(delete(unmasking).where(_of(scope, session, party_id)))
        if gone.rowcount:
            audit.record(scope, MASKED, party_id, None, connection)
    return bool(gone.rowcount)


def _tells_the_name(scope: Scope, party_id: PartyId, words: str, day: date | None) -> bool:
    with reading(scope, day) as reader:
        found = reader.clear(PARTY, ("name",), {"party_id": (party_id,)})
        if not found:
            raise NotFound(
                f"there is no customer {party_id!r} on {reader.day}", "Search for it first."
            )
    name = str(found[0]["name"] or "")
    return len(name) > 1 and name in "".join(words.split())


def _refuse_many(connection: Connection, session: str) -> None:
    count = select(func.count()).where(unmasking.c.session == session)
    if (connection.scalar(count) or 0) >= MAX_AT_ONCE:
        raise LimitExceeded(
            f"{MAX_AT_ONCE} customers are shown in the clear at once",
            "Mask those you are done with, or wait a few minutes.",
        )


def _of(scope: Scope, session: str, party_id: PartyId) -> ColumnElement[bool]:
    return (
        (unmasking.c.session == session)
        & (unmasking.c.bank == scope.bank_id)
        & (unmasking.c.party_id == party_id)
    )
