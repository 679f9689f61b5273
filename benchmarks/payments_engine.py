"""How fast one process decides: windows, model, rules, reasons and the journal, without HTTP.

    python benchmarks/payments_engine.py [--events 60000] [--batch 512] [--json]

Events are synthetic, over six channels and nine types, of 20,000 customers, and fill the windows
before anything is timed. Batched: events of a micro-batch decided, written and synced together, as
in flight; processor time is that of this process alone, on one thread, and stands beside wall time
because other work on the machine counts in the latter. `durable` includes the disk, `memory` leaves
the sync out. Single: one event at a time, from event to answer, without the sync. No model takes
part yet (`trees` is null). Each of the 100 rules is an invented condition of four parts over event
and features; `with_reasons_share` tells how many events one or more of them hit.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from titian.kernel.terminal import say
from titian.payments.engine import Engine, Setup
from titian.payments.engine.declared import read_declared
from titian.payments.engine.setup import preset
from titian.payments.engine.state import State
from titian.payments.journal import Disk
from titian.payments.model import CHANNELS, EVENT_TYPES, RESULTS, Event

SEED = 20260331
CUSTOMERS = 20_000
RULES = 100
GOAL_A_SECOND, GOAL_P99_US = 100_000, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--single", type=int, default=3_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    figures = measured(args.events, args.batch, args.single)
    if args.json:
        print(json.dumps(figures, indent=1))
    else:
        for name, value in figures.items():
            say(f"{name}: {value}")


def measured(events: int, batch: int, single: int) -> dict[str, Any]:
    setup = preset(b"benchmark")
    known = list(invented(2 * events + single))
    written = rules(setup, known)
    setup = replace(setup, policy=read_declared(written, "benchmark", setup.plan))
    warm, timed, alone = known[:events], known[events : 2 * events], known[2 * events :]
    with tempfile.TemporaryDirectory() as folder:
        disk = Disk(Path(folder))
        engine = Engine.start(disk, setup)
        run(engine.decide, warm, batch)
        half = len(timed) // 2
        durable = run(engine.decide, timed[:half], batch)
        memory = run(lambda part: engine.prepare(part).answers, timed[half:], batch)
        engine.journal.commit()
        times = [one(engine, event) for event in alone]
        engine.journal.commit()
        disk.close()
    p50, p99 = np.percentile(times[200:], [50, 99])
    return {
        "features": len(setup.plan.names),
        "rules": len(setup.policy.rules),
        "trees": None,
        "batch": batch,
        "durable_decisions_a_second": durable["a_second"],
        "durable_decisions_a_cpu_second": durable["a_cpu_second"],
        "memory_decisions_a_second": memory["a_second"],
        "memory_decisions_a_cpu_second": memory["a_cpu_second"],
        "with_reasons_share": durable["with_reasons"],
        "single_p50_us": round(float(p50), 1),
        "single_p99_us": round(float(p99), 1),
        "goal": {"decisions_a_second": GOAL_A_SECOND, "single_p99_us": GOAL_P99_US},
    }


def run(
    decide: Callable[[Sequence[Event]], Sequence[Any]], events: Sequence[Event], batch: int
) -> dict[str, float]:
    wall, cpu, reasons = time.perf_counter(), time.process_time(), 0
    for place in range(0, len(events), batch):
        reasons += sum(bool(answer.reasons) for answer in decide(events[place : place + batch]))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "a_second": round(len(events) / wall),
        "a_cpu_second": round(len(events) / cpu),
        "with_reasons": round(reasons / len(events), 3),
    }


def one(engine: Engine, event: Event) -> float:
    begun = time.perf_counter()
    engine.prepare([event])
    return (time.perf_counter() - begun) * 1e6


def invented(events: int) -> Sequence[Event]:
    draw = random.Random(SEED)
    start = datetime.now(UTC) - timedelta(hours=1)
    made = []
    for number in range(events):
        customer = draw.randrange(CUSTOMERS)
        device = customer if draw.random() < 0.95 else draw.randrange(CUSTOMERS)
        made.append(
            Event(
                bank="qinghe",
                event_id=f"b{number}",
                occurred_at=start + timedelta(milliseconds=10 * number),
                channel=draw.choice(CHANNELS),
                event_type=draw.choice(EVENT_TYPES),
                result=draw.choice(RESULTS),
                amount_fen=draw.randrange(10**7),
                party_id=f"P{customer}",
                account_id=f"A{customer}",
                card_id=f"C{customer}",
                device_id=f"D{device}",
                ip=f"10.{device % 200}.{device % 77}.1",
                payee_account=f"Y{draw.randrange(15_000)}",
                phone=f"1{customer}",
                merchant_id=f"M{draw.randrange(2_000)}",
            )
        )
    return made


def rules(setup: Setup, events: Sequence[Event]) -> str:
    """Write a policy of invented rules, each about what 1 of 200 events shows."""
    draw = random.Random(SEED)
    state = State(setup.plan, setup.windows, setup.horizon, setup.secret)
    _, features, _ = state.count(events)
    usual = {
        feature.name: np.nanquantile(features[:, place], [0.5, 0.995])
        for place, feature in enumerate(setup.plan.features)
        if not np.isnan(features[:, place]).all()
    }
    steps = []
    for number in range(RULES):
        feature, other = draw.sample(list(usual), 2)
        channel, outcome = draw.choice(CHANNELS), draw.choice(("warn", "step_up", "hold"))
        when = (
            f"channel = '{channel.value}' AND {feature} > {usual[feature][1]:.2f} "
            f"AND {other} >= {usual[other][0]:.2f} AND amount_fen > 100000"
        )
        steps.append(
            f'  - {{kind: rule, name: r{number}, when: "{when}", outcome: {outcome}, '
            f"reason: {{zh: 规则{number}, en: Rule {number}}}}}"
        )
    return (
        "policy: invented\nlabel: {zh: 虚构, en: Invented}\nauthor: nobody\n"
        "effective: {from: 2026-01-01}\n"
        "outcomes: [pass, warn, step_up, delay, hold, block]\nsteps:\n" + "\n".join(steps) + "\n"
    )


if __name__ == "__main__":
    main()
