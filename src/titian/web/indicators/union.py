"""The page of an indicator at the union: the province, its trend, and the banks by rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from starlette.responses import Response

from titian.data import indicators
from titian.data.indicators import Definition
from titian.data.indicators.family import Against
from titian.data.indicators.province import Province, dates, province
from titian.kernel import banks
from titian.kernel.errors import NotFound
from titian.kernel.ids import BankId
from titian.web.charts import Chart, Series
from titian.web.context import Context
from titian.web.figures import Scale, chart_unit, charted, scale_of
from titian.web.i18n import _, locale
from titian.web.indicators import ranking, shared
from titian.web.indicators.bank import parts
from titian.web.indicators.likeness import fullest, other_banks, year_before
from titian.web.indicators.ranking import Figures
from titian.web.indicators.tree import Twig
from titian.web.listing import Table
from titian.web.render import fragment

TEMPLATE = "indicators/union.html"
MAX_BARS = 20
MAX_COMPARED = 8
USUAL_COMPARED = 5
TOTAL, BANKS = "total", "banks"


@dataclass(frozen=True, slots=True)
class _Sight:
    """What the page looks at: a day, the earlier days beside it, and the province on them."""

    day: date
    then: Mapping[Against, date]
    found: Province
    names: Mapping[BankId, str]

    def value(self, bank: BankId, at: date | None) -> float | None:
        """Give a bank's figure of a day."""
        point = self.found.banks.get(bank, {}).get(at) if at else None
        return point.value if point else None

    def unlike(self) -> dict[date, str]:
        """Say of the days with other banks than this day's why they cannot be compared."""
        here = self.found.point(self.day)
        return {
            one.business_date: other_banks(here, one, self.found.expected)
            for one in self.found.points
            if here is not None and one.reported != here.reported
        }


def page(ctx: Context, definition: Definition, day: date | None) -> Response:
    """Show an indicator of the province with its banks ranked."""
    if day is None:
        return ctx.render(TEMPLATE, {**shared.common(ctx, definition), "day": None})
    sight = _sight(ctx, definition.entry.code, day)
    values = [sight.value(bank, day) for bank in sight.names]
    table = _table(sight, definition, scale_of(definition.entry.unit, values))
    around = partial(_around, ctx, definition, sight)
    values_of = {"title": table.title, "day": day, "definition_code": definition.entry.code}
    return ctx.table(table, TEMPLATE, values_of, around=around)


def trend(ctx: Context, definition: Definition, day: date) -> Response:
    """Show the trend of the province or of some banks side by side; a part of the page."""
    code, span = definition.entry.code, shared.span_of(ctx)
    days = shared.days_back(day, span, dates(ctx.scope))
    before = shared.year_before(days)
    found = province(ctx.scope, code, days)
    names = _names(ctx)
    wanted = BANKS if found.why_not or ctx.query("lines") == BANKS else TOTAL
    chosen = _chosen(ctx, found, day)
    if wanted == BANKS:
        lines = [
            shared.Line(names[bank], {at: p.value for at, p in found.banks[bank].items()})
            for bank in chosen
        ]
        dashed = None
    else:
        whole = fullest(found)
        lines = [shared.Line(_("Province"), found.like(whole) if whole else {}, area=True)]
        past = province(ctx.scope, code, before)
        dashed = shared.Line(_("A year before"), year_before(found, past, whole))
    chart = shared.drawn(definition, days, lines, dashed=dashed)

    def url(span: int, lines: str, kept: Sequence[BankId] = ()) -> str:
        return ctx.url(f"/indicators/{code}/trend", span=span, lines=lines, bank=list(kept) or None)

    kept = chosen if wanted == BANKS else ()
    return fragment(
        ctx,
        "indicators/trend.html",
        {
            "chart_spec": chart,
            "spans": [(one, url(one, wanted, kept), one == span) for one in shared.SPANS],
            "lines": []
            if found.why_not
            else [
                (_("Province"), url(span, TOTAL), wanted == TOTAL),
                (_("Banks side by side"), url(span, BANKS), wanted == BANKS),
            ],
            "choices": [(bank, names[bank], bank in chosen) for bank in found.banks]
            if wanted == BANKS
            else [],
            "choose_url": ctx.url(f"/indicators/{code}/trend"),
            "span": span,
            "most": MAX_COMPARED,
        },
    )


def branches(ctx: Context, definition: Definition, day: date) -> Response:
    """Show the organisations below one bank's head office; a part of the tree."""
    wanted = ctx.query("bank", most=63)
    bank = next((one.bank for one in banks.visible(ctx.scope) if one.bank == wanted), None)
    if bank is None:
        raise NotFound(f"there is no bank {wanted}", "Choose one in the top bar.")
    code = definition.entry.code
    orgs = indicators.by_org(ctx.scope.at(bank), code, day)
    scale = scale_of(definition.entry.unit, [one.point.value for one in orgs])
    first = [one for one in orgs if one.parent_org_id == orgs[0].point.org_id] if orgs else []
    parents = {one.parent_org_id for one in orgs}
    twigs = [
        Twig(
            one.point.org_id,
            one.name,
            scale.text(one.point.value),
            ctx.url(f"/indicators/{code}", at=bank, org=one.point.org_id),
            current=False,
            has_below=one.point.org_id in parents,
        )
        for one in first
    ]
    return fragment(ctx, "indicators/branches.html", {"twigs_found": twigs})


