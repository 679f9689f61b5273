"""What the machinery costs per trivial job, beside Dagster's in-process materialise.

    python benchmarks/jobs_overhead.py --json
    python benchmarks/jobs_overhead.py --peer-python /path/to/venv/bin/python

The same graph on both sides: N jobs in a binary tree, each after its parent, each doing nothing
worth mentioning. Titian runs it as one order through the durable queue, with the run log written,
on an operational database of its own; what is measured is the time of the order divided by N, once
for functions that publish nothing (what Dagster's assets do), and once for SQL that reads one Delta
table and publishes another, with and without checks. Dagster runs `materialize` in a process of its
own, with a SQLite instance, which keeps a log of runs as Titian does, and with its default one,
which forgets everything when the process ends. Wall time suffers from whatever else runs on the
machine, so processor time stands beside it. Ratios compare jobs that publish nothing.

Dagster is found in this interpreter (`pip install -r requirements/bench.txt`) or in the one named
with --peer-python.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

JOBS = 100
ROUNDS = 5
DAY = date(2026, 3, 31)
INSTALL = "Dagster is not here: pip install -r requirements/bench.txt, or name --peer-python."

PEER = """
import json, sys, time, tempfile, os, logging
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
import dagster as dg
logging.disable(logging.CRITICAL)
count, rounds = int(sys.argv[1]), int(sys.argv[2])

def made(at):
    deps = [f"t{(at - 1) // 2}"] if at else []
    @dg.asset(name=f"t{at}", deps=deps)
    def work() -> None:
        return None
    return work

assets = [made(at) for at in range(count)]

def timed(**options):
    found = []
    for _ in range(rounds + 1):
        begun, cpu = time.perf_counter(), time.process_time()
        assert dg.materialize(assets, **options).success
        wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
        found.append((wall / count * 1000, cpu / count * 1000))
    return found[1:]

with tempfile.TemporaryDirectory() as folder:
    with dg.DagsterInstance.local_temp(folder) as instance:
        durable = timed(instance=instance)
print(json.dumps({"version": dg.__version__, "ephemeral": timed(), "sqlite": durable}))
"""


Timings = list[tuple[float, float]]
"""Wall and processor milliseconds per job, round by round."""


def peer(python: str, jobs: int, rounds: int) -> dict[str, object] | None:
    done = subprocess.run(
        [python, "-c", PEER, str(jobs), str(rounds)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stderr[-2_000:], file=sys.stderr)
        return None
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def ours(jobs: int, rounds: int) -> dict[str, Timings]:
    from titian.data import definitions
    from titian.data.jobs import executor
    from titian.kernel import banks, db, logs
    from titian.kernel.ids import BankId
    from titian.kernel.scope import Scope
    from titian.kernel.settings import configure, load

    with tempfile.TemporaryDirectory() as home:
        configure(load(home=Path(home)))
        logs.setup()
        db.upgrade()
        found = {}
        with executor.running():
            for name, prepare in (
                ("nothing", _functions),
                ("publish", _sql),
                ("publish_checked", _sql_checked),
            ):
                scope = Scope.system(BankId(f"bank_{name}"))
                banks.ensure(Scope.system(None), scope.bank_id)
                definitions.set_presets(scope, definitions.Presets.NONE)
                prepare(scope, jobs, Path(home))
                found[name] = _timed(scope, jobs, rounds)
        return found


def _timed(scope: object, jobs: int, rounds: int) -> Timings:
    from titian.data.jobs import control, executor
    from titian.data.jobs.orders import OrderState
    from titian.kernel.scope import Scope

    assert isinstance(scope, Scope)
    found = []
    for _ in range(rounds + 1):
        begun, cpu = time.perf_counter(), time.process_time()
        order = control.run(scope, [DAY], force=True)
        *_, last = executor.wait(order.order)
        wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
        found.append((wall / jobs * 1000, cpu / jobs * 1000))
        assert last.state is OrderState.DONE, last
        assert last.total == jobs
    return found[1:]


def _functions(_scope: object, jobs: int, _home: Path) -> None:
    from titian.data.jobs import JobContext, job, registry
    from titian.data.jobs.python import PythonJob
    from titian.lake.schema import Column, Layer, Table

    def made(at: int) -> PythonJob:
        columns = (Column("n", "integer", "数", "Number"),)
        table = Table(Layer.CORE, f"t{at}", "试验", "Test", columns)
        reads = (f"core.t{(at - 1) // 2}",) if at else ()

        @job(writes=table, reads=reads)
        def work(_context: JobContext) -> None:
            return None

        return work

    registry.hand_down(tuple(made(at) for at in range(jobs)))


def _sql(scope: object, jobs: int, home: Path, checks: str = "") -> None:
    import pyarrow as pa

    from titian.data import definitions
    from titian.data.jobs import registry
    from titian.kernel.scope import Scope
    from titian.lake import store
    from titian.lake.schema import Column, Layer, Table

    assert isinstance(scope, Scope)
    registry.hand_down(())
    seed = Table(Layer.CORE, "seed", "种", "Seed", (Column("n", "integer", "数", "Number"),))
    store.write_date(scope, seed, DAY, pa.table({"n": [1, 2, 3]}))
    folder = home / f"jobs-{scope.bank_id}"
    folder.mkdir()
    for at in range(jobs):
        source = f"core.t{(at - 1) // 2}" if at else "core.seed"
        (folder / f"core.t{at}.sql").write_text(
            f"/*\nwrites: core.t{at}\nzh: 试验\nen: Test\ncolumns:\n"
            f"  n: {{type: integer, zh: 数, en: Number}}\n{checks}*/\n"
            f"SELECT n FROM {source} WHERE business_date = $business_date\n",
            encoding="utf-8",
        )
    definitions.install(scope, definitions.Kind.JOBS, folder)


def _sql_checked(scope: object, jobs: int, home: Path) -> None:
    checks = "checks:\n  - {unique: [n]}\n  - {not_null: [n]}\n  - {range: {column: n, min: 0}}\n"
    _sql(scope, jobs, home, checks)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--peer-python", help="a Python in which Dagster is installed")
    options = parser.parse_args()
    mine = ours(options.jobs, options.rounds)
    named = options.peer_python or os.environ.get("PEER_PYTHON")
    python = named or (sys.executable if find_spec("dagster") else None)
    other = peer(python, options.jobs, options.rounds) if python else None
    figures = _figures(options.jobs, options.rounds, mine, other)
    if options.json:
        print(json.dumps(figures))
    else:
        _show(figures)
    return 0


def _figures(
    jobs: int, rounds: int, mine: dict[str, Timings], other: dict[str, Any] | None
) -> dict[str, object]:
    own = {name: _medians(timings) for name, timings in mine.items()}
    figures: dict[str, object] = {
        "jobs": jobs,
        "rounds": rounds,
        "titian_ms_per_job": own,
        "dagster": INSTALL,
    }
    if other is None:
        return figures
    theirs = {name: _medians(other[name]) for name in ("sqlite", "ephemeral")}
    figures["dagster"] = {"version": other["version"], "ms_per_asset": theirs}
    figures["ratio"] = {
        name: {kind: round(ms[kind] / own["nothing"][kind], 1) for kind in ms}
        for name, ms in theirs.items()
    }
    return figures


def _medians(timings: Timings) -> dict[str, float]:
    return {
        kind: round(statistics.median(timing[at] for timing in timings), 2)
        for at, kind in enumerate(("wall", "processor"))
    }


def _show(figures: dict[str, object]) -> None:
    for name, value in figures.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    sys.exit(main())
