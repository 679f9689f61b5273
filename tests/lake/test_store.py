from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lake.conftest import LOAN, dated, day, loans

from titian.kernel import audit
from titian.kernel.errors import (
    Conflict,
    Corrupt,
    Denied,
    InvalidInput,
    LimitExceeded,
    NotFound,
    Unavailable,
)
from titian.kernel.labels import Label
from titian.kernel.scope import Scope
from titian.lake import commit, files, handles, layout, store
from titian.lake.delta import CHECKPOINT_COMMITS
from titian.lake.maintenance import vacuum
from titian.lake.schema import Column, PiClass, Table


def ids(scope: Scope, **where: object) -> list[str]:
    found = store.read(scope, "core.loan", columns=["loan_id"], **where)  # type: ignore[arg-type]
    return sorted(found["loan_id"].to_pylist())


def test_it_works(qinghe: Scope) -> None:
    done = store.write_date(qinghe, LOAN, day(0), loans(3))
    assert (done.rows, done.version) == (3, 1)
    assert done.bytes > 0
    rows = store.read(qinghe, "core.loan").to_pylist()
    assert rows[0]["loan_id"] == "L000000"
    assert rows[0]["name"] == "张三"
    assert rows[0]["business_date"] == day(0)
    assert store.describe(qinghe, "core.loan") == LOAN
    assert store.exists(qinghe, "core.loan")
    assert not store.exists(qinghe, "core.party")


def test_a_date_is_replaced_whole(filled: Scope) -> None:
    store.write_date(filled, LOAN, day(0), loans(2, start=10))
    assert ids(filled, business_date=day(0)) == ["L000010", "L000011"]
    assert ids(filled, business_date=day(1)) == ["L000000", "L000001", "L000002"]


def test_several_dates_change_in_one_commit(filled: Scope) -> None:
    before = store.info(filled, "core.loan").version
    given_days = [day(1), day(2), day(3)]
    done = store.write_dates(filled, LOAN, dated(loans(1, start=7), day(1), day(2)), given_days)
    assert done.version == before + 1
    assert store.dates(filled, "core.loan") == [day(0), day(1), day(2), day(3)]
    assert ids(filled, business_date=day(1)) == ["L000007"]
    assert ids(filled, business_date=day(3)) == []
    assert ids(filled, dates=[day(0), day(2)]) == ["L000000", "L000001", "L000002", "L000007"]


def test_an_empty_date_is_kept_as_delivered(qinghe: Scope) -> None:
    store.write_date(qinghe, LOAN, day(0), loans(0))
    assert store.dates(qinghe, "core.loan") == [day(0)]
    assert store.read(qinghe, "core.loan").num_rows == 0


def test_a_date_is_removed_and_can_still_be_read_as_it_was(filled: Scope) -> None:
    before = store.info(filled, "core.loan").version
    gone = store.remove_date(filled, "core.loan", day(0))
    assert (gone.rows, gone.version) == (3, before + 1)
    assert store.dates(filled, "core.loan") == [day(1)]
    assert ids(filled, business_date=day(0)) == []
    assert len(ids(filled, business_date=day(0), version=before)) == 3
    newest, *_ = store.history(filled, "core.loan", 1)
    assert (newest.action, newest.dates) == ("remove", (day(0).isoformat(),))
    with pytest.raises(NotFound, match="holds nothing of"):
        store.remove_date(filled, "core.loan", day(0))
    with pytest.raises(NotFound, match="no table"):
        store.remove_date(filled, "core.nothing", day(0))


def test_a_write_leaves_its_claim_for_good(filled: Scope) -> None:
    assert store.newest_claim(filled, "core.loan") is None
    assert store.newest_claim(filled, "core.nothing") is None
    rows = dated(loans(1), day(0))
    store.write_dates(filled, LOAN, rows, [day(0)], claim=7)
    assert store.newest_claim(filled, "core.loan") == 7
    for number in range(2 * CHECKPOINT_COMMITS):
        store.write_date(filled, LOAN, day(1), loans(number))
    vacuum(filled, "core.loan")
    handles.forget(filled, "core.loan")
    assert store.newest_claim(filled, "core.loan") == 7
    store.write_dates(filled, LOAN, rows, [day(0)], claim=9)
    assert store.newest_claim(filled, "core.loan") == 9


