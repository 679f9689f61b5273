"""What pages, the command line and other rooms ask about indicators. Scope first, always."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa
from sqlglot import exp

from titian.data.indicators import cubesql, drilling, family, loading, wording
from titian.data.indicators.compute import TABLE
from titian.data.indicators.family import Sibling
from titian.data.indicators.model import Catalogue, Derived, Formula, Indicator, Subject, Unit
from titian.data.indicators.orgs import ORG_TABLE
from titian.data.indicators.plan import plan
from titian.data.indicators.spans import cut, spans
from titian.data.strict import nearest
from titian.decide import Label
from titian.decide.conditions.tree import fields
from titian.kernel import audit
from titian.kernel.errors import LimitExceeded, NotFound
from titian.kernel.ids import OrgId, UserId
from titian.kernel.near import natural
from titian.kernel.scope import Permission, Scope
from titian.lake import masking, store
from titian.lake.schema import BUSINESS_DATE, Column
from titian.lake.session import open_session

MAX_POINTS = 4_000
MAX_DRILL_ROWS = 1_000
MAX_CODES = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """An indicator as a list shows it."""

    code: str
    label: Label
    subject: Subject
    unit: Unit
    owner: Label
    version: int


@dataclass(frozen=True, slots=True)
class Definition:
    """Everything a person may want to know about an indicator.

    `formula` says in words how it is made; `columns` names the table columns it reads;
    `operands` and `used_by` name indicators. `periods` are those the same measure can be asked
    for; `part_units` belong to numerator and denominator of a quotient; `adds_up` says whether
    figures of parts make up that of the whole.
    """

    entry: Entry
    formula: Label
    description: Label
    expression: str
    columns: tuple[str, ...]
    operands: tuple[str, ...]
    used_by: tuple[str, ...]
    file: str
    line: int
    periods: tuple[Sibling, ...] = ()
    part_units: tuple[Unit, Unit] | None = None
    adds_up: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A figure; `value` is None where it cannot be known."""

    business_date: date
    org_id: OrgId
    code: str
    value: float | None
    numerator: float | None
    denominator: float | None


@dataclass(frozen=True, slots=True)
class OrgPoint:
    """A figure with the organisation it belongs to."""

    name: str
    level: str
    parent_org_id: OrgId | None
    point: Point


@dataclass(frozen=True, slots=True)
class Drill:
    """The rows behind a figure, masked for the reader; `total` counts all, shown or not."""

    code: str
    table: str
    columns: tuple[Column, ...]
    rows: pa.Table
    total: int


@dataclass(frozen=True, slots=True)
class Complete:
    """How complete a subject is on a business date.

    `expected` = indicators x organisations; `empty` figures are present but cannot be known.
    """

    subject: Subject
    expected: int
    present: int
    empty: int
    missing: tuple[str, ...]


def catalogue(scope: Scope, subject: Subject | None = None, search: str = "") -> tuple[Entry, ...]:
    """List indicators by subject and code; all words of `search` are in the code or the names."""
    found = _load(scope)
    words = search.casefold().split()
    shown = [
        one
        for one in found.indicators.values()
        if (subject is None or one.subject is subject)
        and all(w in f"{one.code} {one.label.zh} {one.label.en}".casefold() for w in words)
    ]
    order = list(Subject)
    shown.sort(key=lambda indicator: (order.index(indicator.subject), indicator.code))
    return tuple(_entry(indicator) for indicator in shown)


def definition(scope: Scope, code: str) -> Definition:
    """Give the definition of an indicator. Raises NotFound naming the nearest code."""
    found = _load(scope)
    indicator = loading.known(found, code)
    how = indicator.how
    users = [
        other.code
        for other in found.indicators.values()
        if isinstance(other.how, Formula) and code in other.how.operands
    ]
    return Definition(
        entry=_entry(indicator),
        formula=wording.spelled(found, indicator),
        description=indicator.description,
        expression=how.text if isinstance(how, Formula) else "",
        columns=lineage(scope, code),
        operands=how.operands if isinstance(how, Formula) else (),
        used_by=tuple(sorted(users)),
        file=indicator.origin.file,
        line=indicator.origin.line,
        periods=family.siblings(found, indicator),
        part_units=family.part_units(found, indicator),
        adds_up=family.adds_up(found, indicator),
    )


