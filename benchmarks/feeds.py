"""How fast and how small loading is.

    python benchmarks/feeds.py [--cards FILE] [--rows 2000000] [--memory-gb 2] [--json]

Three measurements, each only if asked for or possible:

* `cards`: the card transactions (Parquet, 1.17 M rows) through `load_feed`, that is read, decode,
  check every column and key, split by day and commit 122 dates; beside it, in the same process on
  the same threads, DuckDB's bare `read_parquet` + `COPY` into one file, and into a file a day.
* `delimited`: a synthetic core-banking unload (12 columns, GB18030, `|@|`, a control file, one row
  in a thousand bad) through `load_feed`, and the reading and checking alone on one thread; beside
  it DuckDB's `read_csv` (every column text, the file turned into UTF-8 beforehand) + `COPY`.
* `memory`: a file of that many GB is written and loaded in a process of its own, whose peak
  resident memory is reported.

Ratios are our rows a second over the peer's; those named `cpu` compare the processor time that
both spent, on all threads, which a busy machine does not distort.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds import parse, read
from titian.data.feeds.discover import listing
from titian.data.feeds.load import Order, check_feed, load_feed
from titian.kernel import banks, db, logs
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.kernel.settings import configure, load

ROOT = Path(__file__).parents[1]
CARDS = ROOT.parent / "shared" / "data" / "payments"
BANK = BankId("bench")
DAY = date(2026, 3, 31)
BLOCK_ROWS = 500_000
BAD_EVERY = 1_000
REPEATS = 3
ENTRY = """
apiVersion: v3.0.2
kind: DataContract
id: bench.entry
version: 1.0.0
status: active
schema:
  - name: entry
    physicalName: "ENTRY_{yyyymmdd}.dat"
    properties:
      - {name: entry_id, logicalType: string, physicalType: varchar(20), primaryKey: true}
      - {name: account_id, logicalType: string, required: true}
      - {name: party_id, logicalType: string, required: true}
      - name: occurred_at
        logicalType: timestamp
        required: true
        customProperties: [{property: decode, value: yyyymmddhhmmss}]
      - name: direction
        logicalType: string
        required: true
        customProperties: [{property: codes, value: {"D": debit, "C": credit}}]
      - name: amount_fen
        logicalType: integer
        required: true
        logicalTypeOptions: {minimum: 1}
        customProperties: [{property: decode, value: yuan_to_fen}]
      - name: balance_fen
        logicalType: integer
        customProperties: [{property: decode, value: yuan_to_fen}]
      - name: channel
        logicalType: string
        required: true
        customProperties: [{property: codes, value: {"1": counter, "2": atm, "3": mobile}}]
      - {name: summary, logicalType: string}
      - {name: counterparty_account, logicalType: string, classification: C2}
      - {name: counterparty_name, logicalType: string, classification: C2}
      - {name: org_id, logicalType: string, required: true}
servers:
  - server: unload
    type: local
    format: csv
    customProperties:
      - {property: encoding, value: gb18030}
      - {property: delimiter, value: "|@|"}
      - {property: quote, value: ""}
      - {property: header, value: false}
      - {property: control, value: "CONTROL_{yyyymmdd}.ctl"}
      - {property: control_totals, value: [amount_fen]}
customProperties:
  - {property: kind, value: event}