def test_banks_and_union_are_apart(qinghe: Scope, baishui: Scope, union: Scope) -> None:
    store.write_date(qinghe, LOAN, day(0), loans(1))
    store.write_date(union, LOAN, day(0), loans(2))
    assert [len(ids(scope)) for scope in (qinghe, union)] == [1, 2]
    with pytest.raises(NotFound, match=r"no table core\.loan"):
        store.read(baishui, "core.loan")
    assert store.tables(baishui) == []
    assert layout.root(qinghe) != layout.root(baishui)


def test_time_travel(filled: Scope) -> None:
    store.write_date(filled, LOAN, day(0), loans(1, start=50))
    assert len(ids(filled, version=1)) == 6
    assert len(ids(filled)) == 4
    newest, *_, oldest = store.history(filled, "core.loan")
    assert (newest.action, newest.dates, newest.user) == ("write", ("2026-01-01",), "system")
    assert oldest.action == "create"
    assert len(ids(filled, as_of=newest.at)) == 4
    with pytest.raises(NotFound, match="did not exist at"):
        ids(filled, as_of=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(NotFound, match="no version 99"):
        ids(filled, version=99)
    with pytest.raises(InvalidInput, match="both named"):
        ids(filled, version=1, as_of=newest.at)
    with pytest.raises(InvalidInput, match="no time zone"):
        ids(filled, as_of=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(LimitExceeded):
        store.history(filled, "core.loan", limit=10**6)


def test_restore_brings_an_earlier_version_back(filled: Scope) -> None:
    store.write_date(filled, LOAN, day(0), loans(1, start=50))
    store.restore(filled, "core.loan", 1)
    assert len(ids(filled)) == 6
    store.write_date(filled, LOAN, day(0), loans(1, start=60))
    assert len(ids(filled)) == 4
    assert "lake.restore" in audit.actions()


def test_drop_forgets_the_table(filled: Scope) -> None:
    store.drop(filled, "core.loan")
    assert not store.exists(filled, "core.loan")
    with pytest.raises(NotFound):
        ids(filled)
    with pytest.raises(NotFound):
        store.drop(filled, "core.loan")
    store.write_date(filled, LOAN, day(5), loans(1))
    assert store.dates(filled, "core.loan") == [day(5)]
    assert list(layout.root(filled).rglob(".dropped*")) == []


def test_another_process_writes_or_replaces_the_table(filled: Scope) -> None:
    place = layout.table_path(filled, "core.loan")
    assert len(ids(filled)) == 6
    DeltaTable(place).delete("business_date = '2026-01-01'")
    assert len(ids(filled)) == 3
    moved = place.with_name("moved")
    place.rename(moved)
    with pytest.raises(NotFound):
        ids(filled)
    moved.rename(place)
    assert len(ids(filled)) == 3


def test_people_see_a_read_masked(filled: Scope, analyst: Scope) -> None:
    row = store.read(analyst, "core.loan", business_date=day(0)).to_pylist()[1]
    assert (row["name"], row["phone"], row["amount_fen"]) == ("欧*", "138****0001", 100)
    assert row["secret_score"] is None


def test_people_do_not_write(analyst: Scope) -> None:
    with pytest.raises(Denied, match="may not run jobs"):
        store.write_date(analyst, LOAN, day(0), loans(1))
    with pytest.raises(Denied):
        store.drop(analyst, "core.loan")
    with pytest.raises(Denied):
        store.remove_date(analyst, "core.loan", day(0))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (loans(1).drop_columns(["name"]), "it lacks name"),
        (loans(1).append_column("age", pa.array([1])), "it has undeclared age"),
        (
            loans(1).set_column(3, "amount_fen", pa.array(["1"])),
            "amount_fen is string, declared integer",
        ),
        (
            loans(1).set_column(3, "amount_fen", pa.array([1.5])),
            "amount_fen is double, declared integer",
        ),
        (
            loans(1).set_column(3, "amount_fen", pa.array([2**63], pa.decimal128(38, 0))),
            "a value of amount_fen .* does not fit integer",
        ),
        (loans(1).set_column(0, "loan_id", pa.nulls(1, pa.string())), "have no loan_id"),
        (dated(loans(1), day(9)), "name business dates 2026-01-10"),
        (
            loans(1).set_column(5, "granted_at", pa.array([0], pa.timestamp("us", "UTC"))),
            r"granted_at is timestamp\[us, tz=UTC\]",
        ),
    ],
)
def test_rows_that_do_not_match_are_refused(qinghe: Scope, rows: pa.Table, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        store.write_date(qinghe, LOAN, day(0), rows)
    assert list(layout.root(qinghe).rglob("*.parquet")) == []


@pytest.mark.parametrize(
    "amounts",
    [
        pa.array([1], pa.int32()),
        pa.array([1], pa.uint64()),
        pa.array([1], pa.decimal128(38, 0)),
        pa.nulls(1),
    ],
)
def test_what_fits_without_loss_is_taken(qinghe: Scope, amounts: pa.Array) -> None:
    rows = loans(1).set_column(3, "amount_fen", amounts)
    rows = rows.set_column(1, "name", rows["name"].cast(pa.dictionary(pa.int32(), pa.string())))
    rows = rows.set_column(5, "granted_at", rows["granted_at"].cast(pa.timestamp("ms")))
    store.write_date(qinghe, LOAN, day(0), rows.select(list(reversed(rows.column_names))))
    assert store.read(qinghe, "core.loan").schema == LOAN.arrow_schema(with_date=True)


def test_rows_of_a_date_not_named_are_refused(filled: Scope) -> None:
    with pytest.raises(InvalidInput, match="are of 2026-01-03, which is not being written"):
        store.write_dates(filled, LOAN, dated(loans(1), day(0), day(2)), [day(0)])
    with pytest.raises(InvalidInput, match="lacks business_date"):
        store.write_dates(filled, LOAN, loans(1), [day(0)])
    with pytest.raises(InvalidInput, match="0 business dates"):
        store.write_dates(filled, LOAN, dated(loans(1), day(0)), [])
    nowhen = loans(1).append_column("business_date", pa.nulls(1, pa.date32()))
    with pytest.raises(InvalidInput, match="is empty in some rows"):
        store.write_dates(filled, LOAN, nowhen, [day(0)])
    assert len(ids(filled)) == 6


def test_a_failing_stream_leaves_nothing(filled: Scope) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from loans(200_000).to_batches(max_chunksize=50_000)
        raise OSError("the delivery broke off")

    reader = pa.RecordBatchReader.from_batches(loans(0).schema, batches())
    with pytest.raises(OSError, match="broke off"):
        store.write_date(filled, LOAN, day(0), reader)
    assert len(ids(filled)) == 6
    known = {f"{layout.table_path(filled, 'core.loan')}/{f.path}" for f in _files(filled)}
    assert {str(path) for path in layout.root(filled).rglob("*.parquet")} == known


def test_a_long_stream_of_mixed_dates_stays_within_bounds(
    qinghe: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BUFFER_BYTES", 200_000)
    monkeypatch.setattr(files, "FILE_BYTES", 100_000)
    days = [day(offset) for offset in range(20)]
    rows = dated(loans(500), *days)
    mixed = rows.take(pa.array([n * 7_919 % len(rows) for n in range(len(rows))]))
    batches = mixed.combine_chunks().to_batches(max_chunksize=1_000)
    reader = pa.RecordBatchReader.from_batches(mixed.schema, batches)
    assert store.write_dates(qinghe, LOAN, reader, days).rows == 10_000
    found = store.info(qinghe, "core.loan")
    assert (found.rows, found.first_date, found.last_date) == (10_000, day(0), day(19))
    assert ids(qinghe, business_date=day(7)) == sorted(loans(500)["loan_id"].to_pylist())


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    writes=st.lists(
        st.dictionaries(st.integers(0, 4), st.integers(0, 5), min_size=1), min_size=1, max_size=4
    )
)
def test_the_last_write_of_each_date_is_what_stands(
    qinghe: Scope, writes: list[dict[int, int]]
) -> None:
    if store.exists(qinghe, "core.loan"):
        store.drop(qinghe, "core.loan")
    expected: dict[int, int] = {}
    for number, write in enumerate(writes):
        days = [day(offset) for offset in write]
        parts = [dated(loans(size, number * 100), day(n)) for n, size in write.items()]
        store.write_dates(qinghe, LOAN, pa.concat_tables(parts), days)
        expected.update(write)
    counts = {offset: len(ids(qinghe, business_date=day(offset))) for offset in expected}
    assert counts == expected
    assert store.dates(qinghe, "core.loan") == sorted(day(offset) for offset in expected)


def test_writers_of_different_dates_both_succeed(qinghe: Scope) -> None:
    store.write_date(qinghe, LOAN, day(0), loans(1))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.write_date(qinghe, LOAN, day(n), loans(n)), range(1, 25)))
    assert [len(ids(qinghe, business_date=day(n))) for n in range(1, 25)] == list(range(1, 25))


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.lake.conftest import LOAN, day, loans
from titian.kernel.scope import Scope
from titian.kernel.settings import configure, load
from titian.lake import store
configure(load(home=Path(sys.argv[2])))
scope, me = Scope.system("qinghe"), int(sys.argv[3])
for round in range(4):
    store.write_date(scope, LOAN, day(me * 10 + round), loans(me + 1))
    store.write_date(scope, LOAN, day(99), loans(me + 1, start=me * 1000))
