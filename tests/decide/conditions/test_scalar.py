"""Operations on single values are DuckDB's; operations on arrays are those on single values."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from titian.decide import DTYPES
from titian.decide.conditions import arrays, scalar
from titian.decide.conditions.columns import Column
from titian.decide.conditions.fields import DOUBLE as DOUBLES
from titian.decide.conditions.fields import Kind, Type
from titian.decide.conditions.tree import Call, Constant

LOW, HIGH = scalar.MIN_INTEGER, scalar.MAX_INTEGER
WHOLE = st.integers(LOW, HIGH) | st.sampled_from([LOW, LOW + 1, -1, 0, 1, HIGH - 1, HIGH])
DOUBLE = st.floats() | st.sampled_from([0.5, -0.5, 1.5, 2.5, -2.5, 0.285, 1e300, math.nan, -0.0])
DAYS = st.dates() | st.dates(date(1969, 12, 1), date(1970, 2, 1))
UNITS = ("day", "week", "month", "quarter", "year", "hour", "minute")


@pytest.fixture(scope="module")
def oracle() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def asked(oracle: duckdb.DuckDBPyConnection, sql: str, **columns: pa.Array) -> list[Any]:
    oracle.register("given_rows", pa.table(columns))
    return [row[0] for row in oracle.execute(f"SELECT {sql} FROM given_rows").fetchall()]


def same(left: list[Any], right: list[Any]) -> bool:
    pairs = zip(left, right, strict=True)
    return all(a == b or (a != a and b != b) for a, b in pairs)  # noqa: PLR0124 (NaN)


LONG = st.integers(-(10**38) + 1, 10**38 - 1) | st.integers(-(10**17), 10**17)
WIDE = LONG | st.sampled_from([-25_783_727_651_224_158, -(2**64), -(2**64) - 1, 2**64, -1, 0])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(WIDE, min_size=20), st.integers(0, 18), st.sampled_from([9, 18, 38]))
def test_doubles_of_decimals(
    oracle: duckdb.DuckDBPyConnection, unscaled: list[int], scale: int, precision: int
) -> None:
    scale = min(scale, precision)
    values = [Decimal(n % 10**precision).scaleb(-scale, scalar.EXACT) for n in unscaled]
    values += [value.copy_negate() for value in values]
    found = asked(oracle, "CAST(n AS DOUBLE)", n=pa.array(values, pa.decimal128(precision, scale)))
    decimal = Type(Kind.DECIMAL, precision, scale)
    cast = Call("cast", (Constant(None, decimal),), DOUBLES)
    assert list(map(scalar.function(cast), values)) == found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(DOUBLE, min_size=10), st.integers(0, 18))
def test_rounding_of_doubles(
    oracle: duckdb.DuckDBPyConnection, values: list[float], places: int
) -> None:
    found = asked(oracle, f"round(n, {places})", n=pa.array(values, pa.float64()))
    assert same([scalar.round_double(value, places) for value in values], found)
    whole = asked(oracle, "floor(n)", n=pa.array(values, pa.float64()))
    assert same([scalar.floor(value) for value in values], whole)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.decimals(-9999, 9999, places=4), min_size=10), st.integers(0, 3))
def test_rounding_of_decimals(
    oracle: duckdb.DuckDBPyConnection, values: list[Decimal], places: int
) -> None:
    numbers = pa.array(values, pa.decimal128(9, 4))
    found = asked(oracle, f"round(n, {places})", n=numbers)
    assert [scalar.round_exact(value, places) for value in values] == found
    assert [scalar.ceil(value) for value in values] == asked(oracle, "ceil(n)", n=numbers)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(DAYS, DAYS), min_size=20))
def test_differences_of_days(
    oracle: duckdb.DuckDBPyConnection, pairs: list[tuple[date, date]]
) -> None:
    start, end = (pa.array(days, pa.date32()) for days in zip(*pairs, strict=True))
    for unit in UNITS[:5]:
        found = asked(oracle, f"date_diff('{unit}', a, b)", a=start, b=end)
        assert [scalar.date_diff(unit)(a, b) for a, b in pairs] == found
        assert of_arrays(arrays.date_diff(unit), Kind.DATE, pairs) == found


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.datetimes(), st.datetimes()), min_size=20))
def test_differences_of_moments(
    oracle: duckdb.DuckDBPyConnection, pairs: list[tuple[datetime, datetime]]
) -> None:
    start, end = (pa.array(times, pa.timestamp("us")) for times in zip(*pairs, strict=True))
    for unit in UNITS:
        found = asked(oracle, f"date_diff('{unit}', a, b)", a=start, b=end)
        assert [scalar.date_diff(unit)(a, b) for a, b in pairs] == found
        assert of_arrays(arrays.date_diff(unit), Kind.TIMESTAMP, pairs) == found
    for part, function in arrays.PARTS.items():
        times = np.array([a for a, _ in pairs], DTYPES[Kind.TIMESTAMP])
        assert function(times).tolist() == asked(oracle, f"{part}(a)", a=start)


def of_arrays(kernel: Callable[..., Column], kind: Kind, pairs: list[Any]) -> list[Any]:
    left, right = (np.array(values, DTYPES[kind]) for values in zip(*pairs, strict=True))
    values, known = kernel(left, right)
    sure = [True] * len(values) if known is None else known.tolist()
    return [value if ok else None for value, ok in zip(values.tolist(), sure, strict=True)]


def test_case_and_spaces_of_every_character(oracle: duckdb.DuckDBPyConnection) -> None:
    characters = [chr(n) for n in range(1, 0x1F000) if not 0xD800 <= n <= 0xDFFF]
    texts = pa.array(characters)
    assert list(map(scalar.lower, characters)) == asked(oracle, "lower(t)", t=texts)
    assert list(map(scalar.upper, characters)) == asked(oracle, "upper(t)", t=texts)
    assert list(map(scalar.trim, characters)) == asked(oracle, "trim(t)", t=texts)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text("ab王%_\n\\", max_size=6), st.lists(st.text("ab王\n\\", max_size=7), min_size=8))
@example("%a%b%", ["ab", "ba", "aab", "xaxbx"])
@example("a%a", ["a", "aa", "aba"])
@example("_%_", ["", "a", "ab", "abc"])
def test_patterns(oracle: duckdb.DuckDBPyConnection, pattern: str, texts: list[str]) -> None:
    oracle.register("given_rows", pa.table({"t": pa.array(texts)}))
    found = oracle.execute("SELECT t LIKE ? FROM given_rows", [pattern]).fetchall()
    assert list(map(scalar.like(pattern), texts)) == [row[0] for row in found]


def test_patterns_take_linear_time() -> None:
    assert not scalar.like("%a" * 200 + "%b")("a" * 20_000)
    assert not scalar.like("%a_" * 100 + "%b_")("a" * 20_000)


WHOLE_KERNELS: list[tuple[Callable[..., Column], Callable[[int, int], int | None]]] = [
    (arrays.whole(np.add), lambda a, b: within(a + b)),
    (arrays.whole(np.subtract), lambda a, b: within(a - b)),
    (arrays.whole(np.multiply), lambda a, b: within(a * b)),
    (arrays.whole_quotient, scalar.whole_quotient),
    (arrays.remainder, scalar.remainder),
]


def within(value: int) -> int | None:
    return value if LOW <= value <= HIGH else None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(WHOLE, WHOLE), min_size=1))
@example([(LOW, -1), (LOW, 1), (HIGH, -1)])
@example([(2**62, 2**62)])
@example([(2**62 - 1, 1), (-(2**62), -(2**62) - 1)])
@example([(-7, 2), (7, -2), (5, 0)])
def test_whole_numbers(pairs: list[tuple[int, int]]) -> None:
    for kernel, exact in WHOLE_KERNELS:
        assert of_arrays(kernel, Kind.INTEGER, pairs) == [exact(a, b) for a, b in pairs]


def test_whole_division_is_towards_zero(oracle: duckdb.DuckDBPyConnection) -> None:
    pairs = [(a, b) for a in range(-7, 8) for b in range(-3, 4) if b]
    left, right = (pa.array(numbers, pa.int64()) for numbers in zip(*pairs, strict=True))
    assert [scalar.whole_quotient(a, b) for a, b in pairs] == asked(
        oracle, "a // b", a=left, b=right
    )
    assert [scalar.remainder(a, b) for a, b in pairs] == asked(oracle, "a % b", a=left, b=right)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(DOUBLE, DOUBLE), min_size=5))
@example([(math.nan, math.inf), (math.inf, math.nan), (math.nan, math.nan), (1.0, math.nan)])
def test_doubles_order_nan_last(
    oracle: duckdb.DuckDBPyConnection, pairs: list[tuple[float, float]]
) -> None:
    left, right = (pa.array(numbers, pa.float64()) for numbers in zip(*pairs, strict=True))
    before, alike = (asked(oracle, f"a {sign} b", a=left, b=right) for sign in ("<", "="))
    assert [scalar.below(a, b) for a, b in pairs] == before
    assert [scalar.equal(a, b) for a, b in pairs] == alike
    first, second = (np.array(numbers) for numbers in zip(*pairs, strict=True))
    assert arrays.below(first, second).tolist() == before
    assert arrays.equal(first, second).tolist() == alike


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(DAYS, WHOLE | st.integers(-4_000_000, 4_000_000)), min_size=5))
@example([(date.max, 1), (date.max, 0), (date.min, -1), (date.min, 0), (date.min, LOW)])
def test_days_leave_the_calendar_as_unknown(pairs: list[tuple[date, int]]) -> None:
    days = np.array([day for day, _ in pairs], DTYPES[Kind.DATE])
    shifts = np.array([shift for _, shift in pairs], np.int64)
    for sign, exact in ((1, scalar.add_days), (-1, scalar.sub_days)):
        values, known = arrays.shifted(sign)(days, shifts)
        assert known is not None
        made = zip(values.tolist(), known.tolist(), strict=True)
        assert [v if sure else None for v, sure in made] == [exact(d, n) for d, n in pairs]
