"""The kernel and DuckDB agree on every declared feature, event by event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from titian.decide import Field, Label, Schema, Type
from titian.kernel.errors import InvalidDefinition
from titian.payments.features import Source, Velocity, compile_plan, read_features
from titian.payments.features.columns import kernel_input
from titian.payments.features.sql import feature_sql
from titian.payments.windows import Limits, Windows

SOURCE = Source(
    ("customer", "device", "payee"),
    Schema(
        [
            Field("result", Type.of("string"), Label("结果", "Result")),
            Field("amount_fen", Type.of("integer"), Label("金额", "Amount")),
        ]
    ),
)
DECLARED = """
features:
  customer:
    key: customer
    spans: [10s, 5m, 24h]
    measures: [count, sum, mean, max, distinct, since_last, since_first, since_oldest,
               since_newest, times_mean, times_max]
    of: payee
  declined:
    key: customer
    where: "result = 'declined' AND amount_fen > 100"
    spans: [5m]
    measures: [count, sum, max, since_last]
  pair:
    key: [customer, payee]
    spans: [1h]
    measures: [count, since_first]
    current: false
  long:
    key: device
    spans: [4d, 10d]
    measures: [count, sum, mean, max, distinct, since_oldest]
    of: customer
  known:
    key: device
    where: "result = 'failed'"
    delay: 2h
    spans: [1h, 5d]
    measures: [count, sum, mean, since_oldest, since_newest]
"""
EVENTS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 400_000, 3_000_000, 9_999_999, 10_000_000, 3_600_000_000, 10**11]),
        st.sampled_from([0, 0, 0, 1, 5_000_000, 4_000_000_000]),
        st.sampled_from(["a", "b", None]),
        st.sampled_from(["d1", "d2", None]),
        st.sampled_from(["p", "q", "r", None]),
        st.one_of(st.none(), st.integers(0, 500)),
        st.sampled_from(["success", "declined", "failed"]),
    ),
    min_size=1,
    max_size=60,
)

Row = tuple[Any, ...]


def table_of(rows: Sequence[Row]) -> pa.Table:
    at, moments = 1_700_000_000_000_000, []
    for step, back, *_ in rows:
        at += step
        moments.append(at - back)
    columns = list(zip(*[row[2:] for row in rows], strict=True))
    return pa.table(
        {
            "arrived": pa.array(range(len(rows)), pa.int64()),
            "at_us": pa.array(moments, pa.int64()),
            "customer": pa.array(columns[0], pa.string()),
            "device": pa.array(columns[1], pa.string()),
            "payee": pa.array(columns[2], pa.string()),
            "amount_fen": pa.array(columns[3], pa.int64()),
            "result": pa.array(columns[4], pa.string()),
        }
    )


def by_duckdb(features: Sequence[Velocity], table: pa.Table) -> np.ndarray[Any, Any]:
    with duckdb.connect() as connection:
        connection.register("events", table)
        found = connection.execute(
            feature_sql(features, "events").sql("duckdb") + " ORDER BY 1"
        ).fetchnumpy()
    return np.column_stack(
        [np.ma.filled(np.ma.asarray(found[f.name], dtype=float), np.nan) for f in features]
    )


@given(EVENTS)
@settings(max_examples=25, deadline=None)
def test_the_kernel_and_duckdb_agree_event_by_event(rows: list[Row]) -> None:
    features = read_features(DECLARED, "f.yaml", SOURCE)
    plan, table = compile_plan(features), table_of(rows)
    windows = Windows(plan.shape, Limits(lateness_us=10**13))
    got, _ = windows.update(kernel_input(plan, table))
    wanted = by_duckdb(features, table)
    for place, feature in enumerate(features):
        present = np.ones(len(rows), bool)
        for name in feature.key:
            present &= ~np.asarray(table.column(name).is_null())
        np.testing.assert_allclose(
            got[present, place], wanted[present, place], rtol=1e-12, err_msg=feature.name
        )
        assert np.isnan(got[~present, place]).all()


def entry(*lines: str) -> str:
    return "features:\n  a:\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (entry("key: nobody", "measures: [count]"), "key 'nobody'"),
        (entry("key: customer", "measures: [median]"), "measure 'median'"),
        (entry("key: customer", "spans: [3x]", "measures: [count]"), "'3x'"),
        (entry("key: customer", "spans: [1h]", "measures: [distinct]"), "of what"),
        (
            entry("key: customer", "spans: [1h]", "delay: 1h", "measures: [max]"),
            "cannot be delayed",
        ),
        (entry("key: customer", "where: nothing = 1", "measures: [count]"), "nothing"),
        (entry("kye: customer"), "unknown key 'kye'"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_place(text: str, what: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        read_features(text, "f.yaml", SOURCE)
    assert what in caught.value.what
    assert caught.value.remedy
