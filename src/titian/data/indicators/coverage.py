"""How much of its period a figure is made of: a year's average of 21 days is no year's average."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from titian.data.indicators import loading
from titian.data.indicators.model import Derived, Timing
from titian.kernel.scope import Permission, Scope
from titian.lake import store
from titian.lake.schema import BUSINESS_DATE


@dataclass(frozen=True, slots=True)
class Coverage:
    """The days of a period, first and last included, and on how many of them there are rows."""

    first: date
    last: date
    held: int

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.last - self.first).days + 1

    @property
    def whole(self) -> bool:
        """Whether there are rows of every day."""
        return self.held == self.days


def coverage(scope: Scope, code: str, day: date) -> Coverage | None:
    """Give the least covered part of an indicator on a day, or None when nothing is missing.

    A day counts when the table the measure reads holds it. Flows dated by a column of a snapshot
    have no such days, and are whole. Needs VIEW_INDICATORS. Raises NotFound.
    """
    scope.require(Permission.VIEW_INDICATORS)
    found = loading.load(scope)
    loading.known(found, code)
    parts = [found.indicators[part].how for part in found.closure((code,))]
    covered = [_covered(scope, how, day) for how in parts if isinstance(how, Derived)]
    short = [one for one in covered if one is not None and not one.whole]
    return min(short, key=lambda one: one.held / one.days, default=None)


def _covered(scope: Scope, how: Derived, day: date) -> Coverage | None:
    source = how.atomic.source
    if source.timing is Timing.FLOW and source.date != BUSINESS_DATE:
        return None
    first, last = how.period.window(day)
    table = source.table.qualified
    platform = Scope.system(scope.bank_id)
    held = store.dates(platform, table) if store.exists(platform, table) else []
    return Coverage(first, last, sum(first <= one <= last for one in held))
