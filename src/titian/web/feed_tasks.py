"""What feeds leave for people to do: deliveries that were refused, and rows in quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from titian.data.feeds.record import ArrivalStatus, RowStatus
from titian.data.feeds.tables import feed_arrival, feed_quarantine
from titian.kernel import clock, db
from titian.web.i18n import _, formats, ngettext
from titian.web.naming import bank_name, feed_name
from titian.web.room import MAX_TASKS, Task

if TYPE_CHECKING:
    from titian.web.context import Context

LATELY_DAYS = 60


def refused(ctx: Context) -> Sequence[Task]:
    """Name the business dates whose newest delivery, in the last 60 days, was refused."""
    table, later = feed_arrival.c, feed_arrival.alias("later")
    newer = sa.exists().where(
        later.c.bank == table.bank,
        later.c.feed == table.feed,
        later.c.business_date == table.business_date,
        later.c.arrival_id > table.arrival_id,
    )
    query = (
        sa.select(table.bank, table.feed, table.business_date, table.started_at, table.arrival_id)
        .where(
            table.status == ArrivalStatus.REJECTED,
            table.started_at >= clock.now() - timedelta(days=LATELY_DAYS),
            ~newer,
        )
        .order_by(table.arrival_id.desc())
        .limit(MAX_TASKS)
    )
    if ctx.scope.bank is not None:
        query = query.where(table.bank == ctx.scope.bank)
    with db.read() as connection:
        found = connection.execute(query).all()
    return [
        Task(
            _("Refused: %(feed)s", feed=feed_name(row.bank, row.feed)),
            f"/feeds/{row.feed}/{row.business_date}",
            at=row.bank,
            note=f"{bank_name(row.bank)} · {formats.day(row.business_date)}",
            since=row.started_at,
            urgent=True,
        )
        for row in found
    ]


def to_mend(ctx: Context) -> Sequence[Task]:
    """Name the feeds with rows to mend, and those with mended rows that wait to be replayed."""
    table, many = feed_quarantine.c, sa.func.count()
    waiting = (RowStatus.OPEN, RowStatus.FIXED)
    query = (
        sa.select(
            table.bank, table.feed, table.status, many.label("rows"),
            sa.func.min(table.created_at).label("since"),
        )
        .where(table.status.in_(waiting))
        .group_by(table.bank, table.feed, table.status)
        .order_by(many.desc(), table.bank, table.feed)
        .limit(MAX_TASKS)
    )  # fmt: skip
    if ctx.scope.bank is not None:
        query = query.where(table.bank == ctx.scope.bank)
    with db.read() as connection:
        found = connection.execute(query).all()
    return [
        Task(
            _waiting_words(row.status, row.rows, feed_name(row.bank, row.feed)),
            "/quarantine" if row.status == RowStatus.OPEN else "/quarantine/mended",
            at=row.bank,
            query={"feed": row.feed},
            note=bank_name(row.bank),
            since=row.since,
        )
        for row in found
    ]


def _waiting_words(status: str, rows: int, feed: str) -> str:
    if status == RowStatus.OPEN:
        say = ngettext("%(num)s row to mend", "%(num)s rows to mend", rows)
    else:
        say = ngettext("%(num)s mended row to replay", "%(num)s mended rows to replay", rows)
    return f"{feed} · {say}"
