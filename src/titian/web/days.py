"""The business date that a page is about: one for the whole page, the same as in the top bar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from titian.kernel import clock

if TYPE_CHECKING:
    from titian.web.context import Context

_NEWEST = "newest_business_dates"


def newest(ctx: Context) -> date | None:
    """Give the newest business date that any room has data for here; asked once a request."""
    from titian.web.pages import ROOMS

    known: dict[str, date | None] = ctx.request.scope.setdefault(_NEWEST, {})
    if ctx.place not in known:
        days = (room.newest_day(ctx) for room in ROOMS if room.newest_day is not None)
        known[ctx.place] = max((day for day in days if day is not None), default=None)
    return known[ctx.place]


def day_of(ctx: Context) -> date:
    """Give the day picked, else the newest with data, else yesterday."""
    return ctx.business_date or newest(ctx) or clock.today() - timedelta(days=1)
