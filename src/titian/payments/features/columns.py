"""Turning a table of events, in order of arrival, into the kernel's input.

The table has `at_us` (microseconds since 1970 UTC), `amount_fen` (null = none) and the columns
that the declarations name. Keys of any type become numbers, equal exactly when the keys are.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from titian.decide import Condition
from titian.payments.features.plan import Plan
from titian.payments.windows.layout import NONE, Bytes, Input, Ints


def kernel_input(plan: Plan, table: pa.Table) -> Input:
    """Give the kernel's input for a table of events [n rows]."""
    single = {name for key in plan.keys for name in key} | set(plan.values)
    numbers = {name: _numbers(table.column(name)) for name in single}
    return Input(
        at_us=_integers(table.column("at_us")),
        keys=_side_by_side([_joined([numbers[part] for part in key]) for key in plan.keys], table),
        amounts=_integers(table.column("amount_fen")),
        values=_side_by_side([numbers[name] for name in plan.values], table),
        matches=_matches(plan.wheres, table),
    )


def _numbers(column: pa.ChunkedArray) -> Ints:
    """Number the values of a column; NONE where there is none."""
    codes = pc.dictionary_encode(column.combine_chunks())
    return _integers(pa.chunked_array([codes.indices]))


def _integers(column: pa.ChunkedArray) -> Ints:
    filled = pc.fill_null(column.cast(pa.int64()), NONE)
    return np.ascontiguousarray(filled.to_numpy(), dtype=np.int64)


def _joined(parts: Sequence[Ints]) -> Ints:
    if len(parts) == 1:
        return parts[0]
    first, second = parts
    pair: Ints = np.where((first == NONE) | (second == NONE), NONE, (first << 32) | second)
    return pair


def _side_by_side(columns: Sequence[Ints], table: pa.Table) -> Ints:
    if not columns:
        return np.zeros((table.num_rows, 0), np.int64)
    return np.ascontiguousarray(np.column_stack(columns), dtype=np.int64)


def _matches(wheres: Sequence[Condition | None], table: pa.Table) -> Bytes:
    marks = np.ones((table.num_rows, len(wheres)), np.uint8)
    asked = [(place, where) for place, where in enumerate(wheres) if where is not None]
    if not asked:
        return marks
    texts = list(dict.fromkeys(where.text for _, where in asked))
    conditions = {where.text: where for _, where in asked}
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        events = connection.from_arrow(table)
        chosen = ", ".join(f"({conditions[text].sql()}) IS TRUE AS m{i}"
                           for i, text in enumerate(texts))  # fmt: skip
        answers = events.project(chosen).fetchnumpy()
    for place, where in asked:
        marks[:, place] = answers[f"m{texts.index(where.text)}"]
    return marks