def lineage(scope: Scope, code: str) -> tuple[str, ...]:
    """Name the columns (`core.loan.balance_fen`) an indicator is made of."""
    found = _load(scope)
    loading.known(found, code)
    names: set[str] = set()
    for part in found.closure((code,)):
        how = found.indicators[part].how
        if isinstance(how, Derived):
            names |= {f"{how.atomic.source.table.qualified}.{column}" for column in _read(how)}
    return tuple(sorted(names))


def _read(how: Derived) -> set[str]:
    atomic = how.atomic
    columns = {atomic.source.org, atomic.source.date}
    for condition in how.where:
        columns |= condition.fields
    for part in (atomic.measure, atomic.denominator):
        columns |= fields(part.tree) if part is not None else set()
    return columns


def dates(scope: Scope) -> list[date]:
    """List the business dates that have indicators, in order; none before the first run."""
    scope.require(Permission.VIEW_INDICATORS)
    return store.dates(scope, TABLE.qualified) if store.exists(scope, TABLE.qualified) else []


def head(scope: Scope) -> OrgId:
    """Give the organisation that stands for the whole bank. Raises NotFound before any data."""
    scope.require(Permission.VIEW_INDICATORS)
    rows = store.read(_platform(scope), ORG_TABLE, business_date=store.dates(scope, ORG_TABLE)[-1])
    for row in rows.to_pylist():
        if row["org_level"] == "head":
            return OrgId(row["org_id"])
    raise NotFound(
        f"{ORG_TABLE} has no head office", "Correct org_level in its feed: one is the head."
    )


def series(
    scope: Scope,
    codes: str | Sequence[str],
    org: OrgId,
    first: date,
    last: date,
) -> tuple[Point, ...]:
    """Give the figures of one organisation between two dates, by date and code.

    Raises NotFound for an unknown code or organisation, LimitExceeded beyond `MAX_POINTS` dates
    times codes.
    """
    wanted = (codes,) if isinstance(codes, str) else tuple(codes)
    known = _load(scope)
    for code in wanted:
        loading.known(known, code)
    held = [day for day in dates(scope) if first <= day <= last]
    if len(held) * len(wanted) > MAX_POINTS or len(wanted) > MAX_CODES:
        raise LimitExceeded(
            f"{len(held)} dates of {len(wanted)} indicators were asked for",
            f"Ask for at most {MAX_CODES} indicators and {MAX_POINTS} figures.",
        )
    found = points(scope, wanted, (org,), held)
    if held and not found:
        _orgs(scope, org, held[-1])
    return found


def by_org(scope: Scope, code: str, day: date) -> tuple[OrgPoint, ...]:
    """Give an indicator for every organisation of a bank on a date, head office first."""
    loading.known(_load(scope), code)
    found = {point.org_id: point for point in points(scope, (code,), None, [day])}
    rows = store.read(_platform(scope), ORG_TABLE, business_date=day).to_pylist()
    rank = {"head": 0, "branch": 1}
    rows.sort(key=lambda row: (rank.get(row["org_level"], 2), natural(row["org_id"])))
    return tuple(
        OrgPoint(row["name"], row["org_level"], row["parent_org_id"], found[row["org_id"]])
        for row in rows
        if row["org_id"] in found
    )


def compare(
    scope: Scope, code: str, orgs: Sequence[OrgId], first: date, last: date
) -> dict[OrgId, tuple[Point, ...]]:
    """Give one indicator of several organisations side by side between two dates."""
    loading.known(_load(scope), code)
    held = [day for day in dates(scope) if first <= day <= last]
    if len(held) * len(orgs) > MAX_POINTS:
        raise LimitExceeded(
            f"{len(held)} dates of {len(orgs)} organisations were asked for",
            f"Ask for at most {MAX_POINTS} figures.",
        )
    found = points(scope, (code,), tuple(orgs), held)
    return {org: tuple(p for p in found if p.org_id == org) for org in orgs}