def _sight(ctx: Context, code: str, day: date) -> _Sight:
    then = shared.earlier(day, dates(ctx.scope))
    return _Sight(day, then, province(ctx.scope, code, {day, *then.values()}), _names(ctx))


def _names(ctx: Context) -> dict[BankId, str]:
    return {bank.bank: bank.name(locale()) for bank in banks.visible(ctx.scope)}


def _chosen(ctx: Context, found: Province, day: date) -> list[BankId]:
    given = ctx.request.query_params.getlist("bank")
    picked = [bank for bank in found.banks if bank in given][:MAX_COMPARED]
    if picked:
        return picked

    def value(bank: BankId) -> float:
        point = found.banks[bank].get(day)
        return ranking.LAST if point is None or point.value is None else point.value

    return sorted(found.banks, key=lambda bank: -value(bank))[:USUAL_COMPARED]


def _table(sight: _Sight, definition: Definition, scale: Scale) -> Table[ranking.Ranked]:
    lines = [
        Figures(
            bank,
            name,
            sight.value(bank, sight.day),
            sight.value(bank, sight.then.get(Against.DAY_BEFORE)),
            sight.value(bank, sight.then.get(Against.LAST_YEAR)),
            _note(sight, bank),
        )
        for bank, name in sight.names.items()
    ]
    code = definition.entry.code
    adds_up = sight.found.why_not is None and definition.adds_up
    return ranking.table(
        _("Banks by rank"),
        _("Bank"),
        ranking.ranked(lines, adds_up=adds_up),
        scale,
        lambda ctx, line: ctx.url(f"/indicators/{code}", at=line.id),
    )


def _note(sight: _Sight, bank: BankId) -> str:
    if bank in sight.found.otherwise:
        return _("defined by the bank itself; not in the total")
    if bank not in sight.found.banks:
        return _("does not have this indicator")
    return "" if sight.day in sight.found.banks[bank] else _("not published yet")


def _around(ctx: Context, definition: Definition, sight: _Sight) -> dict[str, Any]:
    entry, found = definition.entry, sight.found
    point = found.point(sight.day)
    scale = scale_of(entry.unit, [point.value if point else None])
    known = [v for bank in sight.names if (v := sight.value(bank, sight.day)) is not None]
    bank_scale = scale_of(entry.unit, known)
    return {
        **shared.common(ctx, definition),
        "found": found,
        "why_not": found.why_not.text(locale()) if found.why_not else "",
        "point": point,
        "scale": scale,
        "parts": parts(definition, point.numerator, point.denominator) if point else [],
        "compared": shared.compared(
            scale, found.like(sight.day), sight.day, sight.then, sight.unlike()
        ),
        "periods": shared.periods(ctx, definition),
        "reporting": sum(1 for bank in sight.names if sight.value(bank, sight.day) is not None),
        "least": bank_scale.text(min(known, default=None)),
        "greatest": bank_scale.text(max(known, default=None)),
        "tree": _tree(ctx, sight, entry.code, scale, bank_scale, point.value if point else None),
        "bars": _bars(ctx, definition, sight),
        "trend_url": ctx.url(f"/indicators/{entry.code}/trend"),
    }


def _tree(
    ctx: Context,
    sight: _Sight,
    code: str,
    scale: Scale,
    bank_scale: Scale,
    total: float | None,
) -> Twig:
    twigs = tuple(
        Twig(
            bank,
            name,
            bank_scale.text(sight.value(bank, sight.day)),
            ctx.url(f"/indicators/{code}", at=bank),
            current=False,
            has_below=sight.value(bank, sight.day) is not None,
            fetch=ctx.url(f"/indicators/{code}/branches", bank=bank),
        )
        for bank, name in sight.names.items()
    )
    shown = _("not additive") if sight.found.why_not else scale.text(total)
    here = ctx.url(f"/indicators/{code}")
    return Twig("union", _("Province"), shown, here, current=True, has_below=True, below=twigs)


def _bars(ctx: Context, definition: Definition, sight: _Sight) -> Chart | None:
    entry = definition.entry
    known = [(b, v) for b in sight.names if (v := sight.value(b, sight.day)) is not None]
    known.sort(key=lambda one: -one[1])
    shown: Sequence[tuple[BankId, float]] = known[:MAX_BARS]
    if len(shown) <= 1:
        return None
    return Chart(
        _("By bank"),
        [sight.names[bank] for bank, _value in shown],
        [
            Series(
                entry.label.text(locale()), [charted(v, entry.unit) for _b, v in shown], kind="bar"
            )
        ],
        unit=chart_unit(entry.unit),
        horizontal=True,
        links=[ctx.url(f"/indicators/{entry.code}", at=bank) for bank, _value in shown],
    )
