"""How fast exact windows are, beside DuckDB's window functions on the same events in the same run.

    python benchmarks/payments_windows.py [--events 1000000] [--peer-events 200000] [--json]

The events are synthetic: eight kinds of keys of different skew over thirty days, in order of time.
Each key has five spans of count, sum and maximum, the time since the last and the first event, and
distinct values where the key's table names a column. Three sets are measured: `plain` is one key
without distinct values (17 features), `customer` one with them (22), `all` every key (166). Ours
runs in micro-batches of 4,096 events, as it does in flight, each read and let go; DuckDB gets
everything at once and one thread. Only the work itself is timed, from columns to columns. When
DuckDB gets fewer events than ours (the first `--peer-events`), its events a second favour it: its
cost grows faster than the number of events. Every feature of those events must agree.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import duckdb
import numpy as np
import pyarrow as pa

from titian.decide import Schema
from titian.payments.features.columns import kernel_input
from titian.payments.features.model import Source
from titian.payments.features.plan import Plan, compile_plan
from titian.payments.features.reading import read_features
from titian.payments.windows.layout import Floats, Input
from titian.payments.windows.state import Windows

T = TypeVar("T")
SEED = 20260331
DAYS = 30
BATCH = 4_096
SPANS = {"5m": 300, "1h": 3_600, "6h": 21_600, "24h": 86_400, "72h": 259_200}
KEYS = {  # how many keys there are; of what distinct values are counted
    "customer": (20_000, "payee"),
    "account": (30_000, ""),
    "card": (25_000, "merchant"),
    "device": (22_000, "customer"),
    "ip": (40_000, "customer"),
    "payee": (15_000, "customer"),
    "phone": (20_000, ""),
    "merchant": (2_000, "card"),
}


def main() -> None:
    """Measure both sides and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--peer-events", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    events = make_events(args.events)
    found = {
        "plain": compare(events, ["phone"], args.peer_events),
        "customer": compare(events, ["customer"], args.peer_events),
        "all": compare(events, list(KEYS), args.peer_events),
    }
    document = {"benchmark": "payments_windows", "events": args.events, **found}
    print(json.dumps(document, indent=None if args.json else 2))


def make_events(count: int) -> pa.Table:
    """Make events in order of time; a few keys are much busier than most."""
    rng = np.random.default_rng(SEED)
    times = np.sort(rng.choice(DAYS * 86_400_000, count, replace=False)) * 1_000
    columns: dict[str, Any] = {
        "at_us": times + 1_767_225_600_000_000,
        "amount_fen": rng.lognormal(10, 1.5, count).astype(np.int64) + 1,
    }
    for name, (keys, _) in KEYS.items():
        columns[name] = (keys * rng.beta(0.7, 1.4, count)).astype(np.int64)
    return pa.table(columns)


def compare(events: pa.Table, keys: list[str], peer_events: int) -> dict[str, float]:
    """Give events a second of both sides on the features of some keys, and their ratio."""
    plan = compile_plan(read_features(declarations(keys), "made here", SOURCE))
    batch = kernel_input(plan, events)
    some = events.slice(0, peer_events)
    features = np.concatenate(list(run(plan, batch, some.num_rows)))  # compiles the kernel, too
    ours_s, _ = timed(lambda: deque(run(plan, batch, events.num_rows), maxlen=0))
    peer_s, wanted = by_duckdb(plan, some, keys)
    np.testing.assert_allclose(features, wanted, rtol=1e-12)
    ours, peer = events.num_rows / ours_s, some.num_rows / peer_s
    return {
        "features": len(plan.names),
        "key_updates_per_second": round(ours * len(keys)),
        "events_per_second": round(ours),
        "duckdb_events_per_second": round(peer),
        "ratio": round(ours / peer, 1),
    }


def run(plan: Plan, batch: Input, rows: int) -> Iterator[Floats]:
    """Count events in micro-batches; give every feature of every event."""
    windows = Windows(plan.shape)
    for first in range(0, rows, BATCH):
        part = slice(first, min(first + BATCH, rows))
        yield windows.update(
            Input(
                at_us=batch.at_us[part],
                keys=batch.keys[part],
                amounts=batch.amounts[part],
                values=batch.values[part],
                matches=batch.matches[part],
            )
        )[0]


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Give the seconds of processor time that a piece of work takes, and what it gives."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


SOURCE = Source(keys=tuple(KEYS), schema=Schema([]))


def declarations(keys: list[str]) -> str:
    """Write the feature file of some keys."""
    lines = ["features:"]
    for key in keys:
        label = f"    label: {{zh: {key}, en: {key}}}"
        spans = f"    spans: [{', '.join(SPANS)}]"
        lines += [f"  {key}:", f"    key: {key}", label, spans, "    measures: [count, sum, max]"]
        lines += [f"  {key}_gap:", f"    key: {key}", label]
        lines += ["    measures: [since_last, since_first]"]
        if of := KEYS[key][1]:
            lines += [f"  {key}_of:", f"    key: {key}", label, spans, f"    of: {of}"]
            lines += ["    measures: [distinct]"]
    return "\n".join(lines)


def by_duckdb(plan: Plan, events: pa.Table, keys: list[str]) -> tuple[float, Floats]:
    """Give the seconds that window functions take on one thread, and the same features."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("events", events)
        connection.execute("CREATE TABLE local AS FROM events")
        seconds, found = timed(lambda: connection.sql(window_sql(keys)).to_arrow_table())
    columns = [found[name].cast(pa.float64()).to_numpy() for name in plan.names]
    return seconds, np.column_stack(columns)


def window_sql(keys: list[str]) -> str:
    """Write the query: named windows, so that DuckDB shares what it can."""
    chosen, windows = ["at_us"], []
    for key in keys:
        order = f"PARTITION BY {key} ORDER BY at_us"
        windows.append(f"{key}_ever AS ({order})")
        chosen.append(f"(at_us - lag(at_us) OVER {key}_ever) / 1e6 AS {key}_gap_since_last")
        first = f"lag(at_us) OVER {key}_ever IS NULL"
        chosen.append(
            f"if({first}, NULL, (at_us - first_value(at_us) OVER {key}_ever) / 1e6)"
            f" AS {key}_gap_since_first"
        )
        for span, seconds in SPANS.items():
            name = f"{key}_{span}"
            reach = seconds * 1_000_000 - 1
            windows.append(f"{name} AS ({order} RANGE BETWEEN {reach} PRECEDING AND CURRENT ROW)")
            chosen.append(f"count(*) OVER {name} AS {key}_count_{span}")
            chosen.append(f"sum(amount_fen) OVER {name} AS {key}_sum_{span}")
            chosen.append(f"max(amount_fen) OVER {name} AS {key}_max_{span}")
            if of := KEYS[key][1]:
                chosen.append(f"count(DISTINCT {of}) OVER {name} AS {key}_of_distinct_{span}")
    return f"SELECT {', '.join(chosen)} FROM local WINDOW {', '.join(windows)} ORDER BY at_us"


if __name__ == "__main__":
    main()
