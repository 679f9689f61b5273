"""What a decision costs, beside GoRules' zen-engine on the same rules and events.

    python benchmarks/decide.py --json
    python benchmarks/decide.py --peer-python /path/to/venv/bin/python

Two things are decided: four conditions, each by itself, and a decision table of 41 rows over five
columns, first hit. Events are made with a fixed seed; both sides must decide every one of them
alike, or the script fails. Each side is measured one event at a time and in batches. zen is driven
through every Python path it has (a decision made once, its loader, its batch call; events as dicts
and as JSON bytes encoded beforehand) and the fastest counts. Our batches are measured twice: on
columns as the engine holds them, and on the dicts zen is given, the making of columns included.
Times are the best of several rounds, one thread, nothing else of ours running.

zen-engine is found in this interpreter (`pip install -r requirements/bench.txt`) or in the one
named with --peer-python or PEER_PYTHON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

EVENTS = 1_000
ROUNDS = 7
SEED = 20260331
INSTALL = "zen-engine is not here: pip install -r requirements/bench.txt, or name --peer-python."

FIELDS = {
    "amount_fen": "integer",
    "local_hour": "integer",
    "device_age_hours": "double",
    "channel": "string",
    "payee_first_seen": "boolean",
}
CHANNELS = ("online", "mobile", "wechat", "direct", "card", "quick")
CONDITIONS = {
    "amount_fen >= 5000000": "amount_fen >= 5000000",
    "channel IN ('card', 'quick')": "channel in ['card', 'quick']",
    "amount_fen >= 5000000 AND payee_first_seen AND device_age_hours < 1 "
    "AND local_hour BETWEEN 0 AND 5":
    "amount_fen >= 5000000 and payee_first_seen and device_age_hours < 1 and local_hour in [0..5]",
    "amount_fen * 3 > 2000000 AND (channel = 'card' OR device_age_hours / 24 < 2)":
    "amount_fen * 3 > 2000000 and (channel == 'card' or device_age_hours / 24 < 2)",
}  # fmt: skip

Cell = tuple[Any, ...]
Event = dict[str, Any]

PEER = r"""
import json, sys, time
import zen
from importlib.metadata import version
given = json.load(open(sys.argv[1]))
events, rounds = given["events"], given["rounds"]
graph, conditions = given["graph"], given["conditions"]
encoded = [json.dumps(event).encode() for event in events]

def best(run):
    run()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times) / len(events) * 1e6

engine = zen.ZenEngine({"loader": {"type": "static", "content": {"t": graph}}})
content = zen.ZenDecisionContent(json.dumps(graph))
loaded = zen.ZenEngine({"loader": lambda key: content})
made = engine.create_decision(content)
dicts = [{"key": "t", "context": event} for event in events]
bytes_ = [{"key": "t", "context": event} for event in encoded]
paths = {
    "create_decision, dict": lambda: [made.evaluate(e) for e in events],
    "create_decision, bytes": lambda: [made.evaluate(e) for e in encoded],
    "static loader, dict": lambda: [engine.evaluate("t", e) for e in events],
    "static loader, bytes": lambda: [engine.evaluate("t", e) for e in encoded],
    "loader function, dict": lambda: [loaded.evaluate("t", e) for e in events],
    "evaluate_batch, dict": lambda: engine.evaluate_batch(dicts),
    "evaluate_batch, bytes": lambda: engine.evaluate_batch(bytes_),
}
table, failed = {}, {}
for name, run in paths.items():
    try:
        table[name] = best(run)
    except Exception as error:
        failed[name] = str(error)[:200]
decided = [engine.evaluate("t", e)["result"]["row"] for e in events]
single, held = [], []
for text in conditions:
    test = zen.compile_expression(text)
    single.append(best(lambda: [test.evaluate(e) for e in events]))
    held.append([test.evaluate(e) for e in events])
print(json.dumps({"version": version("zen-engine"), "table_us": table, "failed": failed,
                  "decided": decided, "condition_us": single, "held": held}))
