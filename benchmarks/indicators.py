"""How fast indicators are: one cube for all of them against one DuckDB query for each.

    python benchmarks/indicators.py [--rows 5000000] [--sample 60 | --full] [--json]

Entries are made here (synthetic, from hashes) in an in-memory DuckDB; a party's are mostly at one
outlet, one in twenty elsewhere. Both sides read the same table in the same process with the same
threads. The cube's time is everything from the plan to the rolled-up figures of every organisation
(`first_seconds` includes planning, which a process does once); the queries only group by outlet,
without roll-up. Unless `--full` is given, a random sample of the queries is timed and their mean
is multiplied by their number; the output says so. Sampled figures are compared with the cube's.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import yaml

import titian.data
from titian.data.indicators import loading
from titian.data.indicators.compute import Figures, Inputs, compute
from titian.data.indicators.model import Aggregation, Catalogue, Derived
from titian.data.indicators.orgs import tree
from titian.data.jobs.header import read_header
from titian.lake.schema import Table

LAST = date(2026, 3, 31)
DAYS = 90
BRANCHES, OUTLETS = 91, 1_000
PERIODS = ["day", "d7", "mtd", "d30", "qtd", "ytd", "d90"]
ONE = ["night", "electronic", "large", "channel.*", "summary.*", "direction.*"]
TWO = [["channel.*", "direction.*"], ["direction.*", "summary.*"]]
PRESETS = Path(titian.data.__file__).parent / "presets"
ENTRIES = """
    CREATE TABLE core.entry AS
    SELECT
      'o' || (1 + (hash(if(hash(i) % 20 = 0, i, party * 3)) % 1000)::INTEGER) AS org_id,
      'p' || party AS party_id,
      ['counter', 'atm', 'online', 'mobile', 'wechat', 'direct', 'card', 'quick']
        [1 + (hash(i * 7) % 8)::INTEGER] AS channel,
      ['salary', 'subsidy', 'pension', 'transfer', 'payment', 'market', 'cash', 'interest',
       'loan_grant', 'loan_repay', 'fee', 'utility', 'sale', 'deposit', 'refund', 'card_repay',
       'red_packet'][1 + (hash(i * 13) % 17)::INTEGER] AS summary,
      if(hash(i * 17) % 2 = 0, 'debit', 'credit') AS direction,
      (1 + hash(i * 19) % 9000000)::BIGINT AS amount_fen,
      hash(i * 29) % 4 = 0 AS is_night,
      hash(i * 7) % 8 >= 2 AS is_electronic,
      DATE '2026-03-31' - (hash(i * 23) % 90)::INTEGER AS business_date
    FROM (SELECT i, hash(i * 31) % 400000 AS party FROM range({rows}) AS t (i))
