"""What happened to a customer lately, from four tables, newest first."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from titian.data.parties.model import Act, Happening, Row, Section
from titian.data.parties.reading import PROFILE, Reader, since
from titian.kernel.ids import PartyId

TIMELINE_DAYS = 30
HISTORY_DAYS = 90
MAX_TIMELINE = 60

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


def touches(reader: Reader, party_id: PartyId) -> Section:
    """Give the marketing contacts of the last 90 days, newest first."""
    if _none(reader, party_id, "touches_90d"):
        return reader.nothing("core.touch", _TOUCH)
    return _recent(reader, "core.touch", _TOUCH, party_id, "sent_at", HISTORY_DAYS)


def repayments(reader: Reader, party_id: PartyId) -> Section:
    """Give the instalments of the last 90 days, newest first."""
    if _none(reader, party_id, "instalments_90d"):
        return reader.nothing("core.repayment", _REPAYMENT)
    return _recent(reader, "core.repayment", _REPAYMENT, party_id, "due_date", HISTORY_DAYS)


def timeline(
    reader: Reader, party_id: PartyId, contacts: Section, instalments: Section
) -> tuple[Happening, ...]:
    """Merge entries and channel events of the last 30 days with contacts and instalments."""
    entries = _recent(reader, "core.entry", _ENTRY, party_id, "occurred_at", TIMELINE_DAYS)
    events = _recent(reader, "core.event", _EVENT, party_id, "occurred_at", TIMELINE_DAYS)
    happenings = [
        *(_entry(row) for row in entries.rows),
        *(_event(row) for row in events.rows),
        *(_touch(row) for row in contacts.rows),
        *(_repayment(row) for row in instalments.rows if row["paid_date"] is not None),
    ]
    happenings.sort(key=lambda one: (one.at, one.reference), reverse=True)
    return tuple(happenings[:MAX_TIMELINE])


def _none(reader: Reader, party_id: PartyId, counted: str) -> bool:
    # The profile counts the same 90 days; reading its one file spares reading ninety.
    if not reader.has(PROFILE):
        return False
    found = reader.day_rows(PROFILE, (counted,), "party_id", party_id, reader.day)
    counts: list[int] = found.column(0).to_pylist()
    return counts == [0]


def _recent(
    reader: Reader, table: str, columns: tuple[str, ...], party_id: PartyId, order: str, days: int
) -> Section:
    start = reader.day - timedelta(days)
    sql = since(table, columns, order)
    return reader.section(table, columns, sql, party_id=party_id, since=start, most=MAX_TIMELINE)


def _entry(row: Row) -> Happening:
    amount = _whole(row["amount_fen"])
    signed = -amount if amount is not None and row["direction"] == "debit" else amount
    return Happening(
        _moment(row["occurred_at"]), Act.ENTRY, str(row["summary"]), _text(row["channel"]), signed,
        _text(row["counterparty_name"]), None, str(row["entry_id"]),
    )  # fmt: skip


def _event(row: Row) -> Happening:
    return Happening(
        _moment(row["occurred_at"]), Act.EVENT, str(row["event_type"]), _text(row["channel"]),
        _whole(row["amount_fen"]), _text(row["payee_name"]), _text(row["result"]),
        str(row["event_id"]),
    )  # fmt: skip


def _touch(row: Row) -> Happening:
    answer = "converted" if row["converted"] else "responded" if row["responded"] else None
    return Happening(
        _moment(row["sent_at"]), Act.TOUCH, "touch", _text(row["channel"]), None,
        _text(row["campaign_id"]), answer, str(row["touch_id"]),
    )  # fmt: skip


def _repayment(row: Row) -> Happening:
    parts = [_whole(row[name]) for name in ("paid_principal_fen", "paid_interest_fen")]
    paid = [part for part in parts if part is not None]
    late = _whole(row["days_late"])
    return Happening(
        _moment(row["paid_date"]), Act.REPAYMENT, "repayment", None, sum(paid) if paid else None,
        str(row["loan_id"]), "late" if late else "on_time" if late == 0 else None,
        str(row["repayment_id"]),
    )  # fmt: skip


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    assert isinstance(value, date)
    return datetime.combine(value, time())


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