"""


def test_processes_write_one_table_at_once(qinghe: Scope, home: object) -> None:
    place = layout.root(qinghe).parents[2]
    words = [sys.executable, "-c", WRITER, str(Path(__file__).parents[2]), str(place)]
    running = [subprocess.Popen([*words, str(n)], stderr=subprocess.PIPE) for n in range(2)]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
    assert len(store.dates(qinghe, "core.loan")) == 9
    for me in range(2):
        assert [len(ids(qinghe, business_date=day(me * 10 + n))) for n in range(4)] == [me + 1] * 4
    last = ids(qinghe, business_date=day(99))
    assert last in [[f"L{me * 1000 + n:06}" for n in range(me + 1)] for me in range(2)]


@pytest.mark.parametrize("times", [1, 3, commit.COMMIT_ATTEMPTS])
def test_a_conflict_is_tried_again_and_not_for_ever(
    filled: Scope, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    held = handles.handle(filled, "core.loan")
    take, left = held.snapshot, iter(range(times))
    change = commit.Change(frozenset({day(0)}), [], "write")

    def overtaken() -> handles.Snapshot:
        seen = take()
        if next(left, None) is not None:
            commit.replace(handles.Handle("core.loan", held.directory), change, filled)
        return seen

    monkeypatch.setattr(commit, "BACKOFF_S", 0.0)
    store.read(filled, "core.loan")
    with monkeypatch.context() as patch:
        patch.setattr(held, "snapshot", overtaken)
        patch.setattr(commit, "ensure_table", lambda _scope, _table: held)
        if times == commit.COMMIT_ATTEMPTS:
            with pytest.raises(Unavailable, match="changed by others"):
                store.write_date(filled, LOAN, day(0), loans(1))
        else:
            store.write_date(filled, LOAN, day(0), loans(1))
    expected = 0 if times == commit.COMMIT_ATTEMPTS else 1
    assert len(ids(filled, business_date=day(0))) == expected
    assert len(list(held.directory.rglob("*=2026-01-01/*.parquet"))) == 1 + expected


def test_columns_may_be_added_and_words_change(filled: Scope) -> None:
    purpose = Column("purpose", "string", "用途", "Purpose", PiClass.C1, 2)
    at = Column("settled_at", "timestamp", "结清时间", "Settled at")
    renamed = replace(LOAN.columns[1], zh="客户姓名", level=4)
    newer = replace(
        LOAN,
        columns=(LOAN.columns[0], renamed, *LOAN.columns[2:], purpose, at),
        zh="借据",
        description=Label("更多。", "More."),
    )
    rows = loans(1).append_column("purpose", pa.array(["种植"]))
    rows = rows.append_column("settled_at", pa.nulls(1, pa.timestamp("us")))
    store.write_date(filled, newer, day(5), rows)
    assert store.describe(filled, "core.loan") == newer
    assert store.read(filled, "core.loan", columns=["purpose"])["purpose"].to_pylist() == [
        *[None] * 6,
        "种植",
    ]


def test_a_timestamp_may_come_to_a_table_without(qinghe: Scope) -> None:
    plain = Table(LOAN.layer, "plain", "表", "Plain", (Column("a", "integer", "甲", "A"),))
    store.write_date(qinghe, plain, day(0), pa.table({"a": [1]}))
    newer = replace(plain, columns=(*plain.columns, Column("at", "timestamp", "时", "At")))
    rows = pa.table({"a": [2], "at": pa.array([datetime(2026, 1, 1)], pa.timestamp("us"))})  # noqa: DTZ001
    store.write_date(qinghe, newer, day(1), rows)
    assert store.read(qinghe, "core.plain")["at"].null_count == 1


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (LOAN.columns[:-1], "of core.loan lacks secret_score"),
        (
            (*LOAN.columns[:-1], Column("secret_score", "string", "分", "Score")),
            r"other types: secret_score \(double → string\)",
        ),
    ],
)
def test_a_declaration_that_breaks_the_stored_is_refused(
    filled: Scope, columns: tuple[Column, ...], said: str
) -> None:
    broken = replace(LOAN, columns=columns)
    rows = loans(1).select([column.name for column in columns])
    rows = rows.set_column(len(columns) - 1, columns[-1].name, pa.nulls(1, columns[-1].arrow))
    with pytest.raises(Conflict, match=said):
        store.write_date(filled, broken, day(0), rows)


def test_unknown_columns_and_names_are_explained(filled: Scope) -> None:
    with pytest.raises(NotFound, match=r"no column 'nmae'.*It has: loan_id"):
        store.read(filled, "core.loan", columns=["nmae"])
    with pytest.raises(InvalidInput, match="layers are raw, core and mart"):
        store.read(filled, "loan")
    with pytest.raises(InvalidInput):
        store.read(filled, "core.../../../baishui/core/loan")


def test_delta_features_are_pinned(filled: Scope) -> None:
    place = layout.table_path(filled, "core.loan")
    stored = DeltaTable(place)
    assert set(stored.protocol().reader_features or ()) <= {"timestampNtz"}
    stored.alter.set_table_properties({"delta.enableDeletionVectors": "true"})
    with pytest.raises(Corrupt, match="needs Delta features that are not used here"):
        store.read(filled, "core.loan")


def test_a_foreign_table_is_not_read(qinghe: Scope) -> None:
    place = layout.table_path(qinghe, "core.foreign")
    rows = dated(pa.table({"a": ["x"]}), day(0))
    write_deltalake(place, rows, partition_by=["business_date"])
    with pytest.raises(Corrupt, match="carries no"):
        store.describe(qinghe, "core.foreign")


def _files(scope: Scope) -> tuple[handles.DataFile, ...]:
    return handles.snapshot(scope, "core.loan").files
