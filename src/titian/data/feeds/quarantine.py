"""Rows that wait in quarantine: listed, looked at, mended, dismissed. `replay` puts them back.

Personal data is shown masked unless the scope was unmasked with a reason, and is deleted as soon
as a row is settled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from titian.data.feeds import registry, rows
from titian.data.feeds.masking import scrubbed, sees_all, shown_fields
from titian.data.feeds.model import Contract
from titian.data.feeds.reasons import Code, Problem
from titian.data.feeds.record import WAITING, RowStatus, problems_to_json
from titian.data.feeds.tables import feed_quarantine, feed_repair
from titian.kernel import audit, clock, db
from titian.kernel.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from titian.kernel.scope import Permission, Scope

MAX_PAGE_ROWS = 500
MAX_NOTE_CHARACTERS = 500


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
    """Which quarantined rows to list; None does not filter."""

    feed: str | None = None
    business_date: date | None = None
    arrival_id: str | None = None
    status: RowStatus | None = RowStatus.OPEN
    code: Code | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """One entry of a row's history: who did what to which columns. It holds no values."""

    at: datetime
    user: str
    action: str
    columns: Sequence[str]
    note: str


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
    return Page([_waiting(scope, row, known.get(row.feed)) for row in found], total)


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
    """Give one quarantined row. Needs REPAIR_QUARANTINE; looking unmasked is audited."""
    scope.require(Permission.REPAIR_QUARANTINE)
    with db.read() as connection:
        row = _row(connection, scope, row_id)
    if scope.unmask_reason is not None:
        audit.record(scope, "feeds.unmask", row_id, {"reason": scope.unmask_reason})
    return _waiting(scope, row, registry.contract(scope, row.feed))


def repairs(scope: Scope, row_id: str) -> list[Repair]:
    """Give a row's history, oldest first."""
    scope.require(Permission.REPAIR_QUARANTINE)
    table = feed_repair.c
    query = (
        sa.select(feed_repair)
        .where(table.row_id == row_id, table.bank == scope.bank_id)
        .order_by(table.repair_id)
    )
    with db.read() as connection:
        found = connection.execute(query).all()
    return [Repair(r.at, r.user_id, r.action, r.columns, r.note) for r in found]


def fix(
    scope: Scope,
    row_id: str,
    *,
    raw: str | None = None,
    values: Mapping[str, str | None] | None = None,
    note: str = "",
) -> Waiting:
    """Mend a row: by its whole text, or by column (as the file would write the value).

    The row is checked at once: it is `fixed` when nothing is wrong any more, and stays `open`
    with what is left otherwise. Needs REPAIR_QUARANTINE. Raises NotFound, InvalidInput, Conflict
    for a row that is settled.
    """
    scope.require(Permission.REPAIR_QUARANTINE)
    _check_note(note)
    if (raw is None) == (not values):
        raise InvalidInput("nothing or too much is to be mended", "Give the text, or some columns.")
    with db.begin() as connection:
        row = _row(connection, scope, row_id)
        _require_waiting(row)
        contract = registry.contract(scope, row.feed)
        if raw is not None:
            fields, columns = _from_text(contract, raw), ["*"]
        else:
            assert values is not None, "one of the two is given"
            fields, columns = _from_values(contract, row, values)
        problems = rows.problems_of(contract, fields)
        changes: dict[str, object] = {
            "status": RowStatus.OPEN if problems else RowStatus.FIXED,
            "fixed": sa.null() if fields is None else fields,
        }
        if problems:
            changes |= described(problems)
        set_row(connection, row_id, changes)
        remember(connection, scope, [row_id], "fix", columns, note)
        audit.record(scope, "feeds.fix", row_id, {"columns": list(columns)}, connection)
        changed = _row(connection, scope, row_id)
    return _waiting(scope, changed, contract)


