"""One session over a bank's tables, from which a customer's parts are read and masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from sqlglot import exp

from titian.data.parties.model import Row, Section
from titian.kernel.errors import NotFound
from titian.kernel.scope import Scope
from titian.lake import handles, masking, store
from titian.lake.schema import BUSINESS_DATE, Table
from titian.lake.session import JobSession, open_session

PARTY = "core.party"
PROFILE = "mart.party_profile"
MAX_OF_DAY = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads as the platform, shows as the person: nothing leaves `section` unmasked."""

    scope: Scope
    day: date
    session: JobSession
    tables: dict[str, Table]

    def section(self, name: str, columns: Sequence[str], sql: str, **values: object) -> Section:
        """Run a query over one table's columns; its rows as the person may see them.

        A table the bank does not have gives no rows.
        """
        return self.section_beside(name, columns, (), sql, **values)[0]

    def section_beside(
        self, name: str, columns: Sequence[str], beside: Sequence[str], sql: str, **values: object
    ) -> tuple[Section, list[Row]]:
        """Run a query once: the columns as the person may see them, and others in the clear.

        What is `beside` is worked out by the query (a tie, a reason) and is nobody's secret.
        """
        if name not in self.tables:
            return Section((), ()), []
        table = self.tables[name]
        found = self.query(sql, **values)
        shown = masking.masked(self.scope, table, found.select(list(columns)))
        section = Section(tuple(table.column(c) for c in columns), tuple(_rows(shown)))
        return section, _rows(found.select(list(beside)))

    def nothing(self, name: str, columns: Sequence[str]) -> Section:
        """Give a table's columns without rows."""
        table = self.tables.get(name)
        return Section(tuple(table.column(c) for c in columns) if table else (), ())

    def of_day(self, name: str, columns: Sequence[str], key: str, value: str) -> Section:
        """Give the rows of the business date whose key has a value, from that date's files."""
        if name not in self.tables:
            return Section((), ())
        table = self.tables[name]
        found = self.day_rows(name, columns, key, value, self.day).sort_by(columns[0])
        shown = masking.masked(self.scope, table, found.slice(0, MAX_OF_DAY))
        return Section(tuple(table.column(c) for c in columns), tuple(_rows(shown)))

    def day_rows(
        self, name: str, columns: Sequence[str], key: str, value: str, day: date
    ) -> pa.Table:
        """Read such rows of one date in the clear; several times quicker than a query."""
        snapshot = handles.snapshot(Scope.system(self.scope.bank_id), name)
        files = snapshot.uris(frozenset({day}))
        if not files:
            fields = [snapshot.table.arrow_schema().field(column) for column in columns]
            return pa.schema(fields).empty_table()
        found = ds.dataset(files, schema=snapshot.table.arrow_schema(), format="parquet")
        return found.to_table(columns=list(columns), filter=pc.field(key) == value)

    def query(self, sql: str, **values: object) -> pa.Table:
        """Run a query in the clear, for what is not shown."""
        given = {BUSINESS_DATE: self.day, **values}
        return self.session.sql(sql, {name: v for name, v in given.items() if f"${name}" in sql})

    def has(self, name: str) -> bool:
        """Whether the bank has a table."""
        return name in self.tables


@lru_cache(maxsize=128)
def since(table: str, columns: tuple[str, ...], newest_by: str) -> str:
    """Give the SELECT of a party's newest rows after `$since` up to `$business_date`."""
    day = _column(BUSINESS_DATE)
    return (
        _rows_of_party(table, columns)
        .where(
            exp.LTE(this=day, expression=exp.Placeholder(this=BUSINESS_DATE)),
            exp.GT(this=day.copy(), expression=exp.Placeholder(this="since")),
        )
        .order_by(exp.Ordered(this=_column(newest_by), desc=True), _column(columns[0]))
        .sql("duckdb")
    )


@lru_cache(maxsize=128)
def on_days(table: str, columns: tuple[str, ...]) -> str:
    """Give the SELECT of a party's rows on the dates of the list `$days`, oldest first."""
    days = exp.select(exp.Unnest(expressions=[exp.Placeholder(this="days")]))
    return (
        _rows_of_party(table, (BUSINESS_DATE, *columns))
        .where(exp.In(this=_column(BUSINESS_DATE), query=days.subquery()))
        .order_by(_column(BUSINESS_DATE))
        .sql("duckdb")
    )


def _rows_of_party(table: str, columns: tuple[str, ...]) -> exp.Select:
    layer, _, name = table.partition(".")
    return (
        exp.select(*(_column(column) for column in columns))
        .from_(exp.table_(name, db=layer, quoted=True))
        .where(_column("party_id").eq(exp.Placeholder(this="party_id")))
        .limit(exp.Placeholder(this="most"))
    )


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


@contextmanager
def reading(scope: Scope, names: Sequence[str], day: date | None) -> Iterator[Reader]:
    """Open a bank's tables at a business date (the newest of `core.party` without one).

    Raises NotFound where the bank has no parties, or none on that date.
    """
    system = Scope.system(scope.bank_id)
    if not store.exists(system, PARTY):
        raise NotFound(
            f"{scope.bank} has no customers yet", "Load its feeds and run its jobs first."
        )
    days = store.dates(system, PARTY)
    if day is not None and day not in days:
        raise NotFound(
            f"there are no customers on {day}", f"Choose a date from {days[0]} to {days[-1]}."
        )
    known = {n: store.describe(system, n) for n in names if store.exists(system, n)}
    with open_session(system, tables=list(known)) as session:
        yield Reader(scope, day or days[-1], session, known)


def _rows(found: pa.Table) -> list[Row]:
    rows: list[Row] = found.to_pylist()
    return rows
