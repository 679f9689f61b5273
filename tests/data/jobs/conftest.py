"""A small bank of its own: one feed, jobs written by the test, and a conductor to run them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Event

import pyarrow as pa
import pytest

from titian.data import definitions
from titian.data.definitions import Kind, Presets
from titian.data.jobs import conductor, inflow, orders, registry
from titian.data.jobs.orders import Order, OrderState
from titian.data.jobs.pool import FairPool
from titian.data.jobs.python import PythonJob
from titian.kernel.scope import Scope
from titian.lake import store

DAY = date(2026, 3, 30)

CONTRACT = """
apiVersion: v3.0.2
kind: DataContract
id: feed.{feed}
name: {feed}
version: 1.0.0
status: active
schema:
  - name: {feed}
    physicalName: "{upper}_{{yyyymmdd}}.dat"
    businessName: 试验 / {feed}
    properties:
      - {{name: id, physicalName: NO, businessName: 编号 / Number, logicalType: string,
         required: true, primaryKey: true, classification: C1,
         customProperties: [{{property: level, value: 2}}]}}
      - {{name: amount_fen, physicalName: AMT, businessName: 金额 / Amount, logicalType: integer,
         classification: C2, customProperties: [{{property: level, value: 2}}]}}
servers:
  - server: unload
    type: local
    format: csv
    customProperties:
      - {{property: encoding, value: utf-8}}
customProperties:
  - {{property: kind, value: event}}
"""

JOB = """/*
writes: {table}
zh: 试验
en: Test
kind: {kind}
{extra}columns:
  id: {{type: string, zh: 编号, en: Number, class: C1, level: 2, key: true}}
  amount_fen: {{type: integer, zh: 金额, en: Amount, class: C2, level: 2, mask: none}}
{checks}*/
{sql}
"""


def job_text(
    table: str, sql: str, *, extra: str = "", checks: str = "", kind: str = "event"
) -> str:
    """Write a job over (id, amount_fen); `extra` and `checks` are lines of its header."""
    listed = "".join(f"  - {line}\n" for line in checks.splitlines() if line)
    return JOB.format(
        table=table,
        sql=sql,
        kind=kind,
        extra=f"{extra}\n" if extra else "",
        checks=f"checks:\n{listed}" if listed else "",
    )


def same_day(source: str, columns: str = "id, amount_fen") -> str:
    """Write a SELECT of one date of a table."""
    return f"SELECT {columns} FROM {source} WHERE business_date = $business_date"


@dataclass
class Plot:
    """A bank's plot under test."""

    scope: Scope
    folder: Path
    pool: FairPool

    def feed(self, *names: str) -> None:
        """Agree on feeds."""
        folder = self.folder / "feeds"
        folder.mkdir(exist_ok=True)
        for name in names:
            text = CONTRACT.format(feed=name, upper=name.upper())
            (folder / f"{name}.yaml").write_text(text)
        definitions.install(self.scope, Kind.FEEDS, folder)

    def jobs(self, **texts: str) -> None:
        """Install jobs; a keyword `core_loan` names the table core.loan."""
        folder = self.folder / "jobs"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name.replace('_', '.', 1)}.sql").write_text(text)
        definitions.install(self.scope, Kind.JOBS, folder)

    def deliver(
        self, feed: str, day: date = DAY, rows: Mapping[str, int | None] | None = None
    ) -> None:
        """Put rows of a feed into raw, as a load does."""
        given = {"a": 1, "b": 2} if rows is None else rows
        table = inflow.feeds_of(self.scope)[feed].table
        data = pa.table(
            {
                "id": pa.array(list(given), pa.string()),
                "amount_fen": pa.array(list(given.values()), pa.int64()),
            }
        )
        store.write_date(self.scope, table, day, data)

    def run(self, *days: date, **options: object) -> Order:
        """Run an order for dates to its end."""
        order = orders.create(self.scope, days or [DAY], **options)  # type: ignore[arg-type]
        return self.lead(order)

    def lead(self, order: Order) -> Order:
        """Lead an order that exists to its end."""
        conductor.conduct(order, self.pool, Event())
        return orders.get(order.order)

    def rows(self, table: str, day: date | None = DAY) -> dict[str, int]:
        """Read a table of (id, amount_fen)."""
        found = store.read(self.scope, table, business_date=day)
        return dict(zip(found["id"].to_pylist(), found["amount_fen"].to_pylist(), strict=True))


@pytest.fixture
def plot(qinghe: Scope, tmp_path: Path) -> Iterator[Plot]:
    """Give an empty bank without presets."""
    definitions.set_presets(qinghe, Presets.NONE)
    folder = tmp_path / "plot"
    folder.mkdir()
    pool = FairPool(2)
    try:
        yield Plot(qinghe, folder, pool)
    finally:
        pool.close()


@pytest.fixture
def python_jobs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[PythonJob]], None]:
    """Replace the Python jobs there are."""
    monkeypatch.setattr(registry, "python_jobs", tuple)

    def use(jobs: Sequence[PythonJob]) -> None:
        monkeypatch.setattr(registry, "python_jobs", lambda: tuple(jobs))

    return use


@pytest.fixture(autouse=True)
def _no_presets_in_python(python_jobs: object) -> None:
    """Keep the indicators' and tags' jobs out of these tests."""


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "BACKOFF_S", (0.01,))


__all__ = ["DAY", "OrderState", "Plot", "job_text", "same_day"]
