from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
import sqlglot
from tests.lake.conftest import LOAN, dated, day, loans

from titian.kernel.errors import Denied, InvalidInput, NotFound, Unavailable
from titian.kernel.scope import Scope
from titian.lake import layout, maintenance, open_session, store
from titian.lake.schema import Column, Layer, Table
from titian.lake.spark import SparkEngine, transpile

pytest.importorskip("pysail", reason="the extra spark is not installed")

ENTRY = Table(
    Layer.RAW,
    "entry",
    "分录",
    "Entries",
    (
        Column("entry_id", "string", "号", "Id", key=True),
        Column("loan_id", "string", "借据号", "Loan"),
        Column("booked", "date", "日期", "Booked"),
        Column("amount_fen", "integer", "金额", "Amount"),
        Column("rate", "decimal(9,6)", "利率", "Rate"),
    ),
)
SUMMARY = Table(
    Layer.MART,
    "summary",
    "汇总",
    "Summary",
    (
        Column("loan_id", "string", "借据号", "Loan", key=True),
        Column("entries", "integer", "笔数", "Entries"),
        Column("total_fen", "integer", "金额", "Total"),
        Column("mean_fen", "double", "均值", "Mean"),
        Column("interest_fen", "decimal(18,2)", "利息", "Interest"),
        Column("last_booked", "date", "末次", "Last"),
        Column("granted_at", "timestamp", "发放", "Granted"),
        Column("age_days", "integer", "天数", "Age"),
        Column("size", "string", "大小", "Size"),
        Column("is_big", "boolean", "大额", "Big"),
    ),
)
JOB = """
WITH latest AS (
  SELECT *
  FROM core.loan
  WHERE business_date <= $business_date
  QUALIFY row_number() OVER (PARTITION BY loan_id ORDER BY business_date DESC) = 1
)
SELECT
  l.loan_id,
  count(e.entry_id) AS entries,
  coalesce(sum(e.amount_fen), 0) AS total_fen,
  avg(e.amount_fen) AS mean_fen,
  round(sum(e.amount_fen * e.rate), 2) AS interest_fen,
  max(e.booked) AS last_booked,
  l.granted_at,
  date_diff('day', max(e.booked), $business_date) AS age_days,
  CASE WHEN count(*) FILTER (WHERE e.amount_fen > 500) > 1 THEN 'big' ELSE 'small' END AS size,
  max(e.amount_fen) > 800 AS is_big
FROM latest AS l
LEFT JOIN raw.entry AS e ON e.loan_id = l.loan_id AND e.booked <= $business_date
GROUP BY ALL
"""
DAY = {"business_date": day(1)}
ON_BOTH = (Path(__file__).parent / "on_both.sql").read_text().split(";\n")[:-1]


@pytest.fixture(scope="module", autouse=True)
def _main_has_a_file() -> None:
    # The client takes a main module without a file, such as a parallel runner's, for a doctest.
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):
        main.__file__ = __file__


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from pysail.spark import SparkConnectServer

    running = SparkConnectServer("127.0.0.1", 0)
    running.start(background=True)
    host, port = running.listening_address
    yield f"sc://{host}:{port}"
    running.stop()


@pytest.fixture
def engine(server: str) -> Iterator[SparkEngine]:
    with closing(SparkEngine(server)) as opened:
        yield opened


@pytest.fixture
def booked(filled: Scope) -> Scope:
    """Give qinghe with entries for its loans."""
    rows = pa.table(
        {
            "entry_id": [f"E{n}" for n in range(60)],
            "loan_id": [f"L{n % 4:06}" for n in range(60)],
            "booked": [day(n % 3) for n in range(60)],
            "amount_fen": [n * 37 % 1_000 for n in range(60)],
            "rate": [Decimal(n % 7) / 100 for n in range(60)],
        },
        schema=ENTRY.arrow_schema(),
    )
    store.write_dates(filled, ENTRY, dated(rows, day(0)), [day(0)])
    return filled


def on_duckdb(scope: Scope, sql: str, params: dict[str, object]) -> pa.Table:
    with open_session(scope) as opened:
        return opened.sql(sql, params)


def sorted_rows(rows: pa.Table) -> list[dict[str, object]]:
    return sorted(rows.to_pylist(), key=str)


def test_both_engines_leave_equal_tables(engine: SparkEngine, booked: Scope) -> None:
    done = engine.write_date(booked, SUMMARY, day(1), JOB, DAY)
    on_spark = store.read(booked, "mart.summary")
    with open_session(booked) as opened:
        again = store.write_date(booked, SUMMARY, day(1), opened.stream(JOB, DAY))
    assert done.rows == again.rows == 3
    assert sorted_rows(on_spark) == sorted_rows(store.read(booked, "mart.summary"))
    assert on_spark["total_fen"].null_count == 0
    assert on_spark.schema == SUMMARY.arrow_schema(with_date=True)


@pytest.mark.parametrize("sql", ON_BOTH)
def test_queries_give_equal_rows(engine: SparkEngine, booked: Scope, sql: str) -> None:
    here, there = on_duckdb(booked, sql, {}), engine.sql(booked, sql)
    names = here.column_names
    plain = [{name: _plain(row[name]) for name in names} for row in there.to_pylist()]
    expected = [{name: _plain(row[name]) for name in names} for row in here.to_pylist()]
    assert sorted(plain, key=str) == sorted(expected, key=str)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()[:10]
    return value


