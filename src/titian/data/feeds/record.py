"""What a load leaves in the operational database: arrivals, quarantine and drift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Connection

from titian.data.feeds.model import Contract
from titian.data.feeds.reading import Reading, drift_of, reasons_of
from titian.data.feeds.reasons import Problem
from titian.data.feeds.sources.batch import Refusal
from titian.data.feeds.tables import feed_arrival, feed_drift, feed_quarantine, feed_repair
from titian.data.feeds.validation import BadRow
from titian.kernel import audit, clock, db
from titian.kernel.ids import new_id
from titian.kernel.scope import Scope

MAX_DETAIL = 500
CHUNK = 400


class ArrivalStatus(StrEnum):
    """What became of what arrived."""

    LOADED = "loaded"
    REJECTED = "rejected"
    REPLACED = "replaced"
    """Loaded once, and replaced by a later delivery of the same date."""
    WITHDRAWN = "withdrawn"
    """Loaded once, and taken out of the table again."""


class RowStatus(StrEnum):
    """Where a quarantined row stands."""

    OPEN = "open"
    FIXED = "fixed"
    """Mended and found good, waiting for a replay."""
    REPLAYING = "replaying"
    """Claimed by a replay that goes on now, or died: see `claims`."""
    REPLAYED = "replayed"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"
    """Its date was delivered anew."""
    WITHDRAWN = "withdrawn"
    """Its date was taken out of the table."""


WAITING = (RowStatus.OPEN, RowStatus.FIXED, RowStatus.REPLAYING)
MENDED = (RowStatus.FIXED, RowStatus.REPLAYING)


@dataclass(frozen=True, slots=True)
class Entry:
    """One business date of a unit, to be recorded; `good` is its share of the unit's rows."""

    arrival_id: str
    unit: int
    business_date: date
    good: int
    bad: int
    refusals: Sequence[Refusal]
    control: Sequence[Mapping[str, object]]
    version: int | None
    content: str

    @property
    def status(self) -> ArrivalStatus:
        """Whether it was published."""
        return ArrivalStatus.REJECTED if self.refusals else ArrivalStatus.LOADED


def record(
    scope: Scope, contract: Contract, reading: Reading, entries: Sequence[Entry], started: datetime
) -> None:
    """Write down what became of a delivery, all of it or nothing.

    Loaded dates close what earlier deliveries of them left in quarantine.
    """
    loaded = [entry for entry in entries if entry.status is ArrivalStatus.LOADED]
    arrivals = [_arrival(scope, contract, reading, entry, started) for entry in entries]
    waiting = _quarantined(scope, contract, reading, loaded)
    with db.begin() as connection:
        _supersede(connection, scope, contract.feed, [entry.business_date for entry in loaded])
        connection.execute(sa.insert(feed_arrival), arrivals)
        if waiting:
            connection.execute(sa.insert(feed_quarantine), waiting)
        _note_drift(connection, scope, contract, reading, entries)


def confirm(
    scope: Scope, contract: Contract, delivery_id: str, control: Sequence[Mapping[str, object]]
) -> None:
    """Write down that what a delivery loaded stands, held against control files once more.

    Each of its dates gets an arrival in the place of the former one, which hands its rows in
    quarantine over. It keeps the moment at which the rows were loaded.
    """
    table, again = feed_arrival.c, new_id("dlv")
    mine = (table.delivery_id == delivery_id) & (table.status == ArrivalStatus.LOADED)
    with db.begin() as connection:
        for before in connection.execute(sa.select(feed_arrival).where(mine)).mappings().all():
            arrival_id = new_id("arr")
            changes = {"arrival_id": arrival_id, "delivery_id": again, "control": list(control)}
            connection.execute(sa.insert(feed_arrival), [{**before, **changes}])
            connection.execute(
                sa.update(feed_quarantine)
                .where(feed_quarantine.c.arrival_id == before["arrival_id"])
                .values(arrival_id=arrival_id)
            )
        connection.execute(
            sa.update(feed_arrival).where(mine).values(status=ArrivalStatus.REPLACED)
        )
        detail = {"delivery": delivery_id}
        audit.record(scope, "feeds.confirm", contract.table.qualified, detail, connection)


def _arrival(
    scope: Scope, contract: Contract, reading: Reading, entry: Entry, started: datetime
) -> dict[str, object]:
    unit = reading.delivery.units[entry.unit]
    files = [
        {
            "name": reading.delivery.parts[part].name,
            "bytes": reading.findings.sizes.get(part, 0),
            "sha256": reading.findings.digests.get(part, ""),
            "rows": reading.tally.rows.get(part, 0),
        }
        for part in unit.parts
    ]
    reasons = reasons_of(reading, entry.unit) if entry.bad else []
    return {
        "arrival_id": entry.arrival_id,
        "bank": scope.bank_id,
        "feed": contract.feed,
        "business_date": entry.business_date,
        "delivery_id": reading.delivery_id,
        "status": entry.status,
        "rows": entry.good + entry.bad,
        "good": entry.good,
        "bad": entry.bad,
        "bytes": sum(reading.findings.sizes.get(part, 0) for part in unit.parts),
        "content": entry.content,
        "files": files,
        "contract_version": contract.version[:40],
        "contract_digest": contract.digest,
        "control": list(entry.control),
        "refusals": [{"code": r.code, "params": dict(r.params)} for r in entry.refusals],
        "reasons": [asdict(reason) for reason in reasons],
        "types": dict(reading.findings.types),
        "table_version": entry.version,
        "loaded_by": scope.user,
        "started_at": started,
        "finished_at": clock.now(),
    }


