"""What was done, by whom: append-only, each entry sealed to the one before it.

The seal is an HMAC under a key outside the database, so an entry cannot be changed, removed or
added in the database alone. A file beside the key remembers the newest entry: cutting the tail
off the log shows, too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Row, Select, func, insert, or_, select, text

from titian.kernel import audit_head, clock, db
from titian.kernel.audit_head import Head
from titian.kernel.errors import InvalidInput
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Permission, Scope
from titian.kernel.tables import audit_entry

DETAIL_MAX_CHARACTERS = 4_000
PAGE_MAX_ROWS = 1_000
_LOCK = 0x7174_6E01


@dataclass(frozen=True, slots=True)
class Entry:
    """One act."""

    seq: int
    at: datetime
    user: UserId
    bank: BankId | None
    action: str
    target: str
    detail: dict[str, object]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found: whole, or broken at an entry and why."""

    entries: int
    broken_at: int | None = None
    reason: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing was touched."""
        return self.broken_at is None


def record(
    scope: Scope,
    action: str,
    target: str,
    detail: Mapping[str, object] | None = None,
    connection: Connection | None = None,
) -> None:
    """Append an act; within the caller's transaction when a connection is given.

    Detail holds ids, counts and reasons, never personal data. Raises InvalidInput when too long.
    """
    words = json.dumps(dict(detail or {}), ensure_ascii=False, sort_keys=True, default=str)
    if len(words) > DETAIL_MAX_CHARACTERS:
        raise InvalidInput(
            f"audit detail of {action} is {len(words)} characters long",
            f"Keep it under {DETAIL_MAX_CHARACTERS}: ids and counts, not contents.",
        )
    if connection is not None:
        _append(connection, scope, action, target[:256], words)
        return
    with db.begin() as own:
        _append(own, scope, action, target[:256], words)


def _append(connection: Connection, scope: Scope, action: str, target: str, detail: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    last = connection.execute(
        select(audit_entry.c.seq, audit_entry.c.digest).order_by(audit_entry.c.seq.desc()).limit(1)
    ).first()
    seq, before = (last.seq + 1, last.digest) if last else (1, audit_head.START)
    values = {
        "seq": seq,
        "at": clock.now(),
        "user_id": scope.user,
        "bank": scope.bank,
        "action": action,
        "target": target,
        "detail": detail,
    }
    digest = _seal(before, values)
    connection.execute(insert(audit_entry).values(**values, digest=digest))
    db.after_commit(connection, partial(audit_head.remember, seq, digest))


def _seal(before: str, values: Mapping[str, object]) -> str:
    at = values["at"]
    assert isinstance(at, datetime)
    parts = [before, str(values["seq"]), str(int(at.timestamp() * 1_000_000))]
    parts += [str(values[name] or "") for name in ("user_id", "bank", "action", "target", "detail")]
    sealed = json.dumps(parts, ensure_ascii=False).encode()
    return hmac.new(audit_head.seal_key(), sealed, hashlib.sha256).hexdigest()


def verify() -> Verdict:
    """Walk the whole log and say whether it is as it was written."""
    try:
        head = audit_head.read()
    except audit_head.Lost as lost:
        return Verdict(0, 1, str(lost))
    before, seen = audit_head.START, 0
    with db.read() as connection:
        rows = connection.execution_options(yield_per=2_000).execute(
            select(audit_entry).order_by(audit_entry.c.seq)
        )
        for row in rows:
            reason = _broken(row, seen, before, head)
            if reason:
                return Verdict(seen, seen + 1, reason)
            before, seen = row.digest, row.seq
    if head.seq > seen:
        return Verdict(seen, seen + 1, "the newest entries are missing")
    return Verdict(seen)


def _broken(row: Row[tuple[object, ...]], seen: int, before: str, head: Head) -> str:
    if row.seq != seen + 1:
        return "an entry is missing"
    sealed = _seal(before, dict(zip(row._fields, row, strict=True)))
    if not hmac.compare_digest(row.digest, sealed):
        return "the entry was changed"
    if head.seq == row.seq and head.digest != row.digest:
        return "the log was rewritten up to here"
    return ""


def entries(
    scope: Scope,
    *,
    action: str | None = None,
    user: UserId | None = None,
    contains: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before_seq: int | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Entry]:
    """List acts from `since` to before `until`, newest first. Needs VIEW_AUDIT.

    A bank's people see their bank's acts only.
    """
    query = _filtered(scope, action, user, contains)
    query = _between(query, since, until).order_by(audit_entry.c.seq.desc())
    if before_seq is not None:
        query = query.where(audit_entry.c.seq < before_seq)
    with db.read() as connection:
        rows = connection.execute(query.limit(min(limit, PAGE_MAX_ROWS)).offset(offset))
        return [_entry(row) for row in rows]


def count(
    scope: Scope,
    *,
    action: str | None = None,
    user: UserId | None = None,
    contains: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Count the acts that `entries` would list."""
    query = _between(_filtered(scope, action, user, contains), since, until).subquery()
    with db.read() as connection:
        return connection.scalar(select(func.count()).select_from(query)) or 0


