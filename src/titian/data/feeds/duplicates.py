"""Rows of a delivery that repeat a key: the first is kept, every later one is a duplicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp, select

from titian.data.feeds.spool import POSITION, UNIT, Spool
from titian.data.feeds.values.parsed import to_mask
from titian.kernel.settings import settings

THREADS = 2
MEMORY_SHARE = 2
_ROWS, _TWICE = "delivery", "twice"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The positions, in order, of rows whose key an earlier row has; `columns` is the key."""

    columns: tuple[str, ...]
    positions: npt.NDArray[np.int64]


class Ascending:
    """Watches keys as rows pass: one that only ever grows inside each unit cannot repeat.

    Core systems mostly write their rows in the order of the key, so this settles most feeds.
    """

    def __init__(self, keys: Sequence[tuple[str, ...]]) -> None:
        self.open = [key for key in keys if len(key) > 1]
        self._watched = [key for key in keys if len(key) == 1]
        self._last: dict[tuple[str, ...], tuple[int, Any]] = {}

    def see(self, rows: pa.Table, units: npt.NDArray[np.int64]) -> None:
        """Look at the next rows."""
        if not rows.num_rows:
            return
        for key in list(self._watched):
            column = rows.column(key[0])
            if not self._grows(key, column, units):
                self._watched.remove(key)
                self.open.append(key)
            self._last[key] = int(units[-1]), column[-1].as_py()

    def _grows(
        self, key: tuple[str, ...], column: pa.ChunkedArray, units: npt.NDArray[np.int64]
    ) -> bool:
        first = column[0].as_py()
        unit, last = self._last.get(key, (-1, None))
        if column.null_count or unit > units[0] or (unit == units[0] and not last < first):
            return False
        grows = to_mask(pc.less(column[:-1], column[1:]).combine_chunks())
        return bool(np.all(np.where(units[1:] == units[:-1], grows, units[1:] > units[:-1])))


def find(spool: Spool, keys: Sequence[tuple[str, ...]], limit: int) -> list[Duplicates]:
    """Find duplicates of each key inside each unit, `limit` + 1 a key at most."""
    found = []
    for key in keys if spool.rows else ():
        positions = _positions(spool, key, limit)
        if positions.size:
            found.append(Duplicates(key, positions))
    return found


def _positions(spool: Spool, key: tuple[str, ...], limit: int) -> npt.NDArray[np.int64]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{settings().feed_memory_mb // MEMORY_SHARE}MB",
        "threads": THREADS,
        "temp_directory": str(settings().home / "spool"),
        "preserve_insertion_order": False,
        "python_enable_replacements": False,
    }
    with duckdb.connect(":memory:", config=config) as connection:
        connection.register(_ROWS, _reader(spool, [UNIT, *key]))
        repeated = connection.sql(repeated_keys(key, limit).sql("duckdb")).to_arrow_table()
        connection.unregister(_ROWS)
        if repeated.num_rows == 0:
            return np.empty(0, np.int64)
        connection.register(_ROWS, _reader(spool, [UNIT, *key, POSITION]))
        connection.register(_TWICE, repeated)
        later = connection.sql(later_rows(key, limit).sql("duckdb")).to_arrow_table()
    return np.asarray(later.column(0).to_numpy(), np.int64)


def _reader(spool: Spool, columns: Sequence[str]) -> pa.RecordBatchReader:
    stored = [name for name in columns if name != POSITION]
    fields = [spool.schema.field(name) for name in stored]
    if POSITION in columns:
        fields.append(pa.field(POSITION, pa.int64()))
    order = [*stored, *(name for name in columns if name == POSITION)]
    return pa.RecordBatchReader.from_batches(pa.schema(fields), spool.read(order))


def repeated_keys(key: Sequence[str], limit: int) -> exp.Select:
    """Build the query for the keys that occur more than once in a unit."""
    columns = [exp.column(name, quoted=True) for name in (UNIT, *key)]
    known = [exp.column(name, quoted=True).is_(exp.null()).not_() for name in key]
    return (
        select(*columns)
        .from_(exp.to_table(_ROWS))
        .where(*known)
        .group_by(*columns)
        .having(exp.func("count", exp.Star()) > 1)
        .limit(limit + 1)
    )


def later_rows(key: Sequence[str], limit: int) -> exp.Select:
    """Build the query for the positions of all but the first row of each repeated key."""
    names = (UNIT, *key)
    position = exp.column(POSITION, table=_ROWS, quoted=True)
    same = [
        exp.column(name, table=_ROWS, quoted=True).eq(exp.column(name, table=_TWICE, quoted=True))
        for name in names
    ]
    number = exp.Window(
        this=exp.RowNumber(),
        partition_by=[exp.column(name, table=_ROWS, quoted=True) for name in names],
        order=exp.Order(expressions=[exp.Ordered(this=position.copy())]),
    )
    numbered = (
        select(exp.alias_(position, POSITION, quoted=True), exp.alias_(number, "occurrence"))
        .from_(exp.to_table(_ROWS))
        .join(exp.to_table(_TWICE), on=exp.and_(*same))
    )
    return (
        select(exp.column(POSITION, quoted=True))
        .from_(numbered.subquery("numbered"))
        .where(exp.column("occurrence") > 1)
        .order_by(exp.column(POSITION, quoted=True))
        .limit(limit + 1)
    )