def dismiss(scope: Scope, row_id: str, note: str) -> None:
    """Give a row up for good, with a reason. Needs REPAIR_QUARANTINE."""
    scope.require(Permission.REPAIR_QUARANTINE)
    _check_note(note)
    if not note.strip():
        raise InvalidInput("a row is dismissed without a reason", "Say why in the note.")
    with db.begin() as connection:
        row = _row(connection, scope, row_id)
        _require_waiting(row)
        settled = {"status": RowStatus.DISMISSED, "raw": None, "fixed": sa.null()}
        set_row(connection, row_id, settled)
        remember(connection, scope, [row_id], "dismiss", [], note)
        audit.record(scope, "feeds.dismiss", row_id, {}, connection)


def described(problems: Sequence[Problem]) -> dict[str, object]:
    """Give the stored form of what is wrong with a row."""
    return {
        "problems": problems_to_json(problems),
        "column_name": problems[0].column[:63],
        "code": problems[0].code,
    }


def set_row(connection: Connection, row_id: str, changes: Mapping[str, object]) -> None:
    """Change a stored row."""
    connection.execute(
        sa.update(feed_quarantine)
        .where(feed_quarantine.c.row_id == row_id)
        .values(**changes, changed_at=clock.now())
    )


def remember(
    connection: Connection,
    scope: Scope,
    row_ids: Sequence[str],
    action: str,
    columns: Sequence[str],
    note: str = "",
) -> None:
    """Add to the history of rows."""
    entry = {
        "bank": scope.bank_id,
        "at": clock.now(),
        "user_id": scope.user,
        "action": action,
        "columns": list(columns),
        "note": note.strip(),
    }
    if row_ids:
        connection.execute(sa.insert(feed_repair), [{**entry, "row_id": r} for r in row_ids])


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
        (table.status, wanted.status),
        (table.code, wanted.code),
        (table.column_name, wanted.column),
    )
    chosen = [column == value for column, value in pairs if value is not None]
    return sa.and_(table.bank == scope.bank_id, *chosen)


def _row(connection: Connection, scope: Scope, row_id: str) -> Row[tuple[object, ...]]:
    table = feed_quarantine.c
    query = sa.select(feed_quarantine).where(table.row_id == row_id, table.bank == scope.bank_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            f"there is no quarantined row {row_id!r} at {scope.place}",
            "List them with `titian feeds quarantine`.",
        )
    return row


def _require_waiting(row: Row[tuple[object, ...]]) -> None:
    if row.status not in (RowStatus.OPEN, RowStatus.FIXED):
        raise Conflict(f"row {row.row_id} is {row.status} already", "Nothing is left to do.")


def _check_note(note: str) -> None:
    if len(note) > MAX_NOTE_CHARACTERS:
        raise LimitExceeded(
            f"the note has {len(note)} characters", f"Use at most {MAX_NOTE_CHARACTERS}."
        )


def _from_text(contract: Contract, text: str) -> dict[str, str | None] | None:
    if len(text) > rows.MAX_ROW_CHARACTERS:
        raise LimitExceeded("the text is too long for one row", "Enter a single row.")
    return rows.fields_of_text(contract, text)


def _from_values(
    contract: Contract, row: Row[tuple[object, ...]], values: Mapping[str, str | None]
) -> tuple[dict[str, str | None], list[str]]:
    sources = {field.name: field.source for field in contract.fields}
    unknown = sorted(name for name in values if name not in sources)
    if unknown:
        raise InvalidInput(
            f"feed {contract.feed} has no column {unknown[0]!r}",
            f"Its columns are {', '.join(sources)}.",
        )
    fields = current_fields(contract, row)
    if fields is None:
        absent = [name for name in sources if name not in values]
        if absent:
            raise InvalidInput(
                f"row {row.row_id} cannot be split into fields, so its columns are not known",
                f"Give the whole text, or every column ({', '.join(absent[:10])} too).",
            )
        fields = dict.fromkeys(contract.headings)
    for name, value in values.items():
        fields[sources[name]] = value or None
    return fields, sorted(values)


def _waiting(scope: Scope, row: Row[tuple[object, ...]], contract: Contract | None) -> Waiting:
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
