"""What was made of a feed: the jobs that read it, and the tables that hold a date of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from titian.data.jobs import inflow
from titian.data.jobs.catalogue import Catalogue, load
from titian.kernel.scope import Permission, Scope


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change of a feed's business date reaches.

    `readers` read the feed themselves; `tables` hold the date, in the order they are made;
    `last` is the newest date that anything of it may have gone into.
    """

    readers: tuple[str, ...]
    tables: tuple[str, ...]
    last: date


def impact(scope: Scope, feed: str, business_date: date) -> Impact:
    """Say what was made of a feed's business date. Needs VIEW_JOBS. Raises NotFound."""
    scope.require(Permission.VIEW_JOBS)
    catalogue = load(scope)
    raw = catalogue.feeds[feed].table.qualified
    direct = readers(catalogue, raw)
    below = catalogue.graph.downstream(direct)
    written = [table.qualified for name in below for table in catalogue.jobs[name].writes]
    looks_back = any(
        read.history for name in below for read in catalogue.jobs[name].reads if read.table == raw
    )
    newest = inflow.newest_date(scope) if looks_back else None
    return Impact(
        direct,
        tuple(name for name in written if inflow.has_date(scope, name, business_date)),
        max(business_date, newest or business_date),
    )


def readers(catalogue: Catalogue, table: str) -> tuple[str, ...]:
    """Name the jobs that read a table themselves, in order."""
    return tuple(
        name
        for name in catalogue.graph.order
        if any(read.table == table for read in catalogue.jobs[name].reads)
    )
