"""One job for one or more business dates: read, compute, check, publish. No run log here.

Checks are measured in the statement that makes the rows, and judged before the lake commits. A
failing check of severity error leaves the table as it was: readers never see rows that are known
to be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pyarrow as pa

from titian.data.checks.compile import ROWS
from titian.data.checks.evaluate import evaluate, is_settled, judge, settle
from titian.data.checks.model import Check, CheckKind, Outcome
from titian.data.jobs import jobsql
from titian.data.jobs.context import JobContext, Rows, parameters_at
from titian.data.jobs.model import Engine, Job
from titian.data.jobs.task import Brake, Made, Task, made
from titian.data.jobs.verdict import refuse_broken
from titian.kernel.errors import InvalidInput, LimitExceeded
from titian.kernel.scope import Scope
from titian.lake import store
from titian.lake.schema import BUSINESS_DATE, Table
from titian.lake.session import JobSession, open_session

_GIVEN = "given"


def perform(scope: Scope, task: Task, brake: Brake) -> Made:
    """Run a task and publish its rows, each business date replaced as a whole.

    Raises ChecksFailed, TimedOut, and whatever the SQL, the function or the lake raise.
    """
    if task.job.engine is Engine.SPARK:
        from titian.data.jobs import sparkwork

        return sparkwork.perform(scope, task, brake)
    tables = [task.tables[read.table] for read in task.job.reads]
    session = open_session(scope, tables=tables)
    with brake.lock:
        brake.session = session
    try:
        brake.check()
        if task.job.function is not None:
            return _python(scope, task, session, brake)
        return _sql(scope, task, session, brake)
    except LimitExceeded:
        brake.check()
        raise
    finally:
        with brake.lock:
            brake.session = None
        session.close()


def _sql(scope: Scope, task: Task, session: JobSession, brake: Brake) -> Made:
    job = task.job
    assert job.sql is not None, "a job is SQL or a function"
    table = job.writes[0]
    if any(check.kind is CheckKind.RECONCILE for check in job.checks):
        return _sql_staged(scope, task, session, brake)
    text, values = _statement(task, job.checks)
    rows: Rows = session.stream(text, values)
    audit = _Audit(session, task)
    if job.checks:
        rows = audit.watch(rows)
    version = _write(scope, table, task.dates, rows, brake)
    return made(scope, [table], task.dates, version, audit.outcomes, text)


def _sql_staged(scope: Scope, task: Task, session: JobSession, brake: Brake) -> Made:
    table = task.job.writes[0]
    text = _stage_sql(session, task)
    outcomes = evaluate(session, table, task.job.checks, task.dates, task.facts)
    refuse_broken(table, outcomes)
    version = _publish_produced(scope, session, table, task.dates, brake)
    return made(scope, [table], task.dates, version, outcomes, text)


def _statement(task: Task, checks: tuple[Check, ...]) -> tuple[str, dict[str, object]]:
    job = task.job
    assert job.sql is not None, "a job is SQL or a function"
    if len(task.dates) > 1:
        text = jobsql.many_dates(job.sql, job.file, job.writes[0], checks)
        return text, {jobsql.DATES: list(task.dates)}
    text = jobsql.one_date(job.sql, job.file, job.writes[0], checks)
    names = job.parameters | ({BUSINESS_DATE} if checks else frozenset())
    return text, dict(parameters_at(task.dates[0], names))


def _stage_sql(session: JobSession, task: Task) -> str:
    text, values = _statement(task, ())
    dated = len(task.dates) > 1
    if not dated:
        values["day"] = task.dates[0]
    session.execute(jobsql.staged_job(text, dated=dated), values)
    return text


class _Audit:
    """Lets rows through and reads the measurements among them; the end of the rows is the verdict.

    A broken rule raises before the lake commits, so the files written so far are thrown away.
    """

    def __init__(self, session: JobSession, task: Task) -> None:
        self.session = session
        self.task = task
        self.outcomes: tuple[Outcome, ...] = ()
        self.measured: dict[date, dict[str, object]] = {}

    def watch(self, reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
        names = [column.name for column in self.task.job.writes[0].columns] + [BUSINESS_DATE]
        schema = pa.schema([reader.schema.field(name) for name in names])
        return pa.RecordBatchReader.from_batches(schema, self._rows(reader, names))

    def _rows(self, reader: pa.RecordBatchReader, names: list[str]) -> Iterator[pa.RecordBatch]:
        for batch in reader:
            counts = batch.column(ROWS)
            if counts.null_count == batch.num_rows:
                yield batch.select(names)
                continue
            for row in batch.filter(counts.is_valid()).to_pylist():
                self.measured[row[BUSINESS_DATE]] = row
            if counts.null_count:
                yield batch.filter(counts.is_null()).select(names)
        self._verdict()

    def _verdict(self) -> None:
        job, task = self.task.job, self.task
        table = job.writes[0]
        outcomes = judge(table, job.checks, task.dates, self.measured, task.facts)
        if not is_settled(outcomes):
            _stage_sql(self.session, task)
            outcomes = settle(self.session, table, outcomes)
        self.outcomes = outcomes
        refuse_broken(table, outcomes)


def _python(scope: Scope, task: Task, session: JobSession, brake: Brake) -> Made:
    job = task.job
    assert job.function is not None, "a job is SQL or a function"
    outcomes: list[Outcome] = []
    version: int | None = None
    written: list[Table] = []
    reads = frozenset(read.table for read in job.reads)
    groups = [task.dates] if job.batch else [(day,) for day in task.dates]
    for dates in groups:
        context = JobContext(scope, dates, session, reads, brake.cancelled)
        for table, rows in _by_table(job, job.function(context)).items():
            found, version = _publish_given(scope, task, session, table, rows, dates, brake)
            outcomes += found
            written.append(table)
    return made(scope, written, task.dates, version, tuple(outcomes), "")


def _publish_given(
    scope: Scope,
    task: Task,
    session: JobSession,
    table: Table,
    rows: Rows,
    dates: tuple[date, ...],
    brake: Brake,
) -> tuple[tuple[Outcome, ...], int]:
    checks = tuple(check for check in task.job.checks if check.table == table.qualified)
    if not checks:
        return (), _write(scope, table, dates, rows, brake)
    _stage(session, rows, dates[-1])
    outcomes = evaluate(session, table, checks, dates, task.facts)
    refuse_broken(table, outcomes)
    version = _publish_produced(scope, session, table, dates, brake)
    session.execute(jobsql.drop_produced())
    return outcomes, version


def _by_table(job: Job, produced: object) -> dict[Table, Rows]:
    if produced is None:
        return {}
    if isinstance(produced, pa.Table | pa.RecordBatchReader):
        return {job.writes[0]: produced}
    if not isinstance(produced, Mapping):
        raise InvalidInput(
            f"{job.file} gave {type(produced).__name__}",
            "Return an Arrow table, a record batch reader, or a mapping from table to rows.",
        )
    by_name = {table.qualified: table for table in job.writes}
    for name in produced:
        if name not in by_name:
            raise InvalidInput(
                f"{job.file} gave rows for {name}, which it does not declare",
                f"It writes {', '.join(by_name)}.",
            )
    return {by_name[name]: rows for name, rows in produced.items()}


def _stage(session: JobSession, rows: Rows, day: date) -> None:
    session.register(_GIVEN, rows)
    has_date = BUSINESS_DATE in rows.schema.names
    session.execute(jobsql.staged_given(_GIVEN, dated=has_date), None if has_date else {"day": day})


def _publish_produced(
    scope: Scope, session: JobSession, table: Table, dates: tuple[date, ...], brake: Brake
) -> int:
    return _write(scope, table, dates, session.stream(jobsql.produced()), brake)


def _write(scope: Scope, table: Table, dates: tuple[date, ...], rows: Rows, brake: Brake) -> int:
    brake.check()
    if len(dates) == 1:
        return store.write_date(scope, table, dates[0], rows).version
    return store.write_dates(scope, table, rows, dates).version
