"""Sign-in sessions, kept on the server: the browser holds a random token, we hold its hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, insert, select, update

from titian.kernel import clock, db
from titian.kernel.ids import BankId, UserId
from titian.kernel.settings import settings
from titian.kernel.tables import user_session

TOUCH_EVERY = timedelta(seconds=60)
MAX_SESSIONS_PER_USER = 10


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device; `bank` is the plot a union user is looking into."""

    token_hash: str
    user_id: UserId
    bank: BankId | None
    csrf_token: str
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime


def start(user_id: UserId, bank: BankId | None, *, address: str, agent: str) -> str:
    """Begin a session and give its token, the only time it is seen."""
    token, now = secrets.token_urlsafe(32), clock.now()
    with db.begin() as connection:
        old = (
            select(user_session.c.token_hash)
            .where(user_session.c.user_id == user_id)
            .order_by(user_session.c.seen_at.desc())
            .offset(MAX_SESSIONS_PER_USER - 1)
        )
        stale = list(connection.scalars(old))
        connection.execute(delete(user_session).where(user_session.c.token_hash.in_(stale)))
        connection.execute(
            insert(user_session).values(
                token_hash=_hash(token),
                user_id=user_id,
                bank=bank,
                csrf_token=secrets.token_urlsafe(32),
                address=address[:64],
                agent=agent[:200],
                created_at=now,
                seen_at=now,
            )
        )
    return token


def find(token: str) -> Session | None:
    """Find a live session; an idle or old one is removed and None is given."""
    digest = _hash(token)
    with db.read() as connection:
        row = connection.execute(
            select(user_session).where(user_session.c.token_hash == digest)
        ).first()
    if row is None:
        return None
    session = _session(row)
    if _over(session):
        close(digest)
        return None
    if clock.now() - session.seen_at > TOUCH_EVERY:
        _touch(digest)
    return session


def _over(session: Session) -> bool:
    now, limits = clock.now(), settings()
    idle = now - session.seen_at > timedelta(minutes=limits.session_idle_minutes)
    return idle or now - session.created_at > timedelta(hours=limits.session_hours)


def _touch(digest: str) -> None:
    with db.begin() as connection:
        connection.execute(
            update(user_session)
            .where(user_session.c.token_hash == digest)
            .values(seen_at=clock.now())
        )


def look_into(session: Session, bank: BankId | None) -> None:
    """Remember which bank the user is looking into; the caller has checked the right."""
    with db.begin() as connection:
        connection.execute(
            update(user_session)
            .where(user_session.c.token_hash == session.token_hash)
            .values(bank=bank)
        )


def of_user(user_id: UserId) -> list[Session]:
    """List a user's sessions, last seen first."""
    query = (
        select(user_session)
        .where(user_session.c.user_id == user_id)
        .order_by(user_session.c.seen_at.desc())
    )
    with db.read() as connection:
        found = [_session(row) for row in connection.execute(query)]
    return [session for session in found if not _over(session)]


def close(token_hash: str) -> None:
    """End one session."""
    with db.begin() as connection:
        connection.execute(delete(user_session).where(user_session.c.token_hash == token_hash))


def close_all(user_id: UserId, connection: Connection) -> None:
    """End every session of a user, together with what the caller's transaction changes."""
    connection.execute(delete(user_session).where(user_session.c.user_id == user_id))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(
        row.token_hash,
        row.user_id,
        row.bank,
        row.csrf_token,
        row.address,
        row.agent,
        row.created_at,
        row.seen_at,
    )
