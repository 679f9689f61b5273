"""Indicators: find one, see its trend and its organisations, read how it is made, drill to rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data import indicators
from titian.data.indicators import Definition, Entry, OrgPoint, Point, Subject, Unit
from titian.kernel import banks
from titian.kernel.errors import NotFound, TitianError
from titian.kernel.ids import OrgId
from titian.kernel.scope import Permission, Scope
from titian.web.charts import Chart, Series, trend
from titian.web.context import Context, needs
from titian.web.i18n import Text, _, formats, lazy, locale
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    State,
    Table,
    rows_of,
)
from titian.web.room import AT_PLACE, Card, Hit, Level, Room, Searcher, Section
from titian.web.room import Entry as RailEntry

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs(Permission.VIEW_INDICATORS)]
Driller = Annotated[Context, needs(Permission.QUERY, Level.BANK)]

TREND_DAYS = 90
DRILL_ROWS = 100
MAX_BARS = 30
MAX_HITS = 6
# Shown on the home page, where the bank has them.
_HEADLINES = ("deposit_balance", "loan_balance", "npl_ratio", "party_count")
_SUBJECTS: dict[Subject, State] = {
    Subject.PUBLIC: State(lazy("Public")),
    Subject.CREDIT: State(lazy("Credit")),
    Subject.RISK: State(lazy("Risk")),
    Subject.MARKETING: State(lazy("Marketing")),
    Subject.OPERATIONS: State(lazy("Operations")),
}
_FORMS: dict[Unit, Callable[[float], str]] = {
    Unit.FEN: lambda value: formats.money(round(value)),
    Unit.RATIO: lambda value: formats.percent(value, 2),
    Unit.COUNT: lambda value: formats.number(round(value)),
}


def written(value: float | None, unit: Unit) -> str:
    """Write a figure for people: money, percent, or a number; a dash where it cannot be known."""
    if value is None:
        return "–"
    form = _FORMS.get(unit)
    return form(value) if form else formats.number(round(value, 2))


@dataclass(frozen=True, slots=True)
class Line:
    """One indicator with its figure of the day for the whole bank."""

    entry: Entry
    value: float | None
    before: float | None

    @property
    def shown(self) -> str:
        """The figure as people read it."""
        return written(self.value, self.entry.unit)

    @property
    def change(self) -> float | None:
        """The share by which it moved since the day before."""
        if self.value is None or not self.before:
            return None
        return self.value / self.before - 1

    @property
    def moved(self) -> str | None:
        """How it moved since the day before: in percent, a ratio in percentage points."""
        if self.value is None or self.before is None:
            return None
        if self.entry.unit is Unit.RATIO:
            return _("%(num)s points", num=f"{(self.value - self.before) * 100:+.2f}")
        return None if self.change is None else f"{self.change * 100:+.2f}%"


def day_of(ctx: Context) -> date | None:
    """Give the newest day with figures up to the day picked; None before any."""
    return _day(ctx.scope, ctx.business_date)


def _day(scope: Scope, picked: date | None) -> date | None:
    if scope.bank is None:
        found = [day for bank in banks.visible(scope) if (day := _day(scope.at(bank.bank), picked))]
        return max(found, default=None)
    held = [day for day in indicators.dates(scope) if picked is None or day <= picked]
    return held[-1] if held else None


def _lines(scope: Scope, picked: date | None) -> list[Line]:
    entries = indicators.catalogue(scope)
    day = _day(scope, picked)
    if scope.bank is None or day is None:
        return [Line(entry, None, None) for entry in entries]
    head = indicators.head(scope)
    found: dict[tuple[str, date], float | None] = {}
    codes = [entry.code for entry in entries]
    for at in range(0, len(codes), CODES_AT_ONCE):
        part = codes[at : at + CODES_AT_ONCE]
        points = indicators.series(scope, part, head, day - timedelta(days=1), day)
        found.update({(point.code, point.business_date): point.value for point in points})
    before = day - timedelta(days=1)
    return [
        Line(entry, found.get((entry.code, day)), found.get((entry.code, before)))
        for entry in entries
    ]


CODES_AT_ONCE = 200


def _fetch(scope: Scope, query: Query) -> Rows[Line]:
    return rows_of(
        _lines(scope, query.business_date),
        query,
        search=lambda line: f"{line.entry.code} {line.entry.label.zh} {line.entry.label.en}",
        keep={"subject": lambda line, subject: line.entry.subject == subject},
        order={
            "name": lambda line: line.entry.label.text(locale()),
            "code": lambda line: (list(Subject).index(line.entry.subject), line.entry.code),
            "subject": lambda line: list(Subject).index(line.entry.subject),
            "change": lambda line: line.change if line.change is not None else -1e9,
        },
    )


TABLE: Table[Line] = Table(
    "indicators",
    lazy("Indicators"),
    about=lazy("One name, one algorithm: each figure leads to its formula and its rows."),
    columns=(
        Column(
            "name",
            lazy("Indicator"),
            value=lambda line: line.entry.label.text(locale()),
            main=True,
            link=lambda ctx, line: ctx.url(f"/indicators/{line.entry.code}"),
        ),
        Column("code", lazy("Code"), Kind.CODE, value=lambda line: line.entry.code, desk=True),
        Column("subject", lazy("Subject"), value=lambda line: line.entry.subject, states=_SUBJECTS),
        Column("shown", lazy("Figure"), sortable=False),
        Column("change", lazy("Since the day before"), Kind.PERCENT, decimals=2, desk=True),
        Column(
            "owner",
            lazy("Owner"),
            value=lambda line: line.entry.owner.text(locale()),
            sortable=False,
            desk=True,
        ),
    ),
    fetch=_fetch,
    filters=(
        Filter("q", lazy("Name or code"), FilterKind.SEARCH),
        Filter(
            "subject",
            lazy("Subject"),
            choices=lambda _ctx: [(s, state.label) for s, state in _SUBJECTS.items()],
        ),
    ),
    sort="code",
    empty=Empty(lazy("No indicators here"), lazy("Install definitions for this bank first.")),
)


@router.get("/indicators")
def list_indicators(ctx: Reader) -> Response:
    """List the indicators with their figures of the day."""
    return ctx.table(TABLE)


@router.get("/indicators/{code}")
def show_indicator(ctx: Reader, code: str) -> Response:
    """Show an indicator: figure, trend, organisations or banks, definition."""
    definition = indicators.definition(ctx.scope, code)
    day = day_of(ctx)
    shown: dict[str, Any] = {"day": day, "definition": definition, "entry": definition.entry}
    if day is not None:
        shown |= (
            _at_union(ctx, definition, day)
            if ctx.scope.bank is None
            else _at_bank(ctx, definition, day)
        )
    return ctx.render(
        "indicators/show.html",
        shown,
        name=definition.entry.label.text(locale()),
        subject=_SUBJECTS[definition.entry.subject].label,
        text=lambda label: label.text(locale()),
        names={one.code: one.label.text(locale()) for one in indicators.catalogue(ctx.scope)},
    )


def _at_bank(ctx: Context, definition: Definition, day: date) -> dict[str, Any]:
    entry = definition.entry
    orgs = indicators.by_org(ctx.scope, entry.code, day)
    if not orgs:
        return {"orgs": []}
    chosen = _chosen(ctx, orgs)
    first = day - timedelta(days=TREND_DAYS)
    points = indicators.series(ctx.scope, entry.code, chosen.point.org_id, first, day)
    before = points[-2].value if len(points) > 1 else None
    return {
        "orgs": orgs,
        "chosen": chosen,
        "line": Line(entry, chosen.point.value, before),
        "trend": _trend(entry, points),
        "bars": _bars(ctx, entry, orgs, chosen),
        "written": lambda value: written(value, entry.unit),
    }


def _chosen(ctx: Context, orgs: Sequence[OrgPoint]) -> OrgPoint:
    wanted = ctx.query("org", most=63)
    if not wanted:
        return orgs[0]
    for one in orgs:
        if one.point.org_id == wanted:
            return one
    raise NotFound(f"there is no organisation {wanted!r}", "Choose one from the list.")


def _trend(entry: Entry, points: Sequence[Point]) -> Chart:
    days = [point.business_date.strftime("%m-%d") for point in points]
    values = [_charted(point.value, entry.unit) for point in points]
    return trend(entry.label.text(locale()), days, values, unit=_chart_unit(entry.unit))


def _bars(ctx: Context, entry: Entry, orgs: Sequence[OrgPoint], chosen: OrgPoint) -> Chart | None:
    below = [one for one in orgs if one.parent_org_id == chosen.point.org_id][:MAX_BARS]
    if not below:
        return None
    code = entry.code
    return Chart(
        _("By organisation"),
        [one.name for one in below],
        [
            Series(
                entry.label.text(locale()),
                [_charted(one.point.value, entry.unit) for one in below],
                kind="bar",
            )
        ],
        unit=_chart_unit(entry.unit),
        horizontal=True,
        links=[ctx.url(f"/indicators/{code}", org=one.point.org_id) for one in below],
    )


def _at_union(ctx: Context, definition: Definition, day: date) -> dict[str, Any]:
    entry = definition.entry
    found = indicators.by_bank(ctx.scope, entry.code, day)
    names = {bank.bank: bank.name(locale()) for bank in banks.visible(ctx.scope)}
    lines = [(bank, names[bank], point.value if point else None) for bank, point in found.items()]
    bars = Chart(
        _("By bank"),
        [name for _bank, name, _value in lines],
        [
            Series(
                entry.label.text(locale()),
                [_charted(value, entry.unit) for _bank, _name, value in lines],
                kind="bar",
            )
        ],
        unit=_chart_unit(entry.unit),
        horizontal=True,
        links=[ctx.url(f"/indicators/{entry.code}", at=bank) for bank, _name, _value in lines],
    )
    return {"banks": lines, "bars": bars, "written": lambda value: written(value, entry.unit)}


def _charted(value: float | None, unit: Unit) -> float | None:
    if value is None:
        return None
    return value / 100 if unit is Unit.FEN else value


def _chart_unit(unit: Unit) -> str:
    return {Unit.FEN: "yuan", Unit.RATIO: "percent"}.get(unit, "number")


@router.get("/indicators/{code}/rows")
def show_rows(ctx: Driller, code: str) -> Response:
    """Show the rows behind a figure, largest first, masked for the reader."""
    definition = indicators.definition(ctx.scope, code)
    day = day_of(ctx)
    if day is None:
        raise NotFound("there are no figures yet", "Run the bank's day first.")
    org = ctx.query("org", most=63)
    drill = indicators.drill(ctx.scope, code, OrgId(org) if org else None, day, DRILL_ROWS)
    return ctx.render(
        "indicators/rows.html",
        entry=definition.entry,
        name=definition.entry.label.text(locale()),
        day=day,
        org=org,
        drill=drill,
        heads=[column.zh if locale() == "zh" else column.en for column in drill.columns],
        rows=[
            [_cell(name, value) for name, value in row.items()] for row in drill.rows.to_pylist()
        ],
        kinds=["number" if _is_money(column.name) else "" for column in drill.columns],
    )


def _is_money(name: str) -> bool:
    return name.endswith("_fen")


def _cell(name: str, value: object) -> str:
    if value is None:
        return "–"
    if _is_money(name) and isinstance(value, int):
        return formats.money(value, "yuan")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _find(ctx: Context, words: str) -> list[Hit]:
    found = indicators.catalogue(ctx.scope, search=words)[:MAX_HITS]
    return [
        Hit(entry.label.text(locale()), f"/indicators/{entry.code}", "chart-line", entry.code)
        for entry in found
    ]


def _card(ctx: Context) -> Mapping[str, object]:
    known = {line.entry.code: line for line in _lines(ctx.scope, ctx.business_date)}
    wanted = [known[code] for code in _HEADLINES if code in known]
    others = [line for line in known.values() if line.value is not None]
    lines = wanted or others[: len(_HEADLINES)]
    try:
        complete = indicators.completeness(ctx.scope, day) if (day := day_of(ctx)) else ()
    except TitianError:
        complete = ()
    labels: list[tuple[Text, Line]] = [(ln.entry.label.text(locale()), ln) for ln in lines]
    return {"lines": labels, "day": day_of(ctx), "complete": complete, "subjects": _SUBJECTS}


ROOM = Room(
    "indicators",
    router,
    entries=(
        RailEntry(
            Section.DATA,
            lazy("Indicators"),
            "/indicators",
            "chart-line",
            Permission.VIEW_INDICATORS,
        ),
    ),
    searchers=(Searcher(lazy("Indicators"), _find, Permission.VIEW_INDICATORS),),
    cards=(
        Card(
            "indicators",
            "indicators/card.html",
            _card,
            permission=Permission.VIEW_INDICATORS,
            level=Level.BANK,
            order=20,
            wide=True,
        ),
    ),
    acts={"indicators.drill": lazy("Looked at the rows of a figure")},
)
