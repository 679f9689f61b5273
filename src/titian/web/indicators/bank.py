"""The page of an indicator at a bank: one organisation, its trend, and those below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from starlette.responses import Response

from titian.data import indicators
from titian.data.indicators import Definition, OrgPoint
from titian.data.indicators.family import Against
from titian.data.strict import nearest
from titian.kernel.errors import NotFound
from titian.kernel.ids import OrgId
from titian.web.charts import Chart, Series
from titian.web.context import Context
from titian.web.figures import Scale, chart_unit, charted, scale_of
from titian.web.i18n import _, locale
from titian.web.indicators import ranking, shared
from titian.web.indicators.ranking import Figures
from titian.web.indicators.tree import below, path_to, tree
from titian.web.indicators.whole import whole
from titian.web.render import fragment

TEMPLATE = "indicators/bank.html"
MAX_BARS = 20


@dataclass(frozen=True, slots=True)
class _Place:
    """The organisation a page is about, among all of the bank on the day."""

    code: str
    day: date
    orgs: tuple[OrgPoint, ...]
    chosen: OrgPoint

    @property
    def listed(self) -> list[OrgPoint]:
        """The organisations below it; beside it where there are none below."""
        found = below(self.orgs, self.chosen)
        if found or self.chosen.parent_org_id is None:
            return found or [self.chosen]
        return [one for one in self.orgs if one.parent_org_id == self.chosen.parent_org_id]


def page(ctx: Context, definition: Definition, day: date | None) -> Response:
    """Show an indicator at a bank, for the organisation in the address."""
    place = _place(ctx, definition.entry.code, day) if day else None
    if place is None:
        return ctx.render(TEMPLATE, {**shared.common(ctx, definition), "day": None})
    then = shared.earlier(place.day, indicators.dates(ctx.scope))
    figures = {
        at: {
            one.point.org_id: one.point.value
            for one in indicators.by_org(ctx.scope, place.code, at)
        }
        for at in sorted({*then.values()})
    }
    scale = scale_of(definition.entry.unit, [one.point.value for one in place.listed])
    table = _table(definition, place, scale, then, figures)
    around = partial(_around, ctx, definition, place, then, figures)
    return ctx.table(table, TEMPLATE, {"title": table.title, "day": day}, around=around)


def trend(ctx: Context, definition: Definition, day: date) -> Response:
    """Show the trend of one organisation; a part of the page."""
    entry = definition.entry
    held = indicators.dates(ctx.scope)
    span = shared.span_of(ctx)
    days = shared.days_back(day, span, held)
    before = [one for one in shared.year_before(days) if one in set(held)]
    org = OrgId(ctx.query("org", most=63)) or indicators.head(ctx.scope)
    values = {
        point.business_date: point.value
        for stretch in (days, before)
        if stretch
        for point in indicators.series(ctx.scope, entry.code, org, stretch[0], stretch[-1])
    }
    name = entry.label.text(locale())
    dashed = shared.Line(_("A year before"), values) if before else None
    chart = shared.drawn(definition, days, [shared.Line(name, values, area=True)], dashed=dashed)
    return fragment(ctx, "indicators/trend.html", _trend_values(ctx, definition, chart, span))


def _trend_values(ctx: Context, definition: Definition, chart: Chart, span: int) -> dict[str, Any]:
    at = f"/indicators/{definition.entry.code}/trend"
    org = ctx.query("org", most=63)
    return {
        "chart_spec": chart,
        "spans": [(one, ctx.url(at, span=one, org=org), one == span) for one in shared.SPANS],
        "lines": [],
        "choices": [],
    }


def _place(ctx: Context, code: str, day: date) -> _Place | None:
    orgs = indicators.by_org(ctx.scope, code, day)
    if not orgs:
        return None
    wanted = ctx.query("org", most=63)
    chosen = next((one for one in orgs if one.point.org_id == wanted), None if wanted else orgs[0])
    if chosen is None:
        ids = [str(one.point.org_id) for one in orgs]
        raise NotFound(f"there is no organisation {wanted!r}", nearest(wanted, ids))
    return _Place(code, day, orgs, chosen)


def _table(
    definition: Definition,
    place: _Place,
    scale: Scale,
    then: Mapping[Against, date],
    figures: Mapping[date, Mapping[OrgId, float | None]],
) -> Any:
    def at(against: Against, one: OrgPoint) -> float | None:
        day = then.get(against)
        return figures[day].get(one.point.org_id) if day else None

    lines = [
        Figures(
            one.point.org_id,
            one.name,
            one.point.value,
            at(Against.DAY_BEFORE, one),
            at(Against.LAST_YEAR, one),
            _("this organisation") if one is place.chosen else "",
        )
        for one in place.listed
    ]
    beside = place.listed and place.listed[0].parent_org_id != place.chosen.point.org_id
    title = _("Organisations beside it") if beside else _("Organisations below it")
    return ranking.table(
        title,
        _("Organisation"),
        ranking.ranked(lines, adds_up=definition.adds_up),
        scale,
        lambda ctx, line: ctx.url(f"/indicators/{place.code}", org=line.id),
        keep=("org",),
    )


def _around(
    ctx: Context,
    definition: Definition,
    place: _Place,
    then: Mapping[Against, date],
    figures: Mapping[date, Mapping[OrgId, float | None]],
) -> dict[str, Any]:
    entry, chosen = definition.entry, place.chosen
    values = {at: found.get(chosen.point.org_id) for at, found in figures.items()}
    values[place.day] = chosen.point.value
    scale = scale_of(entry.unit, [chosen.point.value])
    way = path_to(place.orgs, chosen)

    def url(one: OrgPoint) -> str:
        return ctx.url(f"/indicators/{place.code}", org=one.point.org_id)

    tree_scale = scale_of(entry.unit, [one.point.value for one in place.orgs])
    return {
        **shared.common(ctx, definition),
        "chosen": chosen,
        "note": shared.made_of(ctx, place.code, place.day),
        "scale": scale,
        "parts": parts(definition, chosen.point.numerator, chosen.point.denominator),
        "compared": shared.compared(scale, values, place.day, then),
        "periods": shared.periods(ctx, definition, org=chosen.point.org_id),
        "way": [(one.name, url(one)) for one in way[:-1]],
        "tree": tree(place.orgs, chosen, tree_scale.text, url),
        "bars": _bars(definition, below(place.orgs, chosen), url),
        "trend_url": ctx.url(f"/indicators/{place.code}/trend", org=chosen.point.org_id),
        "whole": whole(ctx, definition, place.day),
    }


def parts(
    definition: Definition, numerator: float | None, denominator: float | None
) -> list[tuple[str, Scale, float | None]]:
    """Give numerator and denominator of a quotient, each in a scale of its own unit."""
    if definition.part_units is None or denominator is None:
        return []
    above, under = definition.part_units
    return [
        ("numerator", scale_of(above, [numerator]), numerator),
        ("denominator", scale_of(under, [denominator]), denominator),
    ]


def _bars(
    definition: Definition, orgs: Sequence[OrgPoint], url: Callable[[OrgPoint], str]
) -> Chart | None:
    unit = definition.entry.unit
    known = [one for one in orgs if one.point.value is not None]
    known.sort(key=lambda one: -(one.point.value or 0))
    shown = known[:MAX_BARS]
    if len(shown) <= 1:
        return None
    bar = [charted(one.point.value, unit) for one in shown]
    return Chart(
        _("By organisation"),
        [one.name for one in shown],
        [Series(definition.entry.label.text(locale()), bar, kind="bar")],
        unit=chart_unit(unit),
        horizontal=True,
        links=[url(one) for one in shown],
    )
