from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import sqlglot

from titian.kernel.errors import Denied, InvalidInput, LimitExceeded, NotFound, TitianError
from titian.kernel.settings import Settings
from titian.lake import gate, worker
from titian.lake.functions import SCALAR_FUNCTIONS, TABLE_FUNCTIONS
from titian.lake.gate import pass_through
from titian.lake.provenance import derived_from

KNOWN = ("core.loan", "core.party", "raw.loan", "mart.party_profile")


@pytest.mark.parametrize(
    ("typed", "runs"),
    [
        ("SELECT 1", "SELECT 1"),
        ("select * from core.loan", 'SELECT * FROM "core"."loan"'),
        ("FROM Core.LOAN", 'SELECT * FROM "core"."loan"'),
        ("SELECT l.a FROM core.loan l -- why", 'SELECT l.a FROM "core"."loan" AS l'),
        (
            "WITH l AS (SELECT * FROM core.loan) SELECT l.a FROM l",
            'WITH "q_l" AS (SELECT * FROM "core"."loan") SELECT l.a FROM "q_l" AS "l"',
        ),
        (
            "WITH L AS (SELECT 1 AS a), m AS (FROM l) SELECT * FROM m x JOIN l USING (a)",
            (
                'WITH "q_l" AS (SELECT 1 AS a), "q_m" AS (SELECT * FROM "q_l" AS "l") '
                'SELECT * FROM "q_m" AS x JOIN "q_l" AS "l" USING (a)'
            ),
        ),
        (
            "SELECT * FROM (WITH loan AS (SELECT 1) SELECT * FROM loan), core.loan",
            (
                'SELECT * FROM (WITH "q_loan" AS (SELECT 1) SELECT * FROM "q_loan" AS "loan"), '
                '"core"."loan"'
            ),
        ),
        (
            "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) FROM r",
            (
                'WITH RECURSIVE "q_r"(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM "q_r" AS "r" '
                'WHERE n < 5) SELECT * FROM "q_r" AS "r"'
            ),
        ),
        (
            "SELECT i FROM range(3) AS t(i), unnest([1, 2]) AS u(j)",
            "SELECT i FROM RANGE(0, 3) AS t(i) JOIN UNNEST([1, 2]) AS u(j) ON TRUE",
        ),
        (
            "SELECT a FROM core.loan QUALIFY row_number() OVER (PARTITION BY b ORDER BY c) = 1",
            'SELECT a FROM "core"."loan" QUALIFY ROW_NUMBER() OVER (PARTITION BY b ORDER BY c) = 1',
        ),
    ],
)
def test_it_works(typed: str, runs: str) -> None:
    assert pass_through(typed, KNOWN).sql == runs


def test_it_names_the_tables() -> None:
    sql = "SELECT * FROM core.loan JOIN raw.loan USING (loan_id) WHERE a IN (FROM core.party)"
    assert pass_through(sql, KNOWN).tables == ("core.loan", "core.party", "raw.loan")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM loan", r"Did you mean core\.loan, raw\.loan\?"),
        ("SELECT * FROM core.laon", r"Did you mean core\.loan"),
        ("SELECT * FROM raw.party", r"Did you mean core\.party"),
        ("SELECT * FROM l; ", "no table 'l'"),
        ("SELECT * FROM (WITH x AS (SELECT 1) FROM x) JOIN x ON true", "no table 'x'"),
        ("WITH a AS (SELECT * FROM b), b AS (SELECT 1) FROM a", "no table 'b'"),
    ],
)
def test_unknown_tables_are_guessed(sql: str, said: str) -> None:
    with pytest.raises(NotFound, match=said):
        pass_through(sql, KNOWN)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("", "the statement is empty"),
        ("-- nothing", "the statement is empty"),
        ("SELECT FROM WHERE", "not understood"),
        ("SELECT 'open", "not understood"),
        ("SELECT 1 SELECT 2", "not understood"),
    ],
)
def test_nonsense_is_explained(sql: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        pass_through(sql, KNOWN)


@pytest.mark.parametrize(
    ("sql", "params", "runs"),
    [
        ("SELECT $a + $b", {"a": 1, "b": Decimal("2.5")}, "SELECT 1 + 2.5"),
        ("SELECT ?, ?", ["x'y", None], "SELECT 'x''y', NULL"),
        ("WITH l AS (SELECT ?) SELECT ?, * FROM l", [1, 2], None),
        ("SELECT $2, $1", [1, 2], "SELECT 2, 1"),
        ("SELECT $d", {"d": date(2026, 3, 31)}, "SELECT CAST('2026-03-31' AS DATE)"),
        ("SELECT 'a?b', ?", ["z"], "SELECT 'a?b', 'z'"),
    ],
)
def test_parameters_become_literals(sql: str, params: object, runs: str | None) -> None:
    found = pass_through(sql, KNOWN, params).sql  # type: ignore[arg-type]  # any shape
    expected = runs or 'WITH "q_l" AS (SELECT 1) SELECT 2, * FROM "q_l" AS "l"'
    assert found == expected


def test_a_missing_or_odd_parameter_is_named() -> None:
    with pytest.raises(InvalidInput, match="parameter b has no value"):
        pass_through("SELECT $a, $b", KNOWN, {"a": 1})
    with pytest.raises(InvalidInput, match="of type object"):
        pass_through("SELECT $a", KNOWN, {"a": object()})


def test_limits() -> None:
    with pytest.raises(LimitExceeded, match="characters"):
        pass_through("SELECT " + "1," * 60_000, KNOWN)
    with pytest.raises(LimitExceeded, match="too long"):
        pass_through("SELECT " + "1," * 12_000 + "1", KNOWN)
    with pytest.raises(LimitExceeded, match="nested too deeply"):
        pass_through("SELECT " + "(" * 900 + "1" + ")" * 900, KNOWN)
    with pytest.raises(InvalidInput, match="control characters"):
        pass_through("SELECT '\x00'", KNOWN)


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        (
            "SELECT * FROM core.party WHERE name = '王五' AND age > 30",
            "SELECT * FROM core.party WHERE name = ? AND age > ?",
        ),
        ('SELECT 1 AS "王五", 2 AS a610123', "SELECT ? AS …, ? AS …"),
        ("SELECT 1 -- 13812345678", "SELECT ?"),
        ("SELECT $$王五$$, e'41', j -> '王五' FROM core.loan WHERE d > '2026-01-01'", None),
    ],
)
def test_what_is_kept_of_a_statement_holds_no_value(sql: str, shown: str | None) -> None:
    kept = pass_through(sql, KNOWN).shown
    assert shown is None or kept == shown
    assert not any(value in kept for value in ("王五", "610123", "13812345678", "2026", "41"))