"""


def definitions(variants: Sequence[object], folder: Path) -> Catalogue:
    document = {
        "defaults": {"subject": "operations", "owner": "x"},
        "atomics": {
            "n": {"zh": "笔数", "en": "count", "source": "entry", "aggregation": "count",
                  "unit": "count"},
            "amount": {"zh": "金额", "en": "amount", "source": "entry", "aggregation": "sum",
                       "measure": "amount_fen", "unit": "fen"},
            "parties": {"zh": "客户数", "en": "parties", "source": "entry",
                        "aggregation": "count_distinct", "measure": "party_id", "unit": "count"},
        },
        "derive": [
            {"atomic": "n", "modifiers": variants, "periods": PERIODS},
            {"atomic": "amount", "modifiers": variants, "periods": PERIODS},
            {"atomic": "parties", "modifiers": [[], "channel.*"], "periods": PERIODS},
        ],
    }  # fmt: skip
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    shared = [PRESETS / "indicators" / name for name in ("sources.yaml", "modifiers.yaml")]
    return loading.build([*shared, path], declared())


def declared() -> dict[str, Table]:
    files = sorted((PRESETS / "jobs" / "core").glob("*.sql"))
    found = [read_header(path.read_text(encoding="utf-8"), str(path)).table for path in files]
    return {table.qualified: table for table in found}


def organisations() -> Inputs:
    rows: list[tuple[str, str | None, str]] = [("head", None, "head")]
    rows += [(f"b{n}", "head", "branch") for n in range(1, BRANCHES + 1)]
    rows += [(f"o{n}", f"b{1 + n % BRANCHES}", "outlet") for n in range(1, OUTLETS + 1)]
    names = ("org_id", "parent_org_id", "org_level")
    made = tree(pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows]))
    days = [LAST - timedelta(days=n) for n in range(DAYS)][::-1]
    return Inputs((LAST,), {"core.entry": days}, (made,))


@dataclass(frozen=True, slots=True)
class Spent:
    """Time of one thing: on the clock, and of all processors of this process."""

    seconds: float
    cpu_seconds: float


def cube(
    connection: duckdb.DuckDBPyConnection, found: Catalogue, codes: Sequence[str], inputs: Inputs
) -> tuple[Figures, Spent]:
    def query(text: str, days: Mapping[str, date]) -> pa.Table:
        return connection.sql(text, params=dict(days)).to_arrow_table()

    began, cpu = time.perf_counter(), time.process_time()
    (figures,) = compute(found, codes, inputs, query)
    return figures, Spent(time.perf_counter() - began, time.process_time() - cpu)


def best(runs: Sequence[Spent]) -> Spent:
    return min(runs, key=lambda spent: spent.seconds)


def one_query(how: Derived) -> str:
    atomic = how.atomic
    made = {
        Aggregation.COUNT: "count(*)",
        Aggregation.SUM: "sum(amount_fen)",
        Aggregation.COUNT_DISTINCT: "count(DISTINCT party_id)",
    }[atomic.aggregation]
    first, last = how.period.window(LAST)
    where = [condition.sql() for condition in how.where]
    where.append(f"business_date BETWEEN DATE '{first}' AND DATE '{last}'")
    return f"SELECT org_id, {made} AS v FROM core.entry WHERE {' AND '.join(where)} GROUP BY org_id"


def one_each(
    connection: duckdb.DuckDBPyConnection,
    found: Catalogue,
    codes: Sequence[str],
    figures: Figures,
    sample: int | None,
) -> dict[str, object]:
    chosen = list(codes) if sample is None else random.Random(7).sample(list(codes), sample)
    place = figures.tree.position()
    seconds, cpu_seconds = [], []
    for code in chosen:
        how = found.indicators[code].how
        assert isinstance(how, Derived)
        text = one_query(how)
        began, cpu = time.perf_counter(), time.process_time()
        rows = connection.sql(text).to_arrow_table()
        seconds.append(time.perf_counter() - began)
        cpu_seconds.append(time.process_time() - cpu)
        at = [place[org] for org in rows.column("org_id").to_pylist()]
        same = np.array_equal(figures.values[code][at], rows.column("v").cast("double").to_numpy())
        assert same, f"{code} differs"
    return {
        "queries": len(codes),
        "timed": len(chosen),
        "extrapolated": sample is not None,
        "mean_ms": round(1e3 * statistics.mean(seconds), 2),
        "seconds": round(statistics.mean(seconds) * len(codes), 2),
        "cpu_seconds": round(statistics.mean(cpu_seconds) * len(codes), 2),
        "equal_to_cube": len(chosen),
    }


def measure(rows: int, sample: int | None, threads: int) -> dict[str, object]:
    connection = duckdb.connect(config={"threads": threads})
    connection.execute("CREATE SCHEMA core")
    connection.execute(ENTRIES.format(rows=rows)).fetchall()
    inputs = organisations()
    with tempfile.TemporaryDirectory() as folder:
        found = definitions([[], *ONE, *TWO], Path(folder))
        few = definitions([[], "channel.*"], Path(folder))
    additive = [c for c in found.order if not c.startswith("parties")]
    distinct = [c for c in found.order if c.startswith("parties")]
    figures, first = cube(connection, found, additive, inputs)
    again = best([cube(connection, found, additive, inputs)[1] for _ in range(3)])
    fewer = [c for c in few.order if not c.startswith("parties")]
    less = best([cube(connection, few, fewer, inputs)[1] for _ in range(3)])
    cube(connection, found, distinct, inputs)
    counted, counting = cube(connection, found, distinct, inputs)
    queries = one_each(connection, found, additive, figures, sample)
    counts = one_each(connection, found, distinct, counted, None if sample is None else sample // 4)
    return {
        "rows": rows,
        "organisations": len(figures.tree.ids),
        "threads": threads,
        "duckdb": duckdb.__version__,
        "additive": {
            "indicators": len(additive),
            "first_seconds": round(first.seconds, 3),
            **shown(again),
            "one_query_each": queries,
            "ratio": ratio(queries, again, "seconds"),
            "ratio_cpu": ratio(queries, again, "cpu_seconds"),
            "ratio_first": ratio(queries, first, "seconds"),
        },
        "fewer_indicators": {"indicators": len(fewer), **shown(less)},
        "distinct": {
            "indicators": len(distinct),
            **shown(counting),
            "one_query_each": counts,
            "ratio": ratio(counts, counting, "seconds"),
            "ratio_cpu": ratio(counts, counting, "cpu_seconds"),
        },
    }


def shown(spent: Spent) -> dict[str, float]:
    return {"seconds": round(spent.seconds, 3), "cpu_seconds": round(spent.cpu_seconds, 3)}


def ratio(queries: dict[str, object], spent: Spent, unit: str) -> float:
    return round(float(str(queries[unit])) / float(getattr(spent, unit)), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--full", action="store_true", help="time every query, no extrapolation")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.rows, None if asked.full else asked.sample, asked.threads)
    half = measure(asked.rows // 2, 4, asked.threads)["additive"]
    assert isinstance(half, dict)
    spent = {unit: half[unit] for unit in ("seconds", "cpu_seconds")}
    found["half_the_rows"] = {"rows": asked.rows // 2, **spent}
    if asked.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
