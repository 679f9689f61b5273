"""What the page of an indicator shows at any place: periods, comparisons, trend, definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from titian.data import indicators
from titian.data.indicators import Definition, Subject
from titian.data.indicators.family import Against, reference
from titian.data.indicators.periods import last_year
from titian.web.charts import Chart, Series
from titian.web.context import Context
from titian.web.figures import Scale, chart_unit, charted, moved
from titian.web.i18n import Text, _, formats, lazy, locale
from titian.web.listing import State

SPANS = (30, 90, 365)
USUAL_SPAN = 90
SUBJECTS: Mapping[Subject, State] = {
    Subject.PUBLIC: State(lazy("Public")),
    Subject.CREDIT: State(lazy("Credit")),
    Subject.RISK: State(lazy("Risk")),
    Subject.MARKETING: State(lazy("Marketing")),
    Subject.OPERATIONS: State(lazy("Operations")),
}
AGAINST: Mapping[Against, Text] = {
    Against.DAY_BEFORE: lazy("Since the day before"),
    Against.MONTH_END: lazy("Since the end of last month"),
    Against.YEAR_END: lazy("Since the end of last year"),
    Against.LAST_YEAR: lazy("Against the same day last year"),
}


@dataclass(frozen=True, slots=True)
class PeriodLink:
    """One choice of the period selector; no address where the bank does not publish it."""

    label: str
    url: str | None
    current: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure against an earlier day; where it cannot be compared, `said` is None for `why`."""

    label: Text
    said: str | None
    then: str
    day: date | None
    why: Text


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a trend: its name and a value per day it is known for."""

    name: Text
    values: Mapping[date, float | None]
    area: bool = False


def earlier(day: date, held: Sequence[date]) -> dict[Against, date]:
    """Give the days a figure of a day can be compared with."""
    found = {against: reference(against, day, list(held)) for against in Against}
    return {against: then for against, then in found.items() if then is not None}


def compared(
    scale: Scale,
    figures: Mapping[date, float | None],
    day: date,
    then: Mapping[Against, date],
    unlike: Mapping[date, Text] | None = None,
) -> list[Compared]:
    """Compare a day's figure with those of earlier days.

    `unlike` says why the figure of a date cannot be compared though there is one.
    """
    lines = []
    for against, label in AGAINST.items():
        at = then.get(against)
        value = figures.get(at) if at else None
        said = moved(figures.get(day), value, scale.unit)
        why = (unlike or {}).get(at) if at else None
        lines.append(Compared(label, said, scale.text(value), at, why or _not_known(value)))
    return lines


def made_of(ctx: Context, code: str, day: date) -> str:
    """Give the day of a figure, and of how many days it is made when some are missing."""
    short = indicators.coverage(ctx.scope, code, day)
    if short is None:
        return formats.day(day)
    if short.days == 1:
        said = _("there are no rows of %(day)s", day=formats.day(short.last))
    else:
        said = _(
            "of %(held)s of the %(days)s days since %(first)s",
            held=short.held,
            days=short.days,
            first=formats.day(short.first),
        )
    return f"{formats.day(day)} · {said}"


def _not_known(then: float | None) -> Text:
    if then == 0:
        return lazy("from zero")
    return lazy("no figure to compare with")


def periods(ctx: Context, definition: Definition, org: str | None = None) -> list[PeriodLink]:
    """Make the period selector: the periods of one measure, each an indicator of its own."""
    code = definition.entry.code
    return [
        PeriodLink(
            one.label.text(locale()),
            ctx.url(f"/indicators/{one.code}", org=org) if one.code else None,
            one.code == code,
        )
        for one in definition.periods
    ]


def span_of(ctx: Context) -> int:
    """Read how many days a trend shows."""
    given = ctx.query("span")
    return int(given) if given in {str(span) for span in SPANS} else USUAL_SPAN


def days_back(day: date, span: int, held: Sequence[date]) -> list[date]:
    """Give the days of a trend that have figures."""
    return [one for one in held if day - timedelta(days=span - 1) <= one <= day]


def year_before(days: Sequence[date]) -> list[date]:
    """Give the days a year before some days."""
    return [last_year(day) for day in days]


def drawn(
    definition: Definition, days: Sequence[date], lines: Sequence[Line], *, dashed: Line | None
) -> Chart:
    """Draw lines over days; `dashed` is the year before, set under the same days."""
    unit = definition.entry.unit
    shown = [
        Series(line.name, [charted(line.values.get(day), unit) for day in days], area=line.area)
        for line in lines
    ]
    if dashed is not None and any(v is not None for v in dashed.values.values()):
        before = [charted(dashed.values.get(last_year(day)), unit) for day in days]
        shown.append(Series(dashed.name, before))
    names = [day.isoformat() if len(days) > USUAL_SPAN else day.strftime("%m-%d") for day in days]
    return Chart(_("Trend"), names, shown, unit=chart_unit(unit))


def common(ctx: Context, definition: Definition) -> dict[str, Any]:
    """Give what the definition panel and the page's head show."""
    entry = definition.entry
    name, description = entry.label.text(locale()), definition.description.text(locale())
    return {
        "definition": definition,
        "entry": entry,
        "name": name,
        # Definitions may describe an indicator by nothing but its name.
        "description": "" if description.strip(" 。.") == name else description,
        "subject": SUBJECTS[entry.subject].label,
        "text": lambda label: label.text(locale()),
        "names": {one.code: one.label.text(locale()) for one in indicators.catalogue(ctx.scope)},
    }