"""


def rows() -> list[tuple[dict[str, Cell], int]]:
    """Give 41 rows: bands of amounts by channel group, hours and flags; the last asks nothing."""
    groups = (("in", "online", "direct"), ("in", "mobile", "wechat"), ("in", "card", "quick"), None)
    amounts = (
        ("ge", 10_000_000),
        ("between", 3_000_000, 9_999_999),
        ("between", 500_000, 2_999_999),
        ("lt", 100_000),
        ("ge", 400_000),
    )
    rests: tuple[dict[str, Cell], ...] = (
        {"local_hour": ("between", 0, 5), "device_age_hours": ("lt", 24.0)},
        {"payee_first_seen": ("eq", True), "device_age_hours": ("between", 1.0, 72.0)},
    )
    made: list[tuple[dict[str, Cell], int]] = []
    for group, amount, rest in itertools.product(groups, amounts, rests):
        cells = {"amount_fen": amount, **({"channel": group} if group else {}), **rest}
        made.append((cells, len(made)))
    assert len(made) == 40
    return [*made, ({}, 40)]


def events(count: int) -> list[Event]:
    """Give events over every branch; all values known, since zen has no three-valued logic."""
    dice = random.Random(SEED)
    return [
        {
            "amount_fen": int(10 ** dice.uniform(4, 7.5)),
            "local_hour": dice.randrange(24),
            "device_age_hours": round(dice.expovariate(1 / 60), 3),
            "channel": dice.choice(CHANNELS),
            "payee_first_seen": dice.random() < 0.4,
        }
        for _ in range(count)
    ]


def ours_cell(cell: Cell | None) -> str:
    if cell is None:
        return ""
    op, *values = cell
    written = [f"'{v}'" if isinstance(v, str) else str(v).upper() for v in values]
    forms = {"ge": ">= {0}", "lt": "< {0}", "eq": "= {0}", "between": "BETWEEN {0} AND {1}"}
    return f"IN ({', '.join(written)})" if op == "in" else forms[op].format(*written)


def zen_cell(cell: Cell | None) -> str:
    if cell is None:
        return ""
    op, *values = cell
    written = [json.dumps(v) for v in values]
    forms = {"ge": ">= {0}", "lt": "< {0}", "eq": "{0}", "between": "[{0}..{1}]"}
    return ", ".join(written) if op == "in" else forms[op].format(*written)


def zen_graph() -> dict[str, Any]:
    inputs = [{"id": name, "name": name, "field": name} for name in FIELDS]
    rules = [
        {"_id": f"r{n}", **{name: zen_cell(cells.get(name)) for name in FIELDS}, "row": str(n)}
        for cells, n in rows()
    ]
    content = {"hitPolicy": "first", "inputs": inputs, "rules": rules,
               "outputs": [{"id": "row", "name": "row", "field": "row"}]}  # fmt: skip
    place = {"position": {"x": 0, "y": 0}}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", **place},
        {"id": "t", "type": "decisionTableNode", "name": "t", "content": content, **place},
        {"id": "out", "type": "outputNode", "name": "out", **place},
    ]
    edges = [
        {"id": f"e{n}", "type": "edge", "sourceId": a, "targetId": b}
        for n, (a, b) in enumerate((("in", "t"), ("t", "out")))
    ]
    return {"nodes": nodes, "edges": edges}


def best(run: Callable[[], object], count: int, rounds: int, repeats: int = 1) -> float:
    """Give microseconds per event, the best of several rounds."""
    run()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(repeats):
            run()
        times.append(time.perf_counter() - begun)
    return min(times) / count / repeats * 1e6


def ours(given: list[Event], rounds: int) -> dict[str, Any]:
    from titian.decide import Column, Field, Label, Schema, Type, column, parse
    from titian.decide.tables import HitPolicy, Input, Output, Table, TableRow, compile_table

    schema = Schema(Field(n, Type.of(t), Label(n, n)) for n, t in FIELDS.items())
    table = Table(
        name="bench",
        label=Label("试验", "Bench"),
        hit=HitPolicy.FIRST,
        inputs=tuple(map(Input, FIELDS)),
        outputs=(Output("row", Type.of("integer")),),
        rows=tuple(
            TableRow(tuple(ours_cell(cells.get(name)) for name in FIELDS), (str(n),))
            for cells, n in rows()
        ),
    )
    begun = time.perf_counter()
    made = compile_table(table, schema)
    compile_ms = (time.perf_counter() - begun) * 1000

    def columns(some: list[Event]) -> dict[str, Column]:
        return {n: column([event[n] for event in some], schema[n].type) for n in FIELDS}

    def batched(size: int) -> Iterator[tuple[list[Event], dict[str, Column]]]:
        for start in range(0, len(given), size):
            some = given[start : start + size]
            yield some, columns(some)

    found: dict[str, Any] = {
        "compile_ms": round(compile_ms, 1),
        "decided": [made.decide(event)[0] for event in given],
        "single_us": best(lambda: [made.decide(event) for event in given], len(given), rounds),
        "batch_us": {},
        "batch_from_dicts_us": {},
        "condition_us": [],
        "condition_batch_us": [],
        "held": [],
    }
    for size in (64, len(given)):
        ready = list(batched(size))

        def decided(ready: list[tuple[list[Event], dict[str, Column]]] = ready) -> list[int]:
            pieces = [made.decide_batch(cols, len(some)) for some, cols in ready]
            return [row for piece in pieces for row in piece.tolist()]

        def from_dicts(ready: list[tuple[list[Event], dict[str, Column]]] = ready) -> list[int]:
            pieces = [made.decide_batch(columns(some), len(some)) for some, _ in ready]
            return [row for piece in pieces for row in piece.tolist()]

        assert found["decided"] == decided() == from_dicts()
        found["batch_us"][str(size)] = best(decided, len(given), rounds)
        found["batch_from_dicts_us"][str(size)] = best(from_dicts, len(given), rounds)
    whole = columns(given)
    for text in CONDITIONS:
        condition = parse(text, schema)
        _time_condition(found, condition.row(), condition.batch(), given, whole, rounds)
    return found


def _time_condition(
    found: dict[str, Any],
    row: Callable[[Event], bool | None],
    batch: Callable[..., Any],
    given: list[Event],
    whole: object,
    rounds: int,
) -> None:
    held = [row(event) for event in given]
    assert held == batch(whole, len(given)).values.tolist()
    found["held"].append(held)
    found["condition_us"].append(best(lambda: [row(event) for event in given], len(given), rounds))
    found["condition_batch_us"].append(
        best(lambda: batch(whole, len(given)), len(given), rounds, repeats=50)
    )


def peer(python: str, given: list[Event], rounds: int) -> dict[str, Any] | None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "given.json"
        file.write_text(
            json.dumps({"events": given, "rounds": rounds, "graph": zen_graph(),
                        "conditions": list(CONDITIONS.values())}), encoding="utf-8"
        )  # fmt: skip
        done = subprocess.run(
            [python, "-c", PEER, str(file)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        print(done.stderr[-2_000:], file=sys.stderr)
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--peer-python", help="a Python in which zen-engine is installed")
    options = parser.parse_args()
    given = events(options.events)
    mine = ours(given, options.rounds)
    named = options.peer_python or os.environ.get("PEER_PYTHON")
    python = named or (sys.executable if find_spec("zen") else None)
    other = peer(python, given, options.rounds) if python else None
    figures = _figures(given, mine, other)
    if options.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        for name, value in figures.items():
            print(f"{name}: {json.dumps(value, ensure_ascii=False, indent=1)}")
    return 0


def _figures(
    given: list[Event], mine: dict[str, Any], other: dict[str, Any] | None
) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "events": len(given),
        "python": platform.python_version(),
        "rows_that_decided": len(set(mine["decided"])),
        "titian": {
            "compile_ms": mine["compile_ms"],
            "table_single_us": round(mine["single_us"], 3),
            "table_batch_us": _rounded(mine["batch_us"]),
            "table_batch_from_dicts_us": _rounded(mine["batch_from_dicts_us"]),
            "condition_single_us": [round(t, 3) for t in mine["condition_us"]],
            "condition_batch_us": [round(t, 4) for t in mine["condition_batch_us"]],
        },
        "zen": INSTALL,
    }
    if other is None:
        return figures
    assert other["decided"] == mine["decided"], "both decide alike"
    assert other["held"] == mine["held"], "both conditions hold alike"
    single = {k: v for k, v in other["table_us"].items() if "batch" not in k}
    figures["zen"] = {
        "version": other["version"],
        "table_us": _rounded(other["table_us"]),
        "failed": other["failed"],
        "condition_us": [round(t, 3) for t in other["condition_us"]],
    }
    fastest = min(other["table_us"].values())
    figures["ratio"] = {
        "table_single": round(min(single.values()) / mine["single_us"], 1),
        "table_batch": {k: round(fastest / t, 1) for k, t in mine["batch_us"].items()},
        "table_batch_from_dicts": {
            k: round(fastest / t, 1) for k, t in mine["batch_from_dicts_us"].items()
        },
        "condition_single": _ratios(other["condition_us"], mine["condition_us"]),
        "condition_batch": _ratios(other["condition_us"], mine["condition_batch_us"]),
    }
    return figures


def _rounded(times: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in times.items()}


def _ratios(theirs: list[float], mine: list[float]) -> list[float]:
    return [round(a / b, 1) for a, b in zip(theirs, mine, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
