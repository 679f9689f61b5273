"""Whether a bank's figures are all there, and whether a newer day has none yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from titian.data import indicators
from titian.data.indicators import Definition
from titian.data.indicators.browse import Complete
from titian.web import days
from titian.web.context import Context


@dataclass(frozen=True, slots=True)
class Whole:
    """How complete a subject's figures of a day are; `awaited` is a newer day without any."""

    day: date
    complete: Complete
    awaited: date | None


def whole(ctx: Context, definition: Definition, day: date) -> Whole:
    """Say how complete the figures of an indicator's subject are at a bank on a day."""
    subjects = indicators.completeness(ctx.scope, day)
    complete = next(one for one in subjects if one.subject is definition.entry.subject)
    newest = days.day_of(ctx)
    return Whole(day, complete, newest if newest > day else None)
