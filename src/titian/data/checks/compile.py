"""Checks as SQL: all of a table's rules in one scan, printable.

Rows under check are called `produced` and have a `business_date` column. One SELECT measures every
rule per business date. `alongside` puts it into the very statement that makes the rows, so that
checking costs no second pass; only a rule that failed is looked at again, for a few keys to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlglot import exp, parse_one

from titian.data.checks.model import Check, CheckKind, Literal
from titian.lake.schema import BUSINESS_DATE, Table

DIALECT = "duckdb"
PRODUCED = "produced"
SAMPLE_ROWS = 5
ROW_RULES = frozenset(
    {
        CheckKind.NOT_NULL,
        CheckKind.UNIQUE,
        CheckKind.ACCEPTED,
        CheckKind.RANGE,
        CheckKind.REFERENCE,
        CheckKind.CONDITION,
    }
)
_MEASURED = ROW_RULES | {CheckKind.FRESHNESS, CheckKind.SUM_EQUALS}
_FOUND = "found_"

# Names with a blank, which no column of a table can have.
ROWS = "rows checked"
_MEASURES = "measures"


def metric_name(at: int) -> str:
    """Name the measurement of the check at a position."""
    return f"check {at}"


def alongside(rows: exp.Select, checks: Sequence[Check], table: Table) -> exp.Query:
    """Compile rows and measurements into one statement.

    Its result has the measurements (`rows checked`, `check 0` …), then the table's columns, then
    `business_date`; a line holds either measurements or a row, the rest is NULL.
    """
    metrics = [ROWS] + [
        metric_name(at) for at, check in enumerate(checks) if check.kind in _MEASURED
    ]
    names = [column.name for column in table.columns]
    day = exp.column(BUSINESS_DATE)
    found = exp.select(
        *(exp.column(name, quoted=True) for name in metrics),
        *(exp.alias_(exp.null(), name, quoted=True) for name in names),
        day,
    ).from_(exp.to_table(_MEASURES))
    made = exp.select(
        *(exp.null() for _ in metrics),
        *(exp.column(name, quoted=True) for name in names),
        day.copy(),
    ).from_(exp.to_table(PRODUCED))
    return (
        exp.union(found, made, distinct=False)
        .with_(PRODUCED, as_=rows, materialized=True)
        .with_(_MEASURES, as_=measure(checks))
    )


def measure(checks: Sequence[Check]) -> exp.Select:
    """Compile the one scan: per business date the rows, and one value per measured check."""
    day = exp.column(BUSINESS_DATE, table="p")
    query = exp.select(
        exp.alias_(day, BUSINESS_DATE), exp.alias_(exp.Count(this=exp.Star()), ROWS, quoted=True)
    ).from_(_produced())
    for at, check in enumerate(checks):
        if check.kind is CheckKind.REFERENCE:
            query = query.join(_targets(check, at), on=_match(check, at), join_type="left")
        if check.kind in _MEASURED:
            query = query.select(exp.alias_(_metric(check, at), metric_name(at), quoted=True))
    return query.group_by(day)


def sample(check: Check, table: Table, day: date) -> exp.Select:
    """Compile a look at a few rows that fail a row rule, as text: keys first, then its columns."""
    names = dict.fromkeys((*table.keys, *check.columns, *_mentioned(check)))
    query = exp.select(
        *(exp.alias_(exp.cast(_column(name), "varchar"), name) for name in names)
    ).from_(_produced())
    if check.kind is CheckKind.REFERENCE:
        query = query.join(_targets(check, 0), on=_match(check, 0), join_type="left")
    failing = _repeated(check, day) if check.kind is CheckKind.UNIQUE else _failing(check, 0)
    of_day = exp.EQ(this=_column(BUSINESS_DATE), expression=_value(day))
    return query.where(of_day, failing).limit(SAMPLE_ROWS)


def reconcile(check: Check, day: date) -> exp.Select:
    """Compile a cross-table sum: the groups whose sums differ by more than the tolerance."""
    ours = _sums(PRODUCED, "", check.ours, check.columns, check.columns, check.where, day)
    layer, _, name = check.to.partition(".")
    to_where = str(check.values[0]) if check.values else ""
    theirs = _sums(name, layer, check.theirs, check.columns, check.columns, to_where, day)
    gap = exp.Abs(
        this=exp.Sub(
            this=_or_zero(exp.column("amount", table="o")),
            expression=_or_zero(exp.column("amount", table="t")),
        )
    )
    on = [
        exp.NullSafeEQ(this=exp.column(n, table="o"), expression=exp.column(n, table="t"))
        for n in check.columns
    ]
    groups = [
        exp.alias_(
            exp.cast(
                exp.func("coalesce", exp.column(n, table="o"), exp.column(n, table="t")), "varchar"
            ),
            n,
        )
        for n in check.columns
    ]
    return (
        exp.select(
            *groups,
            exp.alias_(exp.column("amount", table="o"), "ours"),
            exp.alias_(exp.column("amount", table="t"), "theirs"),
            exp.alias_(exp.Window(this=exp.Count(this=exp.Star())), "failing"),
        )
        .from_(ours.subquery("o"))
        .join(theirs.subquery("t"), on=exp.and_(*on) if on else exp.true(), join_type="full")
        .where(exp.GT(this=gap, expression=exp.convert(check.tolerance)))
        .limit(SAMPLE_ROWS)
    )


def describe(check: Check) -> str:
    """Say in a few words what a check asks; what people read where it has no label."""
    if check.label:
        return check.label
    columns = ", ".join(check.columns)
    by = f" by {columns}" if columns else ""
    words = {
        CheckKind.ACCEPTED: f"{columns} in {', '.join(map(str, check.values))}",
        CheckKind.RANGE: f"{columns} from {_end(check.low)} to {_end(check.high)}",
        CheckKind.REFERENCE: f"{columns} in {check.to}",
        CheckKind.CONDITION: check.where,
        CheckKind.ROW_COUNT: f"rows from {_end(check.low)} to {_end(check.high)}",
        CheckKind.ROW_COUNT_DRIFT: f"rows within {check.tolerance:.0%} of the date before",
        CheckKind.FRESHNESS: f"{columns} at most {check.max_days} days old",
        CheckKind.SUM_EQUALS: f"sum of {columns} equals the control total of {check.theirs}",
        CheckKind.RECONCILE: f"{check.ours} equals {check.theirs} of {check.to}{by}",
    }
    return words.get(check.kind, f"{columns} {check.kind.value.replace('_', ' ')}")


def _end(value: Literal | None) -> str:
    return "any" if value is None else str(value)


def _metric(check: Check, at: int) -> exp.Expr:
    match check.kind:
        case CheckKind.UNIQUE:
            return _repeats(check)
        case CheckKind.FRESHNESS:
            return exp.Max(this=_column(check.columns[0]))
        case CheckKind.SUM_EQUALS:
            total = exp.Sum(this=_column(check.columns[0]))
            return _filtered(total, _parsed(check.where)) if check.where else total
        case _:
            return _filtered(exp.Count(this=exp.Star()), _failing(check, at))


def _failing(check: Check, at: int) -> exp.Expr:
    columns = [_column(name) for name in check.columns]
    match check.kind:
        case CheckKind.NOT_NULL:
            return exp.or_(*(exp.Is(this=column, expression=exp.null()) for column in columns))
        case CheckKind.ACCEPTED:
            return exp.not_(columns[0].isin(*(_value(value) for value in check.values)))
        case CheckKind.RANGE:
            ends: list[exp.Expr] = []
            if check.low is not None:
                ends.append(exp.LT(this=columns[0], expression=_value(check.low)))
            if check.high is not None:
                ends.append(exp.GT(this=columns[0].copy(), expression=_value(check.high)))
            return exp.or_(*ends)
        case CheckKind.REFERENCE:
            given = [exp.not_(exp.Is(this=column, expression=exp.null())) for column in columns]
            found = exp.column(_FOUND, table=f"r{at}")
            return exp.and_(*given, exp.Is(this=found, expression=exp.null()))
        case _:
            return exp.not_(exp.paren(_parsed(check.where)))


def _repeats(check: Check) -> exp.Expr:
    columns = [_column(name) for name in check.columns]
    whole = columns[0] if len(columns) == 1 else exp.func("row", *columns)
    counted = columns[0].copy() if len(columns) == 1 else exp.Star()
    distinct = exp.Count(this=exp.Distinct(expressions=[whole]))
    return exp.Sub(this=exp.Count(this=counted), expression=distinct)


def _repeated(check: Check, day: date) -> exp.Expr:
    names = [exp.column(name) for name in check.columns]
    whole = names[0] if len(names) == 1 else exp.func("row", *names)
    twice = (
        exp.select(whole)
        .from_(exp.to_table(PRODUCED))
        .where(exp.EQ(this=exp.column(BUSINESS_DATE), expression=_value(day)))
        .group_by(*(name.copy() for name in names))
        .having(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.convert(1)))
    )
    mine = [_column(name) for name in check.columns]
    return exp.In(
        this=mine[0] if len(mine) == 1 else exp.func("row", *mine), query=twice.subquery()
    )


def _targets(check: Check, at: int) -> exp.Subquery:
    layer, _, name = check.to.partition(".")
    keys = [exp.alias_(exp.column(column), f"k{i}") for i, column in enumerate(check.to_columns)]
    chosen = (
        exp.select(
            *keys,
            exp.alias_(exp.column(BUSINESS_DATE), "day_"),
            exp.alias_(exp.true(), _FOUND),
        )
        .distinct()
        .from_(exp.table_(name, db=layer))
    )
    return chosen.subquery(f"r{at}")


def _match(check: Check, at: int) -> exp.Expr:
    pairs = [
        exp.EQ(this=_column(name), expression=exp.column(f"k{i}", table=f"r{at}"))
        for i, name in enumerate(check.columns)
    ]
    days = exp.EQ(this=_column(BUSINESS_DATE), expression=exp.column("day_", table=f"r{at}"))
    return exp.and_(*pairs, days)


def _sums(
    name: str,
    layer: str,
    amount: str,
    by: Sequence[str],
    names: Sequence[str],
    where: str,
    day: date,
) -> exp.Select:
    query = (
        exp.select(
            *(exp.alias_(exp.column(column), out) for column, out in zip(by, names, strict=True)),
            exp.alias_(_parsed(amount), "amount"),
        )
        .from_(exp.table_(name, db=layer or None))
        .where(exp.EQ(this=exp.column(BUSINESS_DATE), expression=_value(day)))
    )
    query = query.where(_parsed(where)) if where else query
    return query.group_by(*(exp.column(column) for column in by)) if by else query


def _mentioned(check: Check) -> list[str]:
    if check.kind is not CheckKind.CONDITION:
        return []
    return sorted({column.name for column in _parsed(check.where).find_all(exp.Column)})


def _produced() -> exp.Table:
    return exp.table_(PRODUCED, alias="p")


def _column(name: str) -> exp.Column:
    return exp.column(name, table="p", quoted=True)


def _or_zero(value: exp.Expr) -> exp.Expr:
    return exp.func("coalesce", value, exp.convert(0))


def _filtered(aggregate: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition))


def _parsed(text: str) -> exp.Expr:
    return parse_one(text, dialect=DIALECT)


def _value(value: Literal) -> exp.Expr:
    return exp.convert(value)
