"""What was done, by whom: append-only, each entry sealed to the one before it.

The seal is an HMAC under a key outside the database, so an entry cannot be changed, removed or
added in the database alone. A file beside the key remembers the newest entry: cutting the tail
off the log shows, too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Row, Select, func, insert, or_, select, text

from titian.kernel import clock, db
from titian.kernel.errors import InvalidInput
from titian.kernel.ids import BankId, UserId
from titian.kernel.keys import key
from titian.kernel.scope import Permission, Scope
from titian.kernel.settings import settings
from titian.kernel.tables import audit_entry

DETAIL_MAX_CHARACTERS = 4_000
PAGE_MAX_ROWS = 1_000
_LOCK = 0x7174_6E01
_START = "0" * 64


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
        seq, digest = _append(own, scope, action, target[:256], words)
    _remember_head(seq, digest)


def _append(
    connection: Connection, scope: Scope, action: str, target: str, detail: str
) -> tuple[int, str]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    last = connection.execute(
        select(audit_entry.c.seq, audit_entry.c.digest).order_by(audit_entry.c.seq.desc()).limit(1)
    ).first()
    seq, before = (last.seq + 1, last.digest) if last else (1, _START)
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
    return seq, digest


def _seal(before: str, values: Mapping[str, object]) -> str:
    at = values["at"]
    assert isinstance(at, datetime)
    parts = [before, str(values["seq"]), str(int(at.timestamp() * 1_000_000))]
    parts += [str(values[name] or "") for name in ("user_id", "bank", "action", "target", "detail")]
    sealed = json.dumps(parts, ensure_ascii=False).encode()
    return hmac.new(key("audit"), sealed, hashlib.sha256).hexdigest()


def verify() -> Verdict:
    """Walk the whole log and say whether it is as it was written."""
    before, seen, heads = _START, 0, _read_head()
    with db.read() as connection:
        rows = connection.execution_options(yield_per=2_000).execute(
            select(audit_entry).order_by(audit_entry.c.seq)
        )
        for row in rows:
            if row.seq != seen + 1:
                return Verdict(seen, seen + 1, "an entry is missing")
            if not hmac.compare_digest(
                row.digest, _seal(before, dict(zip(row._fields, row, strict=True)))
            ):
                return Verdict(seen, row.seq, "the entry was changed")
            if heads and heads[0] == row.seq and heads[1] != row.digest:
                return Verdict(seen, row.seq, "the log was rewritten up to here")
            before, seen = row.digest, row.seq
    if heads and heads[0] > seen:
        return Verdict(seen, seen + 1, "the newest entries are missing")
    return Verdict(seen)


def _head_path() -> Path:
    return settings().home / "keys" / "audit.head"


def _read_head() -> tuple[int, str] | None:
    try:
        seq, digest = _head_path().read_text().split()
    except FileNotFoundError:
        return None
    return int(seq), digest


def _remember_head(seq: int, digest: str) -> None:
    path = _head_path()
    before = _read_head()
    if before is None or before[0] < seq:
        draft = path.with_suffix(f".{os.getpid()}.{seq}")
        draft.write_text(f"{seq} {digest}")
        draft.replace(path)


def entries(
    scope: Scope,
    *,
    action: str | None = None,
    user: UserId | None = None,
    contains: str | None = None,
    before_seq: int | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Entry]:
    """List acts, newest first; a bank's people see their bank's acts only. Needs VIEW_AUDIT."""
    query = _filtered(scope, action, user, contains).order_by(audit_entry.c.seq.desc())
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
) -> int:
    """Count the acts that `entries` would list."""
    query = _filtered(scope, action, user, contains).subquery()
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
    query = query.where(on_target)
    if wanted.since is not None:
        query = query.where(audit_entry.c.at >= wanted.since)
    return query if wanted.until is None else query.where(audit_entry.c.at < wanted.until)


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
