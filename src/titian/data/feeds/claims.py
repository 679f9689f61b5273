"""Rows put into their table exactly once, whenever the process that does it dies.

A replay claims its rows in the operational database, then writes them with one commit of the lake
that carries the claim, then settles them. Whoever finds claimed rows later reads off the table
whether that commit was made, and settles the rows or lets go of them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from titian.data.feeds import lock
from titian.data.feeds.record import CHUNK, RowStatus, remember, set_rows
from titian.data.feeds.tables import feed_arrival, feed_quarantine
from titian.kernel import audit, db
from titian.kernel.scope import Scope
from titian.lake import store
from titian.lake.schema import Layer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def claim(scope: Scope, feed: str, row_ids: Sequence[str]) -> int:
    """Claim rows of a feed whose lock is held, and give the number its commit must carry."""
    # The machine's own clock, and never the same number twice, also where time is set for a test.
    number = max(time.time_ns() // 1_000, (_committed(scope, feed) or 0) + 1)
    with db.begin() as connection:
        for at in range(0, len(row_ids), CHUNK):
            connection.execute(
                sa.update(feed_quarantine)
                .where(feed_quarantine.c.row_id.in_(row_ids[at : at + CHUNK]))
                .values(status=RowStatus.REPLAYING, changed_at=_EPOCH + number * _MICROSECOND)
            )
    return number


def finish(scope: Scope, feed: str) -> Mapping[str, int]:
    """Bring to its end what a replay that died left behind; the feed's lock must be held.

    Gives how many rows of which arrivals turned out to be in the table.
    """
    table = feed_quarantine.c
    query = sa.select(table.row_id, table.arrival_id, table.changed_at).where(
        table.bank == scope.bank_id, table.status == RowStatus.REPLAYING, table.feed == feed
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return {}
    number = _committed(scope, feed)
    done = [row for row in rows if (row.changed_at - _EPOCH) // _MICROSECOND == number]
    with db.begin() as connection:
        _let_go(connection, [row.row_id for row in rows if row not in done])
        settle(connection, scope, {row.row_id: row.arrival_id for row in done})
    put_in = Counter(row.arrival_id for row in done)
    detail = {"good": len(done), "left": len(rows) - len(done), "finished_later": True}
    audit.record(scope, "feeds.replay", f"{Layer.RAW}.{feed}", detail)
    return put_in


def finish_for(scope: Scope, row_id: str) -> None:
    """Finish the replay that holds a row, if one does.

    Raises Conflict while it is still going on.
    """
    table = feed_quarantine.c
    query = sa.select(table.feed).where(
        table.row_id == row_id,
        table.bank == scope.bank_id,
        table.status == RowStatus.REPLAYING,
    )
    with db.read() as connection:
        feed: str | None = connection.scalar(query)
    if feed is not None:
        with lock.held(scope, feed):
            finish(scope, feed)


def settle(connection: Connection, scope: Scope, arrival_of_row: Mapping[str, str]) -> None:
    """Note that rows are in the table: their content goes, their arrivals count them as good."""
    row_ids = list(arrival_of_row)
    set_rows(connection, row_ids, {"status": RowStatus.REPLAYED, "raw": None, "fixed": sa.null()})
    remember(connection, scope, row_ids, "replay")
    for arrival_id, rows in Counter(arrival_of_row.values()).items():
        connection.execute(
            sa.update(feed_arrival)
            .where(feed_arrival.c.arrival_id == arrival_id)
            .values(good=feed_arrival.c.good + rows, bad=feed_arrival.c.bad - rows)
        )


def _let_go(connection: Connection, row_ids: Sequence[str]) -> None:
    mended = sa.cast(feed_quarantine.c.fixed, sa.Text)
    status = sa.case((mended.is_(None), RowStatus.OPEN.value), else_=RowStatus.FIXED.value)
    set_rows(connection, row_ids, {"status": status})


def _committed(scope: Scope, feed: str) -> int | None:
    return store.newest_claim(Scope.system(scope.bank_id), f"{Layer.RAW}.{feed}")
