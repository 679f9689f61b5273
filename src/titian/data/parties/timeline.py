"""What happened to a customer, from four tables, newest first, page after page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from titian.data.parties.model import (
    PAGE_DAYS,
    Act,
    Asked,
    Cursor,
    Happening,
    Happenings,
    Row,
    Section,
)
from titian.data.parties.reading import Reader
from titian.data.parties.standing import Profile
from titian.kernel.ids import PartyId
from titian.lake.lookup import MAX_ROWS
from titian.lake.schema import BUSINESS_DATE

MAX_ITEMS = 200
MAX_SKIP = MAX_ROWS - MAX_ITEMS - 1
HISTORY_DAYS = 90
MAX_HISTORY = 200
_FIRST_DAYS, _LEAST_FIRST_DAYS, _MOST_FIRST_DAYS = 8, 3, 31
_COUNTED_DAYS = 30
_NOTABLE_COUNTED = ("device_binds_30d", "limit_changes_30d", "payee_adds_30d")

_REPAYMENT = (
    "repayment_id", "loan_id", "period", "due_date", "due_principal_fen", "due_interest_fen",
    "paid_principal_fen", "paid_interest_fen", "paid_date", "days_late",
)  # fmt: skip
_TOUCH = ("touch_id", "campaign_id", "channel", "sent_at", "responded", "converted")
_ENTRY = (
    "entry_id", "occurred_at", "direction", "amount_fen", "channel", "summary",
    "counterparty_name",
)  # fmt: skip
_EVENT = (
    "event_id", "occurred_at", "event_type", "channel", "amount_fen", "payee_name", "result",
)  # fmt: skip


def quiet(own: Profile) -> frozenset[Act]:
    """Name the kinds of which a profile counted none in the last 90 days."""
    counted = {Act.TOUCH: "touches_90d", Act.REPAYMENT: "instalments_90d"}
    return frozenset(act for act, name in counted.items() if own.whole(name) == 0)


def history(reader: Reader, party_id: PartyId, act: Act, quiet_acts: Collection[Act]) -> Section:
    """Give a party's rows of one kind in the last 90 days, newest first."""
    source = _SOURCES[act]
    snapshot, start = reader.snapshot(source.table), _quiet_since(reader)
    days: list[date] = []
    if snapshot is not None and act not in quiet_acts:
        days = [day for day in snapshot.dates if start < day <= reader.day]
    wanted = {"party_id": (party_id,)}
    found = reader.found(
        source.table, source.columns, wanted, days=days, newest_by=(source.order,), most=MAX_HISTORY
    )
    return reader.shown(source.table, found)


def happenings(
    reader: Reader, party_id: PartyId, asked: Asked, own: Profile, quiet_acts: Collection[Act]
) -> Happenings:
    """Give a page of the timeline.

    It reads only so many business dates: it may be short of items, and says how far it looked.
    """
    begin, acts = asked.begin, [asked.act] if asked.act else list(_SOURCES)
    if asked.notable and _nothing_notable(own):
        acts = [act for act in acts if act is not Act.EVENT]
    days = _dates(reader, acts, begin)
    if not days:
        return Happenings()
    skip = min(begin.skip, MAX_SKIP) if begin and begin.day == days[0] else 0
    enough = skip + min(asked.items, MAX_ITEMS) + 1
    found: list[Happening] = []
    looked, step = 0, _first_days(own, enough, asked.act)
    last = min(len(days), asked.days, PAGE_DAYS)
    while looked < last and len(found) < enough:
        some = days[looked : min(looked + step, last)]
        window = _Window(some, enough - len(found), _quiet_since(reader))
        fresh = [
            one
            for act in acts
            for one in _of(reader, party_id, _SOURCES[act], window, quiet=act in quiet_acts)
        ]
        found += _ordered(fresh)
        looked, step = looked + len(some), step * 2
    return _page(found, skip, enough - 1, days, looked)


def _nothing_notable(own: Profile) -> bool:
    return all(own.whole(name) == 0 for name in _NOTABLE_COUNTED)