@dataclass(frozen=True, slots=True)
class About:
    """Acts on a target, and those of some kinds whose details name it, from `since` to `until`."""

    target: str
    named_in: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def about(scope: Scope, wanted: About, *, limit: int = 100, offset: int = 0) -> list[Entry]:
    """List acts about a target, newest first; as `entries`, for one's own bank. Needs VIEW_AUDIT.

    Kinds in `named_in` read the whole log; a target alone is found by its index.
    """
    query = _about(scope, wanted).order_by(audit_entry.c.seq.desc())
    with db.read() as connection:
        rows = connection.execute(query.limit(min(limit, PAGE_MAX_ROWS)).offset(offset))
        return [_entry(row) for row in rows]


def count_about(scope: Scope, wanted: About) -> int:
    """Count the acts that `about` would list."""
    query = _about(scope, wanted).subquery()
    with db.read() as connection:
        return connection.scalar(select(func.count()).select_from(query)) or 0


def _about(scope: Scope, wanted: About) -> Select[tuple[object, ...]]:
    query = _filtered(scope, None, None, None)
    on_target = audit_entry.c.target == wanted.target
    if wanted.named_in:
        names = audit_entry.c.detail.contains(json.dumps(wanted.target), autoescape=True)
        on_target |= audit_entry.c.action.in_(wanted.named_in) & names
    return _between(query.where(on_target), wanted.since, wanted.until)


def _between(
    query: Select[tuple[object, ...]], since: datetime | None, until: datetime | None
) -> Select[tuple[object, ...]]:
    if since is not None:
        query = query.where(audit_entry.c.at >= since)
    return query if until is None else query.where(audit_entry.c.at < until)


def actions() -> list[str]:
    """List the kinds of acts there are, for a filter."""
    with db.read() as connection:
        query = select(audit_entry.c.action).distinct().order_by(audit_entry.c.action)
        return list(connection.scalars(query))


def _filtered(
    scope: Scope, action: str | None, user: UserId | None, contains: str | None
) -> Select[tuple[object, ...]]:
    scope.require(Permission.VIEW_AUDIT)
    query = select(audit_entry)
    if scope.bank is not None:
        query = query.where(audit_entry.c.bank == scope.bank)
    if action:
        query = query.where(audit_entry.c.action == action)
    if user:
        query = query.where(audit_entry.c.user_id == user)
    if contains:
        target = audit_entry.c.target.icontains(contains, autoescape=True)
        detail = audit_entry.c.detail.icontains(contains, autoescape=True)
        query = query.where(or_(target, detail))
    return query


def every_entry(scope: Scope) -> Iterator[Entry]:
    """Stream all acts in order, for an export."""
    query = _filtered(scope, None, None, None).order_by(audit_entry.c.seq)
    with db.read() as connection:
        for row in connection.execution_options(yield_per=2_000).execute(query):
            yield _entry(row)


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(
        row.seq, row.at, row.user_id, row.bank, row.action, row.target, json.loads(row.detail)
    )
