"""Sources whose rows come with types of their own: Parquet, Excel and databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from titian.data.feeds.sources.batch import DriftKind, Findings, RawBatch

BATCH_ROWS = 65_536
CELLS_A_BATCH = 1 << 20
BATCH_BYTES = 16 << 20


def typed_batch(columns: Mapping[str, pa.Array], part: int, first_row: int, rows: int) -> RawBatch:
    """Make a batch of typed columns; a row's raw text is a JSON object of its values."""
    held = dict(columns)
    return RawBatch(
        columns=held,
        parts=np.full(rows, part, np.int64),
        lines=np.arange(first_row, first_row + rows, dtype=np.int64),
        raw=_raw(held),
    )


def _raw(columns: Mapping[str, pa.Array]) -> Callable[[int], bytes]:
    def raw(row: int) -> bytes:
        return raw_row({name: column[row].as_py() for name, column in columns.items()})

    return raw


def raw_row(values: Mapping[str, object]) -> bytes:
    """Write one row's values as JSON, as it is kept in quarantine."""
    return json.dumps(
        {name: plain(value) for name, value in values.items()}, ensure_ascii=False
    ).encode("utf-8", "backslashreplace")


def plain(value: object) -> str | int | float | bool | None:
    """Give a value as JSON can hold it and as contracts read it."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)


def column_of(values: Sequence[Any]) -> pa.Array:
    """Make a column of Python values: of their own type where they share one, else text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds in ({int}, {bool}, {datetime}, {date}, {str}, {Decimal}, {float}):
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, OverflowError):
            return _texts(values)
    if kinds == {int, float}:
        return pa.array([None if value is None else float(value) for value in values])
    return _texts(values) if kinds else pa.nulls(len(values), pa.string())


def _texts(values: Sequence[object]) -> pa.Array:
    shown = [plain(value) for value in values]
    return pa.array([None if value is None else str(value) for value in shown], pa.string())


def note_types(findings: Findings, part: int, types: Mapping[str, str]) -> None:
    """Remember the types a source gives its columns, and note where two parts differ."""
    for name, kind in types.items():
        known = findings.types.setdefault(name, kind)
        if known != kind:
            findings.differs(part, DriftKind.TYPE, name, f"{known} → {kind}")


def in_batches(rows: Iterator[Sequence[object]]) -> Iterator[list[Sequence[object]]]:
    """Take rows in lists of at most BATCH_ROWS, CELLS_A_BATCH cells and BATCH_BYTES of text."""
    held: list[Sequence[object]] = []
    size = 0
    for row in rows:
        held.append(row)
        size += sum(len(cell) for cell in row if isinstance(cell, str))
        full = len(held) >= BATCH_ROWS or len(held) * len(row) >= CELLS_A_BATCH
        if full or size >= BATCH_BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held
