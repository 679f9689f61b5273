"""Speed of the synthetic province: entries a second generated, rows a second written.

The peer of generation is a plain loop over `random` that keeps running balances; the peer of
writing is a plain loop that formats the very same rows and must give the very same bytes.
Rates are per processor second of this process on one core, which keeps them honest on a busy
machine; wall seconds stand beside them. Generation is the best of three runs and covers
everything: worlds, entries, balances, channel events, marketing and planted frauds.

    python benchmarks/province.py [--json] [--banks 3] [--customers 6000] [--days 120]
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from titian.province.generate import History, generate, live, sheets_of
from titian.province.model import ProvinceConfig, World, size
from titian.province.sheets import ids_of
from titian.province.text import join
from titian.province.unload import write_unload
from titian.province.world import build_worlds

PEER_ROWS = 50_000
RUNS = 3
Result = TypeVar("Result")
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a piece of work."""

    cpu: float
    wall: float


def timed(work: Callable[[], Result], runs: int = 1) -> tuple[Result, Took]:
    took = []
    for _ in range(runs):
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        took.append(Took(time.process_time() - cpu, time.perf_counter() - wall))
    return result, min(took, key=lambda t: t.cpu)


def generation(config: ProvinceConfig) -> tuple[list[World], list[History], Figures]:
    worlds, built = timed(lambda: build_worlds(config), RUNS)
    histories, lived = timed(lambda: [live(config, world) for world in worlds], RUNS)
    entries = sum(size(history.ledger.entries) for history in histories)
    events = sum(size(history.events) for history in histories)
    cpu = built.cpu + lived.cpu
    return (
        worlds,
        histories,
        {
            "entries": entries,
            "events": events,
            "generate_cpu_s": cpu,
            "generate_wall_s": built.wall + lived.wall,
            "entries_per_s": entries / cpu,
            "entries_and_events_per_s": (entries + events) / cpu,
        },
    )


def writing(config: ProvinceConfig, worlds: list[World], histories: list[History]) -> Figures:
    rows = size_bytes = 0
    took = Took(0.0, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        for world, history in zip(worlds, histories, strict=True):

            def unload(world: World = world, history: History = history) -> tuple[int, int]:
                sheets = sheets_of(config, history, ids_of(world))
                done = write_unload(config, world.bank, sheets, Path(folder), lambda _: None)
                return sum(done.rows.values()), done.size_bytes

            (count, written), spent = timed(unload)
            rows, size_bytes = rows + count, size_bytes + written
            took = Took(took.cpu + spent.cpu, took.wall + spent.wall)
    return {
        "rows_written": rows,
        "mb_written": size_bytes / 1e6,
        "write_cpu_s": took.cpu,
        "write_wall_s": took.wall,
        "rows_written_per_s": rows / took.cpu,
        "mb_written_per_s": size_bytes / 1e6 / took.cpu,
    }


def loop_generation() -> Figures:
    def loop() -> int:
        luck = random.Random(1)
        balance = dict.fromkeys(range(2000), 1000000)
        made = []
        for _ in range(PEER_ROWS):
            account = luck.randrange(2_000)
            amount = max(int(luck.lognormvariate(8, 1)), 1)
            side = -1 if luck.random() < 0.6 and balance[account] >= amount else 1
            balance[account] += side * amount
            moment = luck.randrange(120) * 86_400 + int(luck.triangular(0, 86_400, 60_000))
            channel = luck.choices(range(1, 9), (5, 5, 10, 30, 15, 2, 13, 20))[0]
            made.append((account, moment, side, amount, channel, balance[account]))
        made.sort(key=lambda entry: entry[1])
        return len(made)

    rows, took = timed(loop)
    return {"loop_entries_per_s": rows / took.cpu}


def loop_writing(config: ProvinceConfig, world: World, history: History) -> Figures:
    sheet = sheets_of(config, history, ids_of(world))[10]
    high = min(PEER_ROWS, int(sheet.starts[-1]))
    ledger, accounts, payees = history.ledger, world.accounts, history.payees
    entries = ledger.entries
    no = f"{world.bank.no:02d}"
    ids = [cell.decode() for cell in sheet.cells(0, high)[0].to_pylist()]
    columns = [column[:high].tolist() for column in (
        entries.account, entries.at, entries.direction, entries.amount_fen, ledger.balance_fen,
        entries.channel, entries.summary, entries.counterparty,
    )]  # fmt: skip
    party, org = accounts.party.tolist(), accounts.org.tolist()
    number, name = payees.number.tolist(), payees.name.tolist()

    def loop() -> bytes:
        lines = []
        for key, account, at, side, fen, after, channel, summary, other in zip(
            ids, *columns, strict=True
        ):
            lines.append("|@|".join((
                key, f"A{no}{account + 1:08d}", f"P{no}{party[account] + 1:07d}",
                f"{at:%Y%m%d%H%M%S}", "C" if side > 0 else "D",
                f"{fen // 100}.{fen % 100:02d}",
                f"{'-' if after < 0 else ''}{abs(after) // 100}.{abs(after) % 100:02d}",
                str(channel), f"{summary:02d}", number[other] if other >= 0 else "",
                name[other] if other >= 0 else "", f"O{no}{org[account] + 1:04d}",
            )))  # fmt: skip
        return "\n".join(lines).encode("gb18030")

    slow, took = timed(loop)
    fast, spent = timed(lambda: join(*sheet.cells(0, high)))
    assert slow == b"\n".join(fast.to_pylist()), "both ways must give the same bytes"
    return {
        "loop_rows_written_per_s": high / took.cpu,
        "same_rows_formatted_per_s": high / spent.cpu,
    }


def whole(config: ProvinceConfig) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        summary, took = timed(lambda: generate(config, Path(folder) / "province"))
        return {"all_cpu_s": took.cpu, "all_wall_s": took.wall, "files": summary.files}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--banks", type=int, default=3)
    parser.add_argument("--customers", type=int, default=6_000)
    parser.add_argument("--days", type=int, default=120)
    given = parser.parse_args()
    pa.set_cpu_count(1)
    generate_once = ProvinceConfig(banks=1, customers=60, days=2)
    whole(generate_once)
    config = ProvinceConfig(banks=given.banks, customers=given.customers, days=given.days)
    worlds, histories, figures = generation(config)
    figures |= writing(config, worlds, histories)
    figures |= loop_generation()
    figures |= loop_writing(config, worlds[0], histories[0])
    figures |= whole(config)
    figures["generation_ratio"] = figures["entries_per_s"] / figures["loop_entries_per_s"]
    figures["writing_ratio"] = (
        figures["same_rows_formatted_per_s"] / figures["loop_rows_written_per_s"]
    )
    if given.json:
        print(json.dumps({key: round(value, 3) for key, value in figures.items()}))
        return
    for key, value in figures.items():
        print(f"{key:>28}  {value:>14,.2f}")


if __name__ == "__main__":
    main()