def completeness(scope: Scope, day: date) -> tuple[Complete, ...]:
    """Say for each subject whether every indicator of every organisation is there."""
    found = _load(scope)
    platform = _platform(scope)
    names = [TABLE.qualified, ORG_TABLE]
    rows = pa.table({"indicator": pa.array([], pa.string()), "value": pa.array([], pa.float64())})
    orgs = 0
    if all(store.exists(scope, name) for name in names):
        columns = ["indicator", "value"]
        rows = store.read(platform, TABLE.qualified, business_date=day, columns=columns)
        orgs = store.read(platform, ORG_TABLE, business_date=day, columns=["org_id"]).num_rows
    counted = rows.group_by("indicator").aggregate([("value", "count"), ([], "count_all")])
    held = {row["indicator"]: row for row in counted.to_pylist()}
    return tuple(
        _complete(subject, found.of_subject(subject), held, orgs)
        for subject in Subject
        if found.of_subject(subject)
    )


def _complete(
    subject: Subject, codes: Sequence[str], held: dict[str, dict[str, int]], orgs: int
) -> Complete:
    present = sum(held[code]["count_all"] for code in codes if code in held)
    valued = sum(held[code]["value_count"] for code in codes if code in held)
    short = [c for c in codes if c not in held or held[c]["count_all"] < orgs]
    return Complete(subject, len(codes) * orgs, present, present - valued, tuple(sorted(short)))


def drill(scope: Scope, code: str, org: OrgId | None, day: date, limit: int = 100) -> Drill:
    """Give the rows behind a figure, largest first, masked for the reader; audited.

    A formula leads to the rows of its first part. `org` None means the whole bank. Needs
    VIEW_INDICATORS and QUERY. Raises NotFound, LimitExceeded, and Denied where the choice of rows
    would tell what the reader may not see.
    """
    scope.require(Permission.QUERY)
    if not 1 <= limit <= MAX_DRILL_ROWS:
        raise LimitExceeded(f"{limit} rows were asked for", f"Ask for 1 to {MAX_DRILL_ROWS}.")
    found = _load(scope)
    loading.known(found, code)
    measured = drilling.measured(found, code)
    name = found.tables((measured,))[0]
    if not store.exists(scope, name):
        raise NotFound(f"there is no table {name} yet", "Run its job first.")
    orgs = None if org is None or org == head(scope) else _below(scope, org, day)
    table = store.describe(scope, name)
    hidden = masking.masked_columns(_reader(scope), table)
    asked = drilling.statement(found, measured, orgs, day, store.dates(scope, name), limit, hidden)
    with open_session(_platform(scope), tables=[name]) as session:
        rows = session.sql(asked.rows, asked.parameters)
        total = session.sql(asked.count, asked.parameters).column("n")[0].as_py()
    audit.record(
        scope, "indicators.drill", code, {"org": org or "", "date": str(day), "rows": rows.num_rows}
    )
    shown = masking.masked(_reader(scope), table, rows)
    columns = tuple(table.column(column) for column in asked.columns)
    return Drill(measured, name, columns, shown, total)


def _orgs(scope: Scope, org: OrgId, day: date) -> list[dict[str, Any]]:
    """Give the organisations of a date. Raises NotFound when the one asked for is not among."""
    rows: list[dict[str, Any]] = store.read(
        _platform(scope), ORG_TABLE, business_date=day
    ).to_pylist()
    known = [row["org_id"] for row in rows]
    if org not in known:
        raise NotFound(f"there is no organisation {org!r} on {day}", nearest(org, known))
    return rows


