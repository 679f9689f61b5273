"""What pages show of jobs: the board of a day, runs, a run in detail, the heat map, the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, select

from titian.data.checks import results
from titian.data.checks.results import Result
from titian.data.jobs import calendars, inflow, overtaken, pauses
from titian.data.jobs.catalogue import Catalogue, lately, load
from titian.data.jobs.model import Job, Run, Stand, State
from titian.data.jobs.tables import job_alert, job_run, job_state, job_text
from titian.kernel import banks, db
from titian.kernel.errors import Cause, NotFound
from titian.kernel.ids import BankId, RunId
from titian.kernel.scope import Permission, Scope

PAGE_MAX_ROWS = 200
HEAT_DAYS = 30
MAX_HEAT_DAYS = 400


@dataclass(frozen=True, slots=True)
class BankBoard:
    """How far a bank is with a business date.

    `counts` has every state; `late` counts open alerts of that kind; `roots` are the jobs that
    hold others up: those that failed, wait for a feed or are paused themselves; `problem` is the
    error that keeps the bank's definitions from being read, if any.
    """

    bank: BankId
    business_date: date
    total: int
    counts: Mapping[State, int]
    late: int
    rows: int
    seconds: float
    started: datetime | None
    finished: datetime | None
    paused: bool
    roots: tuple[Stand, ...] = ()
    problem: str = ""

    @property
    def worst(self) -> State:
        """The state that most needs a look; of a bank without jobs, that none has started."""
        present = [state for state, many in self.counts.items() if many]
        return min(present, key=SEVERITY.index, default=State.PENDING)

    @property
    def begun(self) -> bool:
        """Whether anything has happened for the date."""
        idle = (State.PENDING, State.SKIPPED)
        return any(many for state, many in self.counts.items() if state not in idle)

    @property
    def done(self) -> int:
        """How many jobs are through."""
        return self.counts[State.SUCCEEDED] + self.counts[State.SKIPPED]

    @property
    def red(self) -> int:
        """How many need somebody."""
        return self.counts[State.FAILED] + self.counts[State.HELD]


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with all that explains it."""

    run: Run
    job: Job | None
    sql: str
    attempts: tuple[Run, ...]
    checks: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One business date of a job (or of a whole bank, with job empty)."""

    bank: BankId
    job: str
    business_date: date
    counts: Mapping[State, int]

    @property
    def worst(self) -> State:
        """The state that most needs a look."""
        return min(self.counts, key=SEVERITY.index)


SEVERITY = [
    State.FAILED,
    State.HELD,
    State.RETRYING,
    State.WAITING,
    State.PAUSED,
    State.RUNNING,
    State.PENDING,
    State.SUCCEEDED,
    State.SKIPPED,
]
_ROOTS = (State.FAILED, State.WAITING, State.PAUSED)


def board(scope: Scope, business_date: date) -> list[BankBoard]:
    """Give the board of a business date, one line per visible bank. Needs VIEW_JOBS."""
    scope.require(Permission.VIEW_JOBS)
    visible = banks.visible(scope)
    units = _states(scope, business_date)
    moved = overtaken.moves(scope, business_date)
    late = _late(scope, business_date)
    paused = {pause.bank for pause in pauses.listed(scope) if pause.job == pauses.WHOLE_BANK}
    return [
        _bank_board(
            bank.bank,
            business_date,
            units.get(bank.bank, {}),
            moved.get(bank.bank, {}),
            late=late.get(bank.bank, 0),
            paused=bank.bank in paused,
            read=lately if scope.bank is None else load,
        )
        for bank in visible
    ]


def _bank_board(
    bank: BankId,
    day: date,
    units: Mapping[str, Row[Any]],
    moved: overtaken.Moves,
    *,
    late: int,
    paused: bool,
    read: Callable[[Scope], Catalogue],
) -> BankBoard:
    problem = ""
    try:
        catalogue = read(Scope.system(bank))
        stands = _stands(catalogue, day, units, moved)
    except Exception as error:  # noqa: BLE001  # one bank's bad definitions must not hide the rest
        stands, problem = [], str(error)
    counts = Counter(stand.state for stand in stands)
    begun = [row.started_at for row in units.values() if row.started_at]
    ended = [row.finished_at for row in units.values() if row.finished_at]
    return BankBoard(
        bank=bank,
        business_date=day,
        total=len(stands),
        counts={state: counts[state] for state in State},
        late=late,
        rows=sum(row.rows for row in units.values()),
        seconds=sum(row.seconds for row in units.values()),
        started=min(begun, default=None),
        finished=max(ended, default=None),
        paused=paused,
        roots=tuple(stand for stand in stands if stand.state in _ROOTS),
        problem=problem,
    )


def stands(scope: Scope, business_date: date) -> list[Stand]:
    """List where each job of a bank stands on a date, in order. Needs VIEW_JOBS."""
    scope.require(Permission.VIEW_JOBS)
    own = scope.at(scope.bank_id)
    units = _states(own, business_date).get(scope.bank_id, {})
    moved = overtaken.moves(own, business_date).get(scope.bank_id, {})
    return _stands(load(scope), business_date, units, moved)


def _stands(
    catalogue: Catalogue, day: date, units: Mapping[str, Row[Any]], moved: overtaken.Moves
) -> list[Stand]:
    found = [_stand(job, day, units.get(job.name)) for job in catalogue.jobs.values()]
    begun = {name: row.started_at for name, row in units.items() if row.started_at is not None}
    return overtaken.seen(catalogue, found, begun, moved)


def _stand(job: Job, day: date, row: Row[Any] | None) -> Stand:
    if row is not None:
        state = State(row.state)
        return Stand(job.name, state, row.why, row.run_id, row.finished_at, row.rows, row.seconds)
    if not calendars.due(job.schedule, day):
        why = Cause(f"not due: runs {job.schedule.replace('_', ' ')}")
        return Stand(job.name, State.SKIPPED, why, None, None, 0, 0.0)
    return Stand(job.name, State.PENDING, Cause("not started"), None, None, 0, 0.0)


def held_up_by(scope: Scope, job: str, business_date: date) -> list[Stand]:
    """Name the jobs and feeds at the root of a hold-up: those that wait for nobody else.

    Feeds appear as stands named `feed:loan`. Needs VIEW_JOBS.
    """
    catalogue = load(scope)
    by_name = {stand.job: stand for stand in stands(scope, business_date)}
    roots: dict[str, Stand] = {}
    seen: set[str] = set()
    open_ = [catalogue.job(job).name]
    while open_:
        name = open_.pop()
        if name in seen or by_name[name].state.done:
            continue
        seen.add(name)
        above = [p for p in catalogue.graph.parents[name] if not by_name[p].state.done]
        open_.extend(above)
        if not above:
            roots.update(_root(scope, catalogue, by_name[name], business_date))
    return [roots[name] for name in sorted(roots)]


def absent_feeds(
    scope: Scope, catalogue: Catalogue, job: str, business_date: date
) -> tuple[str, ...]:
    """Name the feeds a job still waits for on a date."""
    return inflow.missing(scope, catalogue.feeds, catalogue.jobs[job].waits, business_date)


def _root(scope: Scope, catalogue: Catalogue, stand: Stand, day: date) -> dict[str, Stand]:
    absent = absent_feeds(scope, catalogue, stand.job, day)
    if not absent:
        return {stand.job: stand}
    return {
        f"feed:{feed}": Stand(
            f"feed:{feed}", State.WAITING, Cause("has not arrived"), None, None, 0, 0.0
        )
        for feed in absent
    }


def runs(
    scope: Scope,
    *,
    job: str | None = None,
    state: State | None = None,
    business_date: date | None = None,
    order: str | None = None,
    before: RunId | None = None,
    by_date: bool = False,
    limit: int = 50,
) -> list[Run]:
    """List runs, newest first; `before` is the last run of the page above. Needs VIEW_JOBS.

    `by_date` puts the newest business dates first: a back-fill runs old dates late.
    """
    query = _visible_runs(scope)
    for column, value in (
        (job_run.c.job, job),
        (job_run.c.state, state.value if state else None),
        (job_run.c.business_date, business_date),
        (job_run.c.order_id, order),
    ):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(job_run.c.run_id < before)
    newest = [job_run.c.business_date.desc()] if by_date else []
    query = query.order_by(*newest, job_run.c.run_id.desc())
    return _runs(query.limit(min(limit, PAGE_MAX_ROWS)))


def run(scope: Scope, run_id: RunId) -> RunDetail:
    """Give a run with its SQL, other attempts and checks. Needs VIEW_JOBS. Raises NotFound."""
    found = _runs(_visible_runs(scope).where(job_run.c.run_id == run_id))
    if not found:
        raise NotFound(f"there is no run {run_id!r}", "List them with `titian jobs status`.")
    one = found[0]
    own = Scope.system(one.bank)
    siblings = _visible_runs(own).where(
        job_run.c.job == one.job,
        job_run.c.business_date == one.business_date,
        job_run.c.bank == one.bank,
    )
    attempts = _runs(siblings.order_by(job_run.c.run_id.desc()).limit(PAGE_MAX_ROWS))
    job = load(own).jobs.get(one.job)
    return RunDetail(
        one, job, _sql(one, job), tuple(attempts), tuple(results.of_run(scope, run_id))
    )


def _sql(one: Run, job: Job | None) -> str:
    if one.sql_hash:
        with db.read() as connection:
            query = select(job_text.c.text).where(job_text.c.sql_hash == one.sql_hash)
            return connection.scalar(query) or ""
    if job is not None and job.version == one.version:
        return job.sql or ""
    return ""


def heat(
    scope: Scope, last: date, *, days: int = HEAT_DAYS, by_job: bool = False
) -> list[HeatCell]:
    """Give the states of the last days, per bank or per job, oldest first. Needs VIEW_JOBS."""
    scope.require(Permission.VIEW_JOBS)
    first = last - timedelta(days=min(days, MAX_HEAT_DAYS) - 1)
    names = [job_state.c.bank, job_state.c.business_date]
    names += [job_state.c.job] if by_job else []
    query = (
        select(*names, job_state.c.state, func.count().label("units"))
        .where(job_state.c.business_date >= first, job_state.c.business_date <= last)
        .group_by(*names, job_state.c.state)
        .order_by(*names)
    )
    if scope.bank is not None:
        query = query.where(job_state.c.bank == scope.bank)
    cells: dict[tuple[BankId, str, date], dict[State, int]] = {}
    with db.read() as connection:
        for row in connection.execute(query):
            key = (row.bank, row.job if by_job else "", row.business_date)
            cells.setdefault(key, {})[State(row.state)] = row.units
    return [HeatCell(bank, job, day, counts) for (bank, job, day), counts in cells.items()]


def graph(scope: Scope, business_date: date | None = None) -> dict[str, object]:
    """Give a bank's jobs and feeds as nodes and links, with states on a date. Needs VIEW_JOBS."""
    scope.require(Permission.VIEW_JOBS)
    catalogue = load(scope)
    states = (
        {stand.job: stand.state.value for stand in stands(scope, business_date)}
        if business_date
        else {}
    )
    nodes: list[dict[str, object]] = [
        {
            "id": feed.table.qualified,
            "kind": "feed",
            "layer": "raw",
            "zh": feed.table.zh,
            "en": feed.table.en,
            "state": "",
        }
        for feed in catalogue.feeds.values()
    ]
    nodes += [_node(job, states.get(job.name, "")) for job in catalogue.jobs.values()]
    known = {node["id"] for node in nodes}
    return {
        "nodes": nodes,
        "links": [link for link in _links(catalogue) if link["source"] in known],
    }


