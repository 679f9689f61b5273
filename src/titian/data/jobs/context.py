"""What a Python job is given: its bank, its date, a session over the tables it declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Event
from typing import TypeAlias

import pyarrow as pa

from titian.kernel.errors import Denied, TimedOut
from titian.kernel.scope import Scope
from titian.lake import store
from titian.lake.session import JobSession

Rows: TypeAlias = pa.Table | pa.RecordBatchReader
Produced: TypeAlias = Rows | Mapping[str, Rows] | None


@dataclass(frozen=True, slots=True)
class JobContext:
    """One run of a Python job.

    The function returns the rows of its table, or a mapping from table name to rows when it
    writes several. Returning None publishes nothing. A job declared with `batch=True` may be given
    several `dates` at once; then its rows name theirs in `business_date`, which is the last date
    here.
    """

    scope: Scope
    dates: tuple[date, ...]
    session: JobSession
    reads: frozenset[str]
    cancelled: Event = field(default_factory=Event)

    @property
    def business_date(self) -> date:
        """The business date of the run; the last one when there are several."""
        return self.dates[-1]

    def sql(self, text: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Run a SELECT over the declared tables; all its rows, unmasked."""
        self.keep_going()
        return self.session.sql(text, parameters)

    def reader(
        self, text: str, parameters: Mapping[str, object] | None = None
    ) -> pa.RecordBatchReader:
        """Run a SELECT over the declared tables; its rows as a stream."""
        self.keep_going()
        return self.session.stream(text, parameters)

    def read(
        self, table: str, *, columns: Sequence[str] | None = None, business_date: date | None = None
    ) -> pa.Table:
        """Read a declared table at the run's business date (or at another one)."""
        self.keep_going()
        if table not in self.reads:
            raise Denied(
                f"the job reads {table} without declaring it", f'Add "{table}" to its reads.'
            )
        day = business_date or self.business_date
        return store.read(self.scope, table, business_date=day, columns=columns)

    def keep_going(self) -> None:
        """Raise TimedOut when the run's time is over; call it inside long loops."""
        if self.cancelled.is_set():
            raise TimedOut("the job's time is over", "Give it a larger timeout_s, or less to do.")


def parameters_at(day: date, names: frozenset[str]) -> dict[str, date]:
    """Give the values of a job's parameters for a business date."""
    values = {
        "business_date": day,
        "previous_date": day - timedelta(days=1),
        "month_start": day.replace(day=1),
        "quarter_start": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        "year_start": day.replace(month=1, day=1),
    }
    return {name: values[name] for name in names}
