from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from datetime import time as clock_time
from decimal import Decimal

import pyarrow as pa
import pytest
from tests.lake.conftest import LOAN, dated, day, loans

from titian.kernel import audit
from titian.kernel.errors import (
    Denied,
    InvalidInput,
    LimitExceeded,
    NotFound,
    TimedOut,
    Unavailable,
)
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings, configure
from titian.lake import cancel, pool, queries, query, spill, store
from titian.lake.gate import Parameters
from titian.lake.queries import json_value, type_name

ENDLESS = "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range < 0"


@pytest.fixture
def quick(home: Settings) -> Iterator[Settings]:
    """Give settings that end a query after one second."""
    yield configure(home.model_copy(update={"query_timeout_s": 1.0}))
    configure(home)


def rows(scope: Scope, sql: str, params: Parameters = None) -> list[list[queries.Json]]:
    return list(query(scope, sql, params).rows())


def test_it_works(filled: Scope, analyst: Scope) -> None:
    found = query(
        analyst, "SELECT name, sum(amount_fen) AS total FROM core.loan GROUP BY 1 ORDER BY 2"
    )
    assert list(found.rows()) == [["张*", 0], ["欧*", 200], ["李*", 400]]
    assert [(c.name, c.type, c.masked) for c in found.columns] == [
        ("name", "string", True),
        ("total", "integer", False),
    ]
    assert found.tables == ("core.loan",)
    assert not found.truncated
    assert found.seconds > 0


def test_what_a_person_sees_depends_on_them(
    filled: Scope, analyst: Scope, risk_officer: Scope
) -> None:
    sql = "SELECT name, phone, amount_fen, secret_score FROM core.loan LIMIT 1"
    assert rows(analyst, sql) == [["张*", "138****0000", 0, None]]
    assert rows(replace(analyst, clearance=2), sql) == [["***", "***", None, None]]
    assert rows(replace(analyst, clearance=5), sql) == [["张*", "138****0000", 0, 0.0]]
    assert rows(risk_officer, sql) == [["张*", "138****0000", 0, None]]
    opened = risk_officer.unmasked("a complaint of the customer")
    assert rows(opened, sql) == [["张三", "13800000000", 0, None]]
    assert rows(analyst, sql) == [["张*", "138****0000", 0, None]]
    assert rows(filled, sql) == [["张*", "138****0000", 0, 0.0]]


def test_the_business_date_is_a_column(filled: Scope, analyst: Scope) -> None:
    sql = "SELECT business_date, count(*) FROM core.loan WHERE business_date = $d GROUP BY 1"
    assert rows(analyst, sql, {"d": day(1)}) == [["2026-01-02", 3]]


def test_a_new_version_is_seen_at_once(filled: Scope, analyst: Scope) -> None:
    assert rows(analyst, "SELECT count(*) FROM core.loan") == [[6]]
    store.write_date(filled, LOAN, day(2), loans(4))
    assert rows(analyst, "SELECT count(*) FROM core.loan") == [[10]]
    store.drop(filled, "core.loan")
    store.write_date(filled, LOAN, day(2), loans(0))
    assert rows(analyst, "SELECT count(*) FROM core.loan") == [[0]]


def test_the_union_sees_its_own_tables(filled: Scope, union: Scope) -> None:
    admin = replace(union, user=UserId("uma"), roles=frozenset({Role.UNION_ADMIN}), clearance=3)
    store.write_date(union, replace(LOAN, name="summary"), day(0), loans(2))
    assert rows(admin, "SELECT count(*) FROM core.summary") == [[2]]
    with pytest.raises(NotFound, match=r"no table 'core\.loan'"):
        query(admin, "SELECT * FROM core.loan")


def test_a_query_needs_the_right(filled: Scope, analyst: Scope) -> None:
    with pytest.raises(Denied, match="may not query"):
        query(replace(analyst, roles=frozenset({Role.CLERK})), "SELECT 1")


def test_rows_are_limited_and_said_to_be(filled: Scope, analyst: Scope) -> None:
    found = query(analyst, "SELECT * FROM range(100) AS t(i) ORDER BY i DESC", limit=3)
    assert list(found.rows()) == [[99], [98], [97]]
    assert found.truncated
    assert not query(analyst, "SELECT * FROM range(3)", limit=3).truncated
    assert query(analyst, "SELECT * FROM range(1000000)").arrow.num_rows == 10_000
    for wrong in (0, 10_001):
        with pytest.raises(LimitExceeded, match="rows were asked for"):
            query(analyst, "SELECT 1", limit=wrong)


def test_a_result_is_limited_in_bytes(filled: Scope, analyst: Scope) -> None:
    with pytest.raises(LimitExceeded, match=r"64 MB|for want of memory"):
        query(analyst, "SELECT repeat('x', 100000) FROM range(10000)")


def test_time_is_limited_and_the_next_query_runs(
    filled: Scope, analyst: Scope, quick: Settings
) -> None:
    with pytest.raises(TimedOut, match="longer than it may"):
        query(analyst, ENDLESS)
    assert rows(analyst, "SELECT 1") == [[1]]


