"""What the lake costs beside bare DuckDB: opening a session, writing a date, asking a question.

    python benchmarks/lake_session.py [--dates 120] [--rows 5000] [--json]

A table of so many dates and rows a date is written through the lake. Then, in the same process and
on the same files, each question is asked through a session, through the worker of a person's query,
and of a bare DuckDB over `read_parquet` with the list of files; the bare one is the peer. Times are
medians in milliseconds; an overhead is the difference to the peer, a ratio the quotient.

* `open_new_ms`: a session with a new engine, locked down; `open_kept_ms`: with a kept engine, as
  nearly all are; `open_after_write_ms`: the first one after a date was written.
* `write_date_ms`: replacing one date of a small table; `bare_write_ms`: the same Parquet file
  written by pyarrow without any commit.
* `questions`: a count of one date, a sum of all, a grouping with a filter.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from titian.kernel import db
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import configure, load
from titian.lake import handles, open_session, pool, query, session, store
from titian.lake.schema import Column, Layer, Mask, PiClass, Table

FIRST = date(2026, 1, 1)
REPEATS = 25
ENTRY = Table(
    Layer.CORE,
    "entry",
    "分录",
    "Entries",
    (
        Column("entry_id", "string", "号", "Id", key=True),
        Column("name", "string", "姓名", "Name", PiClass.C2, 3, Mask.NAME),
        Column("channel", "integer", "渠道", "Channel"),
        Column("amount_fen", "integer", "金额", "Amount", PiClass.C2, 3),
    ),
)
SMALL = Table(Layer.MART, "small", "小", "Small", (Column("n", "integer", "数", "Number"),))
QUESTIONS = {
    "count_of_one_date": "SELECT count(*) FROM {entry} WHERE business_date = DATE '2026-01-05'",
    "sum_of_all": "SELECT sum(amount_fen) FROM {entry}",
    "grouping": "SELECT channel, business_date, count(*), sum(amount_fen) FROM {entry} "
    "WHERE amount_fen > 500 GROUP BY ALL",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dates", type=int, default=120)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="titian-lake-"))
    try:
        configure(load(home=home, query_workers=1, job_workers=1))
        db.upgrade()
        figures = measure(options.dates, options.rows)
    finally:
        pool.shared().close()
        session.close_idle()
        shutil.rmtree(home, ignore_errors=True)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:>24}: {value}")


def measure(dates: int, rows: int) -> dict[str, object]:
    scope = Scope.system(BankId("bench"))
    fill(scope, dates, rows)
    return {
        "benchmark": "lake_session",
        "dates": dates,
        "rows": dates * rows,
        **openings(scope),
        **writes(scope),
        "questions": {name: asked(scope, sql) for name, sql in QUESTIONS.items()},
    }


def fill(scope: Scope, dates: int, rows: int) -> None:
    days = [FIRST + timedelta(days=number) for number in range(dates)]
    parts = [
        pa.table(
            {
                "entry_id": [f"E{day:%m%d}{number}" for number in range(rows)],
                "name": [f"张{number % 97}" for number in range(rows)],
                "channel": [number % 8 for number in range(rows)],
                "amount_fen": [number * 7_919 % 100_000 for number in range(rows)],
                "business_date": pa.array([day] * rows, pa.date32()),
            }
        )
        for day in days
    ]
    store.write_dates(scope, ENTRY, pa.concat_tables(parts), days)


def openings(scope: Scope) -> dict[str, float]:
    def new() -> None:
        session.close_idle()
        open_session(scope, tables=["core.entry"]).close()

    def kept() -> None:
        open_session(scope, tables=["core.entry"]).close()

    figures = {"open_new_ms": median_ms(new), "open_kept_ms": median_ms(kept)}
    rows = store.read(scope, "core.entry", business_date=FIRST).drop_columns(["business_date"])
    times = []
    for _ in range(REPEATS):
        store.write_date(scope, ENTRY, FIRST, rows)
        times.append(seconds(kept))
    return {**figures, "open_after_write_ms": round(statistics.median(times) * 1_000, 3)}


def writes(scope: Scope) -> dict[str, float]:
    rows = pa.table({"n": list(range(100))})
    target = handles.handle(scope, "core.entry").directory.parent / "bare.parquet"
    days = iter(FIRST + timedelta(days=number) for number in range(1_000))
    ours, bare = medians_ms(
        lambda: store.write_date(scope, SMALL, next(days), rows),
        lambda: pq.write_table(rows, target, compression="zstd"),
    )
    return {
        "write_date_ms": ours,
        "bare_write_ms": bare,
        "commit_overhead_ms": round(ours - bare, 3),
    }


def asked(scope: Scope, question: str) -> dict[str, float]:
    sql = question.format(entry="core.entry")
    person = Scope(UserId("ann"), scope.bank, frozenset({Role.ANALYST}), clearance=3)
    files = handles.snapshot(scope, "core.entry").uris()
    bare_sql = question.format(entry="read_parquet($files, hive_partitioning = true)")
    with duckdb.connect(config={"threads": 2}) as bare, open_session(scope) as opened:
        by_bare, by_session, by_person = medians_ms(
            lambda: bare.sql(bare_sql, params={"files": files}).to_arrow_table(),
            lambda: opened.sql(sql),
            lambda: query(person, sql),
        )
    return {
        "bare_ms": by_bare,
        "session_ms": by_session,
        "person_ms": by_person,
        "session_ratio": round(by_session / by_bare, 2),
        "person_overhead_ms": round(by_person - by_bare, 3),
    }


def median_ms(act: Callable[[], object]) -> float:
    return medians_ms(act)[0]


def medians_ms(*acts: Callable[[], object]) -> list[float]:
    """Time several things in turns, so that a busy machine is equally unfair to all."""
    for act in acts:
        act()
    rounds = [[seconds(act) for act in acts] for _ in range(REPEATS)]
    return [round(statistics.median(times) * 1_000, 3) for times in zip(*rounds, strict=True)]


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
