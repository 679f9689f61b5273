"""A business date taken back: out of its table in one commit, its quarantine closed, recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from titian.data import notes
from titian.data.feeds import arrivals, claims, lock, registry
from titian.data.feeds.reasons import Code
from titian.data.feeds.record import ArrivalStatus, RowStatus, close_rows
from titian.data.feeds.tables import feed_arrival
from titian.kernel import audit, clock, db
from titian.kernel.errors import NotFound
from titian.kernel.scope import Permission, Scope
from titian.lake import store


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was taken back: the table, its date, how many rows, and the table's new version.

    The version is None when an earlier, interrupted withdrawal took the rows out already.
    """

    table: str
    business_date: date
    rows: int
    version: int | None


def withdraw(scope: Scope, feed: str, business_date: date, reason: str) -> Withdrawn:
    """Take a business date of a feed out of its table, for a reason of at least four words.

    Rows that wait in quarantine are closed. The same file is not loaded again unless forced; a
    corrected one is. Needs LOAD_FEEDS. Raises NotFound for a date without rows, InvalidInput for
    a reason that says too little or too much, Conflict while the feed is being loaded.
    """
    scope.require(Permission.LOAD_FEEDS)
    said = notes.reason(reason)
    table = registry.contract(scope, feed).table.qualified
    system = Scope.system(scope.bank_id)
    with lock.held(scope, feed):
        claims.finish(scope, feed)
        found = arrivals.loaded(scope, feed, business_date)
        there = store.exists(system, table) and business_date in store.dates(system, table)
        if found is None and not there:
            raise NotFound(
                f"feed {feed} of {scope.bank_id} holds nothing of {business_date}",
                "See which dates it holds with `titian feeds status`.",
            )
        gone = store.remove_date(system, table, business_date) if there else None
        rows = gone.rows if gone else found.good if found else 0
        _record(scope, feed, business_date, said, rows)
    return Withdrawn(table, business_date, rows, gone.version if gone else None)


def _record(scope: Scope, feed: str, business_date: date, said: str, rows: int) -> None:
    table = feed_arrival.c
    mine = (
        (table.bank == scope.bank_id)
        & (table.feed == feed)
        & (table.business_date == business_date)
        & (table.status == ArrivalStatus.LOADED)
    )
    at = f"{clock.now().astimezone(clock.BANK_TZ):%Y-%m-%d %H:%M}"
    why = {"code": Code.WITHDRAWN, "params": {"user": scope.user, "at": at, "reason": said}}
    with db.begin() as connection:
        held = sa.select(table.arrival_id).where(mine)
        close_rows(connection, scope, held, RowStatus.WITHDRAWN, "withdraw", said)
        connection.execute(
            sa.update(feed_arrival)
            .where(mine)
            .values(status=ArrivalStatus.WITHDRAWN, refusals=[why])
        )
        detail = {"date": business_date.isoformat(), "rows": rows, "reason": said}
        audit.record(scope, "feeds.withdraw", f"raw.{feed}", detail, connection)
