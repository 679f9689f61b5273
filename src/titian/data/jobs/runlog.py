"""The run log: what became of every unit of work. Written in groups, one transaction each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from titian.data.checks import results
from titian.data.checks.model import Outcome
from titian.data.jobs import alerts
from titian.data.jobs.model import State
from titian.data.jobs.orders import Order
from titian.data.jobs.tables import job_order, job_run, job_state, job_text
from titian.kernel import clock, db
from titian.kernel.ids import BankId, RunId

MAX_ERROR_CHARACTERS = 2_000
ROWS_PER_STATEMENT = 400

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What `job_state` holds of one unit."""

    state: State
    why: str
    run: RunId | None
    order: str
    started: datetime | None
    finished: datetime | None
    version: str


@dataclass(slots=True)
class Changes:
    """What happened since the last write."""

    runs: list[Row] = field(default_factory=list)
    ends: list[Row] = field(default_factory=list)
    states: dict[tuple[date, str], Row] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    checks: list[tuple[Row, tuple[Outcome, ...]]] = field(default_factory=list)
    alerts: list[Row] = field(default_factory=list)
    resolved: list[tuple[date, str]] = field(default_factory=list)
    finished: int = 0

    def __bool__(self) -> bool:
        return bool(self.runs or self.ends or self.states or self.finished)


def write(bank: BankId, order: str, changes: Changes) -> None:
    """Write a group of changes of one order in one transaction."""
    with db.begin() as connection:
        if changes.texts:
            texts = [{"sql_hash": key, "text": text} for key, text in changes.texts.items()]
            _insert_or_ignore(connection, job_text, texts)
        if changes.runs:
            connection.execute(insert(job_run), changes.runs)
        if changes.ends:
            names = [name for name in changes.ends[0] if name != "b_run"]
            connection.execute(
                update(job_run)
                .where(job_run.c.run_id == bindparam("b_run"))
                .values({name: bindparam(name) for name in names}),
                changes.ends,
            )
        if changes.states:
            _upsert(connection, job_state, list(changes.states.values()))
        for about, outcomes in changes.checks:
            results.record(connection, bank, about, outcomes)
        alerts.record(connection, bank, changes.alerts, changes.resolved)
        if changes.finished:
            connection.execute(
                update(job_order)
                .where(job_order.c.order_id == order)
                .values(finished=job_order.c.finished + changes.finished)
            )


def close_interrupted(order: str) -> None:
    """Close the runs that an earlier, killed process left open; their units run again."""
    with db.begin() as connection:
        connection.execute(
            update(job_run)
            .where(job_run.c.order_id == order, job_run.c.state == State.RUNNING.value)
            .values(
                state=State.FAILED.value,
                finished_at=clock.now(),
                error="The process that ran it ended before it did. It is run again.",
                error_code="interrupted",
            )
        )


def standings(bank: BankId, dates: Sequence[date]) -> dict[tuple[date, str], Standing]:
    """Give the state of every unit of a bank on some dates."""
    query = select(job_state).where(
        job_state.c.bank == bank,
        job_state.c.business_date >= min(dates),
        job_state.c.business_date <= max(dates),
    )
    with db.read() as connection:
        return {
            (row.business_date, row.job): Standing(
                State(row.state),
                row.why,
                row.run_id,
                row.order_id,
                row.started_at,
                row.finished_at,
                row.version,
            )
            for row in connection.execute(query)
        }


def left_by(order: Order) -> dict[tuple[date, str], Standing]:
    """Give the units that an order came to and left unfinished, with what they stand at."""
    found = standings(order.bank, order.dates)
    return {
        unit: held
        for unit, held in found.items()
        if held.order == order.order and not held.state.done
    }


def text_key(text: str) -> str:
    """Give the key under which a SQL text is kept once."""
    return hashlib.sha256(text.encode()).hexdigest()[:32] if text else ""


def _statement(connection: Connection, table: Table) -> Any:
    made = postgresql if connection.dialect.name == "postgresql" else sqlite
    return made.insert(table)


def _upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    statement = _statement(connection, table)
    keys = [column.name for column in table.primary_key.columns]
    rest = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    statement = statement.on_conflict_do_update(index_elements=keys, set_=rest)
    for part in _parts(rows):
        connection.execute(statement, part)


def _insert_or_ignore(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]
) -> None:
    connection.execute(_statement(connection, table).on_conflict_do_nothing(), rows)


def _parts(rows: Sequence[Mapping[str, object]]) -> Iterable[Sequence[Mapping[str, object]]]:
    for at in range(0, len(rows), ROWS_PER_STATEMENT):
        yield rows[at : at + ROWS_PER_STATEMENT]
