"""What arrived, what is awaited and what is late, by business date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from titian.data.feeds import registry
from titian.data.feeds.model import Contract
from titian.data.feeds.reasons import Code, remedy, say
from titian.data.feeds.record import WAITING, ArrivalStatus
from titian.data.feeds.tables import feed_arrival, feed_quarantine
from titian.kernel import clock, db
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.ids import BankId
from titian.kernel.scope import Permission, Scope

MAX_DAYS = 1_100
BACKFILL_AFTER = timedelta(days=3)
VIEWERS = (Permission.LOAD_FEEDS, Permission.VIEW_JOBS)


class State(StrEnum):
    """Where a business date of a feed stands."""

    EXPECTED = "expected"
    """Not here, and not due yet."""
    ARRIVED = "arrived"
    LATE = "late"
    """Arrived, after it was due."""
    BACKFILLED = "backfilled"
    """Loaded long after its night: history, not a late delivery."""
    MISSING = "missing"
    """Not here, and overdue."""
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """Loaded, and taken out of the table again."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a delivery was refused, as a code with parameters and in words."""

    code: Code
    params: Mapping[str, str | int]

    def say(self, locale: str) -> str:
        """Say it in a language."""
        return say(self.code, self.params, locale)

    def remedy(self, locale: str) -> str:
        """Say what to do about it."""
        return remedy(self.code, self.params, locale)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery of one business date, as it was recorded."""

    arrival_id: str
    bank: BankId
    feed: str
    business_date: date
    delivery_id: str
    status: ArrivalStatus
    rows: int
    good: int
    bad: int
    bytes: int
    files: Sequence[Mapping[str, object]]
    contract_version: str
    control: Sequence[Mapping[str, object]]
    refusals: Sequence[Refused]
    reasons: Sequence[Mapping[str, object]]
    table_version: int | None
    loaded_by: str
    started_at: datetime
    finished_at: datetime | None
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """One business date of one feed: its state, when it is due, and its newest delivery."""

    feed: str
    title_zh: str
    title_en: str
    business_date: date
    state: State
    due: datetime
    arrival: Arrival | None


def arrivals(scope: Scope, first: date, last: date, feed: str | None = None) -> list[Standing]:
    """List every feed's state on every date of a range, expected or arrived, newest date first.

    A feed is awaited from its first delivery on. Needs LOAD_FEEDS or VIEW_JOBS.
    """
    require_viewer(scope)
    if not timedelta(0) <= last - first <= timedelta(days=MAX_DAYS):
        raise InvalidInput(
            f"{first} to {last} is not a range of dates", f"Ask for 1 to {MAX_DAYS} days, in order."
        )
    known = registry.contracts(scope) if feed is None else [registry.contract(scope, feed)]
    found = _newest(scope, first, last, feed)
    since = _first_dates(scope)
    return [
        _standing(contract, day, found.get((contract.feed, day)))
        for day in _days_backwards(first, last)
        for contract in known
        if (contract.feed, day) in found
        or (contract.expected_on(day) and day >= since.get(contract.feed, date.max))
    ]


def arrival(scope: Scope, arrival_id: str) -> Arrival:
    """Give one recorded delivery in full. Raises NotFound."""
    require_viewer(scope)
    query = sa.select(feed_arrival).where(
        feed_arrival.c.arrival_id == arrival_id, feed_arrival.c.bank == scope.bank_id
    )
    with db.read() as connection:
        row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(
                f"there is no arrival {arrival_id!r} at {scope.place}",
                "List them with `titian feeds status`.",
            )
        return arrival_of(row, _waiting(connection, [arrival_id]).get(arrival_id, 0))


def deliveries(scope: Scope, feed: str, business_date: date) -> list[Arrival]:
    """List all deliveries of a business date, newest first."""
    require_viewer(scope)
    query = (
        sa.select(feed_arrival)
        .where(
            feed_arrival.c.bank == scope.bank_id,
            feed_arrival.c.feed == feed,
            feed_arrival.c.business_date == business_date,
        )
        .order_by(feed_arrival.c.arrival_id.desc())
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
        waiting = _waiting(connection, [row.arrival_id for row in rows])
    return [arrival_of(row, waiting.get(row.arrival_id, 0)) for row in rows]


def newest_date(scope: Scope) -> date | None:
    """Give the latest business date that anything arrived for."""
    require_viewer(scope)
    query = sa.select(sa.func.max(feed_arrival.c.business_date)).where(
        feed_arrival.c.bank == scope.bank_id
    )
    with db.read() as connection:
        newest: date | None = connection.scalar(query)
    return newest


def loaded(scope: Scope, feed: str, business_date: date) -> Arrival | None:
    """Give the delivery whose rows a business date holds now."""
    of_date = deliveries(scope, feed, business_date)
    return next((found for found in of_date if found.status is ArrivalStatus.LOADED), None)


def arrived_at(scope: Scope, feed: str, business_date: date) -> datetime | None:
    """Give the moment the rows a business date holds now were loaded."""
    found = loaded(scope, feed, business_date)
    return None if found is None else found.finished_at


def control_total(scope: Scope, feed: str, column: str, business_date: date) -> int | None:
    """Give what control files say a column of a date adds up to, in its smallest unit (fen)."""
    found = loaded(scope, feed, business_date)
    stated: list[Mapping[str, Any]] = [] if found is None else list(found.control)
    totals = [
        int(total["total"])
        for compared in stated
        for total in compared["totals"]
        if total["column"] == column
    ]
    return sum(totals) if totals else None


def newest_types(scope: Scope, feed: str) -> Mapping[str, str]:
    """Give the types that a typed source's columns had in the newest delivery that was loaded."""
    table = feed_arrival.c
    query = (
        sa.select(table.types)
        .where(
            table.bank == scope.bank_id,
            table.feed == feed,
            table.status != ArrivalStatus.REJECTED,
        )
        .order_by(table.arrival_id.desc())
        .limit(1)
    )
    with db.read() as connection:
        types: Mapping[str, str] | None = connection.scalar(query)
    return types or {}


