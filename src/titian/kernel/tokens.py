"""Tokens of machines: random, kept as a hash, each for one bank and one permission."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, insert, select

from titian.kernel import audit, clock, db
from titian.kernel.errors import Denied, NotFound, Unauthenticated
from titian.kernel.ids import BankId, UserId, valid_name
from titian.kernel.scope import Permission, Scope
from titian.kernel.tables import api_token

MAX_DAYS: Final = 730
_PREFIX: Final = "titian_"


@dataclass(frozen=True, slots=True)
class Token:
    """Whose token it is: a system at one bank, and the one thing it may do."""

    system: UserId
    bank: BankId
    permission: Permission


def issue(scope: Scope, system: str, permission: Permission, days: int) -> str:
    """Give a system its token, the only time it is seen; one it had ends. Needs MANAGE_USERS.

    Raises InvalidInput for a name that is none, Denied at union level.
    """
    scope.require(Permission.MANAGE_USERS)
    name, bank = valid_name(system, "system name"), scope.bank_id
    assert 1 <= days <= MAX_DAYS, "callers offer no more"
    token, now = _PREFIX + secrets.token_urlsafe(32), clock.now()
    with db.begin() as connection:
        connection.execute(delete(api_token).where(_of(bank, name)))
        connection.execute(
            insert(api_token).values(
                token_hash=_hash(token),
                system=name,
                bank=bank,
                permission=permission.value,
                made_at=now,
                ends_at=now + timedelta(days=days),
            )
        )
        audit.record(
            scope, "token.issue", name, {"permission": permission, "days": days}, connection
        )
    return token


def revoke(scope: Scope, system: str) -> None:
    """End a system's token. Needs MANAGE_USERS. Raises NotFound."""
    scope.require(Permission.MANAGE_USERS)
    with db.begin() as connection:
        gone = connection.execute(delete(api_token).where(_of(scope.bank_id, system)))
        if not gone.rowcount:
            raise NotFound(f"{system} has no token", "Check the name and the bank.")
        audit.record(scope, "token.revoke", system, connection=connection)


def authenticate(token: str, permission: Permission) -> Token:
    """Find whose token it is. Raises Unauthenticated, or Denied when it is for something else."""
    with db.read() as connection:
        row = connection.execute(
            select(api_token).where(api_token.c.token_hash == _hash(token))
        ).first()
    if row is None or row.ends_at <= clock.now():
        raise Unauthenticated(
            "the token is unknown or has ended",
            "Send `Authorization: Bearer <token>` with one from `titian users add-token`.",
        )
    if row.permission != permission:
        raise Denied(
            f"the token of {row.system} may not {permission.value.replace('_', ' ')}",
            "Ask your administrator for another token.",
        )
    return Token(row.system, row.bank, permission)


def _of(bank: BankId, system: str) -> ColumnElement[bool]:
    return (api_token.c.bank == bank) & (api_token.c.system == system)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
