"""A made-up bank in DuckDB: the core tables as declared, filled from hashes, always the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

import titian.data
from titian.data.indicators import loading
from titian.data.indicators.compute import Inputs, Query
from titian.data.indicators.model import Catalogue
from titian.data.indicators.orgs import tree
from titian.data.jobs.header import read_header
from titian.lake.schema import Table

PRESETS = Path(titian.data.__file__).parent / "presets"
FIRST, LAST = date(2025, 12, 20), date(2026, 3, 31)
SNAPSHOTS = (date(2025, 12, 31), date(2026, 2, 28), date(2026, 3, 29), date(2026, 3, 30), LAST)

_TYPES = {"string": "VARCHAR", "integer": "BIGINT"}
_FILL = Path(__file__).with_name("bank.sql")


@pytest.fixture(scope="session")
def declared() -> dict[str, Table]:
    files = sorted((PRESETS / "jobs" / "core").glob("*.sql"))
    found = [read_header(path.read_text(encoding="utf-8"), str(path)).table for path in files]
    return {table.qualified: table for table in found}


@pytest.fixture(scope="session")
def presets(declared: dict[str, Table]) -> Catalogue:
    return loading.build(sorted((PRESETS / "indicators").glob("*.yaml")), declared)


@pytest.fixture(scope="session")
def bank(declared: dict[str, Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("CREATE SCHEMA core")
    for table in declared.values():
        columns = ", ".join(
            f'"{column.name}" {_TYPES.get(column.type, column.type)}' for column in table.columns
        )
        connection.execute(f"CREATE TABLE {table.qualified} ({columns}, business_date DATE)")
    connection.execute("CREATE TABLE snapshot (day DATE)")
    connection.executemany("INSERT INTO snapshot VALUES (?)", [[day] for day in SNAPSHOTS])
    connection.execute(_FILL.read_text(encoding="utf-8"))
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def query(bank: duckdb.DuckDBPyConnection) -> Query:
    return lambda text, days: bank.sql(text, params=dict(days)).to_arrow_table()


@pytest.fixture(scope="session")
def inputs(bank: duckdb.DuckDBPyConnection, declared: dict[str, Table]) -> Callable[..., Inputs]:
    orgs = bank.sql("SELECT * FROM core.org WHERE business_date = '2026-03-31'").to_arrow_table()
    flows = ("core.entry", "core.event", "core.touch", "core.repayment")
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    available = {name: list(SNAPSHOTS) for name in declared} | dict.fromkeys(flows, days)

    def at(*targets: date) -> Inputs:
        return Inputs(targets, available, (tree(orgs),) * len(targets))

    return at
