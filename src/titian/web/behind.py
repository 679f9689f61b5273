"""What may stand behind a failed run: rows of the feeds it is made from that wait in quarantine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from titian.data.feeds import quarantine
from titian.data.feeds.quarantine import Filter
from titian.data.feeds.record import RowStatus
from titian.data.jobs.catalogue import load
from titian.kernel.scope import Permission, Scope


@dataclass(frozen=True, slots=True)
class Behind:
    """A feed that a job is made from: its rows to be mended, and those mended but not put in."""

    feed: str
    open: int
    mended: int


def rows_behind(scope: Scope, job: str, business_date: date) -> Sequence[Behind]:
    """Count a date's quarantined rows of the feeds a bank's job is made from.

    Empty for who may not mend them, and for a job that is defined no more.
    """
    catalogue = load(scope)
    if not scope.allows(Permission.REPAIR_QUARANTINE) or job not in catalogue.jobs:
        return ()
    above = catalogue.graph.upstream([job])
    feeds = sorted({feed for name in above for feed in catalogue.jobs[name].waits})
    open_rows = _by_feed(scope, business_date, RowStatus.OPEN)
    mended = _by_feed(scope, business_date, RowStatus.FIXED)
    counted = [Behind(feed, open_rows[feed], mended[feed]) for feed in feeds]
    return [one for one in counted if one.open or one.mended]


def _by_feed(scope: Scope, business_date: date, status: RowStatus) -> Counter[str]:
    counted: Counter[str] = Counter()
    wanted = Filter(business_date=business_date, status=status)
    for feed, _column, _code, rows in quarantine.summary(scope, wanted):
        counted[feed] += rows
    return counted
