"""A job's SQL as it is run: for one date, or for many dates at once; printable."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp, parse_one

from titian.data.checks.compile import PRODUCED, alongside, measure
from titian.data.checks.model import Check
from titian.data.jobs.model import Engine, Job
from titian.data.jobs.sqltext import DIALECT, read_sql
from titian.lake.schema import BUSINESS_DATE, Table
from titian.lake.views import sql_type

_QUERY = "job"
_DAYS = "run_dates"
DATES = "dates"


@lru_cache(maxsize=4_096)
def one_date(sql: str, file: str, table: Table, checks: tuple[Check, ...] = ()) -> str:
    """Give the SELECT of a job for `$business_date`, each column cast to its declared type.

    With checks, rows carry their business date and measurements come along (see `alongside`).
    """
    columns = _columns(table)
    if checks:
        day = exp.cast(exp.Placeholder(this=BUSINESS_DATE), "date")
        columns.append(exp.alias_(day, BUSINESS_DATE))
    return _text(_select(columns, _parsed(sql, file).subquery(_QUERY, copy=False)), table, checks)


@lru_cache(maxsize=4_096)
def many_dates(sql: str, file: str, table: Table, checks: tuple[Check, ...] = ()) -> str:
    """Give the SELECT of a job for every date in the list `$dates`, in one statement.

    The job's query stands as a lateral subquery behind the dates, so that it means for each of
    them what it means alone; DuckDB turns that into joins.
    """
    query = _parsed(sql, file).transform(_of_the_run, copy=False)
    assert isinstance(query, exp.Query)
    days = exp.select(
        exp.alias_(exp.Unnest(expressions=[exp.Placeholder(this=DATES)]), BUSINESS_DATE)
    )
    lateral = exp.Lateral(
        this=query.subquery(copy=False), alias=exp.TableAlias(this=exp.to_identifier(_QUERY))
    )
    columns = [*_columns(table), exp.column(BUSINESS_DATE, table=_DAYS)]
    rows = _select(columns, days.subquery(_DAYS)).join(lateral, join_type="cross", copy=False)
    return _text(rows, table, checks)


def _select(columns: list[exp.Expr], source: exp.Expr) -> exp.Select:
    return exp.Select().select(*columns, copy=False).from_(source, copy=False)


def _text(rows: exp.Select, table: Table, checks: tuple[Check, ...]) -> str:
    query = alongside(rows, checks, table) if checks else rows
    return query.sql(DIALECT, pretty=True)


@lru_cache(maxsize=4_096)
def measured_apart(sql: str, file: str, table: Table, checks: tuple[Check, ...]) -> str:
    """Give the SELECT that only measures a job's rows for `$business_date`, in portable SQL."""
    day = exp.alias_(exp.cast(exp.Placeholder(this=BUSINESS_DATE), "date"), BUSINESS_DATE)
    rows = _select([*_columns(table), day], _parsed(sql, file).subquery(_QUERY, copy=False))
    query = measure(checks, table, samples=False).with_(PRODUCED, as_=rows, copy=False)
    return query.sql(DIALECT, pretty=True)


def staged(rows: exp.Select) -> str:
    """Give the statement that keeps rows as the temporary table `produced`."""
    return exp.Create(
        this=exp.to_table(PRODUCED),
        kind="TABLE",
        expression=rows,
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
    ).sql(DIALECT)


def staged_job(text: str, *, dated: bool) -> str:
    """Give the statement that stages a job's SELECT; `$day` dates the rows unless they are."""
    query = parse_one(text, dialect=DIALECT)
    assert isinstance(query, exp.Query)
    return staged(_dated(exp.select("*"), dated=dated).from_(query.subquery(_QUERY)))


def staged_given(name: str, *, dated: bool) -> str:
    """Give the statement that stages a registered table; `$day` dates the rows unless they are."""
    return staged(_dated(exp.select("*"), dated=dated).from_(exp.to_table(name)))


def produced() -> str:
    """Give the SELECT of what is staged."""
    return exp.select("*").from_(exp.to_table(PRODUCED)).sql(DIALECT)


def drop_produced() -> str:
    """Give the statement that forgets what is staged."""
    return exp.Drop(tables=[exp.to_table(PRODUCED)], kind="TABLE").sql(DIALECT)


def _dated(query: exp.Select, *, dated: bool) -> exp.Select:
    if dated:
        return query
    return query.select(exp.alias_(exp.cast(exp.Placeholder(this="day"), "date"), BUSINESS_DATE))


def can_batch(job: Job) -> bool:
    """Say whether many dates may be run in one go: nothing that builds on itself may."""
    here = job.engine is Engine.DUCKDB and (job.sql is not None or job.batch)
    return here and not job.reads_itself


def _parsed(sql: str, file: str) -> exp.Query:
    query = read_sql(sql, file).query.copy()
    for node in query.walk():
        node.comments = None
    return query


def _columns(table: Table) -> list[exp.Expr]:
    return [
        exp.alias_(
            exp.Cast(
                this=exp.column(column.name, table=_QUERY, quoted=True), to=sql_type(column.type)
            ),
            column.name,
            quoted=True,
        )
        for column in table.columns
    ]


def _of_the_run(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.Placeholder | exp.Parameter):
        return node
    day = exp.column(BUSINESS_DATE, table=_DAYS)
    match node.name:
        case "previous_date":
            one = exp.Interval(this=exp.Literal.string("1"), unit=exp.var("DAY"))
            return exp.cast(exp.Sub(this=day, expression=one), "date")
        case "month_start" | "quarter_start" | "year_start" as name:
            unit = exp.Literal.string(name.removesuffix("_start"))
            return exp.cast(exp.func("date_trunc", unit, day, dialect=DIALECT), "date")
        case _:
            return day
