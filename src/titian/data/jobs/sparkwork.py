"""A job on the distributed engine: the same SQL and checks, run by a Spark Connect server.

The server is named by `SPARK_REMOTE`, as everywhere with Spark. Rows never pass through this
process; checks are measured there first, without failing keys, and the lake commits here.
"""

from __future__ import annotations

import os
from contextlib import closing
from datetime import date

from titian.data.checks.evaluate import judge
from titian.data.checks.model import Outcome
from titian.data.jobs import jobsql
from titian.data.jobs.context import parameters_at
from titian.data.jobs.task import Brake, Made, Task, made
from titian.data.jobs.verdict import refuse_broken
from titian.kernel.errors import InvalidInput
from titian.kernel.scope import Scope
from titian.lake.schema import BUSINESS_DATE
from titian.lake.spark import SparkEngine

REMOTE = "SPARK_REMOTE"


def perform(scope: Scope, task: Task, brake: Brake) -> Made:
    """Run a SQL job on Spark, date by date. Raises as `work.perform`, and InvalidInput unnamed."""
    remote = os.environ.get(REMOTE)
    if not remote:
        raise InvalidInput(
            f"{task.job.name} runs on Spark, and no server is named",
            f"Set {REMOTE}, as sc://host:15002, or write `engine: duckdb` in its header.",
        )
    outcomes: list[Outcome] = []
    version: int | None = None
    with closing(SparkEngine(remote)) as engine:
        for day in task.dates:
            brake.check()
            outcomes += _check(engine, scope, task, day)
            version = _write(engine, scope, task, day)
    return made(scope, task.job.writes, task.dates, version, tuple(outcomes), _text(task))


def _text(task: Task) -> str:
    assert task.job.sql is not None, "Spark runs SQL jobs only"
    return jobsql.one_date(task.job.sql, task.job.file, task.job.writes[0])


def _check(engine: SparkEngine, scope: Scope, task: Task, day: date) -> tuple[Outcome, ...]:
    job, table = task.job, task.job.writes[0]
    if not job.checks or job.sql is None:
        return ()
    text = jobsql.measured_apart(job.sql, job.file, table, job.checks)
    values = parameters_at(day, job.parameters | {BUSINESS_DATE})
    tables = [task.tables[read.table] for read in job.reads]
    rows = engine.sql(scope, text, values, tables=tables).to_pylist()
    measured = {row[BUSINESS_DATE]: row for row in rows}
    outcomes = judge(table, job.checks, (day,), measured, task.facts)
    refuse_broken(table, outcomes)
    return outcomes


def _write(engine: SparkEngine, scope: Scope, task: Task, day: date) -> int:
    job = task.job
    tables = [task.tables[read.table] for read in job.reads]
    values = parameters_at(day, job.parameters)
    return engine.write_date(scope, job.writes[0], day, _text(task), values, tables=tables).version
