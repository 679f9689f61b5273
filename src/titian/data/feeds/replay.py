"""Mended rows back into their business date: one atomic replacement, once, keys kept unique."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import Row
from sqlglot import exp, select

from titian.data.feeds import arrivals, claims, lock, quarantine, registry, rows
from titian.data.feeds.model import Contract
from titian.data.feeds.reasons import Code, Problem
from titian.data.feeds.record import WAITING, ArrivalStatus, RowStatus, described, set_rows
from titian.data.feeds.tables import feed_quarantine
from titian.kernel import audit, db
from titian.kernel.errors import Conflict
from titian.kernel.scope import Permission, Scope
from titian.lake import store
from titian.lake.schema import BUSINESS_DATE
from titian.lake.session import open_session

MAX_REPLAYED_ROWS = 50_000
_HELD, _MENDED = "held", "mended"
Problems = Mapping[str, tuple[Problem, ...]]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: rows put into the table, rows still wrong, the table's new version."""

    good: int
    left: int
    version: int | None


@dataclass(frozen=True, slots=True)
class _Ready:
    """Rows that may go in: their ids, and the typed rows with their business date."""

    row_ids: Sequence[str]
    table: pa.Table

    def only(self, keep: Sequence[bool]) -> _Ready:
        ids = [row_id for row_id, kept in zip(self.row_ids, keep, strict=True) if kept]
        return _Ready(ids, self.table.filter(pa.array(keep, pa.bool_())))


def replay(scope: Scope, arrival_id: str) -> Replayed:
    """Check all waiting rows of a delivery against the contract as it is now, and add the good.

    Rows nobody touched count, too: a code added to the contract frees them. Needs
    REPAIR_QUARANTINE. Raises Conflict for a delivery that was rejected or replaced since.
    """
    scope.require(Permission.REPAIR_QUARANTINE)
    feed = arrivals.arrival(scope, arrival_id).feed
    with lock.held(scope, feed):
        resumed = claims.finish(scope, feed).get(arrival_id, 0)
        found = arrivals.arrival(scope, arrival_id)
        if found.status is not ArrivalStatus.LOADED:
            raise Conflict(
                f"this delivery of {feed} for {found.business_date} is {found.status}",
                "Mend the rows of the delivery that the date holds now.",
            )
        contract = registry.contract(scope, feed)
        ready, wrong = _checked(contract, _stored(scope, arrival_id))
        ready, twice = _without_twins(scope, contract, ready)
        version = _put_in(scope, contract, ready) if ready.row_ids else None
        _settle(scope, arrival_id, ready, {**wrong, **twice})
    good, left = len(ready.row_ids) + resumed, len(wrong) + len(twice)
    detail = {"good": good, "left": left, "date": found.business_date.isoformat()}
    audit.record(scope, "feeds.replay", contract.table.qualified, detail)
    return Replayed(good, left, version)


def _put_in(scope: Scope, contract: Contract, ready: _Ready) -> int:
    number = claims.claim(scope, contract.feed, ready.row_ids)
    try:
        return _merge(scope, contract, ready, number)
    except BaseException:
        claims.finish(scope, contract.feed)
        raise


def _stored(scope: Scope, arrival_id: str) -> Sequence[Row[tuple[object, ...]]]:
    table = feed_quarantine.c
    query = (
        sa.select(feed_quarantine)
        .where(
            table.bank == scope.bank_id,
            table.arrival_id == arrival_id,
            table.status.in_(WAITING),
        )
        .order_by(table.file, table.line)
        .limit(MAX_REPLAYED_ROWS)
    )
    with db.read() as connection:
        return connection.execute(query).all()


