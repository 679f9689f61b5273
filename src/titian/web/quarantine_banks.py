"""The union's look at quarantine: how many rows wait at which bank, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from titian.data.feeds.record import RowStatus
from titian.data.feeds.tables import feed_quarantine
from titian.kernel import db
from titian.kernel.ids import BankId
from titian.kernel.scope import Permission
from titian.web.i18n import lazy
from titian.web.listing import Column, Empty, Filter, FilterKind, Kind, Table, over
from titian.web.naming import bank_name

if TYPE_CHECKING:
    from titian.web.context import Context


@dataclass(frozen=True, slots=True)
class Line:
    """A bank's rows to mend and mended rows to put in, over all dates."""

    bank: BankId
    name: str
    open: int
    mended: int
    feeds: int
    oldest: date | None


BANKS: Table[Line] = Table(
    "quarantine_banks",
    lazy("Quarantine"),
    about=lazy("Rows that wait at each bank, over all business dates."),
    columns=(
        Column(
            "name",
            lazy("Bank"),
            main=True,
            link=lambda ctx, one: ctx.url("/quarantine", at=one.bank),
        ),
        Column("open", lazy("Rows to mend"), Kind.NUMBER),
        Column("mended", lazy("Mended, to put in"), Kind.NUMBER),
        Column("feeds", lazy("Feeds"), Kind.NUMBER, desk=True),
        Column("oldest", lazy("Oldest business date"), Kind.DATE),
    ),
    filters=(Filter("q", lazy("Bank"), FilterKind.SEARCH),),
    sort="-open",
    empty=Empty(lazy("No banks yet"), lazy("Add a bank; its rows appear here.")),
    export=Permission.REPAIR_QUARANTINE,
    saved_views=False,
)


def banks_table(ctx: Context) -> Table[Line]:
    """Give the list of the banks a reader may see, most rows first."""
    return over(BANKS, _lines(ctx), search=lambda one: f"{one.bank} {one.name}")


def _lines(ctx: Context) -> list[Line]:
    table, many = feed_quarantine.c, sa.func.count()
    query = (
        sa.select(
            table.bank,
            many.filter(table.status == RowStatus.OPEN).label("open"),
            many.filter(table.status == RowStatus.FIXED).label("mended"),
            sa.func.count(table.feed.distinct()).label("feeds"),
            sa.func.min(table.business_date).label("oldest"),
        )
        .where(table.status.in_((RowStatus.OPEN, RowStatus.FIXED)))
        .group_by(table.bank)
    )
    with db.read() as connection:
        found = {row.bank: row for row in connection.execute(query)}
    lines = []
    for bank in ctx.banks:
        row = found.get(bank.bank)
        counts = (row.open, row.mended, row.feeds, row.oldest) if row else (0, 0, 0, None)
        lines.append(Line(bank.bank, bank_name(bank.bank), *counts))
    return lines
