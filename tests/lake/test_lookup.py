from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from tests.lake.conftest import LOAN, day, loans

from titian.kernel.errors import LimitExceeded
from titian.kernel.scope import Scope
from titian.lake import handles, open_session, store
from titian.lake.lookup import MAX_ROWS, MAX_VALUES, Wanted, look_up
from titian.lake.schema import Column


def found(
    scope: Scope,
    wanted: Wanted,
    dates: Collection[date],
    columns: Sequence[str] = ("loan_id", "business_date"),
    **more: Any,
) -> list[dict[str, object]]:
    with open_session(scope, tables=()) as session:
        snapshot = handles.snapshot(scope, LOAN.qualified)
        rows: list[dict[str, object]] = look_up(
            session, snapshot, columns, wanted, dates, **more
        ).to_pylist()
        return rows


@pytest.fixture(params=["plain", "evolved"])
def bank(request: pytest.FixtureRequest, qinghe: Scope) -> Scope:
    """Give a bank with three dates of loans; evolved: a column came with a later date."""
    for offset in range(3):
        store.write_date(qinghe, LOAN, day(offset), loans(100))
    if request.param == "evolved":
        added = replace(LOAN, columns=(*LOAN.columns, Column("note", "string", "备注", "Note")))
        rows = loans(100).append_column("note", pa.array(["new"] * 100))
        store.write_date(qinghe, added, day(3), rows)
    return qinghe


def test_it_works(bank: Scope) -> None:
    assert found(bank, Wanted({"loan_id": ["L000042"]}), [day(1)]) == [
        {"loan_id": "L000042", "business_date": day(1)}
    ]


def test_dates_are_those_named_and_held(bank: Scope) -> None:
    rows = found(bank, Wanted({"loan_id": ["L000042"]}), [day(0), day(2), day(400)])
    assert sorted(row["business_date"] for row in rows) == [day(0), day(2)]  # type: ignore[type-var]  # dates
    assert found(bank, Wanted({"loan_id": ["L000042"]}), []) == []


def test_any_of_columns_values_and_parts(bank: Scope) -> None:
    wanted = Wanted({"loan_id": ["L000001", "L000002"], "amount_fen": [700]}, {"name": "阳"})
    rows = found(bank, wanted, [day(0)], ("loan_id",))
    expected = {"L000002", "L000007"} | {f"L{number:06}" for number in range(1, 100, 3)}
    assert {row["loan_id"] for row in rows} == expected


def test_order_and_limit(bank: Scope) -> None:
    wanted = Wanted({}, {"loan_id": "L0000"})
    rows = found(
        bank, wanted, [day(0), day(1)], newest_by=("business_date", "amount_fen"), most=101
    )
    assert [(row["business_date"], row["loan_id"]) for row in rows] == [
        *((day(1), f"L{number:06}") for number in range(99, -1, -1)),
        (day(0), "L000099"),
    ]


def test_words_are_no_patterns_and_no_sql(bank: Scope) -> None:
    for odd in ("%", "_", "L00004_", "' OR 1=1 --", "$files", "*", "L0000.*"):
        assert found(bank, Wanted({"loan_id": [odd]}), [day(0)]) == []
        assert found(bank, Wanted({}, {"loan_id": odd}), [day(0)]) == []
    assert found(bank, Wanted(), [day(0)]) == []


def test_a_column_that_came_later_is_empty_before(qinghe: Scope) -> None:
    store.write_date(qinghe, LOAN, day(0), loans(3))
    added = replace(LOAN, columns=(*LOAN.columns, Column("note", "string", "备注", "Note")))
    rows = loans(3).append_column("note", pa.array(["new"] * 3))
    store.write_date(qinghe, added, day(1), rows)
    columns = ("loan_id", "note", "business_date")
    (before,) = found(qinghe, Wanted({"loan_id": ["L000001"]}), [day(0)], columns)
    (after,) = found(qinghe, Wanted({"loan_id": ["L000001"]}), [day(1)], columns)
    assert (before["note"], after["note"]) == (None, "new")


def test_limits(bank: Scope) -> None:
    with pytest.raises(LimitExceeded, match="were asked for"):
        found(bank, Wanted({"loan_id": ["x"] * (MAX_VALUES + 1)}), [day(0)])
    for most in (0, MAX_ROWS + 1):
        with pytest.raises(LimitExceeded, match="were asked for"):
            found(bank, Wanted({"loan_id": ["x"]}), [day(0)], most=most)


def test_only_the_files_of_the_dates_are_opened(bank: Scope) -> None:
    snapshot = handles.snapshot(bank, LOAN.qualified)
    for uri in snapshot.uris(frozenset({day(0)})):
        with open(uri, "wb") as file:  # noqa: PTH123 - a torn file of another date
            file.write(b"torn")
    assert len(found(bank, Wanted({"loan_id": ["L000042"]}), [day(1)])) == 1