def refused_last(scope: Scope, feed: str) -> frozenset[date]:
    """Give the business dates of a feed whose newest delivery was rejected."""
    table = feed_arrival.c
    query = (
        sa.select(table.business_date, table.status)
        .where(table.bank == scope.bank_id, table.feed == feed)
        .order_by(table.arrival_id)
    )
    with db.read() as connection:
        newest = {row.business_date: row.status for row in connection.execute(query)}
    return frozenset(day for day, status in newest.items() if status == ArrivalStatus.REJECTED)


def require_viewer(scope: Scope) -> None:
    """Raise Denied unless the scope may look at arrivals."""
    if not any(scope.allows(permission) for permission in VIEWERS):
        scope.require(Permission.LOAD_FEEDS)


def _standing(contract: Contract, day: date, newest: Arrival | None) -> Standing:
    due = contract.due(day)
    if newest is None:
        state = State.MISSING if clock.now() > due else State.EXPECTED
    elif newest.status is ArrivalStatus.REJECTED:
        state = State.REJECTED
    elif newest.status is ArrivalStatus.WITHDRAWN:
        state = State.WITHDRAWN
    else:
        state = _punctuality((newest.finished_at or newest.started_at) - due)
    table = contract.table
    return Standing(contract.feed, table.zh, table.en, day, state, due, newest)


def _punctuality(after_due: timedelta) -> State:
    if after_due <= timedelta(0):
        return State.ARRIVED
    return State.LATE if after_due <= BACKFILL_AFTER else State.BACKFILLED


def _newest(
    scope: Scope, first: date, last: date, feed: str | None
) -> dict[tuple[str, date], Arrival]:
    table = feed_arrival.c
    query = sa.select(feed_arrival).where(
        table.bank == scope.bank_id, table.business_date.between(first, last)
    )
    if feed is not None:
        query = query.where(table.feed == feed)
    with db.read() as connection:
        rows = connection.execute(query.order_by(table.arrival_id)).all()
        newest = {(row.feed, row.business_date): row for row in rows}
        bad = [row.arrival_id for row in newest.values() if row.bad]
        waiting = _waiting(connection, bad)
    return {key: arrival_of(row, waiting.get(row.arrival_id, 0)) for key, row in newest.items()}


def _first_dates(scope: Scope) -> dict[str, date]:
    table = feed_arrival.c
    query = (
        sa.select(table.feed, sa.func.min(table.business_date).label("first"))
        .where(table.bank == scope.bank_id)
        .group_by(table.feed)
    )
    with db.read() as connection:
        return {row.feed: row.first for row in connection.execute(query)}


def _waiting(connection: sa.Connection, arrival_ids: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    table = feed_quarantine.c
    for at in range(0, len(arrival_ids), 500):
        query = (
            sa.select(table.arrival_id, sa.func.count().label("rows"))
            .where(table.arrival_id.in_(arrival_ids[at : at + 500]), table.status.in_(WAITING))
            .group_by(table.arrival_id)
        )
        counts |= {row.arrival_id: row.rows for row in connection.execute(query)}
    return counts


def _days_backwards(first: date, last: date) -> Iterator[date]:
    while last >= first:
        yield last
        last -= timedelta(days=1)


def arrival_of(row: Row[tuple[object, ...]], waiting: int = 0) -> Arrival:
    """Make an arrival of its stored row."""
    return Arrival(
        arrival_id=row.arrival_id,
        bank=BankId(row.bank),
        feed=row.feed,
        business_date=row.business_date,
        delivery_id=row.delivery_id,
        status=ArrivalStatus(row.status),
        rows=row.rows,
        good=row.good,
        bad=row.bad,
        bytes=row.bytes,
        files=row.files,
        contract_version=row.contract_version,
        control=row.control,
        refusals=[Refused(Code(item["code"]), item["params"]) for item in row.refusals],
        reasons=row.reasons,
        table_version=row.table_version,
        loaded_by=row.loaded_by,
        started_at=row.started_at,
        finished_at=row.finished_at,
        waiting=waiting,
    )
