"""The rows behind a figure: its conditions, dates and organisations as one SELECT."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from titian.data.indicators.model import Catalogue, Derived
from titian.data.indicators.plan import Cube, plan
from titian.data.indicators.spans import spans
from titian.decide.conditions import sql as decide_sql
from titian.decide.conditions.tree import fields
from titian.kernel.errors import Denied, NotFound
from titian.lake.schema import BUSINESS_DATE, split_name


@dataclass(frozen=True, slots=True)
class Rows:
    """A SELECT for the rows of a figure, its count, and their parameters."""

    table: str
    columns: tuple[str, ...]
    rows: str
    count: str
    parameters: dict[str, object]


def measured(catalogue: Catalogue, code: str) -> str:
    """Give the first code measured on rows that a code is made of; its own, mostly."""
    how = catalogue.indicators[code].how
    return code if isinstance(how, Derived) else measured(catalogue, how.operands[0])


def statement(
    catalogue: Catalogue,
    code: str,
    orgs: Sequence[str] | None,
    day: date,
    available: Sequence[date],
    limit: int,
    hidden: Collection[str] = (),
) -> Rows:
    """Build the SELECT of the rows behind a figure of some organisations (None: all of the bank).

    Largest measured value first, unless that is among the columns `hidden` from the reader: an
    order would tell them. Raises NotFound when the figure's dates cannot be known, Denied where
    the reader may not see the columns that decide which rows these are.
    """
    code = measured(catalogue, code)
    how = catalogue.indicators[code].how
    assert isinstance(how, Derived), "a measured code is derived"
    _refuse_hidden(code, how, hidden)
    (cube,) = plan(catalogue, (code,))
    span = spans(cube, (day,), available).get((day, how.period.name))
    if span is None:
        raise NotFound(
            f"{code} of {day} cannot be known: {cube.grain.table} holds no such dates",
            "Choose a later business date, or back-fill the table.",
        )
    where = [*_dates(cube), *(c.expression() for c in how.where)]
    parameters: dict[str, object] = {"first": span.first, "last": span.last}
    if cube.grain.dated:
        parameters["day"] = day
    if orgs is not None:
        where.append(_orgs(cube.grain.org))
        parameters["orgs"] = list(orgs)
    layer, name = split_name(cube.grain.table)
    columns = tuple(dict.fromkeys((*how.atomic.source.rows, *_measured(how))))
    base = exp.select().from_(exp.table_(name, db=layer.value, quoted=True)).where(*where)
    chosen = [decide_sql.quoted(column) for column in columns]
    rows = base.select(*chosen).order_by(*_order(how, columns, hidden)).limit(limit)
    count = base.select(exp.alias_(exp.Count(this=exp.Star()), "n"))
    return Rows(cube.grain.table, columns, rows.sql("duckdb"), count.sql("duckdb"), parameters)


def _dates(cube: Cube) -> list[exp.Expr]:
    field = decide_sql.quoted(cube.grain.date)
    tests: list[exp.Expr] = [
        exp.Between(this=field, low=_parameter("first"), high=_parameter("last"))
    ]
    if cube.grain.dated:
        snapshot = decide_sql.quoted(BUSINESS_DATE)
        tests.insert(0, exp.EQ(this=snapshot, expression=_parameter("day")))
    return tests


def _orgs(column: str) -> exp.Expr:
    unnest = exp.Unnest(expressions=[_parameter("orgs")])
    return exp.In(this=decide_sql.quoted(column), query=exp.select("*").from_(unnest).subquery())


def _measured(how: Derived) -> tuple[str, ...]:
    measure = how.atomic.measure
    found: list[str] = []
    for condition in how.where:
        found += sorted(condition.fields)
    if measure is not None:
        found += sorted(fields(measure.tree))
    return tuple(name for name in found if name != BUSINESS_DATE)


def _refuse_hidden(code: str, how: Derived, hidden: Collection[str]) -> None:
    told = sorted({name for condition in how.where for name in condition.fields} & set(hidden))
    if told:
        raise Denied(
            f"which rows {code} counts would tell you {', '.join(told)} of each",
            "Keep to the figure, or ask your administrator for a higher clearance.",
        )


def _order(how: Derived, columns: Sequence[str], hidden: Collection[str]) -> list[exp.Expr]:
    keys = how.atomic.source.table.keys or tuple(columns[:1])
    order = [exp.Ordered(this=decide_sql.quoted(key)) for key in keys]
    measure = how.atomic.measure
    seen = measure is not None and not fields(measure.tree) & set(hidden)
    if measure is not None and measure.tree.type.is_number and seen:
        value = decide_sql.expression(measure.tree)
        order.insert(0, exp.Ordered(this=value, desc=True, nulls_first=False))
    return list(order)


def _parameter(name: str) -> exp.Expr:
    return exp.Parameter(this=exp.var(name))
