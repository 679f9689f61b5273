"""Generated conditions over generated rows: the compiled SQL must say what the text says."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from titian.decide import ConditionError, Schema, parse

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


@pytest.fixture(scope="module")
def facts() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
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
