"""Rows that wait in quarantine, and what was done to them: listed and looked at.

`repair` mends them, `replay` puts them back.
Personal data is shown masked unless the scope was unmasked with a reason, and is deleted as soon
as a row is settled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from titian.data import notes
from titian.data.feeds import registry, rows
from titian.data.feeds.masking import personal_values, scrubbed, sees_all, shown_fields
from titian.data.feeds.model import Contract
from titian.data.feeds.reasons import Code, Problem
from titian.data.feeds.record import MENDED, WAITING, RowStatus
from titian.data.feeds.tables import feed_quarantine, feed_repair
from titian.kernel import audit, db
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.scope import Permission, Scope

MAX_PAGE_ROWS = 500
MAX_HISTORY_ROWS = 10_001


@dataclass(frozen=True, slots=True)
class Waiting:
    """A quarantined row as the scope may see it.

    `raw` is its text as delivered, `fields` its fields by heading (None when it cannot be split),
    mended values included; both are None once the row is settled.
    """

    row_id: str
    arrival_id: str
    feed: str
    business_date: date
    file: str
    line: int
    status: RowStatus
    problems: tuple[Problem, ...]
    raw: str | None
    fields: Mapping[str, str | None] | None
    masked: bool
    created_at: datetime
    changed_at: datetime

    @property
    def column(self) -> str:
        """The first column that is wrong (empty: the row as such)."""
        return self.problems[0].column if self.problems else ""

    @property
    def code(self) -> Code | None:
        """The first reason."""
        return self.problems[0].code if self.problems else None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the rows found, and how many there are in all."""

    rows: Sequence[Waiting]
    total: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which quarantined rows to list; None does not filter. Rows being replayed count as fixed."""

    feed: str | None = None
    business_date: date | None = None
    arrival_id: str | None = None
    status: RowStatus | None = RowStatus.OPEN
    code: Code | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the history: who did what to which row, to which columns. It holds no values.

    `action` is fix, dismiss, replay, supersede or withdraw.
    """

    at: datetime
    user: str
    action: str
    columns: Sequence[str]
    note: str
    row_id: str
    feed: str
    business_date: date
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Acts:
    """Some of the acts found, and how many there are in all."""

    acts: Sequence[Act]
    total: int


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which acts to list; None does not filter. `words` are looked for in user, note and file."""

    row_id: str | None = None
    feed: str | None = None
    business_date: date | None = None
    action: str | None = None
    words: str | None = None


EVERY_ACT = HistoryFilter()


def quarantine(scope: Scope, wanted: Filter, *, offset: int = 0, limit: int = 50) -> Page:
    """List quarantined rows by date, file and line. Needs REPAIR_QUARANTINE."""
    scope.require(Permission.REPAIR_QUARANTINE)
    if offset < 0 or not 1 <= limit <= MAX_PAGE_ROWS:
        raise InvalidInput(
            f"a page of {limit} rows from {offset} cannot be shown",
            f"Ask for 1 to {MAX_PAGE_ROWS} rows.",
        )
    where = _where(scope, wanted)
    table = feed_quarantine.c
    query = (
        sa.select(feed_quarantine)
        .where(where)
        .order_by(table.business_date.desc(), table.feed, table.file, table.line, table.row_id)
        .offset(offset)
        .limit(limit)
    )
    with db.read() as connection:
        total = connection.scalar(sa.select(sa.func.count()).where(where)) or 0
        found = connection.execute(query).all()
    known = {contract.feed: contract for contract in registry.contracts(scope)} if found else {}
    return Page([waiting_of(scope, row, known.get(row.feed)) for row in found], total)


def summary(scope: Scope, wanted: Filter) -> list[tuple[str, str, Code, int]]:
    """Count quarantined rows by feed, column and reason, most first."""
    scope.require(Permission.REPAIR_QUARANTINE)
    table = feed_quarantine.c
    count = sa.func.count()
    query = (
        sa.select(table.feed, table.column_name, table.code, count.label("rows"))
        .where(_where(scope, wanted))
        .group_by(table.feed, table.column_name, table.code)
        .order_by(count.desc(), table.feed, table.column_name)
        .limit(MAX_PAGE_ROWS)
    )
    with db.read() as connection:
        found = connection.execute(query).all()
    return [(row.feed, row.column_name, Code(row.code), row.rows) for row in found]


def arrivals_waiting(
    scope: Scope, feed: str | None = None, business_date: date | None = None
) -> list[str]:
    """List the deliveries that have rows waiting, oldest date first."""
    scope.require(Permission.REPAIR_QUARANTINE)
    table = feed_quarantine.c
    wanted = Filter(feed=feed, business_date=business_date, status=None)
    query = (
        sa.select(table.arrival_id)
        .where(_where(scope, wanted), table.status.in_(WAITING))
        .group_by(table.arrival_id, table.business_date)
        .order_by(table.business_date, table.arrival_id)
    )
    with db.read() as connection:
        return list(connection.scalars(query))


def waiting_row(scope: Scope, row_id: str) -> Waiting:
    """Give one quarantined row. Needs REPAIR_QUARANTINE; looking unmasked is audited.

    Raises NotFound, InvalidInput when the reason to unmask repeats what the row holds.
    """
    scope.require(Permission.REPAIR_QUARANTINE)
    check_tells_nobody(scope, row_id, scope.unmask_reason or "")
    with db.read() as connection:
        row = stored_row(connection, scope, row_id)
    if scope.unmask_reason is not None:
        audit.record(scope, "feeds.unmask", row_id, {"reason": scope.unmask_reason})
    return waiting_of(scope, row, registry.contract(scope, row.feed))


def check_tells_nobody(scope: Scope, row_id: str, note: str) -> None:
    """Raise InvalidInput when a note, which is kept for good, tells whose row it is.

    That is recorded, so that nobody can try names out in silence. Raises NotFound.
    """
    if not note:
        return
    with db.read() as connection:
        row = stored_row(connection, scope, row_id)
    contract = next((c for c in registry.contracts(scope) if c.feed == row.feed), None)
    fields = None if contract is None else current_fields(contract, row)
    if contract is None or not notes.tells(note, personal_values(contract, fields or {})):
        return
    audit.record(scope, "feeds.note_refused", row_id, {"why": "it repeats what the row holds"})
    raise InvalidInput(
        "what you wrote repeats what the row holds",
        "Leave out names and numbers of people: it stays in the audit log for good.",
    )


def history(
    scope: Scope,
    wanted: HistoryFilter = EVERY_ACT,
    *,
    offset: int = 0,
    limit: int = 50,
    newest_first: bool = True,
) -> Acts:
    """List who mended, dismissed, replayed or closed which row, and when.

    Needs REPAIR_QUARANTINE. Raises InvalidInput for more than `MAX_HISTORY_ROWS`.
    """
    scope.require(Permission.REPAIR_QUARANTINE)
    if offset < 0 or not 1 <= limit <= MAX_HISTORY_ROWS:
        raise InvalidInput(
            f"a page of {limit} acts from {offset} cannot be shown",
            f"Ask for 1 to {MAX_HISTORY_ROWS}.",
        )
    act, row = feed_repair.c, feed_quarantine.c
    columns = [act.at, act.user_id, act.action, act.columns, act.note, act.row_id]
    columns += [row.feed, row.business_date, row.file, row.line]
    query = (
        sa.select(*columns)
        .join_from(feed_repair, feed_quarantine, row.row_id == act.row_id)
        .where(_acts_where(scope, wanted))
    )
    order = act.repair_id.desc() if newest_first else act.repair_id
    counted = sa.select(sa.func.count()).select_from(query.subquery())
    with db.read() as connection:
        total = connection.scalar(counted) or 0
        found = connection.execute(query.order_by(order).offset(offset).limit(limit)).all()
    return Acts([Act(*one) for one in found], total)


def _acts_where(scope: Scope, wanted: HistoryFilter) -> sa.ColumnElement[bool]:
    act, row = feed_repair.c, feed_quarantine.c
    pairs: tuple[tuple[sa.ColumnElement[object], object], ...] = (
        (act.row_id, wanted.row_id),
        (row.feed, wanted.feed),
        (row.business_date, wanted.business_date),
        (act.action, wanted.action),
    )
    chosen = [column == value for column, value in pairs if value is not None]
    chosen += [
        sa.or_(
            *(text.icontains(word, autoescape=True) for text in (act.user_id, act.note, row.file))
        )
        for word in (wanted.words or "").split()
    ]
    return sa.and_(act.bank == scope.bank_id, *chosen)


def current_fields(
    contract: Contract, row: Row[tuple[object, ...]]
) -> dict[str, str | None] | None:
    """Give a stored row's fields, mended ones included; None when it cannot be split."""
    if row.fixed is not None:
        return {name: row.fixed.get(name) for name in contract.headings}
    return None if row.raw is None else rows.fields_of(contract, row.raw)


