"""What opening a customer costs, by part of the page, as a bank grows.

    python benchmarks/customers.py [--parties 20000 200000] [--days 30] [--json]

A bank of so many customers is made: parties, profiles, accounts and loans of one date, two entries
a customer and week over so many dates. Then each part of one customer's picture is read as a page
reads it, masks and audit entry included; the page's own HTML is not part of it. Figures are medians
of processor milliseconds of this process (all threads), which a busy machine disturbs least.

* `sorted`: files keep a customer's rows together, as the declarations of the jobs ask for.
* `as_it_came`: the same rows in any order, as files were before that.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources
from pathlib import Path

import duckdb
import pyarrow as pa

from titian.data.jobs.header import read_header
from titian.data.parties import Asked, Part, customer, search
from titian.kernel import db
from titian.kernel.ids import BankId, PartyId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import configure, load
from titian.lake import session, store
from titian.lake.schema import Table

LAST = date(2026, 3, 31)
REPEATS = 15
_PARTY = "'P' || lpad(n::VARCHAR, 9, '0')"
_ROWS = {
    "core.party": {
        "party_id": _PARTY, "party_type": "'person'", "name": "'王小' || n",
        "id_no": "'99' || lpad((n * 7919)::VARCHAR, 16, '0')",
        "phone": "'13' || lpad(((n * 104729) % 1000000000)::VARCHAR, 9, '0')",
        "address": "'清禾县东河镇' || (n % 500) || '村' || n", "household_id": "'H' || (n // 3)",
        "village_id": "'V' || (n % 500)", "org_id": "'O' || (n % 60)", "status": "'active'",
        "open_date": "DATE '2018-01-01'", "officer_id": "'F' || (n % 300)",
    },
    "mart.party_profile": {
        "party_id": _PARTY, "dense_id": "n", "party_type": "'person'", "status": "'active'",
        "org_id": "'O' || (n % 60)", "aum_fen": "n * 100", "deposit_fen": "n * 90",
        "loan_fen": "n % 7 * 100000", "phone_sharers": "2", "address_sharers": "1",
        "touches_90d": "0", "instalments_90d": "0", "last_entry_days": "n % 7", "overdue_days": "0",
    },
    "core.account": {
        "account_id": "'A' || n", "account_no": "'6217' || lpad(n::VARCHAR, 12, '0')",
        "party_id": _PARTY, "product": "'demand'", "currency": "'CNY'", "status": "'active'",
        "org_id": "'O' || (n % 60)", "open_date": "DATE '2018-01-01'", "balance_fen": "n * 90",
    },
    "core.loan": {
        "loan_id": "'L' || n", "party_id": _PARTY, "product": "'farmer_e'", "status": "'active'",
        "amount_fen": "5000000", "balance_fen": "100000", "org_id": "'O' || (n % 60)",
        "grant_date": "DATE '2025-01-01'", "due_date": "DATE '2027-01-01'",
    },
}  # fmt: skip
_ENTRY = {
    "entry_id": "'E' || n", "account_id": "'A' || n", "party_id": _PARTY,
    "occurred_at": "TIMESTAMP '2026-03-31 08:00:00'", "direction": "'debit'",
    "amount_fen": "n % 1000 * 10", "channel": "'mobile'", "summary": "'payment'",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parties", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="titian-customers-"))
    figures: dict[str, object] = {"benchmark": "customers", "days": options.days}
    try:
        configure(load(home=home))
        db.upgrade()
        for parties in options.parties:
            for name, by in (("as_it_came", ""), ("sorted", "party_id")):
                scope = Scope.system(BankId(f"b{parties}_{name}"[:40]))
                written = fill(scope, parties, options.days, by)
                figures[f"{parties}_{name}"] = {"write_s": written, **measure(scope, parties)}
    finally:
        session.close_idle()
        shutil.rmtree(home, ignore_errors=True)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:>20}: {value}")


def fill(scope: Scope, parties: int, days: int, by: str) -> float:
    """Make the bank; give the processor seconds that writing it took."""
    spent = 0.0
    with duckdb.connect() as connection:
        for name, columns in _ROWS.items():
            rows = made(connection, name, columns, parties, f"range({parties})")
            spent += write(scope, replace(declared(name), sorted_by=by), LAST, rows)
        for back in range(days):
            source = f"(SELECT * FROM range({parties}) AS t(n) WHERE n % 7 IN ({back % 7}, 3))"
            rows = made(connection, "core.entry", _ENTRY, parties, source)
            table = replace(declared("core.entry"), sorted_by=by)
            spent += write(scope, table, LAST - timedelta(back), rows)
    return round(spent, 2)


def write(scope: Scope, table: Table, day: date, rows: pa.Table) -> float:
    began = time.process_time()
    store.write_date(scope, table, day, rows)
    return time.process_time() - began


def declared(name: str) -> Table:
    layer = name.partition(".")[0]
    file = Path(str(resources.files("titian.data") / "presets" / "jobs" / layer / f"{name}.sql"))
    return read_header(file.read_text(encoding="utf-8"), str(file)).table


def made(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: dict[str, str],
    parties: int,
    source: str,
) -> pa.Table:
    table = declared(name)
    chosen = ", ".join(f'{columns.get(c.name, "NULL")} AS "{c.name}"' for c in table.columns)
    rows = connection.sql(f"SELECT {chosen} FROM {source} AS t(n) ORDER BY hash(n + {parties})")
    return rows.to_arrow_table().cast(table.arrow_schema())


def measure(scope: Scope, parties: int) -> dict[str, float]:
    officer = Scope(UserId("lou"), scope.bank, frozenset({Role.LOAN_OFFICER}), 3)
    party = PartyId(f"P{parties // 2:09}")
    asked = {"who_and_figures": frozenset[Part]()} | {
        part.value: frozenset({part}) for part in Part
    }
    figures = {
        name: median_ms(officer, party, Asked(parts))
        for name, parts in asked.items()
        if name not in (Part.TAGS, Part.CHANGES, Part.RISK, Part.COURSE)
    }
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        search(officer, f"王小{parties // 2}")
        times.append(time.process_time() - began)
    return {**figures, "search_by_name": round(statistics.median(times) * 1_000, 1)}


def median_ms(scope: Scope, party: PartyId, asked: Asked) -> float:
    customer(scope, party, None, asked)
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        customer(scope, party, None, asked)
        times.append(time.process_time() - began)
    return round(statistics.median(times) * 1_000, 1)


if __name__ == "__main__":
    main()