"""
NAMES = ["张三丰", "欧阳修", "王小二", "清河农商行营业部", "李四", "诸葛亮"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=Path, help="a folder with card_transactions_*.parquet")
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows of the delimited file")
    parser.add_argument("--memory-gb", type=float, help="also load a file of that size")
    parser.add_argument("--json", action="store_true", help="print JSON only")
    parser.add_argument("--child", nargs=2, metavar=("HOME", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(load_once(Path(chosen.child[0]), Path(chosen.child[1]))))
        return
    results: dict[str, dict[str, float]] = {}
    cards = chosen.cards or CARDS
    with tempfile.TemporaryDirectory(prefix="titian-feeds-") as place:
        if cards.is_dir():
            results["cards"] = measure_cards(Path(place), cards)
        if chosen.rows:
            results["delimited"] = measure_delimited(Path(place), chosen.rows)
        if chosen.memory_gb:
            results["memory"] = measure_memory(Path(place), chosen.memory_gb)
    if chosen.json:
        print(json.dumps(results))
        return
    for part, figures in results.items():
        print(part)
        for name, value in figures.items():
            print(f"  {name:38} {value:>16,.2f}")


def open_home(home: Path) -> Scope:
    configure(load(home=home))
    logs.setup()
    db.upgrade()
    banks.ensure(Scope.system(None), BANK)
    return Scope.system(BANK)


class Took(NamedTuple):
    """The shortest time on the clock and on the processor of a few runs."""

    wall: float
    cpu: float


def timed(work: Callable[[], object], repeats: int = REPEATS) -> Took:
    runs = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        runs.append((time.perf_counter() - wall, time.process_time() - cpu))
    return Took(min(run[0] for run in runs), min(run[1] for run in runs))


def measure_cards(place: Path, cards: Path) -> dict[str, float]:
    scope = open_home(place / "cards")
    contract = read(ROOT / "examples" / "cards" / "feeds" / "card_transaction.odcs.yaml")
    files = listing(cards)
    rows = 0

    def ours() -> None:
        nonlocal rows
        rows = sum(o.good for o in load_feed(scope, contract, files, Order(force=True)))

    took = timed(ours)
    source = str(cards / "card_transactions_*.parquet")
    one = timed(lambda: duckdb_copy(f"read_parquet('{source}')", place / "one.parquet", ""))
    daily = "PARTITION_BY (business_date), OVERWRITE"
    dated = f"(SELECT *, CAST(occurred_at AS DATE) AS business_date FROM read_parquet('{source}'))"
    many = timed(lambda: duckdb_copy(dated, place / "daily", daily))
    return {
        "rows": rows,
        "seconds": took.wall,
        "rows_per_second": rows / took.wall,
        "rows_per_cpu_second": rows / took.cpu,
        "duckdb_one_file_rows_per_second": rows / one.wall,
        "duckdb_file_a_day_rows_per_second": rows / many.wall,
        "ratio_to_duckdb_one_file": one.wall / took.wall,
        "ratio_to_duckdb_file_a_day": many.wall / took.wall,
        "cpu_ratio_to_duckdb_one_file": one.cpu / took.cpu,
        "cpu_ratio_to_duckdb_file_a_day": many.cpu / took.cpu,
    }


def duckdb_copy(source: str, target: Path, options: str) -> None:
    tail = f", {options}" if options else ""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (FROM {source}) TO '{target}' (FORMAT parquet, COMPRESSION zstd{tail})"
        )


def measure_delimited(place: Path, rows: int) -> dict[str, float]:
    scope, contract = open_home(place / "delimited"), parse(ENTRY, "entry.odcs.yaml")
    folder = place / "unload"
    size = write_unload(folder, rows)
    files = listing(folder)
    took = timed(lambda: load_feed(scope, contract, files, Order(force=True)))
    pa.set_cpu_count(1)
    checked = timed(lambda: check_feed(contract, files, Order()))
    utf8 = folder / "utf8.csv"
    name = folder / f"ENTRY_{DAY:%Y%m%d}.dat"
    utf8.write_bytes(name.read_bytes().decode("gb18030").encode())
    source = (
        f"read_csv('{utf8}', delim='|@|', quote='', header=false, all_varchar=true, "
        "auto_detect=false, null_padding=true, ignore_errors=true, columns={"
        + ", ".join(f"'{heading}': 'VARCHAR'" for heading in contract.headings)
        + "})"
    )
    peer = timed(lambda: duckdb_copy(source, place / "csv.parquet", ""))
    return {
        "rows": rows,
        "bytes": size,
        "seconds": took.wall,
        "rows_per_second": rows / took.wall,
        "rows_per_cpu_second": rows / took.cpu,
        "checked_rows_per_second_one_thread": rows / checked.wall,
        "checked_rows_per_cpu_second": rows / checked.cpu,
        "duckdb_text_only_rows_per_second": rows / peer.wall,
        "ratio_to_duckdb_text_only": peer.wall / took.wall,
        "cpu_ratio_to_duckdb_text_only": peer.cpu / took.cpu,
    }


def measure_memory(place: Path, gigabytes: float) -> dict[str, float]:
    folder = place / "large"
    sample = write_unload(place / "sample", BLOCK_ROWS)
    size = write_unload(folder, int(gigabytes * 2**30 * BLOCK_ROWS / sample))
    line = [sys.executable, __file__, "--child", str(place / "memory"), str(folder)]
    out = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(out)
    return {"file_gib": size / 2**30, **found}


def load_once(home: Path, folder: Path) -> dict[str, float]:
    scope, contract = open_home(home), parse(ENTRY, "entry.odcs.yaml")
    before = peak_rss_kib()
    began = time.perf_counter()
    (outcome,) = load_feed(scope, contract, listing(folder), Order())
    seconds = time.perf_counter() - began
    peak = peak_rss_kib()
    return {
        "rows": outcome.good,
        "bad_rows": outcome.bad,
        "seconds": seconds,
        "rows_per_second": outcome.rows / seconds,
        "peak_rss_mib": peak / 1024,
        "of_which_before_loading_mib": before / 1024,
    }


def peak_rss_kib() -> int:
    """Read this process's peak; getrusage would count what the parent had before the start."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def write_unload(folder: Path, rows: int) -> int:
    """Write a file of entries and its control file; give its size in bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"ENTRY_{DAY:%Y%m%d}.dat"
    total = size = 0
    random = np.random.default_rng(20260217)
    with path.open("wb") as file:
        for first in range(0, rows, BLOCK_ROWS):
            data, fen = block(first, min(BLOCK_ROWS, rows - first), random)
            size += file.write(data)
            total += fen
    line = f"{path.name}|@|{rows}|@|amount_fen={Decimal(total).scaleb(-2):.2f}\n"
    (folder / f"CONTROL_{DAY:%Y%m%d}.ctl").write_text(line)
    return size


def block(first: int, rows: int, random: np.random.Generator) -> tuple[bytes, int]:
    """Make lines of entries in GB18030, and the sum of their amounts in fen."""
    fen = random.integers(1, 10**8, rows)
    balance = random.integers(0, 10**9, rows)
    seconds = random.integers(0, 86_400, rows)
    clock = seconds // 3_600 * 10_000 + seconds // 60 % 60 * 100 + seconds % 60
    channel = random.integers(1, 4, rows)
    channel[::BAD_EVERY] = 9
    cells = [
        padded("E", first + np.arange(rows), 12),
        padded("622", random.integers(0, 10**13, rows), 13),
        padded("P", random.integers(0, 10**6, rows), 8),
        padded(f"{DAY:%Y%m%d}", clock, 6),
        pa.array(np.where(fen % 2 == 0, "D", "C")),
        yuan(fen),
        yuan(balance),
        pa.array(channel).cast(pa.string()),
        pa.array(np.repeat("salary", rows)),
        padded("621", random.integers(0, 10**13, rows), 13),
        pa.array(NAMES).take(pa.array(random.integers(0, len(NAMES), rows))),
        padded("ORG", random.integers(0, 100, rows), 3),
    ]
    lines = pc.binary_join_element_wise(*cells, "|@|")
    text = pc.binary_join(pa.array([lines.to_pylist()], pa.list_(pa.string())), "\n")[0].as_py()
    return f"{text}\n".encode("gb18030"), int(fen.sum())


def padded(
    prefix: str, numbers: np.ndarray[tuple[int], np.dtype[np.int64]], width: int
) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def yuan(fen: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Array:
    whole, rest = pa.array(fen // 100).cast(pa.string()), pa.array(fen % 100).cast(pa.string())
    return pc.binary_join_element_wise(whole, pc.utf8_lpad(rest, 2, "0"), ".")


if __name__ == "__main__":
    main()