def _first_days(own: Profile, enough: int, act: Act | None) -> int:
    # As many days at once as should fill the page: each entry mostly has its event beside it.
    entries = own.whole("entries_30d")
    if entries is None:
        return _FIRST_DAYS
    rare = act in (Act.TOUCH, Act.REPAYMENT) or not entries
    days = _MOST_FIRST_DAYS if rare else -(-enough * _COUNTED_DAYS // (2 * entries))
    return max(_LEAST_FIRST_DAYS, min(days, _MOST_FIRST_DAYS))


def told_once(some: Sequence[Happening]) -> list[Happening]:
    """Leave out the events of a channel whose money shows as an entry of the same minute."""
    moved = {_money(one) for one in some if one.act is Act.ENTRY and one.amount_fen}
    return [
        one
        for one in some
        if one.act is not Act.EVENT or one.result != "success" or _money(one) not in moved
    ]


def _money(one: Happening) -> tuple[date, datetime, int | None]:
    return one.day, one.at.replace(second=0, microsecond=0), one.amount_fen


def _page(found: list[Happening], skip: int, end: int, days: list[date], looked: int) -> Happenings:
    shown = tuple(found[skip:end])
    if len(found) > end:
        last = shown[-1].day
        before = sum(1 for one in found[:end] if one.day == last)
        return Happenings(shown, last, days[0], Cursor(last, before))
    older = Cursor(days[looked]) if looked < len(days) else None
    return Happenings(shown, days[looked - 1], days[0], older)


def _ordered(some: list[Happening]) -> list[Happening]:
    # As the tables are asked, so that what one page left out is what the next begins with.
    some.sort(key=lambda one: one.reference)
    some.sort(key=lambda one: (one.day, one.at), reverse=True)
    return some


class _Window(NamedTuple):
    days: Sequence[date]
    most: int
    quiet_since: date


@dataclass(frozen=True, slots=True)
class _Source:
    """A table of the timeline: its columns, its order in a day, and how a row reads."""

    table: str
    columns: tuple[str, ...]
    order: str
    read: Callable[[date, Row], Happening]


def _quiet_since(reader: Reader) -> date:
    return reader.day - timedelta(HISTORY_DAYS)


def _dates(reader: Reader, acts: Collection[Act], begin: Cursor | None) -> list[date]:
    newest = min(reader.day, begin.day) if begin else reader.day
    found = (reader.snapshot(_SOURCES[act].table) for act in acts)
    held = {day for one in found if one for day in one.dates if day <= newest}
    return sorted(held, reverse=True)


def _of(
    reader: Reader, party_id: PartyId, source: _Source, window: _Window, *, quiet: bool
) -> list[Happening]:
    # The profile counts the same 90 days: a kind it counted none of need not be read for them.
    days = [day for day in window.days if not quiet or day <= window.quiet_since]
    found = reader.found(
        source.table,
        (*source.columns, BUSINESS_DATE),
        {"party_id": (party_id,)},
        days=days,
        newest_by=(BUSINESS_DATE, source.order),
        most=window.most,
    )
    dates = found.column(BUSINESS_DATE).to_pylist()
    # Who paid or was paid is another person: only the customer was unmasked.
    seen = reader.shown(source.table, found.select(source.columns), masked=True).rows
    return [source.read(day, row) for day, row in zip(dates, seen, strict=True)]


def _entry(day: date, row: Row) -> Happening:
    return Happening(
        day, _moment(row["occurred_at"]), Act.ENTRY, str(row["summary"]), _text(row["channel"]),
        _whole(row["amount_fen"]), row["direction"] == "credit",
        _text(row["counterparty_name"]), None, str(row["entry_id"]),
    )  # fmt: skip


def _event(day: date, row: Row) -> Happening:
    return Happening(
        day, _moment(row["occurred_at"]), Act.EVENT, str(row["event_type"]), _text(row["channel"]),
        _whole(row["amount_fen"]), None, _text(row["payee_name"]), _text(row["result"]),
        str(row["event_id"]),
    )  # fmt: skip


def _touch(day: date, row: Row) -> Happening:
    answer = "converted" if row["converted"] else "responded" if row["responded"] else None
    return Happening(
        day, _moment(row["sent_at"]), Act.TOUCH, "touch", _text(row["channel"]), None, None,
        _text(row["campaign_id"]), answer, str(row["touch_id"]),
    )  # fmt: skip


def _repayment(day: date, row: Row) -> Happening:
    if row["paid_date"] is None:
        owed = _sum(row, "due_principal_fen", "due_interest_fen")
        what, at, result = "instalment_due", row["due_date"] or day, None
    else:
        owed = _sum(row, "paid_principal_fen", "paid_interest_fen")
        what, at = "repayment", row["paid_date"]
        late = _whole(row["days_late"])
        result = "late" if late else "on_time" if late == 0 else None
    return Happening(
        day, _moment(at), Act.REPAYMENT, what, None, owed, None, str(row["loan_id"]), result,
        str(row["repayment_id"]),
    )  # fmt: skip


def _sum(row: Row, *names: str) -> int | None:
    parts = [value for name in names if (value := _whole(row[name])) is not None]
    return sum(parts) if parts else None


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    assert isinstance(value, date)
    return datetime.combine(value, time())


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


_SOURCES: dict[Act, _Source] = {
    Act.ENTRY: _Source("core.entry", _ENTRY, "occurred_at", _entry),
    Act.EVENT: _Source("core.event", _EVENT, "occurred_at", _event),
    Act.TOUCH: _Source("core.touch", _TOUCH, "sent_at", _touch),
    Act.REPAYMENT: _Source("core.repayment", _REPAYMENT, "due_date", _repayment),
}
