"""What flows into jobs: the feeds of a bank, and which of their business dates have arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import cast

from sqlalchemy import Subquery, func, select, union_all

from titian.data import definitions, feeds
from titian.data.checks.evaluate import Facts
from titian.data.feeds import arrivals
from titian.data.feeds.model import Decoder, Status
from titian.data.feeds.record import ArrivalStatus, RowStatus
from titian.data.feeds.tables import feed_arrival, feed_quarantine
from titian.kernel import db
from titian.kernel.money import FEN_PER_YUAN
from titian.kernel.scope import Scope
from titian.lake import handles, layout, store
from titian.lake.schema import Layer, Table


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as jobs see it: the raw table it fills and the file fields behind each column."""

    name: str
    table: Table
    sources: tuple[tuple[str, str], ...]
    contract: feeds.Contract = field(compare=False, repr=False)

    def expected_on(self, business_date: date) -> bool:
        """Say whether a delivery is to come for a business date."""
        return self.contract.expected_on(business_date)

    def due(self, business_date: date) -> datetime:
        """Give the moment by which a business date should have arrived."""
        return self.contract.due(business_date)


def feeds_of(scope: Scope) -> dict[str, Feed]:
    """Give the feeds of a bank by name. Raises InvalidDefinition."""
    paths = definitions.paths(scope, definitions.Kind.FEEDS)
    stamps = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths)
    return dict(_read(stamps))


@lru_cache(maxsize=256)
def _read(stamps: tuple[tuple[str, int, int], ...]) -> tuple[tuple[str, Feed], ...]:
    read = feeds.read_all([Path(path) for path, _, _ in stamps])
    return tuple((contract.feed, _feed(contract)) for contract in read)


def _feed(contract: feeds.Contract) -> Feed:
    sources = tuple((field.name, field.source) for field in contract.fields)
    return Feed(contract.feed, contract.table, sources, contract)


def missing(
    scope: Scope, known: Mapping[str, Feed], waits: tuple[str, ...], business_date: date
) -> tuple[str, ...]:
    """Name the feeds of a job that should have delivered a business date and have not.

    A rejected delivery leaves no trace in raw, so it counts as missing. On a date that no delivery
    is due for, a feed is missing only if it has brought nothing up to then: what jobs would make
    of it is empty.
    """
    return tuple(name for name in waits if _is_missing(scope, known[name], business_date))


def _is_missing(scope: Scope, feed: Feed, business_date: date) -> bool:
    if feed.expected_on(business_date):
        return not has_date(scope, feed.table.qualified, business_date)
    if feed.contract.optional or feed.contract.status is not Status.ACTIVE:
        return False
    name = feed.table.qualified
    return (
        not store.exists(scope, name)
        or min(store.dates(scope, name), default=date.max) > business_date
    )


def has_date(scope: Scope, table: str, business_date: date) -> bool:
    """Say whether a table holds a business date (with or without rows)."""
    return store.exists(scope, table) and business_date in store.dates(scope, table)


def lake_tables(scope: Scope) -> list[Table]:
    """List the declared tables that exist in a bank's lake, except raw ones."""
    return [
        store.describe(scope, name)
        for name in layout.table_names(scope)
        if not name.startswith(f"{Layer.RAW.value}.")
    ]


def movements(scope: Scope, dates: Sequence[date], statuses: Sequence[ArrivalStatus]) -> Subquery:
    """Select when deliveries in some states came and mended rows were put in, of visible banks.

    Its columns: bank, business_date, feed, status, at.
    """
    arrival, row = feed_arrival.c, feed_quarantine.c
    first, last = min(dates), max(dates)
    delivered = select(
        arrival.bank, arrival.business_date, arrival.feed, arrival.status,
        arrival.finished_at.label("at"),
    ).where(
        arrival.business_date.between(first, last),
        arrival.status.in_([status.value for status in statuses]),
        arrival.finished_at.is_not(None),
    )  # fmt: skip
    mended = select(
        row.bank, row.business_date, row.feed, row.status, row.changed_at.label("at")
    ).where(row.business_date.between(first, last), row.status == RowStatus.REPLAYED.value)
    if scope.bank is not None:
        delivered = delivered.where(arrival.bank == scope.bank)
        mended = mended.where(row.bank == scope.bank)
    return union_all(delivered, mended).subquery()


def arrival_times(scope: Scope, dates: Sequence[date]) -> dict[tuple[date, str], datetime]:
    """Give the moments at which dates got the rows they hold, by date and feed.

    That is when the delivery was loaded, or when its last mended row was put in.
    """
    either = movements(scope.at(scope.bank_id), dates, (ArrivalStatus.LOADED,))
    newest = select(either.c.business_date, either.c.feed, func.max(either.c.at).label("at"))
    with db.read() as connection:
        return {
            (row.business_date, row.feed): row.at
            for row in connection.execute(newest.group_by(either.c.business_date, either.c.feed))
        }


def facts(scope: Scope, known: Mapping[str, Feed]) -> Facts:
    """Give what checks must know of other dates and of control files."""

    def previous_rows(table: str, before: date) -> int | None:
        if not store.exists(scope, table):
            return None
        files = [file for file in handles.snapshot(scope, table).files if file.date < before]
        if not files:
            return None
        newest = max(file.date for file in files)
        return sum(file.rows for file in files if file.date == newest)

    def control_total(feed: str, column: str, business_date: date) -> Decimal | None:
        found = arrivals.loaded(scope, feed, business_date) if feed in known else None
        return None if found is None else _stated(known[feed], column, found.control)

    return Facts(previous_rows, control_total)


def _stated(feed: Feed, column: str, control: Sequence[Mapping[str, object]]) -> Decimal | None:
    totals = [
        Decimal(str(total["expected"]))
        for part in control
        for total in cast("list[dict[str, object]]", part["totals"])
        if total["column"] == column
    ]
    if not totals:
        return None
    in_yuan = feed.contract.field(column).decoder is Decoder.YUAN_TO_FEN
    return sum(totals, Decimal(0)) * (FEN_PER_YUAN if in_yuan else 1)


def newest_date(scope: Scope) -> date | None:
    """Give the newest business date that any feed of a bank has delivered."""
    newest = [dates[-1] for name in _raw_tables(scope) if (dates := store.dates(scope, name))]
    return max(newest, default=None)


def has_any(scope: Scope, business_date: date) -> bool:
    """Say whether any feed of a bank has delivered a business date."""
    return any(business_date in store.dates(scope, name) for name in _raw_tables(scope))


def _raw_tables(scope: Scope) -> list[str]:
    names = layout.table_names(scope)
    return [name for name in names if name.startswith(f"{Layer.RAW.value}.")]
