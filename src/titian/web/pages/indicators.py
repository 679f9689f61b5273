"""Indicators: find one, see its trend and its organisations, read how it is made, drill to rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.data import indicators
from titian.data.indicators import Entry, Subject
from titian.data.indicators.browse import MAX_DRILL_ROWS
from titian.data.indicators.province import dates, provinces
from titian.kernel.errors import NotFound
from titian.kernel.ids import OrgId
from titian.kernel.scope import Permission, Role, Scope
from titian.web.context import Context, needs
from titian.web.figures import moved, shift, written
from titian.web.i18n import _, lazy, locale
from titian.web.indicators import bank, home, rows, union
from titian.web.indicators.shared import SUBJECTS
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    Table,
    rows_of,
)
from titian.web.naming import names_at
from titian.web.room import AT_PLACE, MAX_FOUND, Card, Hit, Level, Room, Searcher, Section
from titian.web.room import Entry as RailEntry

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs(Permission.VIEW_INDICATORS)]
UnionReader = Annotated[Context, needs(Permission.VIEW_INDICATORS, Level.UNION)]
Driller = Annotated[Context, needs(Permission.QUERY, Level.BANK)]

CODES_AT_ONCE = 200


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
        """How far it moved since the day before, as a number to sort by."""
        return shift(self.value, self.before, self.entry.unit)

    @property
    def moved(self) -> str | None:
        """How it moved since the day before: in percent, a ratio in percentage points."""
        return moved(self.value, self.before, self.entry.unit)


def day_of(ctx: Context) -> date | None:
    """Give the newest day with figures up to the day picked; None before any."""
    return _day(ctx.scope, ctx.business_date)


def _day(scope: Scope, picked: date | None) -> date | None:
    known = dates(scope) if scope.bank is None else indicators.dates(scope)
    held = [day for day in known if picked is None or day <= picked]
    return held[-1] if held else None


def _lines(scope: Scope, picked: date | None) -> list[Line]:
    entries = indicators.catalogue(scope)
    day = _day(scope, picked)
    if day is None:
        return [Line(entry, None, None) for entry in entries]
    codes = [entry.code for entry in entries]
    before = day - timedelta(days=1)
    found = (_of_province if scope.bank is None else _of_bank)(scope, codes, before, day)
    return [
        Line(entry, found.get((entry.code, day)), found.get((entry.code, before)))
        for entry in entries
    ]


def _of_province(
    scope: Scope, codes: list[str], before: date, day: date
) -> dict[tuple[str, date], float | None]:
    return {
        (code, on): value
        for code, found in provinces(scope, codes, (before, day)).items()
        for on, value in found.like(day).items()
    }


def _of_bank(
    scope: Scope, codes: list[str], before: date, day: date
) -> dict[tuple[str, date], float | None]:
    head = indicators.head(scope)
    return {
        (point.code, point.business_date): point.value
        for at in range(0, len(codes), CODES_AT_ONCE)
        for point in indicators.series(scope, codes[at : at + CODES_AT_ONCE], head, before, day)
    }


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
        Column("subject", lazy("Subject"), value=lambda line: line.entry.subject, states=SUBJECTS),
        Column("shown", lazy("Figure"), Kind.FIGURE, sortable=False),
        Column(
            "change",
            lazy("Since the day before"),
            Kind.FIGURE,
            value=lambda line: line.moved,
            desk=True,
        ),
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
            choices=lambda _ctx: [(s, state.label) for s, state in SUBJECTS.items()],
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
    """Show an indicator: the province and its banks, or a bank and its organisations."""
    show = union.page if ctx.scope.bank is None else bank.page
    return show(ctx, indicators.definition(ctx.scope, code), day_of(ctx))


@router.get("/indicators/{code}/trend")
def show_trend(ctx: Reader, code: str) -> Response:
    """Show how an indicator went over the days; a part of its page."""
    show = union.trend if ctx.scope.bank is None else bank.trend
    return show(ctx, indicators.definition(ctx.scope, code), _known_day(ctx))


@router.get("/indicators/{code}/branches")
def show_branches(ctx: UnionReader, code: str) -> Response:
    """Show a bank's organisations with their figures; a part of the union's page."""
    return union.branches(ctx, indicators.definition(ctx.scope, code), _known_day(ctx))


def _known_day(ctx: Context) -> date:
    day = day_of(ctx)
    if day is None:
        raise NotFound("there are no figures yet", "Run the bank's day first.")
    return day


@router.get("/indicators/{code}/rows")
def show_rows(ctx: Driller, code: str) -> Response:
    """Show the rows behind a figure, the largest first, masked for the reader."""
    definition = indicators.definition(ctx.scope, code)
    day = _known_day(ctx)
    org = ctx.query("org", most=63)
    drill = indicators.drill(ctx.scope, code, OrgId(org) if org else None, day, MAX_DRILL_ROWS)
    name = definition.entry.label.text(locale())
    values = {
        "title": _("Rows behind %(name)s", name=name),
        "entry": definition.entry,
        "name": name,
        "day": day,
        "drill": drill,
        "table_name": names_at(ctx.scope.bank).get(drill.table, drill.table),
    }
    table = rows.table(ctx, code, drill, day)
    return ctx.table(table, "indicators/rows.html", values)


def _find(ctx: Context, words: str) -> list[Hit]:
    found = indicators.catalogue(ctx.scope, search=words)[:MAX_FOUND]
    return [
        Hit(entry.label.text(locale()), f"/indicators/{entry.code}", "chart-line", entry.code)
        for entry in found
    ]


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
    searchers=(Searcher(lazy("Indicators"), _find, Permission.VIEW_INDICATORS, "/indicators"),),
    cards=(
        Card(
            "indicators",
            "indicators/card.html",
            home.card,
            roles=frozenset(Role) - {Role.OPERATOR, Role.DATA_ENGINEER},
            permission=Permission.VIEW_INDICATORS,
            order=20,
            wide=True,
        ),
    ),
    acts={"indicators.drill": lazy("Looked at the rows of a figure")},
)
