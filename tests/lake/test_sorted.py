from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.lake.conftest import LOAN, day, loans

from titian.kernel.errors import InvalidInput
from titian.kernel.scope import Scope
from titian.lake import files, handles, layout, maintenance, open_session, store
from titian.lake.lookup import Wanted, look_up
from titian.lake.schema import Table

SORTED = replace(LOAN, sorted_by="loan_id")
ROWS = 1_000


@pytest.fixture(autouse=True)
def _small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SORTED_ROW_GROUP_ROWS", 100)


def shuffled(seed: int = 7) -> pa.Table:
    order = list(range(ROWS))
    random.Random(seed).shuffle(order)
    return loans(ROWS).take(pa.array(order))


def groups(scope: Scope) -> list[tuple[str, str]]:
    """Give the smallest and largest id of each row group of the first date."""
    found = []
    for uri in handles.snapshot(scope, LOAN.qualified).uris(frozenset({day(0)})):
        held = pq.read_metadata(uri)
        for number in range(held.num_row_groups):
            known = held.row_group(number).column(0).statistics
            found.append((known.min, known.max))
    return found


def holding(scope: Scope, loan_id: str) -> int:
    return sum(1 for low, high in groups(scope) if low <= loan_id <= high)


def test_it_works(qinghe: Scope) -> None:
    store.write_date(qinghe, SORTED, day(0), shuffled())
    assert len(groups(qinghe)) == 10
    assert holding(qinghe, "L000421") == 1
    assert sorted(store.read(qinghe, LOAN.qualified)["loan_id"].to_pylist()) == sorted(
        loans(ROWS)["loan_id"].to_pylist()
    )


def test_a_table_that_is_not_sorted_stays_as_it_came(qinghe: Scope) -> None:
    rows = shuffled()
    store.write_date(qinghe, LOAN, day(0), rows)
    assert store.read(qinghe, LOAN.qualified)["loan_id"].to_pylist() == rows["loan_id"].to_pylist()


def test_runs_are_sorted_each(qinghe: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ROW_GROUP_ROWS", 250)
    batches = shuffled().to_batches(max_chunksize=50)
    store.write_date(qinghe, SORTED, day(0), pa.Table.from_batches(batches))
    assert holding(qinghe, "L000421") == 4


def test_the_declaration_is_kept_and_may_come_later(qinghe: Scope) -> None:
    store.write_date(qinghe, LOAN, day(0), shuffled())
    assert store.describe(qinghe, LOAN.qualified).sorted_by == ""
    store.write_date(qinghe, SORTED, day(1), shuffled())
    handles.forget(qinghe, LOAN.qualified)
    assert store.describe(qinghe, LOAN.qualified) == SORTED
    assert not handles.snapshot(qinghe, LOAN.qualified).evolved


def test_compaction_keeps_the_order(qinghe: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILE_BYTES", 1)
    monkeypatch.setattr(files, "ROW_GROUP_ROWS", 250)
    batches = shuffled().to_batches(max_chunksize=50)
    store.write_date(qinghe, SORTED, day(0), pa.Table.from_batches(batches))
    monkeypatch.undo()
    monkeypatch.setattr(files, "SORTED_ROW_GROUP_ROWS", 100)
    assert len(handles.snapshot(qinghe, LOAN.qualified).files) > 1
    maintenance.compact(qinghe, LOAN.qualified)
    assert len(list(Path(layout.table_path(qinghe, LOAN.qualified)).rglob("*.parquet"))) > 1
    assert holding(qinghe, "L000421") == 1


def test_lookups_give_the_same(qinghe: Scope) -> None:
    store.write_date(qinghe, SORTED, day(0), shuffled())
    with open_session(qinghe, tables=()) as session:
        snapshot = handles.snapshot(qinghe, LOAN.qualified)
        found = look_up(
            session, snapshot, ("amount_fen",), Wanted({"loan_id": ["L000421"]}), [day(0)]
        )
    assert found.to_pylist() == [{"amount_fen": 42_100}]


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="sorted by nothing"):
        Table(LOAN.layer, "loan", "贷款", "Loans", LOAN.columns, sorted_by="nothing")