def _checked(
    contract: Contract, stored: Sequence[Row[tuple[object, ...]]]
) -> tuple[_Ready, Problems]:
    wrong: dict[str, tuple[Problem, ...]] = {}
    candidates = []
    for row in stored:
        fields = quarantine.current_fields(contract, row)
        if fields is None or rows.torn(fields):
            wrong[row.row_id] = _as_stored(row)
        else:
            candidates.append((row, fields))
    checked = rows.check_fields(contract, [fields for _, fields in candidates])
    for bad in checked.bad:
        wrong[candidates[bad.line][0].row_id] = bad.problems
    good = [candidates[at][0] for at in checked.lines.tolist()]
    days = pa.array([row.business_date for row in good], pa.date32())
    if contract.business_date_from is not None:
        named = checked.rows.column(contract.business_date_from)
        days = named.cast(pa.date32(), safe=False)
    return _Ready(
        [row.row_id for row in good], checked.rows.append_column(BUSINESS_DATE, days)
    ), wrong


def _as_stored(row: Row[tuple[object, ...]]) -> tuple[Problem, ...]:
    return tuple(Problem(p["column"], Code(p["code"]), p["params"]) for p in row.problems)


def _without_twins(scope: Scope, contract: Contract, ready: _Ready) -> tuple[_Ready, Problems]:
    """Hold back rows whose key their date has already, or an earlier mended row has."""
    twice: dict[str, tuple[Problem, ...]] = {}
    keep = np.ones(len(ready.row_ids), np.bool_)
    for key in contract.unique_keys if ready.row_ids else ():
        taken = _taken(scope, contract, key, ready.table)
        columns = [ready.table.column(name).to_pylist() for name in (BUSINESS_DATE, *key)]
        for at, values in enumerate(zip(*columns, strict=True)):
            if None in values or not keep[at]:
                continue
            if values in taken:
                keep[at] = False
                twice[ready.row_ids[at]] = (Problem(", ".join(key), Code.DUPLICATE_KEY, {}),)
            taken.add(values)
    return ready.only(keep.tolist()), twice


def _taken(
    scope: Scope, contract: Contract, key: Sequence[str], mended: pa.Table
) -> set[tuple[object, ...]]:
    """Give the keys of mended rows that their dates hold already."""
    table = contract.table.qualified
    if not store.exists(Scope.system(scope.bank_id), table):
        return set()
    names = (BUSINESS_DATE, *key)
    same = [
        exp.column(name, table=_HELD, quoted=True).eq(exp.column(name, table=_MENDED, quoted=True))
        for name in names
    ]
    text = (
        select(*(exp.column(name, table=_HELD, quoted=True) for name in names))
        .from_(exp.to_table(table).as_(_HELD))
        .join(_MENDED, on=exp.and_(*same), join_type="semi")
        .sql("duckdb")
    )
    with open_session(Scope.system(scope.bank_id), tables=[table]) as session:
        session.register(_MENDED, mended.select(list(names)))
        held = session.sql(text)
    return set(zip(*(column.to_pylist() for column in held.columns), strict=True))


def _merge(scope: Scope, contract: Contract, ready: _Ready, claim: int) -> int:
    """Write each date's rows anew with the mended ones behind them; readers see all or nothing."""
    table, system = contract.table, Scope.system(scope.bank_id)
    schema = table.arrow_schema(with_date=True)
    days: list[date] = sorted(set(ready.table.column(BUSINESS_DATE).to_pylist()))
    wanted = [exp.cast(exp.Literal.string(day.isoformat()), "date") for day in days]
    held = (
        select(*(exp.column(name, quoted=True) for name in schema.names))
        .from_(exp.to_table(table.qualified))
        .where(exp.In(this=exp.column(BUSINESS_DATE, quoted=True), expressions=wanted))
        .sql("duckdb")
    )

    def batches() -> Iterator[pa.RecordBatch]:
        with open_session(system, tables=[table.qualified]) as session:
            for batch in session.stream(held):
                yield batch.cast(schema)
        yield from ready.table.cast(schema).to_batches()

    rows_in = pa.RecordBatchReader.from_batches(schema, batches())
    return store.write_dates(system, table, rows_in, days, claim=claim).version


def _settle(scope: Scope, arrival_id: str, ready: _Ready, wrong: Problems) -> None:
    with db.begin() as connection:
        claims.settle(connection, scope, dict.fromkeys(ready.row_ids, arrival_id))
        for row_id, problems in wrong.items():
            set_rows(connection, [row_id], {"status": RowStatus.OPEN, **described(problems)})