def _quarantined(
    scope: Scope, contract: Contract, reading: Reading, loaded: Sequence[Entry]
) -> list[dict[str, object]]:
    owner = reading.delivery.unit_of_part()
    home = {entry.unit: entry for entry in loaded}
    now = clock.now()
    return [
        _row(scope, contract, reading, row, home[int(owner[row.part])], now)
        for row in reading.bad
        if int(owner[row.part]) in home
    ]


def _row(
    scope: Scope, contract: Contract, reading: Reading, row: BadRow, entry: Entry, now: datetime
) -> dict[str, object]:
    return {
        "row_id": new_id("row"),
        "arrival_id": entry.arrival_id,
        "bank": scope.bank_id,
        "feed": contract.feed,
        "business_date": entry.business_date,
        "file": reading.delivery.parts[row.part].name[-500:],
        "line": row.line,
        **described(row.problems),
        "raw": row.raw,
        "fixed": sa.null(),
        "status": RowStatus.OPEN,
        "created_at": now,
        "changed_at": now,
    }


def described(problems: Sequence[Problem]) -> dict[str, object]:
    """Give the stored form of what is wrong with a row."""
    return {
        "problems": problems_to_json(problems),
        "column_name": problems[0].column[:63],
        "code": problems[0].code,
    }


def set_rows(connection: Connection, row_ids: Sequence[str], changes: Mapping[str, object]) -> None:
    """Change stored rows, all alike."""
    for at in range(0, len(row_ids), CHUNK):
        connection.execute(
            sa.update(feed_quarantine)
            .where(feed_quarantine.c.row_id.in_(row_ids[at : at + CHUNK]))
            .values(**changes, changed_at=clock.now())
        )


def remember(
    connection: Connection,
    scope: Scope,
    row_ids: Sequence[str],
    action: str,
    columns: Sequence[str] = (),
    note: str = "",
) -> None:
    """Add to the history of rows."""
    entry = {
        "bank": scope.bank_id,
        "at": clock.now(),
        "user_id": scope.user,
        "action": action,
        "columns": list(columns),
        "note": note,
    }
    if row_ids:
        connection.execute(sa.insert(feed_repair), [{**entry, "row_id": r} for r in row_ids])


def close_rows(
    connection: Connection,
    scope: Scope,
    arrivals: sa.Select[tuple[str]],
    status: RowStatus,
    action: str,
    note: str = "",
) -> None:
    """Close what some arrivals left waiting, personal data first, and keep who did it."""
    waiting = feed_quarantine.c.arrival_id.in_(arrivals) & feed_quarantine.c.status.in_(WAITING)
    row_ids = list(connection.scalars(sa.select(feed_quarantine.c.row_id).where(waiting)))
    set_rows(connection, row_ids, {"status": status, "raw": None, "fixed": sa.null()})
    remember(connection, scope, row_ids, action, (), note)


def problems_to_json(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Give problems as they are stored."""
    return [{"column": p.column, "code": p.code, "params": dict(p.params)} for p in problems]


def _supersede(connection: Connection, scope: Scope, feed: str, dates: Sequence[date]) -> None:
    """Close what the deliveries replaced now have left waiting."""
    for at in range(0, len(dates), CHUNK):
        old = (
            (feed_arrival.c.bank == scope.bank_id)
            & (feed_arrival.c.feed == feed)
            & (feed_arrival.c.status == ArrivalStatus.LOADED)
            & feed_arrival.c.business_date.in_(dates[at : at + CHUNK])
        )
        arrivals = sa.select(feed_arrival.c.arrival_id).where(old)
        close_rows(connection, scope, arrivals, RowStatus.SUPERSEDED, "supersede")
        connection.execute(sa.update(feed_arrival).where(old).values(status=ArrivalStatus.REPLACED))


def _note_drift(
    connection: Connection,
    scope: Scope,
    contract: Contract,
    reading: Reading,
    entries: Sequence[Entry],
) -> None:
    found: dict[tuple[str, str, str], tuple[date, date, int, int]] = {}
    for entry in entries:
        for kind, column, detail, rows in drift_of(reading, entry.unit):
            key = kind.value, column[:200], detail[:MAX_DETAIL]
            first, last, deliveries, total = found.get(key, (entry.business_date,) * 2 + (0, 0))
            day = entry.business_date
            found[key] = min(first, day), max(last, day), deliveries + 1, total + rows
    table = feed_drift.c
    for (kind_text, column, detail), (first, last, deliveries, rows) in found.items():
        same = (
            (table.bank == scope.bank_id)
            & (table.feed == contract.feed)
            & (table.kind == kind_text)
            & (table.column_name == column)
            & (table.detail == detail)
        )
        changed = connection.execute(
            sa.update(feed_drift)
            .where(same)
            .values(
                first_date=sa.case((table.first_date < first, table.first_date), else_=first),
                last_date=sa.case((table.last_date > last, table.last_date), else_=last),
                deliveries=table.deliveries + deliveries,
                rows=table.rows + rows,
                last_seen=clock.now(),
            )
        )
        if changed.rowcount == 0:
            connection.execute(
                sa.insert(feed_drift).values(
                    drift_id=new_id("drift"),
                    bank=scope.bank_id,
                    feed=contract.feed,
                    kind=kind_text,
                    column_name=column,
                    detail=detail,
                    first_date=first,
                    last_date=last,
                    deliveries=deliveries,
                    rows=rows,
                    first_seen=clock.now(),
                    last_seen=clock.now(),
                )
            )
