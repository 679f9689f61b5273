"""Checks as SQL: all of a table's rules in one scan, printable.

Rows under check are called `produced` and have a `business_date` column. One SELECT measures every
rule per business date and keeps a few failing keys of each. `alongside` puts it into the very
statement that makes the rows, so that checking costs no second pass.

Builders are called with copy=False: the parts are made here and used once, and sqlglot's default of
copying whole trees at every step costs more than the rest together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlglot import exp, parse_one

from titian.data.checks.model import Check, CheckKind
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
_SAMPLED = ROW_RULES - {CheckKind.UNIQUE}
_MEASURED = ROW_RULES | {CheckKind.FRESHNESS, CheckKind.SUM_EQUALS}
_FOUND = "found_"
_DAY = "day_"

# Names with a blank, which no column of a table can have.
ROWS = "rows checked"
_MEASURES = "measures"


def metric_name(at: int) -> str:
    """Name the measurement of the check at a position."""
    return f"check {at}"


def sample_name(at: int) -> str:
    """Name the failing keys of the check at a position."""
    return f"sample {at}"


def alongside(rows: exp.Select, checks: Sequence[Check], table: Table) -> exp.Query:
    """Compile rows and measurements into one statement; takes `rows` over.

    Its result has the measurements (`rows checked`, `check 0`, `sample 0` …), then the table's
    columns, then `business_date`; a line holds either measurements or a row, the rest is NULL.
    """
    measures = measure(checks, table)
    metrics = [name for name in measures.named_selects if name != BUSINESS_DATE]
    names = [column.name for column in table.columns]
    found = _select(
        *(exp.column(name, quoted=True) for name in metrics),
        *(_as(exp.null(), name) for name in names),
        exp.column(BUSINESS_DATE),
        source=exp.to_table(_MEASURES),
    )
    made = _select(
        *(exp.null() for _ in metrics),
        *(exp.column(name, quoted=True) for name in names),
        exp.column(BUSINESS_DATE),
        source=exp.to_table(PRODUCED),
    )
    return (
        exp.union(found, made, distinct=False, copy=False)
        .with_(PRODUCED, as_=rows, materialized=True, copy=False)
        .with_(_MEASURES, as_=measures, copy=False)
    )


def measure(checks: Sequence[Check], table: Table, *, samples: bool = True) -> exp.Select:
    """Compile the one scan: per business date the rows, and each check's value and sample."""
    query = _select(
        exp.alias_(exp.column(BUSINESS_DATE, table="p"), BUSINESS_DATE, copy=False),
        _as(exp.Count(this=exp.Star()), ROWS),
        source=exp.table_(PRODUCED, alias="p"),
    )
    for at, check in enumerate(checks):
        if check.kind is CheckKind.REFERENCE:
            query.join(_targets(check, at), on=_match(check, at), join_type="left", copy=False)
        if check.kind in _MEASURED:
            query.select(_as(_metric(check, at), metric_name(at)), copy=False)
        if samples and check.kind in _SAMPLED:
            query.select(_as(_sample(check, at, table), sample_name(at)), copy=False)
    return query.group_by(exp.column(BUSINESS_DATE, table="p"), copy=False)


def repeated_keys(check: Check, table: Table, day: date) -> exp.Select:
    """Compile a look at a few rows whose keys repeat, as text: keys first, then its columns."""
    names = _shown(check, table)
    query = _select(
        *(_as(_text(name), name) for name in names), source=exp.table_(PRODUCED, alias="p")
    )
    of_day = exp.EQ(this=_column(BUSINESS_DATE), expression=exp.convert(day))
    repeated = exp.In(this=_whole(check, "p"), query=_repeated(check, day).subquery(copy=False))
    order = [_column(name) for name in names]
    return (
        query.where(of_day, repeated, copy=False)
        .order_by(*order, copy=False)
        .limit(SAMPLE_ROWS, copy=False)
    )


def reconcile(check: Check, day: date) -> exp.Select:
    """Compile a cross-table sum: the groups whose sums differ by more than the tolerance."""
    ours = _sums(exp.to_table(PRODUCED), check.ours, check.columns, check.where, day)
    layer, _, name = check.to.partition(".")
    to_where = str(check.values[0]) if check.values else ""
    theirs = _sums(exp.table_(name, db=layer), check.theirs, check.columns, to_where, day)
    difference = exp.Sub(this=_or_zero("o"), expression=_or_zero("t"))
    apart = exp.GT(this=exp.Abs(this=difference), expression=exp.convert(check.tolerance))
    groups = [
        _as(exp.cast(exp.func("coalesce", _of("o", name), _of("t", name)), "varchar"), name)
        for name in check.columns
    ]
    on = [exp.NullSafeEQ(this=_of("o", name), expression=_of("t", name)) for name in check.columns]
    query = _select(
        *groups,
        _as(_of("o", "amount"), "ours"),
        _as(_of("t", "amount"), "theirs"),
        _as(exp.Window(this=exp.Count(this=exp.Star())), "failing"),
        source=ours.subquery("o", copy=False),
    )
    query.join(
        theirs.subquery("t", copy=False),
        on=exp.and_(*on, copy=False) if on else exp.true(),
        join_type="full",
        copy=False,
    )
    return query.where(apart, copy=False).limit(SAMPLE_ROWS, copy=False)


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


