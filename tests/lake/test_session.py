from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa
import pytest
from tests.lake.conftest import LOAN, day, loans

from titian.kernel.errors import Denied, InvalidInput, NotFound, TitianError
from titian.kernel.scope import Scope
from titian.lake import layout, open_session, session, store
from titian.lake.schema import Column, Table

COUNT = "SELECT count(*) AS n FROM core.loan"


def count(scope: Scope) -> int:
    with open_session(scope, tables=["core.loan"]) as opened:
        return int(opened.sql(COUNT)["n"][0].as_py())


def test_it_works(filled: Scope) -> None:
    with open_session(filled) as opened:
        rows = opened.sql(
            "SELECT name, secret_score FROM core.loan WHERE business_date = $day ORDER BY loan_id",
            {"day": day(1)},
        )
    assert rows.to_pylist()[1] == {"name": "欧阳锋", "secret_score": 1.0}
    assert opened.versions == {"core.loan": 1}


def test_a_session_is_one_snapshot_and_the_next_one_is_newer(filled: Scope) -> None:
    with open_session(filled) as opened:
        store.write_date(filled, LOAN, day(2), loans(4))
        assert opened.sql(COUNT)["n"].to_pylist() == [6]
    assert count(filled) == 10


def test_only_the_named_tables_are_there(filled: Scope) -> None:
    other = replace(LOAN, name="other")
    store.write_date(filled, other, day(0), loans(1))
    with open_session(filled, tables=["core.other"]) as opened:
        assert opened.sql("SELECT count(*) FROM core.other").num_rows == 1
        assert opened.versions.keys() == {"core.other"}


def test_banks_do_not_share_an_engine(filled: Scope, baishui: Scope) -> None:
    store.write_date(baishui, LOAN, day(0), loans(1))
    assert [count(filled), count(baishui), count(filled)] == [6, 1, 6]
    theirs = next(layout.root(baishui).rglob("*.parquet"))
    with open_session(filled) as opened, pytest.raises(Denied, match="outside of this place"):
        opened.sql(f"SELECT * FROM read_parquet('{theirs}')")


def test_people_do_not_open_sessions(analyst: Scope) -> None:
    with pytest.raises(Denied, match="Use `query`"):
        open_session(analyst)


def test_a_misspelt_table_is_guessed(filled: Scope) -> None:
    with pytest.raises(NotFound, match=r"no table core\.laon at qinghe.*Did you mean core\.loan"):
        open_session(filled, tables=["core.laon"])


def test_a_declared_table_without_data_is_empty(qinghe: Scope) -> None:
    with open_session(qinghe, tables=[LOAN]) as opened:
        rows = opened.sql("SELECT * FROM core.loan")
    assert rows.num_rows == 0
    assert rows.schema.names == [*(column.name for column in LOAN.columns), "business_date"]
    store.write_date(qinghe, LOAN, day(0), loans(2))
    assert count(qinghe) == 2


def test_a_table_of_no_files_is_empty(filled: Scope) -> None:
    store.restore(filled, "core.loan", 0)
    assert count(filled) == 0


def test_columns_added_later_are_null_before(filled: Scope) -> None:
    newer = replace(LOAN, columns=(*LOAN.columns, Column("extra", "integer", "附", "Extra")))
    assert count(filled) == 6
    store.write_date(filled, newer, day(2), loans(1).append_column("extra", pa.array([7])))
    with open_session(filled) as opened:
        rows = opened.sql("SELECT extra FROM core.loan ORDER BY business_date")
    assert rows["extra"].to_pylist() == [*[None] * 6, 7]


def test_streams_can_be_left_unread(filled: Scope) -> None:
    with open_session(filled) as opened:
        reader = opened.stream("SELECT * FROM range(1000000)")
        assert reader.read_next_batch().num_rows > 0
    assert count(filled) == 6


def test_a_stream_can_be_written(filled: Scope) -> None:
    copy = replace(LOAN, name="copy")
    with open_session(filled, tables=["core.loan"]) as opened:
        rows = opened.stream("SELECT * EXCLUDE (business_date) FROM core.loan")
        assert store.write_date(filled, copy, day(0), rows).rows == 6


def test_an_engine_used_for_more_is_not_used_again(filled: Scope) -> None:
    with open_session(filled) as opened:
        opened.execute("CREATE TEMP TABLE kept AS SELECT 1 AS a")
        opened.register("given", pa.table({"a": [1, 2]}))
        assert (
            opened.sql("SELECT count(*) AS n FROM kept JOIN given USING (a)")["n"][0].as_py() == 1
        )
    with open_session(filled) as opened, pytest.raises(InvalidInput, match="kept"):
        opened.sql("SELECT * FROM kept")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1; SELECT 2", "2 statements"),
        ("CREATE TABLE x (a INT)", "no query"),
        ("SELECT nope FROM core.loan", 'column "nope" not found'),
        ("SELEC 1", "syntax error"),
        (
            "SELECT string_agg(repeat('x', 1000000), '') FROM range(10000)",
            "more than a session has",
        ),
    ],
)
def test_errors_are_explained(filled: Scope, sql: str, said: str) -> None:
    with open_session(filled) as opened, pytest.raises(TitianError, match=said):
        opened.sql(sql)
    assert count(filled) == 6


@pytest.mark.parametrize(
    "sql",
    [
        "SET enable_external_access = true",
        "SET threads = 64",
        "INSTALL httpfs",
        "ATTACH '/tmp/x.db'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
    ],
)
def test_the_wall_holds_for_jobs_too(filled: Scope, sql: str) -> None:
    with open_session(filled) as opened, pytest.raises((Denied, InvalidInput)):
        opened.execute(sql)


def test_sessions_run_side_by_side_and_are_kept(filled: Scope) -> None:
    with ThreadPoolExecutor(6) as workers:
        assert list(workers.map(lambda _: count(filled), range(30))) == [6] * 30
    assert 1 <= len(session._idle) <= session.MAX_IDLE


def test_closing_twice_is_once(filled: Scope) -> None:
    opened = open_session(filled)
    opened.close()
    opened.close()
    assert len(session._idle) == 1


def test_many_files_make_one_view(qinghe: Scope) -> None:
    small = Table(LOAN.layer, "small", "小", "Small", (Column("a", "integer", "甲", "A"),))
    for number in range(12):
        store.write_date(qinghe, small, day(number), pa.table({"a": [number]}))
        with open_session(qinghe, tables=["core.small"]) as opened:
            assert opened.sql("SELECT sum(a) AS s FROM core.small")["s"][0].as_py() == sum(
                range(number + 1)
            )
