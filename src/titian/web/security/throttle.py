"""Failed sign-ins are counted per network address, beside the lock on each account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite

from titian.kernel import clock, db
from titian.kernel.errors import LimitExceeded
from titian.web.tables import signin_address

MAX_FAILURES = 30
WINDOW = timedelta(minutes=15)


def reserve(address: str) -> None:
    """Count an attempt before it is made, so that many at once cannot pass the limit.

    Addresses that have been quiet are forgotten. Raises LimitExceeded when too many failed lately.
    """
    now = clock.now()
    own = signin_address.c.address == address[:64]
    more = update(signin_address).where(own, signin_address.c.failures < MAX_FAILURES)
    first = {"address": address[:64], "failures": 0, "since": now}
    with db.begin() as connection:
        connection.execute(delete(signin_address).where(signin_address.c.since < now - WINDOW))
        connection.execute(_insert()(signin_address).values(first).on_conflict_do_nothing())
        counted = connection.execute(more.values(failures=signin_address.c.failures + 1))
    if counted.rowcount == 0:
        raise LimitExceeded(
            "too many failed sign-ins from this address",
            f"Wait {WINDOW.seconds // 60} minutes and try again.",
        )


def give_back(address: str) -> None:
    """Take an attempt that succeeded out of the count."""
    own = (signin_address.c.address == address[:64]) & (signin_address.c.failures > 0)
    with db.begin() as connection:
        fewer = {"failures": signin_address.c.failures - 1}
        connection.execute(update(signin_address).where(own).values(fewer))


def _insert() -> Any:
    return postgresql.insert if db.is_postgres() else sqlite.insert