def test_a_date_is_replaced_and_seen_by_both(engine: SparkEngine, booked: Scope) -> None:
    for _ in range(2):
        engine.write_date(booked, SUMMARY, day(0), JOB, {"business_date": day(0)})
        engine.write_date(booked, SUMMARY, day(1), JOB, DAY)
    assert store.dates(booked, "mart.summary") == [day(0), day(1)]
    assert store.info(booked, "mart.summary").rows == 6
    assert engine.sql(booked, "SELECT count(*) AS n FROM mart.summary")["n"].to_pylist() == [6]
    maintenance.compact(booked, "mart.summary")
    assert engine.sql(booked, "SELECT count(*) AS n FROM mart.summary")["n"].to_pylist() == [6]
    assert list(layout.root(booked).rglob(".spark-*")) == []


def test_nothing_is_written_as_an_empty_date(engine: SparkEngine, booked: Scope) -> None:
    sql = f"SELECT * FROM ({JOB}) AS j WHERE loan_id = 'none'"
    assert engine.write_date(booked, SUMMARY, day(4), sql, DAY).rows == 0
    assert store.dates(booked, "mart.summary") == [day(4)]


def test_a_table_without_data_is_empty(engine: SparkEngine, qinghe: Scope) -> None:
    found = engine.sql(qinghe, "SELECT count(*) AS n FROM core.loan", tables=[LOAN])
    assert found["n"].to_pylist() == [0]


def test_banks_stay_apart(engine: SparkEngine, booked: Scope, baishui: Scope) -> None:
    store.write_date(baishui, LOAN, day(0), loans(1))
    count = "SELECT count(*) AS n FROM core.loan"
    counts = [engine.sql(scope, count)["n"][0].as_py() for scope in (booked, baishui, booked)]
    assert counts == [6, 1, 6]
    for sql in (
        f"SELECT * FROM delta.`{layout.table_path(baishui, 'core.loan')}`",
        "SELECT * FROM baishui__core__loan",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT java_method('java.lang.System', 'getenv')",
        "SELECT input_file_name() FROM core.loan",
    ):
        with pytest.raises((Denied, NotFound, InvalidInput)):
            engine.sql(booked, sql)


def test_people_do_not_reach_spark(engine: SparkEngine, analyst: Scope) -> None:
    with pytest.raises(Denied, match="may not run jobs on Spark"):
        engine.sql(analyst, "SELECT 1")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT loan_id FROM core.loan", "lack entries"),
        (JOB.replace("l.granted_at", "l.granted_at, 1 AS extra"), "undeclared extra"),
        (JOB.replace("l.loan_id,", "NULL AS loan_id,", 1), "have no loan_id"),
        (JOB.replace("max(e.booked) AS", "'x' AS"), "cannot run on Spark"),
        ("SELECT nope FROM core.loan", "cannot run on Spark"),
    ],
)
def test_rows_that_do_not_match_are_refused(
    engine: SparkEngine, booked: Scope, sql: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        engine.write_date(booked, SUMMARY, day(1), sql, DAY)
    assert not store.exists(booked, "mart.summary") or store.dates(booked, "mart.summary") == []
    assert list(layout.root(booked).glob("mart/summary/**/*.parquet")) == []


def test_an_evolved_table_reads_null_before(engine: SparkEngine, booked: Scope) -> None:
    newer = replace(LOAN, columns=(*LOAN.columns, Column("extra", "integer", "附", "Extra")))
    store.write_date(booked, newer, day(2), loans(1).append_column("extra", pa.array([7])))
    found = engine.sql(booked, "SELECT count(*) AS n, sum(extra) AS s FROM core.loan")
    assert found.to_pylist() == [{"n": 7, "s": 7}]


def test_a_server_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("titian.lake.spark.MAX_RETRIES", 1)
    with pytest.raises(Unavailable, match="does not answer"):
        SparkEngine("sc://127.0.0.1:1")


def test_the_sql_that_spark_gets(qinghe: Scope) -> None:
    sql = "SELECT * EXCLUDE (rate), amount_fen // 2 AS half FROM raw.entry"
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(tree, sqlglot.exp.Query)
    assert transpile(tree, {"raw.entry": ENTRY}, qinghe) == (
        "SELECT `entry`.`entry_id` AS `entry_id`, `entry`.`loan_id` AS `loan_id`, "
        "`entry`.`booked` AS `booked`, `entry`.`amount_fen` AS `amount_fen`, "
        "`entry`.`business_date` AS `business_date`, `entry`.`amount_fen` DIV 2 AS `half` "
        "FROM `qinghe__raw__entry` AS `entry`"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT i FROM range(5) AS t(i)",
        "SELECT * FROM unnest([1, 2]) AS t(i)",
    ],
)
def test_what_spark_reads_otherwise_is_refused(
    engine: SparkEngine, booked: Scope, sql: str
) -> None:
    with pytest.raises(InvalidInput, match="let the job run on DuckDB"):
        engine.sql(booked, sql)
