from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from deltalake.exceptions import CommitFailedError
from tests.lake.conftest import LOAN, dated, day, loans

from titian.kernel import audit
from titian.kernel.errors import Denied, InvalidInput, NotFound, Unavailable
from titian.kernel.scope import Scope
from titian.lake import commit, files, handles, layout, maintenance, open_session, rows, store


@pytest.fixture
def scattered(qinghe: Scope, monkeypatch: pytest.MonkeyPatch) -> Scope:
    """Give core.loan of two dates in many small files."""
    monkeypatch.setattr(files, "FILE_BYTES", 1)
    monkeypatch.setattr(files, "ROW_GROUP_ROWS", 10)
    whole = dated(loans(100), day(0), day(1)).combine_chunks()
    reader = pa.RecordBatchReader.from_batches(whole.schema, whole.to_batches(max_chunksize=10))
    store.write_dates(qinghe, LOAN, reader, [day(0), day(1)])
    monkeypatch.undo()
    return qinghe


def contents(scope: Scope) -> pa.Table:
    found = store.read(scope, "core.loan")
    return found.sort_by([("business_date", "ascending"), ("loan_id", "ascending")])


def test_compaction_keeps_rows_and_dates(scattered: Scope) -> None:
    before = contents(scattered)
    done = maintenance.compact(scattered, "core.loan")
    assert (done.files_before, done.files_after) == (20, 2)
    assert contents(scattered).equals(before)
    assert store.dates(scattered, "core.loan") == [day(0), day(1)]
    assert store.describe(scattered, "core.loan") == LOAN
    assert store.history(scattered, "core.loan")[0].action == "compact"
    again = maintenance.compact(scattered, "core.loan")
    assert (again.files_after, again.version) == (2, done.version)


def test_a_date_is_replaced_after_compaction(scattered: Scope) -> None:
    maintenance.compact(scattered, "core.loan")
    store.write_date(scattered, LOAN, day(0), loans(5))
    assert store.info(scattered, "core.loan").rows == 105
    with open_session(scattered) as opened:
        assert opened.sql("SELECT count(*) AS n FROM core.loan")["n"].to_pylist() == [105]


def overtaken(scope: Scope) -> handles.Handle:
    """Give a handle that stands on the present version and does not look again."""
    held = handles.Handle("core.loan", layout.table_path(scope, "core.loan"))
    held.snapshot()
    held.refresh = lambda: None  # type: ignore[method-assign]  # it is late
    return held


def test_a_late_writer_does_not_add_to_a_compacted_date(scattered: Scope) -> None:
    late = overtaken(scattered)
    maintenance.compact(scattered, "core.loan")
    with pytest.raises(CommitFailedError):
        commit._replace(late, commit.Change(frozenset({day(0)}), [], "write"), scattered)
    other = commit.Change(frozenset({day(5)}), [], "write")
    commit._replace(late, other, scattered)
    assert store.info(scattered, "core.loan").rows == 200


def test_a_late_compaction_does_not_bring_replaced_rows_back(
    scattered: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, first = rows.dataset, iter([None])

    def late(found: handles.Snapshot, dates: frozenset[date] | None = None) -> ds.Dataset:
        if next(first, 1) is None:
            store.write_date(scattered, LOAN, day(0), loans(7))
        return real(found, dates)

    monkeypatch.setattr(rows, "dataset", late)
    maintenance.compact(scattered, "core.loan")
    assert store.info(scattered, "core.loan").rows == 107
    assert store.read(scattered, "core.loan", business_date=day(0)).num_rows == 7


def test_a_compaction_that_is_always_late_gives_up(
    scattered: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rows.dataset

    def late(found: handles.Snapshot, dates: frozenset[date] | None = None) -> ds.Dataset:
        store.write_date(scattered, LOAN, day(0), loans(7))
        return real(found, dates)

    monkeypatch.setattr(rows, "dataset", late)
    with pytest.raises(Unavailable, match="was written 5 times meanwhile"):
        maintenance.compact(scattered, "core.loan")
    assert store.info(scattered, "core.loan").rows == 107


def test_a_late_writer_does_not_add_to_a_restored_date(scattered: Scope) -> None:
    store.write_date(scattered, LOAN, day(0), loans(7))
    late = overtaken(scattered)
    store.restore(scattered, "core.loan", 1)
    with pytest.raises(CommitFailedError):
        commit._replace(late, commit.Change(frozenset({day(0)}), [], "write"), scattered)
    assert store.info(scattered, "core.loan").rows == 200


def age(place: Path, hours: int) -> None:
    then = time.time() - hours * 3_600
    for file in place.rglob("*.parquet"):
        os.utime(file, (then, then))


def test_vacuum_removes_what_no_version_needs(
    scattered: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = layout.table_path(scattered, "core.loan")
    maintenance.compact(scattered, "core.loan")
    orphan = place / "business_date=2026-01-01" / "never-committed.parquet"
    orphan.write_bytes(b"left by a crash")
    assert maintenance.vacuum(scattered, "core.loan").files == 0
    age(place, 24 * 30)
    monkeypatch.setattr(maintenance, "MIN_KEEP_HOURS", 0)
    would = maintenance.vacuum(scattered, "core.loan", keep_hours=0, dry_run=True)
    assert (would.files, would.dry_run) == (21, True)
    assert orphan.exists()
    assert maintenance.vacuum(scattered, "core.loan", keep_hours=0).files == 21
    assert not orphan.exists()
    assert len(list(place.rglob("part-*.parquet"))) == 2
    assert contents(scattered).num_rows == 200
    assert "lake.vacuum" in audit.actions()
    store.write_date(scattered, LOAN, day(2), loans(1))
    assert contents(scattered).num_rows == 201


def test_vacuum_spares_what_a_writer_may_hold(scattered: Scope) -> None:
    with pytest.raises(InvalidInput, match="Keep 24 to"):
        maintenance.vacuum(scattered, "core.loan", keep_hours=1)


def test_upkeep_of_a_whole_place(scattered: Scope) -> None:
    ((compacted, vacuumed),) = maintenance.maintain(scattered)
    assert compacted.files_after == 2
    assert vacuumed.files == 0


def test_upkeep_needs_the_right_and_a_table(scattered: Scope, analyst: Scope) -> None:
    with pytest.raises(Denied):
        maintenance.compact(analyst, "core.loan")
    with pytest.raises(Denied):
        maintenance.vacuum(analyst, "core.loan")
    with pytest.raises(NotFound):
        maintenance.compact(scattered, "core.nothing")
    with pytest.raises(NotFound):
        maintenance.vacuum(scattered, "core.nothing")
