"""One bank's tables at one business date, from which a customer's parts are read and masked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pyarrow as pa

from titian.data.parties.model import Row, Section
from titian.kernel.errors import NotFound
from titian.kernel.scope import Scope
from titian.lake import handles, masking, store
from titian.lake.handles import Snapshot
from titian.lake.lookup import MAX_ROWS, Wanted, look_up
from titian.lake.session import JobSession, open_session

PARTY = "core.party"
PROFILE = "mart.party_profile"
MAX_OF_DAY = 200
HISTORY_WEEKS, HISTORY_MONTHS = 8, 12


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads as the platform, shows as the person: only `found` and `clear` give the clear.

    All that is read through one is of one moment: the first snapshot of each table is kept.
    """

    scope: Scope
    day: date
    session: JobSession
    _snapshots: dict[str, Snapshot | None] = field(default_factory=dict)

    def found(
        self,
        name: str,
        columns: Sequence[str],
        equal: Mapping[str, Sequence[object]],
        *,
        part: Mapping[str, str] | None = None,
        days: Collection[date] | None = None,
        newest_by: Sequence[str] = (),
        most: int = MAX_ROWS,
    ) -> pa.Table:
        """Give rows of some dates (the business date without any) in the clear.

        A table the bank does not have, or one without these columns, gives no rows.
        """
        snapshot = self.snapshot(name)
        if snapshot is None or not _has(snapshot, [*columns, *equal]):
            return pa.table({column: pa.nulls(0) for column in columns})
        wanted = Wanted(equal, part or {})
        dates = (self.day,) if days is None else days
        return look_up(
            self.session, snapshot, columns, wanted, dates, newest_by=newest_by, most=most
        )

    def clear(
        self, name: str, columns: Sequence[str], equal: Mapping[str, Sequence[object]]
    ) -> list[Row]:
        """Give rows of the business date in the clear, for what is not shown."""
        return rows(self.found(name, columns, equal))

    def shown(self, name: str, found: pa.Table, *, masked: bool = False) -> Section:
        """Give rows of one table as the person may see them; `masked` even when unmasked."""
        snapshot = self.snapshot(name)
        if snapshot is None:
            return Section()
        table = snapshot.table
        known = {column.name: column for column in table.columns}
        if not known.keys() >= set(found.column_names):
            return Section()
        scope = replace(self.scope, unmask_reason=None) if masked else self.scope
        seen = masking.masked(scope, table, found)
        return Section(tuple(known[name] for name in found.column_names), tuple(rows(seen)))

    def section(self, name: str, columns: Sequence[str], key: str, value: str) -> Section:
        """Give the rows of the business date whose key has a value, in the order of the first."""
        found = self.found(name, columns, {key: (value,)}, most=MAX_OF_DAY)
        return self.shown(name, found.sort_by(columns[0]))

    def snapshot(self, name: str) -> Snapshot | None:
        """Give a table's files; None where the bank does not have it."""
        if name not in self._snapshots:
            system = Scope.system(self.scope.bank_id)
            there = store.exists(system, name)
            self._snapshots[name] = handles.snapshot(system, name) if there else None
        return self._snapshots[name]


def weeks_back(reader: Reader, count: int) -> list[date]:
    """Give the business date and those of whole weeks before it."""
    return [reader.day - timedelta(7 * back) for back in range(count)]


def history_dates(reader: Reader, name: str) -> list[date]:
    """Give the dates a look back compares: weekly ones lately, ends of months of a year before."""
    snapshot = reader.snapshot(name)
    held = [day for day in snapshot.dates if day <= reader.day] if snapshot else []
    ends = {(day.year, day.month): day for day in held}
    days = {*sorted(ends.values())[-HISTORY_MONTHS:], *weeks_back(reader, HISTORY_WEEKS)}
    return sorted(days & set(held))


@contextmanager
def reading(scope: Scope, day: date | None) -> Iterator[Reader]:
    """Open a bank's tables at a business date (the newest of `core.party` without one).

    Raises NotFound where the bank has no parties, or none on that date.
    """
    system = Scope.system(scope.bank_id)
    days = store.dates(system, PARTY) if store.exists(system, PARTY) else []
    if not days:
        raise NotFound(
            f"{scope.bank} has no customers yet", "Load its feeds and run its jobs first."
        )
    if day is not None and day not in days:
        raise NotFound(
            f"there are no customers on {day}", f"Choose a date from {days[0]} to {days[-1]}."
        )
    with open_session(system, tables=()) as session:
        yield Reader(scope, day or days[-1], session)


def rows(found: pa.Table) -> list[Row]:
    """Give rows as mappings from column to value."""
    listed: list[Row] = found.to_pylist()
    return listed


def _has(snapshot: Snapshot, columns: Sequence[str]) -> bool:
    known = {column.name for column in snapshot.table.columns} | {"business_date"}
    return known >= set(columns)
