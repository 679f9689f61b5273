"""Feeds of a day: what arrived, what is awaited, late, missing or refused, at one bank or all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from sqlalchemy import func, select
from starlette.responses import Response

from titian.data.feeds import arrivals
from titian.data.feeds.arrivals import Standing, State
from titian.data.feeds.tables import feed_arrival
from titian.kernel import banks, db
from titian.kernel.banks import Bank
from titian.kernel.errors import TitianError
from titian.kernel.scope import Permission, Scope
from titian.web.context import Context, needs
from titian.web.days import day_of
from titian.web.feed_heat import bank_heat, feed_heat
from titian.web.feed_tasks import refused
from titian.web.feed_words import ARRIVED, STATES
from titian.web.heat import DAYS
from titian.web.i18n import lazy, locale
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
from titian.web.problems import spoken
from titian.web.room import AT_PLACE, Card, Entry, Room, Section, Tasks

router = APIRouter(prefix=AT_PLACE)
Watcher = Annotated[Context, needs(Permission.VIEW_JOBS)]

MAX_TROUBLES = 12
MAX_CARD_TROUBLES = 4
_ORDER = {state: place for place, state in enumerate(STATES)}


def newest_day(ctx: Context) -> date | None:
    """Give the newest business date that anything arrived for at this place."""
    query = select(func.max(feed_arrival.c.business_date))
    if ctx.scope.bank is not None:
        query = query.where(feed_arrival.c.bank == ctx.scope.bank)
    with db.read() as connection:
        newest: date | None = connection.scalar(query)
    return newest


def name_of(standing: Standing) -> str:
    """Give a feed's name in the reader's language."""
    return standing.title_zh if locale() == "zh" else standing.title_en


@dataclass(frozen=True, slots=True)
class Tally:
    """What a day of feeds comes to."""

    total: int = 0
    states: Mapping[State, int] = field(default_factory=dict)
    rows: int = 0
    bad: int = 0
    waiting: int = 0
    last: datetime | None = None

    @property
    def arrived(self) -> int:
        """Feeds that are in."""
        return sum(self.states.get(state, 0) for state in ARRIVED)

    @property
    def red(self) -> int:
        """Feeds that are missing or refused."""
        return self.states.get(State.MISSING, 0) + self.states.get(State.REJECTED, 0)


def tally(standings: Sequence[Standing]) -> Tally:
    """Count a day's feeds; rows of refused deliveries do not count."""
    came = [s.arrival for s in standings if s.arrival is not None and s.state in ARRIVED]
    times = [one.finished_at for one in came if one.finished_at is not None]
    return Tally(
        len(standings),
        Counter(standing.state for standing in standings),
        sum(one.rows for one in came),
        sum(one.bad for one in came),
        sum(one.waiting for one in came),
        max(times, default=None),
    )


@dataclass(frozen=True, slots=True)
class BankDay:
    """One bank's feeds on a day, and what stood in the days before."""

    bank: Bank
    tally: Tally
    standings: Sequence[Standing]
    problem: str = ""

    def of(self, day: date) -> list[Standing]:
        """List the standings of one day."""
        return [standing for standing in self.standings if standing.business_date == day]


def bank_days(scope: Scope, day: date, *, days: int = 1) -> list[BankDay]:
    """Give every visible bank's day; one bank's wrong contracts do not hide the others."""
    found = []
    for bank in banks.visible(scope):
        try:
            all_days = arrivals.arrivals(scope.at(bank.bank), day - timedelta(days=days - 1), day)
        except TitianError as error:
            found.append(BankDay(bank, Tally(), (), spoken(error)))
            continue
        counted = tally([one for one in all_days if one.business_date == day])
        found.append(BankDay(bank, counted, all_days))
    return found


TABLE: Table[Standing] = Table(
    "feeds",
    lazy("Feeds"),
    about=lazy("What the bank delivers for each business date, and what became of it."),
    columns=(
        Column(
            "name",
            lazy("Feed"),
            value=name_of,
            main=True,
            link=lambda ctx, one: ctx.url(f"/feeds/{one.feed}/{one.business_date}"),
        ),
        Column("feed", lazy("Code"), Kind.CODE, desk=True),
        Column("state", lazy("State"), Kind.STATE, states=STATES),
        Column("rows", lazy("Rows"), Kind.NUMBER, value=lambda s: s.arrival and s.arrival.rows),
        Column("bad", lazy("Bad rows"), Kind.NUMBER, value=lambda s: s.arrival and s.arrival.bad),
        Column(
            "waiting",
            lazy("In quarantine"),
            Kind.NUMBER,
            value=lambda s: s.arrival and s.arrival.waiting,
            link=lambda ctx, s: (
                ctx.url("/quarantine", feed=s.feed, day=s.business_date)
                if s.arrival and s.arrival.waiting and ctx.allows(Permission.REPAIR_QUARANTINE)
                else None
            ),
        ),
        Column(
            "bytes",
            lazy("Size"),
            Kind.SIZE,
            value=lambda s: s.arrival and s.arrival.bytes,
            desk=True,
        ),
        Column(
            "when",
            lazy("Arrived at"),
            Kind.MOMENT,
            value=lambda s: s.arrival and (s.arrival.finished_at or s.arrival.started_at),
        ),
        Column("due", lazy("Due by"), Kind.MOMENT, desk=True),
    ),
    fetch=lambda _scope, query: rows_of((), query),
    filters=(
        Filter("q", lazy("Feed"), FilterKind.SEARCH),
        Filter(
            "state",
            lazy("State"),
            choices=lambda _ctx: [(state, word.label) for state, word in STATES.items()],
        ),
    ),
    sort="state",
    empty=Empty(
        lazy("No feeds on this day"),
        lazy("Feeds appear with the first delivery; pick another business date above."),
    ),
)


