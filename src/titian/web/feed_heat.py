"""The last days of feeds as squares: of one bank's feeds, or of every bank."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from titian.data.feeds.arrivals import Standing, State
from titian.kernel.banks import Bank
from titian.web.context import Context
from titian.web.feed_words import STATES
from titian.web.heat import FEED_MARKS, HeatLine, HeatMap, Square, days_until
from titian.web.i18n import Text, _, lazy, locale

_ORDER = {state: place for place, state in enumerate(STATES)}
_LEGEND = (
    State.ARRIVED,
    State.BACKFILLED,
    State.LATE,
    State.EXPECTED,
    State.MISSING,
    State.REJECTED,
    State.WITHDRAWN,
)
_WORDS: dict[State, Text] = {state: STATES[state].label for state in _LEGEND}
_WORDS[State.ARRIVED] = lazy("Arrived in time")


def feed_heat(ctx: Context, last: date, found: Sequence[Standing]) -> HeatMap:
    """Give one line per feed; each square leads to the delivery of its day."""
    held: dict[str, dict[date, Square]] = {}
    names: dict[str, str] = {}
    for one in found:
        held.setdefault(one.feed, {})[one.business_date] = _square(ctx, one)
        names[one.feed] = one.title_zh if locale() == "zh" else one.title_en
    lines = [
        HeatLine(names[feed], ctx.url(f"/feeds/{feed}"), squares)
        for feed, squares in sorted(held.items())
    ]
    return _map(last, lines)


def _square(ctx: Context, one: Standing) -> Square:
    waiting = one.arrival.waiting if one.arrival is not None else 0
    return Square(
        one.business_date,
        FEED_MARKS[one.state],
        _WORDS[one.state],
        ctx.url(f"/feeds/{one.feed}/{one.business_date}"),
        _("%(num)s in quarantine", num=waiting) if waiting else "",
    )


def bank_heat(
    ctx: Context, last: date, banks: Iterable[tuple[Bank, Sequence[Standing]]]
) -> HeatMap:
    """Give one line per bank; each square shows the worst feed of a day and leads to that day."""
    lines = [
        HeatLine(
            bank.name(locale()),
            ctx.url("/feeds", at=str(bank.bank)),
            {day: _worst(ctx, bank, day, some) for day, some in _by_day(standings).items()},
        )
        for bank, standings in banks
    ]
    return _map(last, lines)


def _by_day(standings: Sequence[Standing]) -> dict[date, list[Standing]]:
    days: dict[date, list[Standing]] = {}
    for one in standings:
        days.setdefault(one.business_date, []).append(one)
    return days


def _worst(ctx: Context, bank: Bank, day: date, some: Sequence[Standing]) -> Square:
    state = min((one.state for one in some), key=_ORDER.__getitem__)
    many = sum(one.state is state for one in some)
    url = ctx.url("/feeds", at=str(bank.bank), date=day)
    more = _("%(num)s of %(total)s feeds", num=many, total=len(some))
    return Square(day, FEED_MARKS[state], _WORDS[state], url, more)


def _map(last: date, lines: Sequence[HeatLine]) -> HeatMap:
    title = _("Feeds of the last 30 days")
    words = {FEED_MARKS[state]: word for state, word in _WORDS.items()}
    return HeatMap(title, days_until(last), lines, words, _("Not expected"))