def _sample(check: Check, at: int, table: Table) -> exp.Expr:
    fields = [
        exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=_text(name))
        for name in _shown(check, table)
    ]
    lowest = exp.Anonymous(
        this="min", expressions=[exp.Struct(expressions=fields), exp.convert(SAMPLE_ROWS)]
    )
    return _filtered(lowest, _failing(check, at))


def _failing(check: Check, at: int) -> exp.Expr:
    columns = [_column(name) for name in check.columns]
    match check.kind:
        case CheckKind.NOT_NULL:
            nulls = [exp.Is(this=column, expression=exp.null()) for column in columns]
            return exp.or_(*nulls, copy=False)
        case CheckKind.ACCEPTED:
            return exp.Not(this=exp.In(this=columns[0], expressions=_values(check)))
        case CheckKind.RANGE:
            ends: list[exp.Expr] = []
            if check.low is not None:
                ends.append(exp.LT(this=columns[0], expression=exp.convert(check.low)))
            if check.high is not None:
                high = _column(check.columns[0])
                ends.append(exp.GT(this=high, expression=exp.convert(check.high)))
            return exp.or_(*ends, copy=False)
        case CheckKind.REFERENCE:
            given = [exp.Not(this=exp.Is(this=c, expression=exp.null())) for c in columns]
            found = exp.Is(this=_of(f"r{at}", _FOUND), expression=exp.null())
            return exp.and_(*given, found, copy=False)
        case _:
            return exp.Not(this=exp.Paren(this=_parsed(check.where)))


def _repeats(check: Check) -> exp.Expr:
    counted = _column(check.columns[0]) if len(check.columns) == 1 else exp.Star()
    distinct = exp.Count(this=exp.Distinct(expressions=[_whole(check, "p")]))
    return exp.Sub(this=exp.Count(this=counted), expression=distinct)


def _repeated(check: Check, day: date) -> exp.Select:
    return (
        _select(_whole(check, "q"), source=exp.table_(PRODUCED, alias="q"))
        .where(exp.EQ(this=_of("q", BUSINESS_DATE), expression=exp.convert(day)), copy=False)
        .group_by(*(_of("q", name) for name in check.columns), copy=False)
        .having(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.convert(1)), copy=False)
    )


def _whole(check: Check, alias: str) -> exp.Expr:
    columns = [_of(alias, name) for name in check.columns]
    return columns[0] if len(columns) == 1 else exp.func("row", *columns)


def _targets(check: Check, at: int) -> exp.Subquery:
    layer, _, name = check.to.partition(".")
    keys = [_as(exp.column(column), f"k{i}") for i, column in enumerate(check.to_columns)]
    chosen = _select(
        *keys,
        _as(exp.column(BUSINESS_DATE), _DAY),
        _as(exp.true(), _FOUND),
        source=exp.table_(name, db=layer),
    )
    return chosen.distinct(copy=False).subquery(f"r{at}", copy=False)


def _match(check: Check, at: int) -> exp.Expr:
    other = f"r{at}"
    pairs = [
        exp.EQ(this=_column(name), expression=_of(other, f"k{i}"))
        for i, name in enumerate(check.columns)
    ]
    days = exp.EQ(this=_column(BUSINESS_DATE), expression=_of(other, _DAY))
    return exp.and_(*pairs, days, copy=False)


def _sums(source: exp.Table, amount: str, by: Sequence[str], where: str, day: date) -> exp.Select:
    query = _select(
        *(exp.column(column, quoted=True) for column in by),
        _as(_parsed(amount), "amount"),
        source=source,
    )
    of_day = exp.EQ(this=exp.column(BUSINESS_DATE), expression=exp.convert(day))
    query.where(of_day, *([_parsed(where)] if where else []), copy=False)
    columns = [exp.column(column, quoted=True) for column in by]
    return query.group_by(*columns, copy=False) if columns else query


def _shown(check: Check, table: Table) -> tuple[str, ...]:
    mentioned: list[str] = []
    if check.kind is CheckKind.CONDITION:
        mentioned = sorted({c.name for c in _parsed(check.where).find_all(exp.Column)})
    return tuple(dict.fromkeys((*table.keys, *check.columns, *mentioned)))


def _select(*columns: exp.Expr, source: exp.Expr) -> exp.Select:
    return exp.Select().select(*columns, copy=False).from_(source, copy=False)


def _as(value: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(value, name, quoted=True, copy=False)


def _of(alias: str, name: str) -> exp.Column:
    return exp.column(name, table=alias, quoted=True)


def _column(name: str) -> exp.Column:
    return _of("p", name)


def _text(name: str) -> exp.Expr:
    return exp.cast(_column(name), "varchar", copy=False)


def _or_zero(alias: str) -> exp.Expr:
    return exp.func("coalesce", _of(alias, "amount"), exp.convert(0))


def _filtered(aggregate: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition))


def _values(check: Check) -> list[exp.Expr]:
    return [exp.convert(value) for value in check.values]


def _parsed(text: str) -> exp.Expr:
    return parse_one(text, dialect=DIALECT)
