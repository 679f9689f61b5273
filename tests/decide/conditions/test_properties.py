"""Generated conditions over generated rows: the compiled SQL must say what the text says.

What numpy and Python make of a condition must be what DuckDB makes of that SQL, row by row.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from titian.decide import Condition, ConditionError, Schema, column, parse

ROWS = """
CREATE TABLE facts AS
SELECT * FROM (VALUES
    (18, 5000000, 0.048500, 12.50, 0.1e0, 'female', '王小二', FALSE,
     DATE '2020-02-29', TIMESTAMP '2026-03-31 23:59:59'),
    (65, -1, 0.000000, 0.00, 0.0e0, 'male', '李', TRUE,
     DATE '2025-12-31', TIMESTAMP '2026-01-01 00:00:00'),
    (0, 0, 0.999999, 9999999.99, -1.5e0, 'male', '', FALSE,
     DATE '1999-01-01', TIMESTAMP '2025-06-15 12:30:00'),
    (101, 9223372036854775807, -0.000001, -3.25, 1e300, 'female', 'Ärger%_', TRUE,
     DATE '2026-03-31', TIMESTAMP '2020-02-29 08:00:00'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (NULL, 100, NULL, 1.00, NULL, 'male', NULL, TRUE, NULL, TIMESTAMP '2026-03-31 00:00:00'),
    (40, NULL, 0.050000, NULL, 2.5e0, NULL, '王', NULL, DATE '2026-03-31', NULL)
) AS t(age_years, balance_fen, rate, land_mu, score, gender, name, opt_out, open_date, seen_at)
"""
COLUMNS = (
    "age_years::BIGINT AS age_years, balance_fen::BIGINT AS balance_fen, "
    "rate::DECIMAL(9,6) AS rate, land_mu::DECIMAL(9,2) AS land_mu, score, gender, name, opt_out, "
    "open_date, seen_at"
)


@dataclass(frozen=True)
class Pair:
    """A condition's text, and the DuckDB SQL that a person would write to mean the same."""

    text: str
    truth: str


def plain(text: str) -> Pair:
    return Pair(text, text)


integer_fields = st.sampled_from([plain("age_years"), plain("balance_fen")])
integer_values = st.integers(-(10**6), 10**12).map(lambda n: plain(str(n)))
decimal_fields = st.sampled_from([plain("rate"), plain("land_mu")])
decimal_values = st.decimals(-10_000, 10_000, places=3).map(lambda d: plain(f"{d:f}"))
double_atoms = st.sampled_from([plain("score"), plain("1.5e0"), plain("2e10")])
text_fields = st.sampled_from([plain("name"), plain("gender")])
text_values = st.sampled_from([plain("'王'"), plain("'李'"), plain("''"), plain("'it''s'")])


def whole(op: str, left: Pair, right: Pair) -> Pair:
    below = f"nullif({right.truth}, 0)" if op in ("//", "%") else right.truth
    return Pair(
        f"({left.text} {op} {right.text})",
        f"TRY_CAST(({left.truth})::HUGEINT {op} ({below})::HUGEINT AS BIGINT)",
    )


integers = st.recursive(
    integer_fields | integer_values,
    lambda inner: (
        st.builds(whole, st.sampled_from(["+", "-", "*", "//", "%"]), inner, inner)
        | st.builds(
            lambda a: Pair(f"abs({a.text})", f"TRY_CAST(abs({a.truth}::HUGEINT) AS BIGINT)"),
            integer_fields,
        )
        | st.builds(
            lambda a, b: Pair(
                f"coalesce({a.text}, {b.text})", f"coalesce({a.truth}, CAST({b.truth} AS BIGINT))"
            ),
            inner,
            inner,
        )
    ),
    max_leaves=4,
)
exact = (
    decimal_fields
    | decimal_values
    | st.builds(
        lambda op, a, b: Pair(f"({a.text} {op} {b.text})", f"({a.truth} {op} {b.truth})"),
        st.sampled_from(["+", "-", "*"]),
        decimal_fields,
        decimal_values | decimal_fields,
    )
    | st.builds(lambda a, n: plain(f"round({a.text}, {n})"), decimal_fields, st.integers(0, 3))
)
divided = st.builds(
    lambda a, b: Pair(
        f"({a.text} / {b.text})", f"(CAST({a.truth} AS DOUBLE) / nullif({b.truth}, 0))"
    ),
    integer_fields | double_atoms,
    integer_fields | double_atoms,
)
numbers = integers | exact | double_atoms | divided
times = st.sampled_from(
    [plain("open_date"), plain("seen_at"), plain("DATE '2026-01-01'"), plain("'2025-12-31'")]
)
time_fields = st.sampled_from([plain("open_date"), plain("seen_at")])
texts = text_fields | st.builds(
    lambda f, a: plain(f"{f}({a.text})"), st.sampled_from(["lower", "upper", "trim"]), text_fields
)


def compared(side: st.SearchStrategy[Pair], other: st.SearchStrategy[Pair]) -> st.SearchStrategy:
    ops = st.sampled_from(
        ["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"]
    )
    return st.builds(
        lambda op, a, b: Pair(f"{a.text} {op} {b.text}", f"{a.truth} {op} {b.truth}"),
        ops,
        side,
        other,
    )


leaves = (
    compared(numbers, numbers)
    | compared(time_fields, times)
    | compared(text_fields.filter(lambda p: p.text == "name"), text_values)
    | st.builds(
        lambda a, b, c, n: Pair(
            f"{a.text} {n}BETWEEN {b.text} AND {c.text}",
            f"{a.truth} {n}BETWEEN {b.truth} AND {c.truth}",
        ),
        integers,
        numbers,
        numbers,
        st.sampled_from(["", "NOT "]),
    )
    | st.builds(
        lambda a, vs, n: plain(f"{a.text} {n}IN ({', '.join(vs)})"),
        integer_fields,
        st.lists(st.integers(0, 101).map(str), min_size=1, max_size=4),
        st.sampled_from(["", "NOT "]),
    )
    | st.builds(
        lambda a, p: plain(f"{a.text} LIKE '{p}'"),
        texts,
        st.sampled_from(["王%", "%", "_", "%小%", "", "Ä%\\%_"]),
    )
    | st.sampled_from(
        [
            plain(part)
            for part in (
                "opt_out", "opt_out IS TRUE", "opt_out IS NOT FALSE", "name IS NULL",
                "rate IS NOT NULL", "year(open_date) = 2026", "hour(seen_at) < 9",
                "isodow(open_date) >= 6", "length(name) = 1", "left(name, 1) = '王'",
                "substr(name, 2, 1) = '小'", "contains(name, '%')", "starts_with(name, '王')",
                "gender IN ('male')", "open_date - 30 > '2026-01-01'", "right(name, 1) <> '二'",
                "date_diff('month', open_date, seen_at) > 0", "open_date - open_date = 0",
                "CASE WHEN opt_out THEN age_years ELSE 0 END > 10", "floor(score) = ceil(score)",
                "greatest(age_years, 30) <= 40", "least(rate, 0.01) = rate",
                "nullif(age_years, 40) IS NULL", "CASE gender WHEN 'male' THEN TRUE END",
                "ends_with(name, '二')", "quarter(open_date) = 1",
                "month(open_date) <> day(seen_at)",
            )
        ]
    )
)  # fmt: skip
conditions = st.recursive(
    leaves,
    lambda inner: (
        st.builds(
            lambda op, a, b: Pair(f"{a.text} {op} {b.text}", f"{a.truth} {op} {b.truth}"),
            st.sampled_from(["AND", "OR"]),
            inner,
            inner,
        )
        | st.builds(
            lambda op, a, b: Pair(f"({a.text} {op} {b.text})", f"({a.truth} {op} {b.truth})"),
            st.sampled_from(["AND", "OR"]),
            inner,
            inner,
        )
        | st.builds(lambda a: Pair(f"NOT ({a.text})", f"NOT ({a.truth})"), inner)
        | st.builds(lambda a: Pair(f"NOT {a.text}", f"NOT {a.truth}"), leaves)
    ),
    max_leaves=8,
)


Rows = list[dict[str, Any]]
LARGEST = 2**63 - 1
EPOCH = datetime.fromisoformat("1970-01-01")

CELLS: dict[str, st.SearchStrategy[Any]] = {
    "age_years": st.none()
    | st.integers(-3, 120)
    | st.sampled_from([LARGEST, -LARGEST - 1, -LARGEST, 2**53 + 1, 2**32]),
    "balance_fen": st.none() | st.integers(-LARGEST - 1, LARGEST) | st.integers(-2, 2),
    "rate": st.none() | st.decimals(-1, 1, places=6),
    "land_mu": st.none() | st.decimals(-9_999_999, 9_999_999, places=2),
    "score": st.none() | st.floats() | st.sampled_from([0.5, 1.5, 2.5, -0.5, 0.285]),
    "gender": st.none() | st.sampled_from(["male", "female"]),
    "name": st.none()
    | st.text(max_size=6)
    | st.text("王小ab%_ \u3000ßİσς\n", max_size=6)
    | st.sampled_from(["王小二", "ab", "aab", "", " a "]),
    "opt_out": st.none() | st.booleans(),
    "open_date": st.none() | st.dates() | st.dates(date(1969, 12, 20), date(1970, 1, 12)),
    "seen_at": st.none()
    | st.datetimes()
    | st.timedeltas(timedelta(days=-2), timedelta(days=2)).map(lambda time: EPOCH + time),
}
ARROW = pa.schema(
    [
        ("age_years", pa.int64()),
        ("balance_fen", pa.int64()),
        ("rate", pa.decimal128(9, 6)),
        ("land_mu", pa.decimal128(9, 2)),
        ("score", pa.float64()),
        ("gender", pa.string()),
        ("name", pa.string()),
        ("opt_out", pa.bool_()),
        ("open_date", pa.date32()),
        ("seen_at", pa.timestamp("us")),
    ]
)

SIGNS = st.sampled_from(
    ["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"]
)
WHOLE = ("age_years", "balance_fen", "7", "-1", "0", "9223372036854775807")
NUMBERS = (*WHOLE, "rate", "land_mu", "score", "0.5", "2.25", "1e300", "-1.5e0")
TIMES = ("open_date", "seen_at", "DATE '1970-01-01'", "TIMESTAMP '2026-03-31 23:59:59'")
TEXTS = ("name", "gender", "'王小二'", "'ab'", "''")


def filled(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda made: pattern.format(*made))


def with_branches(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        filled("coalesce({}, {})", inner, inner)
        | filled("nullif({}, {})", inner, inner)
        | filled("{}({}, {}, {})", st.sampled_from(["least", "greatest"]), inner, inner, inner)
        | filled("CASE WHEN opt_out THEN {} ELSE {} END", inner, inner)
        | filled("CASE WHEN age_years > 30 THEN {} END", inner)
    )


any_whole = st.recursive(
    st.sampled_from(WHOLE)
    | filled("date_diff('{}', {}, {})",
             st.sampled_from(["day", "week", "month", "quarter", "year"]),
             st.sampled_from(TIMES), st.sampled_from(TIMES))
    | filled("date_diff('{}', seen_at, TIMESTAMP '2026-03-31 23:59:59')",
             st.sampled_from(["hour", "minute"]))
    | filled("{}({})", st.sampled_from(["year", "quarter", "month", "day", "isodow"]),
             st.sampled_from(TIMES))
    | filled("length({})", st.sampled_from(TEXTS))
    | st.sampled_from(["hour(seen_at)", "(open_date - DATE '2026-01-01')"]),
    lambda inner: filled("({} {} {})", inner, st.sampled_from(["+", "-", "*", "//", "%"]), inner)
    | filled("{}({})", st.sampled_from(["-", "abs"]), inner)
    | with_branches(inner),
    max_leaves=4,
)  # fmt: skip
any_number = st.recursive(
    st.sampled_from(NUMBERS),
    lambda inner: (
        filled("({} {} {})", inner, st.sampled_from(["+", "-", "*", "/"]), inner)
        | filled("{}({})", st.sampled_from(["-", "abs", "floor", "ceil"]), inner)
        | filled("round({}, {})", inner, st.integers(0, 4).map(str))
        | with_branches(inner)
    ),
    max_leaves=4,
)
any_text = st.recursive(
    st.sampled_from(TEXTS),
    lambda inner: filled("{}({})", st.sampled_from(["lower", "upper", "trim"]), inner)
    | filled("{}({}, {})", st.sampled_from(["left", "right"]), inner,
             st.sampled_from(["0", "1", "3", "9999999999"]))
    | filled("substr({}, {}, {})", inner, st.sampled_from(["0", "1", "2", "9999999999"]),
             st.sampled_from(["0", "1", "9999999999"]))
    | filled("coalesce({}, {})", inner, inner),
    max_leaves=3,
)  # fmt: skip
any_time = st.sampled_from(TIMES) | filled(
    "(open_date {} {})", st.sampled_from(["+", "-"]), any_whole
)
any_leaf = (
    filled("{} {} {}", any_whole, SIGNS, any_whole)
    | filled("{} {} {}", any_number, SIGNS, any_number)
    | filled("{} {} {}", any_text, SIGNS, any_text)
    | filled("{} {} {}", any_time, SIGNS, any_time)
    | filled("{} {}BETWEEN {} AND {}", any_number, st.sampled_from(["", "NOT "]),
             any_number, any_number)
    | filled("{} IN ({}, 0.5, 3)", any_number, any_whole.filter(lambda text: text in WHOLE[2:]))
    | filled("{} IN ({})", any_text, st.sampled_from(["'ab'", "'ab', '王小二', ''"]))
    | filled("{} IN ({})", any_whole, st.sampled_from(["7", ", ".join(map(str, range(12)))]))
    | filled("{} IN (DATE '1970-01-01', DATE '2020-02-29')", any_time)
    | filled("{} LIKE '{}'", any_text, st.text("王a%_b", max_size=5))
    | filled("{}({}, {})", st.sampled_from(["contains", "starts_with", "ends_with"]),
             any_text, any_text)
    | filled("{} IS {}NULL", any_number, st.sampled_from(["", "NOT "]))
    | st.sampled_from(["opt_out", "TRUE", "opt_out IS TRUE", "opt_out IS NOT FALSE", "1 < 2"])
)  # fmt: skip
any_conditions = st.recursive(
    any_leaf,
    lambda inner: (
        filled("({} {} {})", inner, st.sampled_from(["AND", "OR"]), inner)
        | filled("NOT ({})", inner)
        | filled("(({}) = ({}))", inner, inner)
        | filled("(({}) IS {})", inner, st.sampled_from(["TRUE", "FALSE", "NOT TRUE"]))
        | with_branches(inner.map(lambda text: f"({text})"))
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def facts() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(ROWS)
    connection.execute(f"CREATE OR REPLACE TABLE facts AS SELECT {COLUMNS} FROM facts")
    return connection


@settings(max_examples=400, deadline=None, derandomize=True)
@given(pair=conditions)
def test_compiled_sql_means_what_the_text_means(
    facts: duckdb.DuckDBPyConnection, schema: Schema, pair: Pair
) -> None:
    compiled = parse(pair.text, schema).sql()
    rows = facts.execute(
        f"SELECT {compiled} AS ours, ({pair.truth}) AS truth FROM facts"
    ).fetchall()
    assert [ours for ours, _ in rows] == [truth for _, truth in rows], compiled


def parsed(text: str, schema: Schema) -> Condition:
    try:
        return parse(text, schema)
    except ConditionError as error:
        if {problem.code for problem in error.problems} <= {"bad_value", "too_deep"}:
            reject()
        raise


def of_numpy(condition: Condition, schema: Schema, rows: Rows) -> list[bool | None]:
    columns = {
        name: column([row[name] for row in rows], schema[name].type) for name in condition.fields
    }
    values, known = condition.batch()(columns, len(rows))
    assert len(values) == len(rows)
    assert known is None or not (values & ~known).any()
    masks = [True] * len(rows) if known is None else known.tolist()
    return [value if sure else None for value, sure in zip(values.tolist(), masks, strict=True)]


def assert_agree(condition: Condition, schema: Schema, rows: Rows, truth: Iterable[Any]) -> None:
    wanted = list(truth)
    assert of_numpy(condition, schema, rows) == wanted
    assert list(map(condition.row(), rows)) == wanted
    assert list(map(condition.holds(), rows)) == [value is True for value in wanted]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(pair=conditions)
def test_the_three_targets_agree_on_known_rows(
    facts: duckdb.DuckDBPyConnection, schema: Schema, pair: Pair
) -> None:
    condition = parse(pair.text, schema)
    found = facts.execute(f"SELECT *, {condition.sql()} FROM facts").fetchall()
    names = [field.name for field in schema]
    rows = [dict(zip(names, row, strict=False)) for row in found]
    assert_agree(condition, schema, rows, [row[-1] for row in found])


@settings(max_examples=400, deadline=None, derandomize=True)
@given(text=any_conditions, rows=st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=8))
def test_the_three_targets_agree_on_any_rows(
    facts: duckdb.DuckDBPyConnection, schema: Schema, text: str, rows: Rows
) -> None:
    condition = parsed(text, schema)
    facts.register("given_rows", pa.Table.from_pylist(rows, ARROW))
    found = facts.execute(f"SELECT {condition.sql()} FROM given_rows").fetchall()
    assert_agree(condition, schema, rows, [row[0] for row in found])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(pair=conditions)
def test_words_exist_for_every_condition(schema: Schema, pair: Pair) -> None:
    condition = parse(pair.text, schema)
    assert condition.explain("zh")
    said = condition.explain("en")
    assert said
    assert "'" in pair.text or not any("一" <= character <= "鿿" for character in said)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(text=st.text(max_size=60) | st.text("age_yrs ()<>=ANDORNT'1.,;*-+[]{}$?:@", max_size=60))
def test_any_text_is_either_a_condition_or_an_explained_problem(schema: Schema, text: str) -> None:
    try:
        parse(text, schema)
    except ConditionError as error:
        for problem in error.problems:
            assert 0 <= problem.start <= problem.end <= len(text)
            assert problem.message.zh
            assert problem.remedy.en


EDGES = (
    "age_years + balance_fen > 0", "age_years - balance_fen < 0", "balance_fen * age_years <> 1",
    "-balance_fen < 0", "abs(balance_fen) >= 0", "age_years // balance_fen = 0",
    "age_years % balance_fen = 0", "score < score + 1", "score > rate", "score <= land_mu",
    "score BETWEEN 0 AND rate", "score BETWEEN -1 AND 2", "least(score, 0.5e0) = score",
    "greatest(score, 1e300) > 1e300", "coalesce(score, 0) >= 0", "nullif(score, score) IS NULL",
    "score IS NOT DISTINCT FROM score", "rate + land_mu > 0", "rate * land_mu <= 1",
    "round(rate, 2) = rate", "floor(land_mu) < ceil(land_mu)", "round(score, 1) <> score",
    "open_date + age_years > open_date", "open_date - balance_fen < open_date",
    "open_date < seen_at", "opt_out = (age_years > 0)", "opt_out OR age_years > 0",
    "opt_out AND age_years > 0", "NOT (opt_out AND name = '')", "opt_out IS FALSE",
    "coalesce(opt_out, age_years > 0)", "nullif(opt_out, TRUE)", "greatest(opt_out, age_years > 5)",
    "CASE WHEN opt_out THEN score WHEN age_years > 0 THEN rate END > 0",
    "name IN ('a', 'b', 'c', 'd', '王')", "age_years IN (0, 18)", "upper(name) = name",
    "rate IN (0.5, 0.05)", "age_years BETWEEN balance_fen AND 100", "gender = name",
)  # fmt: skip
CORNERS: dict[str, tuple[Any, ...]] = {
    "age_years": (None, 0, 18, -1, LARGEST, -LARGEST - 1),
    "balance_fen": (None, -1, 0, LARGEST, -LARGEST - 1, 1),
    "rate": (None, Decimal("0.5"), Decimal("-0.000001")),
    "land_mu": (None, Decimal("-9999999.99"), Decimal("0.05")),
    "score": (None, float("nan"), float("inf"), float("-inf"), 0.0, 0.25),
    "gender": (None, "male"),
    "name": (None, "", "王", "ß", "male"),
    "opt_out": (None, True, False),
    "open_date": (None, date.min, date.max, date(1969, 12, 31)),
    "seen_at": (None, datetime.min, EPOCH),  # noqa: DTZ901 (no zone)
}


@pytest.mark.parametrize("text", EDGES)
def test_the_three_targets_agree_at_every_corner(
    facts: duckdb.DuckDBPyConnection, schema: Schema, text: str
) -> None:
    condition = parse(text, schema)
    names = sorted(condition.fields)
    rows = [
        dict(zip(names, cells, strict=True))
        for cells in itertools.product(*(CORNERS[name] for name in names))
    ]
    given_schema = pa.schema([ARROW.field(name) for name in names])
    facts.register("given_rows", pa.Table.from_pylist(rows, given_schema))
    found = facts.execute(f"SELECT {condition.sql()} FROM given_rows").fetchall()
    assert_agree(condition, schema, rows, [row[0] for row in found])