def test_a_query_can_be_cancelled(filled: Scope, analyst: Scope) -> None:
    said: list[Exception] = []

    def ask() -> None:
        try:
            query(analyst, ENDLESS, query_id="query_1")
        except LimitExceeded as error:
            said.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    deadline = time.monotonic() + 20
    while not cancel(analyst, "query_1"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    asking.join(20)
    assert "cancelled" in str(said[0])
    assert not cancel(analyst, "query_1")
    assert rows(analyst, "SELECT 1") == [[1]]


def test_a_worker_that_dies_is_replaced(filled: Scope, analyst: Scope) -> None:
    query(analyst, "SELECT 1")
    for running in pool.shared().workers():
        running.process.kill()
        running.process.wait()
    assert rows(analyst, "SELECT 1") == [[1]]


def test_a_worker_is_kept_for_its_bank_only(filled: Scope, analyst: Scope, baishui: Scope) -> None:
    query(analyst, "SELECT 1")
    (first,) = pool.shared().workers()
    query(analyst, "SELECT 2")
    assert pool.shared().workers() == [first]
    query(baishui, "SELECT 1")
    (second,) = pool.shared().workers()
    assert second.place != first.place
    assert first.process.poll() is not None


def test_more_people_than_workers_wait_their_turn(
    filled: Scope, analyst: Scope, baishui: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "WAIT_S", 0.2)

    def ask() -> None:
        with pytest.raises(LimitExceeded):
            query(analyst, ENDLESS, query_id="query_2")

    asking = threading.Thread(target=ask)
    asking.start()
    deadline = time.monotonic() + 20
    while "query_2" not in pool.shared()._busy:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(Unavailable, match="query workers are busy"):
        query(analyst, "SELECT 1")
    assert not cancel(baishui, "query_2")
    assert cancel(analyst, "query_2")
    asking.join(20)


def test_every_query_is_audited_without_values(
    filled: Scope, analyst: Scope, risk_officer: Scope
) -> None:
    query(analyst, "SELECT * FROM core.loan WHERE name = '欧阳锋' AND phone = '13800000001'")
    query(risk_officer.unmasked("complaint 7"), "SELECT name FROM core.loan")
    for bad in (
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT nope FROM core.loan",
        "SELECT FROM",
    ):
        with pytest.raises((Denied, InvalidInput)):
            query(analyst, bad)
    entries = audit.entries(filled, action="query")
    details = [entry.detail for entry in reversed(entries)]
    assert [detail["outcome"] for detail in details] == [
        *("done", "done", "denied", "invalid_input", "invalid_input"),
    ]
    assert details[0]["sql"] == "SELECT * FROM core.loan WHERE name = ? AND phone = ?"
    assert details[0]["rows"] == 0
    assert details[1]["rows"] == 6
    assert details[1]["unmask_reason"] == "complaint 7"
    written = json.dumps(details, ensure_ascii=False)
    assert not any(value in written for value in ("欧阳锋", "13800000001", "passwd"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (2**53, str(2**53)),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (Decimal(12), 12),
        (Decimal("1.50"), "1.50"),
        (Decimal(10**30), str(10**30)),
        (date(2026, 3, 31), "2026-03-31"),
        (datetime(2026, 3, 31, 8, tzinfo=UTC), "2026-03-31T08:00:00+00:00"),
        (clock_time(8, 30), "08:30:00"),
        (b"\x00\xff", "AP8="),
        ([1, None], [1, None]),
        ({"a": Decimal("0.1")}, {"a": "0.1"}),
    ],
)
def test_values_become_json(value: object, shown: object) -> None:
    assert json_value(value) == shown
    json.dumps(shown)


@pytest.mark.parametrize(
    ("sql", "kind", "value"),
    [
        ("1::HUGEINT", "integer", 1),
        ("170141183460469231731687303715884105727::HUGEINT", "integer", str(2**127 - 1)),
        ("1.5::DECIMAL(9, 2)", "decimal(9,2)", "1.50"),
        ("DATE '2026-01-01'", "date", "2026-01-01"),
        ("TIMESTAMP '2026-01-01 08:00:00'", "timestamp", "2026-01-01T08:00:00"),
        ("TIME '08:00:00'", "time", "08:00:00"),
        ("'x'::BLOB", "binary", "eA=="),
        ("[1, 2]", "list", [1, 2]),
        ("{'a': 1}", "struct", {"a": 1}),
        ("MAP {'a': 1}", "map", [["a", 1]]),
        ("NULL", "null", None),
        ("'😀'", "string", "😀"),
        ("uuid()::VARCHAR IS NOT NULL", "boolean", True),
        ("0.1::DOUBLE", "double", 0.1),
    ],
)
def test_results_are_typed(
    filled: Scope, analyst: Scope, sql: str, kind: str, value: queries.Json
) -> None:
    found = query(analyst, f"SELECT {sql} AS a")
    assert [column.type for column in found.columns] == [kind]
    assert list(found.rows()) == [[value]]


def test_the_names_of_rare_types() -> None:
    assert type_name(pa.null()) == "null"
    assert type_name(pa.large_string()) == "string"
    assert type_name(pa.duration("s")) == "duration[s]"


def test_two_dates_of_many_files(qinghe: Scope, analyst: Scope) -> None:
    days = [day(number) for number in range(40)]
    store.write_dates(qinghe, LOAN, dated(loans(2), *days), days)
    sql = "SELECT count(*), count(DISTINCT business_date) FROM core.loan"
    assert rows(analyst, sql) == [[80, 40]]


def test_time_is_the_banks(filled: Scope, analyst: Scope) -> None:
    sql = "SELECT CAST(make_timestamptz(0) AS TIMESTAMP) AS a, timezone_hour(now()) AS h"
    assert rows(analyst, sql) == [["1970-01-01T08:00:00", 8]]


def test_what_a_dead_process_spilled_goes(home: Settings) -> None:
    place = home.home / "spill"
    mine = spill.folder()
    dead = place / f"{spill._host()}-999999999-feed"
    elsewhere = place / "otherhost-999999999-feed"
    for folder in (dead, elsewhere):
        folder.mkdir()
    spill.folder()
    assert mine.is_dir()
    assert elsewhere.is_dir()
    assert not dead.exists()
