"""The one query that makes a cube, built as a tree and printable.

Dates are parameters, so that a bank's plan is written once and asked for any business date.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlglot import exp, parse_one

from titian.data.indicators.model import Aggregation
from titian.data.indicators.plan import Cube
from titian.data.indicators.spans import Buckets
from titian.decide.conditions import sql as decide_sql
from titian.lake.schema import BUSINESS_DATE, split_name

ORG, ASOF, BUCKET, ITEM, ROWS = "org", "asof", "bucket", "item", "n"
CELL, WORD = "cell", "w"
WORD_BITS = 64
# Up to this many cells a distinct item's presence comes as bits; beyond, as rows.
MAX_WORDS = 4
# Up to this many buckets are told apart in SQL; beyond, dates are grouped and bucketed after.
MAX_SQL_BUCKETS = 24


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a set of dates the text of a query depends on."""

    buckets: int
    single_days: tuple[bool, ...]
    targets: int
    words: int


def coarse(buckets: Buckets) -> bool:
    """Say whether a cube's query gives bucket numbers; else it gives dates."""
    return len(buckets.starts) <= MAX_SQL_BUCKETS


def words(cube: Cube, buckets: Buckets) -> int:
    """Say in how many words of bits a cube gives its items' presence; 0 where it gives rows."""
    counts = all(f.aggregation is Aggregation.COUNT_DISTINCT for f in cube.figures)
    if cube.item is None or not counts or not coarse(buckets):
        return 0
    cells = len(buckets.starts) * math.prod(key.classes for key in cube.keys)
    count = -(-cells // WORD_BITS)
    return count if count <= MAX_WORDS else 0


def query(cube: Cube, buckets: Buckets, targets: Sequence[date]) -> tuple[str, dict[str, date]]:
    """Give a cube's query as DuckDB SQL, and its parameters.

    It gives one row per organisation, bucket and class of every key; a dated cube also tells
    snapshots apart (`asof`, one of `targets`). With several groups each row has the classes of its
    group's keys, and nothing for the others. Cubes with an item give every distinct item with
    the number of its rows, or one row an item with a bit for every cell it is in (`w0`, `w1` …;
    cells are numbered by bucket, then keys in order); others give their sums as `m0`, `m1` …
    """
    stretches = buckets.stretches()
    shape = Shape(
        len(buckets.starts) if coarse(buckets) else 0,
        tuple(first == last for first, last in stretches),
        len(targets) if cube.grain.dated else 0,
        words(cube, buckets),
    )
    values: dict[str, date] = {}
    if coarse(buckets):
        values |= {f"b{at}": day for at, day in enumerate(buckets.starts) if at}
    for at, (first, last) in enumerate(stretches):
        values |= {f"f{at}": first} if first == last else {f"f{at}": first, f"l{at}": last}
    if cube.grain.dated:
        values |= {f"t{at}": day for at, day in enumerate(targets)}
    return _text(cube, shape), values


def printed(text: str, values: dict[str, date]) -> str:
    """Give a query for people to read and run: with its dates written out."""

    def written(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Placeholder | exp.Parameter):
            day = exp.Literal.string(values[node.name].isoformat())
            return exp.cast(day, "DATE", dialect="duckdb")
        return node

    return parse_one(text, dialect="duckdb").transform(written).sql("duckdb", pretty=True)


@lru_cache(maxsize=4_096)
def _text(cube: Cube, shape: Shape) -> str:
    made = _presence(cube, shape) if shape.words else _rows(cube, shape)
    return made.sql("duckdb")


def _rows(cube: Cube, shape: Shape) -> exp.Select:
    selected = _places(cube)
    selected.append(exp.alias_(_bucket_of(cube, shape), BUCKET))
    selected += [exp.alias_(key.expression.copy(), key.name) for key in cube.keys]
    if cube.item is not None:
        selected.append(exp.alias_(cube.item.copy(), ITEM))
    group = _grouped(cube, len(selected))
    if cube.item is not None:
        selected.append(exp.alias_(exp.Count(this=exp.Star(), big_int=True), ROWS))
    selected += [exp.alias_(m.copy(), f"m{at}") for at, m in enumerate(cube.measures)]
    return _from(cube, shape, selected).group_by(*group)


def _presence(cube: Cube, shape: Shape) -> exp.Select:
    assert cube.item is not None, "presence is of items"
    cell = _bucket_of(cube, shape)
    for key in cube.keys:
        scaled = exp.Mul(this=exp.paren(cell), expression=exp.Literal.number(key.classes))
        cell = exp.Add(this=scaled, expression=key.expression.copy())
    selected = [*_places(cube), exp.alias_(cube.item.copy(), ITEM), exp.alias_(cell, CELL)]
    names = [ORG, *([ASOF] if cube.grain.dated else []), ITEM]
    bits = [exp.alias_(_word(at), f"{WORD}{at}") for at in range(shape.words)]
    groups = [exp.Literal.number(at) for at in range(1, len(names) + 1)]
    inner = _from(cube, shape, selected).subquery("cells")
    return exp.select(*(exp.column(name) for name in names), *bits).from_(inner).group_by(*groups)


def _word(at: int) -> exp.Expr:
    low, high = exp.Literal.number(at * WORD_BITS), exp.Literal.number((at + 1) * WORD_BITS - 1)
    cell = exp.column(CELL)
    here = exp.Between(this=cell.copy(), low=low, high=high)
    one = exp.cast(exp.Literal.number(1), "UBIGINT", dialect="duckdb")
    place = exp.paren(exp.Sub(this=cell, expression=low.copy()))
    bit = exp.BitwiseLeftShift(this=one, expression=place)
    return exp.BitwiseOrAgg(this=exp.Case().when(here, bit).else_(exp.Literal.number(0)))


def _places(cube: Cube) -> list[exp.Expr]:
    places: list[exp.Expr] = [exp.alias_(decide_sql.quoted(cube.grain.org), ORG)]
    if cube.grain.dated:
        places.append(exp.alias_(decide_sql.quoted(BUSINESS_DATE), ASOF))
    return places


def _bucket_of(cube: Cube, shape: Shape) -> exp.Expr:
    day = decide_sql.quoted(cube.grain.date)
    return _bucket(day, shape.buckets) if shape.buckets else day


def _from(cube: Cube, shape: Shape, selected: Sequence[exp.Expr]) -> exp.Select:
    day = decide_sql.quoted(cube.grain.date)
    filters = [_within(day, shape.single_days), *(part.copy() for part in cube.common)]
    if cube.grain.dated:
        filters.insert(0, _among(shape.targets))
    if cube.item is not None:
        filters.append(exp.Not(this=exp.Is(this=cube.item.copy(), expression=exp.null())))
    layer, name = split_name(cube.grain.table)
    table = exp.table_(name, db=layer.value, quoted=True)
    return exp.select(*selected).from_(table).where(*filters)


def _grouped(cube: Cube, count: int) -> list[exp.Expr]:
    if len(cube.groups) == 1:
        return [exp.Literal.number(at) for at in range(1, count + 1)]
    first = count - len(cube.keys)
    sets = [
        exp.Tuple(
            expressions=[
                exp.Literal.number(at)
                for at in (*range(1, first + 1), *(first + 1 + key for key in group.keys))
            ]
        )
        for group in cube.groups
    ]
    return [exp.GroupingSets(expressions=list(sets))]


def _bucket(day: exp.Expr, count: int) -> exp.Expr:
    # Newest first: most rows asked for are recent, and each test settles all later ones.
    made = exp.Case()
    for number in range(count - 1, 0, -1):
        test = exp.GTE(this=day.copy(), expression=_parameter(f"b{number}"))
        made = made.when(test, exp.Literal.number(number), copy=False)
    if not made.args.get("ifs"):
        return exp.Literal.number(0)
    return made.else_(exp.Literal.number(0), copy=False)


def _within(day: exp.Expr, single_days: Sequence[bool]) -> exp.Expr:
    tests: list[exp.Expr] = []
    for at, single in enumerate(single_days):
        low = _parameter(f"f{at}")
        if single:
            tests.append(exp.EQ(this=day.copy(), expression=low))
        else:
            tests.append(exp.Between(this=day.copy(), low=low, high=_parameter(f"l{at}")))
    return exp.or_(*tests)


def _among(count: int) -> exp.Expr:
    field = decide_sql.quoted(BUSINESS_DATE)
    days = [_parameter(f"t{at}") for at in range(count)]
    if len(days) == 1:
        return exp.EQ(this=field, expression=days[0])
    return exp.In(this=field, expressions=days)


def _parameter(name: str) -> exp.Expr:
    return exp.Parameter(this=exp.var(name))