def _below(scope: Scope, org: OrgId, day: date) -> list[str]:
    rows = _orgs(scope, org, day)
    found, grown = {str(org)}, True
    while grown:
        below = {row["org_id"] for row in rows if row["parent_org_id"] in found}
        grown = not below <= found
        found |= below
    return sorted(found)


def _load(scope: Scope) -> Catalogue:
    scope.require(Permission.VIEW_INDICATORS)
    return loading.load(scope)


def _entry(indicator: Indicator) -> Entry:
    return Entry(
        indicator.code,
        indicator.label,
        indicator.subject,
        indicator.unit,
        indicator.owner,
        indicator.version,
    )


def points(
    scope: Scope, codes: Sequence[str], orgs: Sequence[str] | None, days: Iterable[date]
) -> tuple[Point, ...]:
    """Give the published figures between the first and the last of some dates.

    `orgs` None means every organisation. The caller has checked the codes and what may be seen.
    """
    wanted = sorted(days)
    if not wanted or not store.exists(scope, TABLE.qualified):
        return ()
    names = (BUSINESS_DATE, *(column.name for column in TABLE.columns))
    # A plain range lets the engine leave other dates' files closed.
    span = exp.Between(
        this=exp.column(BUSINESS_DATE, quoted=True), low=_named("first"), high=_named("last")
    )
    lists: dict[str, object] = {"first": wanted[0], "last": wanted[-1], "codes": list(codes)}
    filters = [span, _among("indicator", "codes")]
    if orgs is not None:
        filters.append(_among("org_id", "orgs"))
        lists["orgs"] = list(orgs)
    query = (
        exp.select(*(exp.column(name, quoted=True) for name in names))
        .from_(exp.table_(TABLE.name, db=TABLE.layer.value, quoted=True))
        .where(*filters)
        .order_by(BUSINESS_DATE, "indicator", "org_id")
    )
    with open_session(_platform(scope), tables=[TABLE.qualified]) as session:
        rows = session.sql(query.sql("duckdb"), lists).to_pylist()
    return tuple(
        Point(
            row[BUSINESS_DATE],
            OrgId(row["org_id"]),
            row["indicator"],
            row["value"],
            row["numerator"],
            row["denominator"],
        )
        for row in rows
    )


def _named(parameter: str) -> exp.Expr:
    return exp.Parameter(this=exp.var(parameter))


def _among(column: str, parameter: str) -> exp.Expr:
    unnest = exp.Unnest(expressions=[_named(parameter)])
    rows = exp.select("*").from_(unnest).subquery()
    return exp.In(this=exp.column(column, quoted=True), query=rows)


def _platform(scope: Scope) -> Scope:
    return Scope.system(scope.bank_id)


def _reader(scope: Scope) -> Scope:
    # Even the machine's own command line sees rows as a person of its clearance would.
    return replace(scope, user=UserId("drill")) if scope.is_system else scope


@dataclass(frozen=True, slots=True)
class Scan:
    """One query of a plan: its table, what it groups by, how many figures come of it, its SQL."""

    table: str
    date_column: str
    item: str
    dimensions: int
    sums: int
    figures: int
    sql: str


def compiled(scope: Scope, codes: Sequence[str], day: date) -> tuple[Scan, ...]:
    """Show the plan for some indicators on a date: one scan per source and grain.

    Raises NotFound for an unknown code. Tables that hold nothing yet are planned as if they did.
    """
    found = _load(scope)
    for code in codes:
        loading.known(found, code)
    scans = []
    for cube in plan(found, tuple(codes)):
        name = cube.grain.table
        held = store.dates(scope, name) if store.exists(scope, name) else []
        known = spans(cube, (day,), held) or spans(cube, (day,), [day])
        text, values = cubesql.query(cube, cut(known.values()), (day,))
        scans.append(
            Scan(
                table=name,
                date_column=cube.grain.date,
                item=cube.grain.item,
                dimensions=len(cube.keys),
                sums=len(cube.measures),
                figures=len(cube.figures),
                sql=cubesql.printed(text, values),
            )
        )
    return tuple(scans)
