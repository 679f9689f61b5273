"""What of a delivery is in its table already, and whether its control file still says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy import Row

from titian.data.feeds import arrivals, control
from titian.data.feeds.control import Json
from titian.data.feeds.delivery import Delivery, Unit, content_on_disk
from titian.data.feeds.model import Contract
from titian.data.feeds.record import ArrivalStatus
from titian.data.feeds.tables import feed_arrival
from titian.kernel import db
from titian.kernel.scope import Scope
from titian.lake import store


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery whose rows its dates hold now, and what its control file said of it.

    `withdrawn` says that somebody took them out of the table.
    """

    delivery_id: str
    dates: frozenset[date]
    good: int
    bad: int
    control: Sequence[Json]
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class SortedOut:
    """Units to be loaded, units whose rows are there but are to be judged anew, and the rest."""

    fresh: tuple[Unit, ...]
    doubted: Mapping[Unit, Held]
    settled: Mapping[Unit, Held]


def sort_out(scope: Scope, delivery: Delivery, *, force: bool) -> SortedOut:
    """Tell units whose files are byte for byte what was loaded from those that are to be read.

    Such a unit is doubted when its control file says something else now, or when a later delivery
    of the same date was refused. A control file that is gone says nothing. What was withdrawn is
    settled, too: only `force`, or another content, brings it back.
    """
    if force:
        return SortedOut(delivery.units, {}, {})
    known = loaded(scope, delivery.contract)
    refused = arrivals.refused_last(scope, delivery.contract.feed)
    fresh: list[Unit] = []
    doubted: dict[Unit, Held] = {}
    settled: dict[Unit, Held] = {}
    for unit in delivery.units:
        before = known.get(unit.business_date, {})
        held = before.get(content_on_disk(delivery, unit) or "") if before else None
        if held is None:
            fresh.append(unit)
        elif held.withdrawn:
            settled[unit] = held
        elif held.dates & refused or control.says_otherwise(delivery, unit, held.control):
            doubted[unit] = held
        else:
            settled[unit] = held
    return SortedOut(tuple(fresh), doubted, settled)


def loaded(scope: Scope, contract: Contract) -> dict[date | None, dict[str, Held]]:
    """Give what was loaded under this very contract and is held still, by date and content.

    A date that was withdrawn counts whatever the contract was then. Under `None` stand the
    deliveries that name many dates of which none was replaced since.
    """
    system = Scope.system(scope.bank_id)
    if not store.exists(system, contract.table.qualified):
        return {}
    table = feed_arrival.c
    same = table.contract_digest == contract.digest
    if contract.business_date_from is None:
        same |= table.status == ArrivalStatus.WITHDRAWN
    query = (
        sa.select(feed_arrival)
        .where(
            table.bank == scope.bank_id,
            table.feed == contract.feed,
            table.status != ArrivalStatus.REJECTED,
            same,
        )
        .order_by(table.arrival_id)
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    dates = frozenset(store.dates(system, contract.table.qualified))
    if contract.business_date_from is None:
        return _by_date(rows, dates)
    return {None: _by_delivery(rows, dates)}


_Row: TypeAlias = Row[tuple[object, ...]]


def _by_date(rows: Sequence[_Row], dates: frozenset[date]) -> dict[date | None, dict[str, Held]]:
    found: dict[date | None, dict[str, Held]] = {}
    for row in rows:
        of_date = found.setdefault(row.business_date, {})
        if _stands(row, dates):
            of_date[row.content] = _held([row])
        else:
            of_date.pop(row.content, None)
    return found


def _by_delivery(rows: Sequence[_Row], dates: frozenset[date]) -> dict[str, Held]:
    found: dict[str, Held] = {}
    for _delivery, given in groupby(sorted(rows, key=_delivery_of), _delivery_of):
        whole = list(given)
        if all(_stands(row, dates) for row in whole):
            found[whole[0].content] = _held(whole)
        else:
            found.pop(whole[0].content, None)
    return found


def _delivery_of(row: _Row) -> str:
    return str(row.delivery_id)


def _stands(row: _Row, dates: frozenset[date]) -> bool:
    """Whether a loaded date is held still, or was taken out on purpose."""
    there = row.status == ArrivalStatus.LOADED and row.business_date in dates
    return there or row.status == ArrivalStatus.WITHDRAWN


def _held(rows: Sequence[_Row]) -> Held:
    there = [row for row in rows if row.status == ArrivalStatus.LOADED]
    return Held(
        rows[0].delivery_id,
        frozenset(row.business_date for row in there),
        sum(row.good for row in there),
        sum(row.bad for row in there),
        rows[0].control,
        withdrawn=not there,
    )