def _node(job: Job, state: str) -> dict[str, object]:
    return {
        "id": job.name,
        "kind": "python" if job.sql is None else "sql",
        "layer": job.writes[0].layer.value,
        "zh": job.zh,
        "en": job.en,
        "state": state,
        "schedule": job.schedule,
        "writes": [table.qualified for table in job.writes],
    }


def _links(catalogue: Catalogue) -> Iterable[dict[str, object]]:
    for job in catalogue.jobs.values():
        for read in job.reads:
            source = catalogue.graph.writer.get(read.table, read.table)
            if source != job.name:
                yield {
                    "source": source,
                    "target": job.name,
                    "table": read.table,
                    "history": read.history,
                    "by_check": read.by_check,
                }


def _states(scope: Scope, day: date) -> dict[BankId, dict[str, Row[Any]]]:
    query = select(job_state).where(job_state.c.business_date == day)
    if scope.bank is not None:
        query = query.where(job_state.c.bank == scope.bank)
    found: dict[BankId, dict[str, Row[Any]]] = {}
    with db.read() as connection:
        for row in connection.execute(query):
            found.setdefault(row.bank, {})[row.job] = row
    return found


def _late(scope: Scope, day: date) -> dict[BankId, int]:
    query = (
        select(job_alert.c.bank, func.count().label("units"))
        .where(
            job_alert.c.business_date == day,
            job_alert.c.kind == "late",
            job_alert.c.resolved_at.is_(None),
        )
        .group_by(job_alert.c.bank)
    )
    if scope.bank is not None:
        query = query.where(job_alert.c.bank == scope.bank)
    with db.read() as connection:
        return {row.bank: row.units for row in connection.execute(query)}


def _visible_runs(scope: Scope) -> Select[Any]:
    scope.require(Permission.VIEW_JOBS)
    query = select(job_run)
    return query if scope.bank is None else query.where(job_run.c.bank == scope.bank)


def _runs(query: Select[Any]) -> list[Run]:
    with db.read() as connection:
        return [
            Run(
                run=row.run_id,
                order=row.order_id,
                bank=row.bank,
                job=row.job,
                business_date=row.business_date,
                state=State(row.state),
                attempt=row.attempt,
                reason=row.reason,
                started=row.started_at,
                finished=row.finished_at,
                rows=row.rows,
                bytes=row.bytes,
                seconds=row.seconds,
                batch=row.batch,
                error=row.error,
                error_code=row.error_code,
                version=row.version,
                sql_hash=row.sql_hash,
                table_version=row.table_version,
            )
            for row in connection.execute(query)
        ]
