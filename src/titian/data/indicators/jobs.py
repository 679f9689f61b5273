"""The night's jobs: one per subject, and one that publishes the day when all subjects are there.

Each subject's job computes its indicators with one scan per source; `mart.indicator` is their
union, checked to hold every indicator of every organisation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date

import pyarrow as pa
from sqlglot import exp

from titian.data.indicators import loading
from titian.data.indicators.compute import COLUMNS, TABLE, Inputs, compute, tall
from titian.data.indicators.model import Catalogue, Subject
from titian.data.indicators.orgs import ORG_TABLE, Tree, tree
from titian.data.indicators.plan import plan
from titian.data.jobs.context import JobContext
from titian.data.jobs.python import PythonJob, Shape, job
from titian.kernel.errors import Corrupt, NotFound
from titian.kernel.labels import Label
from titian.kernel.scope import Scope
from titian.lake import store
from titian.lake.schema import BUSINESS_DATE, Layer, Table

Sql = Callable[[str, Mapping[str, object]], pa.Table]
_ORG_COLUMNS = ("org_id", "parent_org_id", "org_level", BUSINESS_DATE)


def subject_table(subject: Subject) -> Table:
    """Give the table a subject's job writes."""
    label = subject.label
    return Table(
        Layer.MART,
        f"indicator_{subject.value}",
        f"{label.zh}指标",
        f"{label.en} indicators",
        COLUMNS,
        Label(
            f"{label.zh}主题的各项指标，每个机构每项一行。",
            f"The indicators of the subject {label.en}, one row for each organisation.",
        ),
    )


def figures(
    scope: Scope, found: Catalogue, codes: Sequence[str], dates: Sequence[date], sql: Sql
) -> pa.Table:
    """Compute indicators of business dates from a bank's tables: rows as in `mart.indicator`.

    `sql` runs a SELECT with parameters in a session over these tables. Raises Corrupt where the
    organisations form no tree, NotFound where there are none.
    """
    names = found.tables(tuple(codes))
    available = {name: tuple(_dates(scope, name)) for name in names}
    inputs = Inputs(tuple(dates), available, _trees(dates, sql))
    done = compute(found, codes, inputs, sql)
    rows = tall(done, dates, codes)
    expected = len(codes) * sum(len(part.tree.ids) for part in done)
    if rows.num_rows != expected:
        raise Corrupt(f"{rows.num_rows} figures instead of {expected}", "Report this as a defect.")
    return rows


def _dates(scope: Scope, name: str) -> list[date]:
    return store.dates(scope, name) if store.exists(scope, name) else []


def _trees(dates: Sequence[date], sql: Sql) -> tuple[Tree, ...]:
    layer, _, name = ORG_TABLE.partition(".")
    query = (
        exp.select(*(exp.column(column, quoted=True) for column in _ORG_COLUMNS))
        .from_(exp.table_(name, db=layer, quoted=True))
        .where(_among(BUSINESS_DATE, len(dates)))
        .order_by("org_id")
    )
    rows = sql(query.sql("duckdb"), _parameters(dates))
    by_day: dict[date, list[dict[str, object]]] = {day: [] for day in dates}
    for row in rows.to_pylist():
        by_day[row.pop(BUSINESS_DATE)].append(row)
    known: dict[str, Tree] = {}
    trees = []
    for day in dates:
        if not by_day[day]:
            raise NotFound(f"{ORG_TABLE} holds nothing for {day}", "Run its job first.")
        key = repr(by_day[day])
        if key not in known:
            known[key] = tree(pa.Table.from_pylist(by_day[day], schema=_ORG_SCHEMA))
        trees.append(known[key])
    return tuple(trees)


def _among(column: str, count: int) -> exp.Expr:
    days = [exp.Parameter(this=exp.var(f"d{at}")) for at in range(count)]
    return exp.In(this=exp.column(column, quoted=True), expressions=days)


def _parameters(dates: Sequence[date]) -> dict[str, object]:
    return {f"d{at}": day for at, day in enumerate(dates)}


_ORG_SCHEMA = pa.schema([(name, pa.string()) for name in _ORG_COLUMNS[:-1]])


def _subject_job(subject: Subject) -> PythonJob:
    def shape(scope: Scope) -> Shape | None:
        found = loading.load(scope)
        codes = found.of_subject(subject)
        if not codes:
            return None
        version = f"{found.version} {' '.join(codes)}"
        return Shape(
            writes=(subject_table(subject),),
            reads=tuple(sorted({ORG_TABLE, *found.tables(codes)})),
            version=hashlib.sha256(version.encode()).hexdigest()[:16],
            history=_looks_back(found, codes),
        )

    def run(context: JobContext) -> pa.Table:
        found = loading.load(context.scope)
        codes = found.of_subject(subject)
        return figures(context.scope, found, codes, context.dates, context.sql)

    run.__qualname__ = f"indicators_{subject.value}"
    label = subject.label
    return job(
        shape=shape,
        batch=True,
        zh=f"{label.zh}指标",
        en=f"{label.en} indicators",
    )(run)


def _looks_back(found: Catalogue, codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(
        cube.grain.table
        for cube in plan(found, codes)
        if not cube.grain.dated and any(figure.period.name != "day" for figure in cube.figures)
    )


def _published(scope: Scope) -> Shape | None:
    found = loading.load(scope)
    subjects = [subject for subject in Subject if found.of_subject(subject)]
    if not subjects:
        return None
    return Shape((TABLE,), tuple(subject_table(subject).qualified for subject in subjects))


@job(
    shape=_published,
    batch=True,
    zh="指标发布",
    en="Indicators published",
)
def published(context: JobContext) -> pa.Table:
    """Put the subjects of business dates together. Raises Corrupt when one is incomplete."""
    found = loading.load(context.scope)
    parts = []
    for subject in Subject:
        codes = found.of_subject(subject)
        if not codes:
            continue
        table = subject_table(subject)
        rows = context.sql(*_of_dates(table, context.dates))
        _complete(table, rows, codes, context.dates)
        parts.append(rows)
    return pa.concat_tables(parts)


def _of_dates(table: Table, dates: Sequence[date]) -> tuple[str, dict[str, object]]:
    query = (
        exp.select("*")
        .from_(exp.table_(table.name, db=table.layer.value, quoted=True))
        .where(_among(BUSINESS_DATE, len(dates)))
    )
    return query.sql("duckdb"), _parameters(dates)


def _complete(table: Table, rows: pa.Table, codes: Sequence[str], dates: Sequence[date]) -> None:
    counted = rows.group_by(BUSINESS_DATE).aggregate(
        [("org_id", "count_distinct"), ("indicator", "count")]
    )
    held = {row[BUSINESS_DATE]: row for row in counted.to_pylist()}
    for day in dates:
        orgs = held[day]["org_id_count_distinct"] if day in held else 0
        count = held[day]["indicator_count"] if day in held else 0
        if not orgs or count != orgs * len(codes):
            raise Corrupt(
                f"{table.qualified} of {day} holds {count} figures of {orgs} organisations, "
                f"and {len(codes)} indicators are defined",
                f"Run {table.qualified} again.",
            )


JOBS = (*(_subject_job(subject) for subject in Subject), published)
