"""The second runtime: declarations as DuckDB SQL, for training, back-tests and as an oracle.

It is the definition itself: for every event, over what had arrived before it (and itself), with
times inside the window. It asks nothing of the order of times; its cost is the sum over keys of
the square of their events.

It reads a relation with `arrived` (0, 1, 2 ... in order of arrival), `at_us`, `amount_fen`, the
key columns and the fields of conditions, and gives `arrived` and one column a feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from titian.payments.features.model import EVER, Velocity
from titian.payments.windows.layout import Measure

_SECOND_US: Final = 1_000_000
_EVENT, _PAST = "e", "p"

_AGGREGATES: Final = {
    Measure.COUNT: exp.Count,
    Measure.SUM: exp.Sum,
    Measure.MAX: exp.Max,
    Measure.TIMES_MAX: exp.Max,
    Measure.SINCE_LAST: exp.Max,
    Measure.SINCE_NEWEST: exp.Max,
    Measure.SINCE_FIRST: exp.Min,
    Measure.SINCE_OLDEST: exp.Min,
}
_TIMES: Final = EVER | {Measure.SINCE_OLDEST, Measure.SINCE_NEWEST}


def feature_sql(features: Sequence[Velocity], relation: str) -> exp.Select:
    """Give the SQL of features over a relation; print it with `.sql("duckdb")`."""
    keys = list(dict.fromkeys(feature.key for feature in features))
    aliases = {key: f"k{number}" for number, key in enumerate(keys)}
    chosen = [exp.column(feature.name, table=aliases[feature.key], quoted=True)
              for feature in features]  # fmt: skip
    query = exp.select(_event("arrived"), *chosen).from_(_named(relation, _EVENT))
    for key in keys:
        members = [feature for feature in features if feature.key == key]
        part = _of_one_key(members, key, relation).subquery(aliases[key])
        query = query.join(part, using="arrived", dialect="duckdb")
    return query


def _of_one_key(features: Sequence[Velocity], key: tuple[str, ...], relation: str) -> exp.Select:
    """Join each event with all earlier ones of its key, and filter them for each feature."""
    same: list[exp.Expr] = [_past("arrived") <= _event("arrived")]
    same += [exp.EQ(this=_past(name), expression=_event(name)) for name in key]
    group = [_event(name) for name in ("arrived", "at_us", "amount_fen")]
    columns = [exp.alias_(_finished(f, _filtered(f)), f.name, quoted=True) for f in features]
    query = exp.select(_event("arrived"), *columns).from_(_named(relation, _EVENT))
    return query.join(
        _named(relation, _PAST), on=exp.and_(*same), join_type="left", dialect="duckdb"
    ).group_by(*group)


def _filtered(feature: Velocity) -> exp.Expr:
    condition = exp.Where(this=exp.and_(*_conditions(feature)))
    return exp.Filter(this=_aggregate(feature), expression=condition)


def _named(relation: str, alias: str) -> exp.Expr:
    return exp.alias_(exp.to_table(relation), alias, table=True)


def _event(name: str) -> exp.Expr:
    return exp.column(name, table=_EVENT, quoted=True)


def _past(name: str) -> exp.Expr:
    return exp.column(name, table=_PAST, quoted=True)


def _number(value: int) -> exp.Expr:
    return exp.cast(exp.Literal.number(value), "BIGINT", dialect="duckdb")


def _floor(time: exp.Expr, resolution_us: int) -> exp.Expr:
    if resolution_us == 1:
        return time
    return exp.paren(time - exp.Mod(this=exp.paren(time.copy()), expression=_number(resolution_us)))


def _conditions(feature: Velocity) -> list[exp.Expr]:
    made: list[exp.Expr] = [] if feature.with_current else [_past("arrived") < _event("arrived")]
    if feature.where is not None:
        made.append(exp.paren(feature.where.expression(_past)).is_(exp.true()))
    return made + (_ever() if feature.measure in EVER else _inside(feature))


def _ever() -> list[exp.Expr]:
    return [_past("at_us") <= _event("at_us")]


def _inside(feature: Velocity) -> list[exp.Expr]:
    resolution, delayed = feature.resolution_us, feature.delay_us > 0
    at = _floor(_past("at_us"), resolution)
    begin = _floor(
        exp.paren(_event("at_us") - _number(feature.delay_us + feature.span_us)), resolution
    )
    end: exp.Expr = exp.paren(_event("at_us") - _number(feature.delay_us))
    if resolution == 1:
        return [at > begin, at.copy() <= end]
    if delayed:
        return [at >= begin, at.copy() < _floor(end, resolution)]
    return [at >= begin, at.copy() <= end]


def _aggregate(feature: Velocity) -> exp.Expr:
    measure = feature.measure
    if measure is Measure.DISTINCT:
        return exp.Count(this=exp.Distinct(expressions=[_past(feature.of)]))
    if measure is Measure.COUNT:
        return exp.Count(this=_past("arrived"))
    if measure in (Measure.MEAN, Measure.TIMES_MEAN):
        known = exp.func("coalesce", _past("amount_fen"), _number(0))
        return exp.Avg(this=known)
    column = _floor(_past("at_us"), 1 if measure in EVER else feature.resolution_us)
    return _AGGREGATES[measure](this=column if measure in _TIMES else _past("amount_fen"))


def _finished(feature: Velocity, past: exp.Expr) -> exp.Expr:
    measure = feature.measure
    if measure in _TIMES:
        age = exp.paren(_event("at_us") - past)
        return exp.Div(this=age, expression=exp.cast(_number(_SECOND_US), "DOUBLE"))
    if measure is Measure.SUM:
        return exp.func("coalesce", past, _number(0))
    if measure in (Measure.TIMES_MEAN, Measure.TIMES_MAX):
        base = exp.func("nullif", past, _number(0))
        return exp.Div(this=exp.cast(_event("amount_fen"), "DOUBLE"), expression=base)
    return past
