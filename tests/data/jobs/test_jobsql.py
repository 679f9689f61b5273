from __future__ import annotations

from titian.data.checks.model import Check, CheckKind
from titian.data.jobs import jobsql
from titian.lake.schema import Column, Layer, Table

TABLE = Table(Layer.CORE, "out", "出", "Out", (Column("n", "integer", "数", "Number"),))
SQL = "/* header */ SELECT count(*) AS n -- all\nFROM raw.t WHERE business_date <= $month_start"


def test_one_date() -> None:
    assert jobsql.one_date(SQL, "f.sql", TABLE) == (
        'SELECT\n  CAST("job"."n" AS BIGINT) AS "n"\n'
        "FROM (\n  SELECT\n    COUNT(*) AS n\n  FROM raw.t\n"
        "  WHERE\n    business_date <= $month_start\n) AS job"
    )


def test_many_dates() -> None:
    assert jobsql.many_dates(SQL, "f.sql", TABLE) == (
        'SELECT\n  CAST("job"."n" AS BIGINT) AS "n",\n  run_dates.business_date\n'
        "FROM (\n  SELECT\n    UNNEST($dates) AS business_date\n) AS run_dates\n"
        "CROSS JOIN LATERAL (\n  SELECT\n    COUNT(*) AS n\n  FROM raw.t\n  WHERE\n"
        "    business_date <= CAST(DATE_TRUNC('MONTH', run_dates.business_date) AS DATE)\n"
        ") AS job"
    )


def test_checks_ride_along_in_the_same_statement() -> None:
    check = Check(CheckKind.RANGE, "core.out", columns=("n",), low=0)
    assert jobsql.one_date("SELECT 1 AS n", "f.sql", TABLE, (check,)) == (
        'WITH produced AS MATERIALIZED (\n  SELECT\n    CAST("job"."n" AS BIGINT) AS "n",\n'
        "    CAST($business_date AS DATE) AS business_date\n"
        "  FROM (\n    SELECT\n      1 AS n\n  ) AS job\n"
        "), measures AS (\n  SELECT\n    p.business_date AS business_date,\n"
        '    COUNT(*) AS "rows checked",\n'
        '    COUNT(*) FILTER(WHERE\n      "p"."n" < 0) AS "check 0",\n'
        '    MIN({\'n\': CAST("p"."n" AS TEXT)}, 5) FILTER(WHERE\n'
        '      "p"."n" < 0) AS "sample 0"\n'
        "  FROM produced AS p\n  GROUP BY\n    p.business_date\n"
        ')\nSELECT\n  "rows checked",\n  "check 0",\n  "sample 0",\n'
        '  NULL AS "n",\n  business_date\n'
        'FROM measures\nUNION ALL\nSELECT\n  NULL,\n  NULL,\n  NULL,\n  "n",\n  business_date\n'
        "FROM produced"
    )


def test_what_was_staged_is_forgotten_by_name() -> None:
    assert jobsql.drop_produced() == "DROP TABLE produced"
