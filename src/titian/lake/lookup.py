"""A few rows of a table by the values of their columns, from the files of the dates they lie in.

A view lists all files of a table, which costs more with each date the table holds. A lookup names
its dates, so only their files are opened; in files sorted by the column, only the row groups whose
smallest and largest value let the wanted one in are read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, reduce
from operator import or_

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp

from titian.kernel.errors import LimitExceeded
from titian.lake import rows
from titian.lake.handles import Snapshot
from titian.lake.session import JobSession

MAX_VALUES = 1_000
MAX_ROWS = 10_000
_FILES = """
    SELECT 1 FROM read_parquet($files, hive_partitioning = true,
        hive_types = {'business_date': DATE}, union_by_name = false)"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: any of `equal`'s columns has one of its values, or a text holds its part."""

    equal: Mapping[str, Sequence[object]] = field(default_factory=dict)
    part: Mapping[str, str] = field(default_factory=dict)


def look_up(
    session: JobSession,
    found: Snapshot,
    columns: Sequence[str],
    wanted: Wanted,
    dates: Collection[date],
    *,
    newest_by: Sequence[str] = (),
    most: int = MAX_ROWS,
) -> pa.Table:
    """Give columns of the wanted rows of some dates, in the clear.

    `newest_by` names the columns that order them, largest first, and the first column those alike;
    without any the order is open.
    Raises LimitExceeded for too many values or rows asked for.
    """
    values = sum(len(some) for some in wanted.equal.values()) + len(wanted.part)
    if values > MAX_VALUES or not 1 <= most <= MAX_ROWS:
        raise LimitExceeded(
            f"{most} rows with one of {values} values were asked for",
            f"Ask for at most {MAX_ROWS} rows with one of {MAX_VALUES} values.",
        )
    days = frozenset(dates) & frozenset(found.dates)
    if not days or not values:
        schema = found.table.arrow_schema(with_date=True)
        return pa.schema([schema.field(column) for column in columns]).empty_table()
    if found.evolved:
        return _by_arrow(found, columns, wanted, days, newest_by)[:most]
    equal = tuple((name, len(some)) for name, some in wanted.equal.items())
    text = _statement(tuple(columns), equal, tuple(wanted.part), tuple(newest_by))
    given: dict[str, object] = {"files": found.uris(days), "most": most}
    for position, (_name, some) in enumerate(wanted.equal.items()):
        given |= {_place(position, number): value for number, value in enumerate(some)}
    given |= {f"part_{position}": part for position, part in enumerate(wanted.part.values())}
    return session.sql(text, given)


@lru_cache(maxsize=512)
def _statement(
    columns: tuple[str, ...],
    equal: tuple[tuple[str, int], ...],
    parts: tuple[str, ...],
    newest_by: tuple[str, ...],
) -> str:
    tests: list[exp.Expr] = [
        exp.In(
            this=_column(name),
            expressions=[exp.Placeholder(this=_place(position, n)) for n in range(count)],
        )
        for position, (name, count) in enumerate(equal)
        if count
    ]
    tests += [
        exp.func("contains", _column(name), exp.Placeholder(this=f"part_{position}"))
        for position, name in enumerate(parts)
    ]
    source = sqlglot.parse_one(_FILES, dialect="duckdb").find(exp.Table)
    assert source is not None
    query = exp.select(*(_column(name) for name in columns)).from_(source).where(exp.or_(*tests))
    if newest_by:
        newest = [
            exp.Ordered(this=_column(name), desc=True, nulls_first=False) for name in newest_by
        ]
        query = query.order_by(*newest, _column(columns[0]))
    return query.limit(exp.Placeholder(this="most")).sql("duckdb")


def _by_arrow(
    found: Snapshot,
    columns: Sequence[str],
    wanted: Wanted,
    days: frozenset[date],
    newest_by: Sequence[str],
) -> pa.Table:
    # Files of before a column was added lack it: DuckDB needs one of those named to have it.
    schema = found.table.arrow_schema(with_date=True)
    tests = [
        pc.field(name).isin(pa.array(list(some), schema.field(name).type))
        for name, some in wanted.equal.items()
        if some
    ]
    tests += [pc.match_substring(pc.field(name), part) for name, part in wanted.part.items()]
    kept = rows.dataset(found, days).to_table(
        columns=list(dict.fromkeys([*columns, *newest_by])),
        filter=reduce(or_, tests),
    )
    if newest_by:
        newest = [(name, "descending") for name in newest_by]
        kept = kept.sort_by([*newest, (columns[0], "ascending")])
    return kept.select(list(columns))


def _place(position: int, number: int) -> str:
    return f"equal_{position}_{number}"


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)