def _state_column(state: State) -> Column[BankDay]:
    def count(line: BankDay) -> int:
        return line.tally.states.get(state, 0)

    return Column(state.value, STATES[state].label, Kind.NUMBER, value=count)


BANKS: Table[BankDay] = Table(
    "bank-feeds",
    lazy("Feeds"),
    about=lazy("What every bank delivered for the business date; red needs somebody."),
    columns=(
        Column(
            "name",
            lazy("Bank"),
            value=lambda one: one.bank.name(locale()),
            main=True,
            link=lambda ctx, one: ctx.url("/feeds", at=str(one.bank.bank)),
        ),
        Column("total", lazy("Expected"), Kind.NUMBER, value=lambda one: one.tally.total),
        Column("arrived", lazy("Arrived"), Kind.NUMBER, value=lambda one: one.tally.arrived),
        _state_column(State.LATE),
        _state_column(State.MISSING),
        _state_column(State.REJECTED),
        Column("rows", lazy("Rows"), Kind.NUMBER, value=lambda one: one.tally.rows, desk=True),
        Column("bad", lazy("Bad rows"), Kind.NUMBER, value=lambda one: one.tally.bad, desk=True),
        Column("waiting", lazy("In quarantine"), Kind.NUMBER, value=lambda o: o.tally.waiting),
        Column("last", lazy("Last arrival"), Kind.MOMENT, value=lambda o: o.tally.last, desk=True),
    ),
    fetch=lambda _scope, query: rows_of((), query),
    filters=(Filter("q", lazy("Bank"), FilterKind.SEARCH),),
    sort="name",
    empty=Empty(lazy("No banks yet"), lazy("Register the first member bank.")),
)


def _order(query: Query, today: Sequence[Standing]) -> Rows[Standing]:
    return rows_of(
        today,
        query,
        search=lambda one: f"{one.feed} {one.title_zh} {one.title_en}",
        keep={"state": lambda one, state: one.state == state},
        order={
            **{column.name: column.read for column in TABLE.columns},
            "state": lambda one: (_ORDER[one.state], one.feed),
        },
    )


@router.get("/feeds")
def list_feeds(ctx: Watcher) -> Response:
    """List the day's feeds at a bank; at the union, each bank's day."""
    day = day_of(ctx)
    if ctx.scope.bank is None:
        return _union(ctx, day)
    found = arrivals.arrivals(ctx.scope, day - timedelta(days=DAYS - 1), day)
    today = [standing for standing in found if standing.business_date == day]
    table = replace(TABLE, fetch=lambda _scope, query: _order(query, today))
    return ctx.table(
        table,
        "feeds/list.html",
        day=day,
        tally=tally(today),
        heat=feed_heat(ctx, day, found),
        states=STATES,
    )


def _union(ctx: Context, day: date) -> Response:
    lines = bank_days(ctx.scope, day, days=DAYS)
    table = replace(BANKS, fetch=lambda _scope, query: _bank_order(query, lines))
    everything = [standing for line in lines for standing in line.of(day)]
    troubles = [(line.bank, one) for line in lines for one in line.of(day) if _bad(one)]
    troubles.sort(key=lambda found: _ORDER[found[1].state])
    return ctx.table(
        table,
        "feeds/union.html",
        day=day,
        tally=tally(everything),
        troubles=troubles[:MAX_TROUBLES],
        problems=[line for line in lines if line.problem],
        heat=bank_heat(ctx, day, [(line.bank, line.standings) for line in lines]),
        states=STATES,
        name_of=name_of,
    )


def _bank_order(query: Query, lines: Sequence[BankDay]) -> Rows[BankDay]:
    return rows_of(
        lines,
        query,
        search=lambda one: f"{one.bank.bank} {one.bank.name_zh} {one.bank.name_en}",
        order={column.name: column.read for column in BANKS.columns},
    )


def _bad(standing: Standing) -> bool:
    return standing.state in (State.REJECTED, State.MISSING, State.WITHDRAWN, State.LATE)


def _card(ctx: Context) -> dict[str, object]:
    day = day_of(ctx)
    lines = bank_days(ctx.scope, day)
    today = [(line.bank, one) for line in lines for one in line.standings]
    return {
        "day": day,
        "tally": tally([one for _bank, one in today]),
        "troubles": sorted(
            [(bank, one) for bank, one in today if _bad(one)],
            key=lambda found: _ORDER[found[1].state],
        )[:MAX_CARD_TROUBLES],
        "states": STATES,
        "name_of": name_of,
    }


ROOM = Room(
    "feeds",
    router,
    entries=(Entry(Section.DATA, lazy("Feeds"), "/feeds", "inbox", Permission.VIEW_JOBS),),
    cards=(
        Card(
            "feeds",
            "feeds/card.html",
            _card,
            permission=Permission.LOAD_FEEDS,
            order=11,
            slow=True,
        ),
    ),
    tasks=(Tasks("refused", lazy("Refused deliveries"), "inbox", refused, Permission.LOAD_FEEDS),),
    acts={
        "feeds.load": lazy("Loaded a feed"),
        "feeds.fix": lazy("Mended a quarantined row"),
        "feeds.dismiss": lazy("Discarded a quarantined row"),
        "feeds.replay": lazy("Replayed quarantined rows"),
        "feeds.note_refused": lazy("Wrote a reason that named somebody"),
        "feeds.withdraw": lazy("Withdrew a business date"),
        "feeds.confirm": lazy("Confirmed a delivery with its control file"),
        "feeds.unmask": lazy("Looked at quarantined rows in the clear"),
    },
    newest_day=newest_day,
)