def _where(scope: Scope, wanted: Filter) -> sa.ColumnElement[bool]:
    table = feed_quarantine.c
    pairs = (
        (table.feed, wanted.feed),
        (table.business_date, wanted.business_date),
        (table.arrival_id, wanted.arrival_id),
        (table.code, wanted.code),
        (table.column_name, wanted.column),
    )
    chosen = [column == value for column, value in pairs if value is not None]
    if wanted.status is not None:
        among = MENDED if wanted.status is RowStatus.FIXED else (wanted.status,)
        chosen.append(table.status.in_(among))
    return sa.and_(table.bank == scope.bank_id, *chosen)


def stored_row(connection: Connection, scope: Scope, row_id: str) -> Row[tuple[object, ...]]:
    """Give a row as it is stored. Raises NotFound."""
    table = feed_quarantine.c
    query = sa.select(feed_quarantine).where(table.row_id == row_id, table.bank == scope.bank_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            f"there is no quarantined row {row_id!r} at {scope.place}",
            "List them with `titian feeds quarantine`.",
        )
    return row


def waiting_of(scope: Scope, row: Row[tuple[object, ...]], contract: Contract | None) -> Waiting:
    """Make what a scope may see of a stored row."""
    clear = contract is not None and sees_all(scope, contract)
    fields = None if contract is None else current_fields(contract, row)
    if contract is not None and fields is not None:
        fields = shown_fields(scope, contract, fields)
    encoding = "utf-8" if contract is None else contract.source.encoding
    raw = None if row.raw is None else row.raw.decode(encoding, "surrogateescape")
    return Waiting(
        row_id=row.row_id,
        arrival_id=row.arrival_id,
        feed=row.feed,
        business_date=row.business_date,
        file=row.file,
        line=row.line,
        status=RowStatus(row.status),
        problems=tuple(
            Problem(item["column"], Code(item["code"]), item["params"]) for item in row.problems
        ),
        raw=raw if raw is None else rows.shown(raw if clear else scrubbed(raw)),
        fields=fields,
        masked=not clear,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
