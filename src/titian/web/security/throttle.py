"""Failed sign-ins are counted per network address, beside the lock on each account."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from titian.kernel import clock, db
from titian.kernel.errors import LimitExceeded
from titian.web.tables import signin_address

MAX_FAILURES = 30
WINDOW = timedelta(minutes=15)


def check(address: str) -> None:
    """Raise LimitExceeded when an address has failed too often lately."""
    with db.read() as connection:
        row = connection.execute(
            select(signin_address).where(signin_address.c.address == address[:64])
        ).first()
    if row is not None and row.failures >= MAX_FAILURES and row.since > clock.now() - WINDOW:
        raise LimitExceeded(
            "too many failed sign-ins from this address",
            f"Wait {WINDOW.seconds // 60} minutes and try again.",
        )


def failed(address: str) -> None:
    """Count a failed sign-in; addresses that have been quiet are forgotten."""
    now = clock.now()
    with db.begin() as connection:
        connection.execute(delete(signin_address).where(signin_address.c.since < now - WINDOW))
        counted = connection.execute(
            update(signin_address)
            .where(signin_address.c.address == address[:64])
            .values(failures=signin_address.c.failures + 1)
        )
        if counted.rowcount == 0:
            connection.execute(
                insert(signin_address).values(address=address[:64], failures=1, since=now)
            )
