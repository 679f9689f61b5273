"""How often somebody may search for, open and unmask customers: within an hour.

Guessing what is masked must stay slow, and so must reading customers one after another.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from titian.data.parties.tables import searching
from titian.kernel import clock, db
from titian.kernel.errors import LimitExceeded
from titian.kernel.scope import Permission, Scope

MAX_AN_HOUR = 600
MAX_AN_HOUR_MASKED = 60
MAX_MISSES_AN_HOUR_MASKED = 20
MAX_OPENED_AN_HOUR = 600
MAX_OPENED_AN_HOUR_MASKED = 300
MAX_UNMASKED_AN_HOUR = 60
_KEPT = timedelta(hours=24)


def begin(scope: Scope) -> None:
    """Count a search. Raises LimitExceeded where the hour's searches are used up.

    Those who may not unmask have few, and fewer that find nothing.
    """
    if scope.is_system:
        return
    hour = _hour()
    mine = (searching.c.user_id == scope.user) & (searching.c.hour == hour)
    with db.begin() as connection:
        row = connection.execute(select(searching).where(mine)).first()
        if row is None:
            old = (searching.c.user_id == scope.user) & (searching.c.hour < hour - _KEPT)
            connection.execute(delete(searching).where(old))
            new = {"user_id": scope.user, "hour": hour, "searches": 1, "misses": 0}
            connection.execute(insert(searching).values(new))
            return
        _refuse(scope, row.searches, row.misses)
        more = {"searches": searching.c.searches + 1}
        connection.execute(update(searching).where(mine).values(more))


def ended(scope: Scope, *, hits: int) -> None:
    """Count what came of a search: one that found nothing may have been a guess."""
    if scope.is_system or hits:
        return
    mine = (searching.c.user_id == scope.user) & (searching.c.hour == _hour())
    with db.begin() as connection:
        more = {"misses": searching.c.misses + 1}
        connection.execute(update(searching).where(mine).values(more))


def opened(scope: Scope) -> None:
    """Count that a customer's page or a part of it is opened. Raises LimitExceeded.

    Who may not unmask has fewer, and none once too many guesses found nobody.
    """
    most = MAX_OPENED_AN_HOUR if scope.allows(Permission.UNMASK) else MAX_OPENED_AN_HOUR_MASKED
    if not _take(scope, searching.c.openings, most):
        raise LimitExceeded(
            f"{scope.user} opened customers {most} times within the hour",
            "Go on in the next hour, or ask for the list as an export, which a colleague approves.",
        )


def unmasked(scope: Scope) -> None:
    """Count that somebody is to be seen in the clear, or a row of theirs. Raises LimitExceeded."""
    if not _take(scope, searching.c.unmaskings, MAX_UNMASKED_AN_HOUR):
        raise LimitExceeded(
            f"{scope.user} saw customers in the clear {MAX_UNMASKED_AN_HOUR} times within the hour",
            "Go on in the next hour, or ask for the list as an export, which a colleague approves.",
        )


def _take(scope: Scope, column: Column[int], most: int) -> bool:
    if scope.is_system:
        return True
    mine = (searching.c.user_id == scope.user) & (searching.c.hour == _hour())
    dialect = postgresql if db.is_postgres() else sqlite
    first = {"user_id": scope.user, "hour": _hour(), "searches": 0, "misses": 0}
    with db.begin() as connection:
        connection.execute(dialect.insert(searching).values(first).on_conflict_do_nothing())
        misses = connection.scalar(select(searching.c.misses).where(mine)) or 0
        _refuse(scope, 0, misses)
        more = update(searching).where(mine, column < most).values({column.name: column + 1})
        return connection.execute(more).rowcount == 1


def _refuse(scope: Scope, searches: int, misses: int) -> None:
    free = scope.allows(Permission.UNMASK)
    most = MAX_AN_HOUR if free else MAX_AN_HOUR_MASKED
    if searches >= most:
        raise LimitExceeded(
            f"{scope.user} searched for customers {most} times within the hour",
            "Go on in the next hour.",
        )
    if not free and misses >= MAX_MISSES_AN_HOUR_MASKED:
        raise LimitExceeded(
            f"{misses} searches for customers found nobody within the hour",
            "Go on in the next hour, with whole names and numbers as the customer gave them.",
        )


def _hour() -> datetime:
    return clock.now().replace(minute=0, second=0, microsecond=0)
