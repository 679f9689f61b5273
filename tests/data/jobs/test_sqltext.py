from __future__ import annotations

import pytest

from titian.data.jobs.sqltext import Made, Meaning, columns_made, read_sql, understand
from titian.kernel.errors import InvalidDefinition
from titian.lake.schema import Column, Layer, Table


def table(name: str, *columns: str, layer: Layer = Layer.RAW) -> Table:
    return Table(layer, name, "试验", "Test", tuple(Column(c, "integer", c, c) for c in columns))


LOAN = table("loan", "loan_id", "party_id", "amount_fen")
PARTY = table("party", "party_id", "org_id", layer=Layer.CORE)
KNOWN = {"raw.loan": LOAN, "core.party": PARTY}


def meaning(sql: str, *columns: str) -> Meaning:
    text = read_sql(sql, "f.sql")
    known = tuple(KNOWN[name] for name, _ in text.tables)
    return understand(text, known, table("out", *columns, layer=Layer.CORE))


def test_it_works() -> None:
    sql = """/* header */
        WITH newest AS (SELECT * FROM raw.loan WHERE business_date = $business_date)
        SELECT l.loan_id, p.org_id AS org, l.amount_fen + p.org_id AS both, 1 AS one
        FROM newest AS l
        JOIN core.party AS p ON p.party_id = l.party_id AND p.business_date = $business_date
        """
    found = meaning(sql, "loan_id", "org", "both", "one")
    assert {(read.table, read.history, read.line) for read in found.reads} == {
        ("raw.loan", False, 2),
        ("core.party", False, 5),
    }
    target = table("out", "loan_id", "org", "both", "one", layer=Layer.CORE)
    assert columns_made(read_sql(sql, "f.sql"), (LOAN, PARTY), target) == {
        "loan_id": Made(("raw.loan.loan_id",), "raw.loan.loan_id"),
        "org": Made(("core.party.org_id",), "core.party.org_id"),
        "both": Made(
            ("core.party.org_id", "raw.loan.amount_fen"),
            "raw.loan.amount_fen + core.party.org_id",
        ),
        "one": Made((), "1"),
    }


@pytest.mark.parametrize(
    ("condition", "history"),
    [
        ("business_date = $business_date", False),
        ("$business_date = business_date", False),
        ("(business_date = $business_date)", False),
        ("business_date = CAST($business_date AS DATE)", False),
        ("amount_fen > 0 AND business_date = $business_date", False),
        ("business_date <= $business_date", True),
        ("business_date = $previous_date", True),
        ("business_date = $business_date OR amount_fen = 0", True),
        ("NOT business_date = $business_date", True),
        ("amount_fen > 0", True),
    ],
)
def test_only_an_equal_date_is_a_look_at_one_day(condition: str, history: bool) -> None:
    found = meaning(f"SELECT loan_id FROM raw.loan WHERE {condition}", "loan_id")
    assert [read.history for read in found.reads] == [history]


def test_a_date_may_be_equal_by_way_of_another_table() -> None:
    sql = """
        SELECT l.loan_id FROM raw.loan AS l JOIN core.party AS p
        ON p.party_id = l.party_id AND p.business_date = l.business_date
        WHERE l.business_date = $business_date
    """
    assert not any(read.history for read in meaning(sql, "loan_id").reads)


def test_one_look_back_among_several_counts() -> None:
    sql = """
        SELECT loan_id FROM raw.loan WHERE business_date = $business_date
        UNION ALL SELECT loan_id FROM raw.loan WHERE business_date = $previous_date
    """
    assert [read.history for read in meaning(sql, "loan_id").reads] == [True]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("", "exactly one SELECT"),
        ("SELECT 1 AS a; SELECT 2 AS a", "exactly one SELECT"),
        ("CREATE TABLE x AS SELECT 1 AS a", "exactly one SELECT"),
        ("DELETE FROM core.party", "exactly one SELECT"),
        ("COPY core.party TO 'x'", "exactly one SELECT"),
        ("SET threads = 1", "exactly one SELECT"),
        ("SELECT 1 AS a FROM read_csv('/etc/passwd')", r"may not read from read_csv\(\)"),
        ("SELECT 1 AS a FROM glob('*')", r"may not read from glob\(\)"),
        ("SELECT 1 AS a FROM '/etc/passwd'", "is not a table of the lake"),
        ("SELECT 1 AS a FROM loan", "is not a table of the lake"),
        ("SELECT 1 AS a FROM x.raw.loan", "is not a table of the lake"),
        ("SELECT 1 AS a FROM information_schema.tables", "is not a table of the lake"),
        ("SELECT $buisness_date AS a", r"unknown parameter \$buisness_date"),
        ("SELECT 'a", "this is not SQL"),
        ("SELECT (1 AS a", "this is not SQL"),
    ],
)
def test_anything_but_a_select_over_the_lake_is_refused(sql: str, words: str) -> None:
    with pytest.raises(InvalidDefinition, match=words):
        read_sql(sql, "f.sql")


def test_functions_that_make_rows_are_fine() -> None:
    assert read_sql("SELECT i AS a FROM range(3) AS t(i)", "f.sql").tables == ()


@pytest.mark.parametrize(
    ("sql", "words", "remedy", "line"),
    [
        ("SELECT\n lona_id FROM raw.loan", "no column 'lona_id'", "'loan_id'", 2),
        ("SELECT\n\n l.org_id AS loan_id FROM raw.loan l", "no column 'org_id'", "", 3),
        (
            "SELECT party_id AS loan_id FROM raw.loan l JOIN core.party p ON true",
            "no column 'party_id'",
            "name the table",
            1,
        ),
        ("SELECT loan_id, 1 AS loan_id FROM raw.loan", "loan_id twice", "", 1),
        ("SELECT loan_id, amount_fen FROM raw.loan", "does not declare", "drop it", 1),
        ("SELECT party_id FROM raw.loan", "party_id, which the header", "", 1),
        ("SELECT loan_id, business_date FROM raw.loan", "gives business_date", "Leave it out", 1),
        ("SELECT * FROM raw.loan", "gives business_date", "EXCLUDE", 1),
    ],
)
def test_columns_are_checked_against_tables_and_header(
    sql: str, words: str, remedy: str, line: int
) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        meaning(sql, "loan_id")
    assert words in caught.value.what
    assert remedy in caught.value.remedy
    assert (caught.value.file, caught.value.line) == ("f.sql", line)


def test_a_declared_column_must_be_given() -> None:
    with pytest.raises(InvalidDefinition, match="declares extra, which the SELECT does not give"):
        meaning("SELECT loan_id FROM raw.loan", "loan_id", "extra")


def test_a_file_may_not_be_endless() -> None:
    with pytest.raises(InvalidDefinition, match="characters"):
        read_sql("-" * 300_000, "f.sql")