def test_fingerprints_need_the_key(home: Settings) -> None:
    assert gate.fingerprint("SELECT 1") == gate.fingerprint("SELECT 1")
    assert gate.fingerprint("SELECT 1") != gate.fingerprint("SELECT 2")


@pytest.mark.parametrize(
    ("sql", "columns", "expected"),
    [
        ("SELECT count(*), count(name), max(phone) AS m FROM t", ["c", "d", "m"], "nyy"),
        ("SELECT * FROM t", ["id", "name"], "ny"),
        ("SELECT t.* EXCLUDE (name) FROM t", ["id"], "n"),
        ("SELECT x FROM (SELECT upper(name) AS x, id AS y FROM t)", ["x"], "y"),
        ("SELECT y FROM (SELECT upper(name) AS x, id AS y FROM t)", ["y"], "n"),
        ("WITH a AS (SELECT name AS b FROM t) SELECT b AS c, 1 AS d FROM a", ["c", "d"], "yn"),
        ("WITH a(b) AS (SELECT name FROM t) SELECT b FROM a", ["b"], "y"),
        ("SELECT b FROM (SELECT name FROM t) AS q(b)", ["b"], "y"),
        ("SELECT id FROM t UNION ALL SELECT name FROM t", ["id"], "y"),
        ("SELECT x FROM (SELECT id AS x FROM t UNION SELECT name FROM t)", ["x"], "y"),
        ("SELECT to_json(t) AS j, count(*) FROM t GROUP BY ALL", ["j", "k"], "yn"),
        ("SELECT columns('n.*') FROM t", ["name", "n2"], "yy"),
        ("SELECT unnest(struct_values(t)) FROM t", ["a", "b", "c"], "yyy"),
        ("(SELECT id FROM t) UNION (SELECT 1)", ["id"], "n"),
    ],
)
def test_masked_columns_are_followed(sql: str, columns: list[str], expected: str) -> None:
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(tree, sqlglot.exp.Query)
    found = derived_from(tree, {"name", "phone"}, columns)
    assert "".join("y" if masked else "n" for masked in found) == expected


LISTS = {
    "functions": SCALAR_FUNCTIONS,
    "table_functions": TABLE_FUNCTIONS,
    "cte_prefix": gate.CTE_PREFIX,
    "tables": frozenset({"core.loan"}),
}

EVERYDAY = (Path(__file__).parent / "everyday.sql").read_text().split(";\n")[:-1]


@pytest.mark.parametrize("sql", EVERYDAY)
def test_everyday_sql_passes_both_checks(sql: str) -> None:
    passed = pass_through(sql, KNOWN)
    with duckdb.connect() as connection:
        worker.check_tree(connection, passed.sql, LISTS)


def test_every_listed_function_exists() -> None:
    with duckdb.connect() as connection:
        found = connection.sql("SELECT DISTINCT lower(function_name) FROM duckdb_functions()")
        there = {row[0] for row in found.fetchall()}
    grammar = {
        *("coalesce", "operator", "grouping", "grouping_id", "ifnull", "current_time", "position"),
        *("current_date", "current_timestamp", "==", "!=", "arbitrary", "trim"),
    }
    assert SCALAR_FUNCTIONS - there - grammar == set()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT getvariable('x')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM pg_tables",
        "SELECT * FROM core.party",
        "SELECT * FROM memory.core.loan",
        "SELECT * FROM core.loan AT (VERSION => 1)",
        "SELECT * FROM (DESCRIBE core.loan)",
        "SELECT * FROM (SUMMARIZE core.loan)",
        "SHOW TABLES",
        "DESCRIBE core.loan",
        "SELECT 1; SELECT 2",
        "CREATE TABLE x (a INT)",
        "SELECT * FROM read_text('/etc/passwd')",
        "FROM query('SELECT 1')",
        "SELECT system.main.getvariable('x')",
    ],
)
def test_the_worker_does_not_trust_the_gate(sql: str) -> None:
    with duckdb.connect() as connection, pytest.raises(worker.Refused):
        worker.check_tree(connection, sql, LISTS)


def test_writes_are_named() -> None:
    for sql, word in [("drop table core.loan", "DROP"), ("checkpoint", "CHECKPOINT")]:
        with pytest.raises(TitianError, match=f"{word} is not a SELECT"):
            pass_through(sql, KNOWN)
    with pytest.raises(Denied, match="2 statements"):
        pass_through("SELECT 1; SELECT 2", KNOWN)
