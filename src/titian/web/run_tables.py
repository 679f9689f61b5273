"""The lists of runs: the log, the attempts at one job, and what the checks of a run found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, or_, select

from titian.data.checks.results import Result
from titian.data.jobs.catalogue import lately
from titian.data.jobs.model import Run
from titian.data.jobs.tables import job_run
from titian.kernel import banks
from titian.kernel.errors import TitianError
from titian.kernel.scope import Permission, Scope
from titian.web.check_words import Rule
from titian.web.i18n import Text, errors, lazy, locale
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    State,
    Table,
    Tone,
    over,
    rows_from,
)
from titian.web.naming import job_name
from titian.web.render import as_code
from titian.web.words import RUN_REASONS, RUN_STATES

if TYPE_CHECKING:
    from titian.web.context import Context

Logged = Mapping[str, Any]
Found = tuple[Result, Rule]
_SHOWN = (
    job_run.c.run_id, job_run.c.bank, job_run.c.job, job_run.c.business_date, job_run.c.state,
    job_run.c.attempt, job_run.c.started_at, job_run.c.seconds, job_run.c.rows, job_run.c.reason,
    job_run.c.error,
)  # fmt: skip


def _named(scope: Scope, words: str) -> set[str]:
    low, found = words.casefold(), set[str]()
    for bank in banks.visible(scope):
        try:
            jobs = lately(Scope.system(bank.bank)).jobs
        except TitianError:
            continue
        found |= {name for name, job in jobs.items() if low in f"{job.zh} {job.en}".casefold()}
    return found


def _fetch(scope: Scope, query: Query) -> Rows[Logged]:
    scope.require(Permission.VIEW_JOBS)

    def searched(words: str) -> ColumnElement[bool]:
        columns = (job_run.c.job, job_run.c.run_id, job_run.c.error)
        said = [column.icontains(words, autoescape=True) for column in columns]
        return or_(*said, job_run.c.job.in_(_named(scope, words)))

    statement = select(*_SHOWN)
    if scope.bank is not None:
        statement = statement.where(job_run.c.bank == scope.bank)
    if query.business_date is not None and query.filter("day") is None:
        statement = statement.where(job_run.c.business_date == query.business_date)
    found = rows_from(
        statement,
        query,
        keep={
            "q": searched,
            "state": lambda state: job_run.c.state == state,
            "day": lambda day: job_run.c.business_date == date.fromisoformat(day),
            "bank": lambda bank: job_run.c.bank == bank,
        },
        order={"name": job_run.c.job, "started_at": job_run.c.run_id, "bank_name": job_run.c.bank},
    )
    names = {bank.bank: bank.name(locale()) for bank in banks.visible(scope)}
    named = [{**row, "bank_name": names.get(row["bank"], row["bank"])} for row in found.rows]
    return replace(found, rows=named)


def _banks(ctx: Context) -> Sequence[tuple[str, Text]]:
    return [(str(bank.bank), bank.name(locale())) for bank in ctx.banks]


LOG: Table[Logged] = Table(
    "runs",
    lazy("Run log"),
    about=lazy("Every attempt at a job, newest first."),
    columns=(
        Column(
            "name",
            lazy("Job"),
            value=lambda row: job_name(row["bank"], row["job"]),
            main=True,
            link=lambda ctx, row: ctx.url(f"/runs/log/{row['run_id']}"),
            note=lambda row: as_code(row["job"]),
        ),
        Column("job", lazy("Code"), Kind.CODE, shown=False),
        Column("bank_name", lazy("Bank")),
        Column("bank", lazy("Bank code"), Kind.CODE, shown=False),
        Column("business_date", lazy("Business date"), Kind.DATE),
        Column("state", lazy("State"), Kind.STATE, states=RUN_STATES),
        Column("attempt", lazy("Attempt"), Kind.NUMBER, desk=True),
        Column("started_at", lazy("Started"), Kind.MOMENT),
        Column("seconds", lazy("Took"), Kind.SECONDS),
        Column("rows", lazy("Rows"), Kind.NUMBER),
        Column("reason", lazy("Asked for by"), states=RUN_REASONS, desk=True),
        Column(
            "error", lazy("What went wrong"), value=lambda row: errors.told(row["error"]), desk=True
        ),
    ),
    fetch=_fetch,
    filters=(
        Filter("q", lazy("Job or error"), FilterKind.SEARCH),
        Filter(
            "state",
            lazy("State"),
            choices=lambda _ctx: [(state, word.label) for state, word in RUN_STATES.items()],
        ),
        Filter("day", lazy("Business date"), FilterKind.DATE),
        Filter("bank", lazy("Bank"), choices=_banks),
    ),
    sort="-started_at",
    empty=Empty(
        lazy("No runs yet"),
        lazy("They appear when a day is ordered on the board."),
        lazy("To the board"),
        "/runs",
    ),
    export=Permission.VIEW_JOBS,
)


def log(ctx: Context) -> Table[Logged]:
    """Give the run log; at a bank it does not say which."""
    if ctx.scope.bank is None:
        return LOG
    columns = [column for column in LOG.columns if not column.name.startswith("bank")]
    filters = [item for item in LOG.filters if item.name != "bank"]
    return replace(LOG, columns=columns, filters=filters)


ATTEMPTS: Table[Run] = Table(
    "attempts",
    lazy("Attempts"),
    columns=(
        Column(
            "started",
            lazy("Started"),
            Kind.MOMENT,
            main=True,
            link=lambda ctx, run: ctx.url(f"/runs/log/{run.run}"),
        ),
        Column("business_date", lazy("Business date"), Kind.DATE),
        Column("state", lazy("State"), Kind.STATE, states=RUN_STATES),
        Column("seconds", lazy("Took"), Kind.SECONDS),
        Column("rows", lazy("Rows"), Kind.NUMBER),
        Column("reason", lazy("Asked for by"), states=RUN_REASONS, desk=True),
        Column(
            "error", lazy("What went wrong"), value=lambda run: errors.told(run.error), desk=True
        ),
    ),
    export=Permission.VIEW_JOBS,
    saved_views=False,
)


def attempts(runs: Sequence[Run]) -> Table[Run]:
    """Give the list of some attempts at one job."""
    return over(ATTEMPTS, runs)


_PASSED, _WARNED, _FAILED = "passed", "warning", "error"
OUTCOMES: dict[str, State] = {
    _FAILED: State(lazy("error"), Tone.BAD),
    _WARNED: State(lazy("warning"), Tone.WARN),
    _PASSED: State(lazy("passed"), Tone.GOOD),
}
_ORDER = {name: place for place, name in enumerate(OUTCOMES)}


def _outcome(found: Found) -> str:
    return _PASSED if found[0].passed else found[0].severity.value


def _seen(found: Found) -> str:
    """Say what was found, with the rows that show it."""
    result = found[0]
    rows = (", ".join(f"{key}={value}" for key, value in row.items()) for row in result.sample)
    return "; ".join(text for text in (result.measured, *rows) if text)


CHECKS: Table[Found] = Table(
    "checks",
    lazy("Checks"),
    columns=(
        Column("rule", lazy("Rule"), value=lambda found: found[1].words, main=True),
        Column("sql", "SQL", Kind.CODE, lambda found: found[1].sql, shown=False),
        Column("outcome", lazy("Outcome"), Kind.STATE, _outcome, states=OUTCOMES),
        Column("failing", lazy("Rows that break it"), Kind.NUMBER, lambda found: found[0].failing),
        Column("found", lazy("What was found"), value=_seen, sortable=False),
    ),
    filters=(
        Filter("q", lazy("Rule"), FilterKind.SEARCH),
        Filter(
            "outcome",
            lazy("Outcome"),
            choices=lambda _ctx: [(name, word.label) for name, word in OUTCOMES.items()],
        ),
    ),
    sort="outcome",
    export=Permission.VIEW_JOBS,
    saved_views=False,
)


def checks(found: Sequence[Found]) -> Table[Found]:
    """Give the list of what a run's checks found."""
    return over(
        CHECKS,
        found,
        search=lambda one: f"{one[1].words} {one[1].sql} {one[0].table}",
        keep={"outcome": lambda one, outcome: _outcome(one) == outcome},
        order={"outcome": lambda one: _ORDER[_outcome(one)]},
    )
