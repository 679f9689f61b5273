from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from titian.data.feeds import replay as replay_module
from titian.data.feeds.arrivals import State, arrivals, newest_date
from titian.data.feeds.drift import drift
from titian.data.feeds.load import Fate, Order
from titian.data.feeds.quarantine import (
    Act,
    Filter,
    HistoryFilter,
    Waiting,
    arrivals_waiting,
    history,
    quarantine,
    summary,
    waiting_row,
)
from titian.data.feeds.reasons import Code
from titian.data.feeds.record import RowStatus
from titian.data.feeds.repair import dismiss, fix
from titian.data.feeds.replay import replay
from titian.data.feeds.sources.batch import DriftKind
from titian.data.feeds.tables import feed_quarantine
from titian.kernel import audit, clock, db
from titian.kernel.errors import Conflict, Denied, InvalidInput, LimitExceeded, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.lake import store

from .conftest import COLUMNS, CORE, Deliver, Install, Written, core_contract, unload

DAY = date(2026, 3, 31)
NAME = "LOAN_20260331.dat"
GOOD = [[f"L{n}", f"{n}.50", "1", "张三"] for n in range(100)]


@pytest.fixture
def operator(qinghe: Scope) -> Scope:
    return Scope(UserId("wang"), qinghe.bank, frozenset({Role.OPERATOR}), clearance=3)


def spoil(install: Install, deliver: Deliver, *rows: list[str], **changes: object) -> str:
    """Load a hundred good rows and some bad ones; give the arrival."""
    contract = install(core_contract(custom={"max_bad_share": 0.5}, **changes))
    (outcome,) = deliver(contract, {NAME: unload([*GOOD, *rows])})
    assert outcome.fate is Fate.LOADED
    return outcome.arrival_id


def only(scope: Scope) -> Waiting:
    (row,) = quarantine(scope, Filter(status=None)).rows
    return row


def acts(scope: Scope, row_id: str) -> list[Act]:
    return list(history(scope, HistoryFilter(row_id=row_id), newest_first=False).acts)


def amounts(scope: Scope) -> dict[str, int]:
    rows = store.read(scope, "raw.loan", business_date=DAY).to_pylist()
    return {row["id"]: row["amount_fen"] for row in rows}


def test_a_row_is_mended_by_column_and_replayed(
    qinghe: Scope, operator: Scope, install: Install, deliver: Deliver
) -> None:
    arrival = spoil(install, deliver, ["B1", "12x", "1", "李四"])
    row = only(operator)
    still = fix(operator, row.row_id, values={"amount_fen": "-1.00"})
    assert (still.status, still.code) == (RowStatus.OPEN, Code.MINIMUM)
    fixed = fix(operator, row.row_id, values={"amount_fen": "12.00"}, note="票据核对")
    assert fixed.status is RowStatus.FIXED

    done = replay(operator, arrival)
    assert (done.good, done.left) == (1, 0)
    assert amounts(qinghe)["B1"] == 1200
    assert len(amounts(qinghe)) == 101

    settled = only(operator)
    assert (settled.status, settled.raw, settled.fields) == (RowStatus.REPLAYED, None, None)
    assert [(one.user, one.action, one.columns) for one in acts(operator, row.row_id)] == [
        ("wang", "fix", ["amount_fen"]),
        ("wang", "fix", ["amount_fen"]),
        ("wang", "replay", []),
    ]
    audited = [entry.action for entry in audit.entries(qinghe)]
    assert audited.count("feeds.fix") == 2
    assert "feeds.replay" in audited


def test_a_row_is_mended_by_its_whole_text(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    arrival = spoil(install, deliver, ["B1", "1.00", "1", "李四", "more"])
    row = only(qinghe)
    assert row.code is Code.FIELD_COUNT
    assert row.fields is None
    wrong = fix(qinghe, row.row_id, raw="B1|@|1.00")
    assert (wrong.status, wrong.code) == (RowStatus.OPEN, Code.FIELD_COUNT)
    assert fix(qinghe, row.row_id, raw="B1|@|1.00|@|2|@|李四").status is RowStatus.FIXED
    assert replay(qinghe, arrival).good == 1
    assert amounts(qinghe)["B1"] == 100


def test_a_row_that_cannot_be_split_needs_all_its_columns(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    spoil(install, deliver, ["B1", "1.00"])
    row = only(qinghe)
    with pytest.raises(InvalidInput, match="cannot be split"):
        fix(qinghe, row.row_id, values={"kind": "1"})
    whole = {"id": "B1", "amount_fen": "1.00", "kind": "1", "name": None}
    assert fix(qinghe, row.row_id, values=whole).status is RowStatus.FIXED


def test_broken_bytes_are_kept_shown_and_never_replayed_unmended(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract(custom={"max_bad_share": 0.5}))
    data = unload(GOOD).encode("gb18030") + b"B1|@|1.00|@|1|@|\xd5\xc5\xff\n"
    (outcome,) = deliver(contract, {NAME: data})
    row = only(qinghe)
    assert (row.column, row.code) == ("name", Code.ENCODING)
    with db.read() as connection:
        stored = connection.scalar(sa.select(feed_quarantine.c.raw))
    assert stored == b"B1|@|1.00|@|1|@|\xd5\xc5\xff"
    clear = waiting_row(qinghe.unmasked("check the name"), row.row_id)
    assert clear.raw == "B1|@|1.00|@|1|@|张\\xff"
    assert clear.fields is not None
    assert clear.fields["name"] == "张\\xff"

    assert replay(qinghe, outcome.arrival_id).left == 1
    other = fix(qinghe, row.row_id, values={"amount_fen": "2.00"})
    assert (other.status, other.code, other.column) == (RowStatus.OPEN, Code.ENCODING, "name")
    assert fix(qinghe, row.row_id, values={"name": "张三"}).status is RowStatus.FIXED
    assert replay(qinghe, outcome.arrival_id).good == 1
    assert amounts(qinghe)["B1"] == 200


def test_a_code_added_to_the_contract_frees_rows_nobody_touched(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    arrival = spoil(install, deliver, ["B1", "1.00", "7", ""], ["B2", "1.00", "8", ""])
    assert replay(qinghe, arrival).good == 0
    more = COLUMNS.replace('"2": pledge', '"2": pledge, "7": mortgage')
    install(core_contract(columns=more, custom={"max_bad_share": 0.5}))
    done = replay(qinghe, arrival)
    assert (done.good, done.left) == (1, 1)
    rows = store.read(qinghe, "raw.loan", business_date=DAY).to_pylist()
    assert [row["kind"] for row in rows if row["id"] == "B1"] == ["mortgage"]


def test_a_replay_never_doubles_a_key(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    arrival = spoil(
        install, deliver, ["L5", "9.00", "1", ""], ["B1", "x", "1", ""], ["B2", "x", "1", ""]
    )
    for row in quarantine(qinghe, Filter()).rows:
        if row.code is Code.TYPE:
            fix(qinghe, row.row_id, values={"amount_fen": "1.00", "id": "B1"})
    done = replay(qinghe, arrival)
    assert (done.good, done.left) == (1, 2)
    left = quarantine(qinghe, Filter()).rows
    assert [(row.code, row.column) for row in left] == [(Code.DUPLICATE_KEY, "id")] * 2
    assert amounts(qinghe)["L5"] == 550
    twin = next(row for row in left if row.line == 101)
    assert fix(qinghe, twin.row_id, values={"id": "L500"}).status is RowStatus.FIXED
    assert replay(qinghe, arrival).good == 1


def test_a_replay_counts_on_the_arrival(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    arrival = spoil(install, deliver, ["B1", "x", "1", ""])
    fix(qinghe, only(qinghe).row_id, values={"amount_fen": "1.00"})
    replay(qinghe, arrival)
    (standing,) = arrivals(qinghe, DAY, DAY)
    assert standing.arrival is not None
    assert (standing.arrival.good, standing.arrival.bad, standing.arrival.waiting) == (101, 0, 0)


def test_an_unchanged_file_keeps_what_was_mended(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    arrival = spoil(install, deliver, ["B1", "x", "1", ""])
    fix(qinghe, only(qinghe).row_id, values={"amount_fen": "1.00"})
    replay(qinghe, arrival)
    contract = install(core_contract(custom={"max_bad_share": 0.5}))
    assert deliver(contract)[0].fate is Fate.UNCHANGED
    assert "B1" in amounts(qinghe)


def test_a_crash_in_a_replay_changes_nothing(
    qinghe: Scope, install: Install, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrival = spoil(install, deliver, ["B1", "x", "1", ""])
    fix(qinghe, only(qinghe).row_id, values={"amount_fen": "1.00"})

    def killed(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(replay_module, "_settle", killed)
        with pytest.raises(RuntimeError, match="killed"):
            replay(qinghe, arrival)
    done = replay(qinghe, arrival)
    assert (done.good, done.left) == (1, 0), "the row is in the table, and only needs settling"
    assert len(amounts(qinghe)) == 101


def test_mended_rows_go_to_the_date_they_name(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    columns = COLUMNS + (
        "- name: day\n  logicalType: date\n  required: true\n  classification: C1\n"
        "  customProperties: [{property: decode, value: yyyymmdd}]\n"
    )
    contract = install(
        core_contract(
            columns=columns,
            pattern="LOAN_*.dat",
            custom={"business_date_from": "day", "max_bad_share": 0.9},
        )
    )
    rows = [["A", "1.00", "1", "", "20260330"], ["B", "1.00", "1", "", "20260331"]]
    rows.append(["C", "1.00", "1", "", "20269931"])
    outcomes = deliver(contract, {"LOAN_x.dat": unload(rows)})
    fix(qinghe, only(qinghe).row_id, values={"day": "20260330"})
    replay(qinghe, outcomes[-1].arrival_id)
    before = store.read(qinghe, "raw.loan", business_date=date(2026, 3, 30))
    assert sorted(before.column("id").to_pylist()) == ["A", "C"]
    assert list(amounts(qinghe)) == ["B"]


@pytest.mark.parametrize("form", ["fixed", "parquet"])
def test_rows_of_other_formats_are_mended_too(
    qinghe: Scope, install: Install, deliver: Deliver, form: str
) -> None:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    fixed = (
        "- {name: id, logicalType: string, primaryKey: true, classification: C1, "
        "customProperties: [{property: width, value: 4}]}\n"
        "- {name: amount_fen, logicalType: integer, required: true, classification: C1, "
        "customProperties: [{property: width, value: 6}, {property: decode, value: yuan_to_fen}]}\n"
    )
    written = Written(columns=fixed, form=form, custom={"max_bad_share": 0.9})
    data = b"A     1.00\nB      x.y\n"
    if form == "parquet":
        written.columns = fixed.replace(
            "customProperties: [{property: width, value: 4}]", "tags: []"
        )
        written.columns = written.columns.replace("{property: width, value: 6}, ", "")
        out = io.BytesIO()
        pq.write_table(pa.table({"id": ["A", "B"], "amount_fen": ["1.00", "x.y"]}), out)
        data = out.getvalue()
    (outcome,) = deliver(install(written), {NAME: data})
    assert (outcome.good, outcome.bad) == (1, 1)
    fix(qinghe, only(qinghe).row_id, values={"amount_fen": "2.50"})
    assert replay(qinghe, outcome.arrival_id).good == 1
    assert amounts(qinghe) == {"A": 100, "B": 250}


def test_a_row_is_dismissed_with_a_reason(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    arrival = spoil(install, deliver, ["B1", "x", "1", ""])
    row = only(qinghe)
    with pytest.raises(InvalidInput, match="without a reason"):
        dismiss(qinghe, row.row_id, " ")
    dismiss(qinghe, row.row_id, "重复送数")
    gone = only(qinghe)
    assert (gone.status, gone.raw) == (RowStatus.DISMISSED, None)
    with pytest.raises(Conflict, match="dismissed already"):
        fix(qinghe, row.row_id, values={"amount_fen": "1.00"})
    assert replay(qinghe, arrival).good == 0


def test_only_the_delivery_in_force_is_replayed(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    arrival = spoil(install, deliver, ["B1", "x", "1", ""])
    contract = install(core_contract(custom={"max_bad_share": 0.5}))
    deliver(contract, {NAME: unload(GOOD[:1])})
    with pytest.raises(Conflict, match="is replaced"):
        replay(qinghe, arrival)


def test_personal_data_is_masked_until_unmasked_with_a_reason(
    qinghe: Scope, operator: Scope, install: Install, deliver: Deliver
) -> None:
    spoil(install, deliver, ["B1", "12x", "1", "欧阳修"])
    row = waiting_row(operator, only(operator).row_id)
    assert row.masked
    assert row.fields == {"id": "B1", "amount": "12x", "kind": "1", "name": "欧*"}
    assert row.raw == "x9|@|99x|@|9|@|xxx"
    low = Scope(UserId("li"), qinghe.bank, frozenset({Role.OPERATOR}), clearance=2)
    shown = waiting_row(low, row.row_id).fields
    assert shown is not None
    assert shown["amount"] == "99x"

    clear = waiting_row(qinghe.unmasked("customer asks"), row.row_id)
    assert (clear.masked, clear.raw) == (False, "B1|@|12x|@|1|@|欧阳修")
    assert any(entry.action == "feeds.unmask" for entry in audit.entries(qinghe))
    assert "欧阳修" not in str(audit.entries(qinghe))


def test_a_data_steward_sees_and_mends_a_masked_value(
    qinghe: Scope, operator: Scope, install: Install, deliver: Deliver
) -> None:
    arrival = spoil(install, deliver, ["B1", "12x", "1", "欧阳修"])
    row = only(operator).row_id
    with pytest.raises(Denied, match="may not unmask"):
        operator.unmasked("check the slip")
    steward = Scope(UserId("guan"), qinghe.bank, frozenset({Role.DATA_STEWARD}), clearance=3)
    shown = waiting_row(steward, row).fields
    assert shown is not None
    assert shown["name"] == "欧*"
    clear = waiting_row(steward.unmasked("check the slip"), row).fields
    assert clear is not None
    assert clear["name"] == "欧阳修"
    fix(steward, row, values={"amount_fen": "12.00", "name": "欧阳询"})
    assert replay(steward, arrival).good == 1
    names = store.read(qinghe, "raw.loan", business_date=DAY).column("name").to_pylist()
    assert "欧阳询" in names


def test_words_that_are_kept_tell_nobody(
    qinghe: Scope, operator: Scope, install: Install, deliver: Deliver
) -> None:
    spoil(install, deliver, ["B1", "12x", "1", "欧阳修"])
    row = only(operator).row_id
    values = {"amount_fen": "1.00"}
    for words in ("phone 13800138000", "问过 6101 0219 9001 0112", "账号123456"):
        with pytest.raises(InvalidInput, match="holds a number that may be"):
            fix(operator, row, values=values, note=words)
        with pytest.raises(InvalidInput, match="holds a number that may be"):
            dismiss(operator, row, words)
        with pytest.raises(Denied, match="holds a number that may be"):
            waiting_row(qinghe.unmasked(words), row)
    for act in (
        lambda: fix(operator, row, values=values, note="欧阳修 called"),
        lambda: dismiss(operator, row, "欧 阳 修 has moved"),
        lambda: waiting_row(qinghe.unmasked("look at 欧阳修"), row),
    ):
        with pytest.raises(InvalidInput, match="repeats what the row holds"):
            act()
    assert only(operator).status is RowStatus.OPEN
    assert len(audit.entries(qinghe, action="feeds.note_refused")) == 3
    assert not audit.entries(qinghe, action="feeds.unmask")
    assert "欧阳修" not in str(audit.entries(qinghe))
    assert fix(operator, row, values=values, note="票据 2026-03-31").status is RowStatus.FIXED


def test_only_what_really_changed_is_kept_as_changed(
    operator: Scope, install: Install, deliver: Deliver
) -> None:
    spoil(install, deliver, ["B1", "12x", "1", "欧阳修"])
    row = only(operator).row_id
    fix(operator, row, values={"amount_fen": "1.00", "name": "欧阳修", "kind": "1"})
    assert acts(operator, row)[0].columns == ["amount_fen"]


def test_repair_needs_the_permission(
    qinghe: Scope, baishui: Scope, install: Install, deliver: Deliver
) -> None:
    arrival = spoil(install, deliver, ["B1", "x", "1", ""])
    row = only(qinghe).row_id
    analyst = Scope(UserId("li"), qinghe.bank, frozenset({Role.ANALYST}))
    for act in (
        lambda: quarantine(analyst, Filter()),
        lambda: waiting_row(analyst, row),
        lambda: fix(analyst, row, values={"amount_fen": "1"}),
        lambda: dismiss(analyst, row, "x"),
        lambda: replay(analyst, arrival),
        lambda: summary(analyst, Filter()),
        lambda: history(analyst),
    ):
        with pytest.raises(Denied):
            act()
    with pytest.raises(NotFound):
        waiting_row(baishui, row)
    with pytest.raises(NotFound):
        replay(baishui, arrival)
    with pytest.raises(Denied, match="union level"):
        quarantine(Scope.system(None), Filter())


def test_bad_requests_are_refused(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    spoil(install, deliver, ["B1", "x", "1", ""])
    row = only(qinghe).row_id
    with pytest.raises(NotFound, match="no quarantined row"):
        waiting_row(qinghe, "row_nothing")
    with pytest.raises(InvalidInput, match="nothing or too much"):
        fix(qinghe, row)
    with pytest.raises(InvalidInput, match="no column 'amuont'"):
        fix(qinghe, row, values={"amuont": "1"})
    with pytest.raises(LimitExceeded):
        fix(qinghe, row, raw="x" * (2 << 20))
    with pytest.raises(LimitExceeded):
        fix(qinghe, row, values={"amount_fen": "1"}, note="x" * 501)
    with pytest.raises(InvalidInput, match="cannot be shown"):
        quarantine(qinghe, Filter(), limit=10_000)


def test_rows_are_paged_filtered_and_counted(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    bad = [[f"B{n}", "x", "1", ""] for n in range(7)] + [["C", "1.00", "9", ""]]
    arrival = spoil(install, deliver, *bad)
    page = quarantine(qinghe, Filter(), offset=5, limit=2)
    assert (page.total, [row.line for row in page.rows]) == (8, [106, 107])
    assert quarantine(qinghe, Filter(code=Code.CODE)).total == 1
    assert quarantine(qinghe, Filter(column="amount_fen")).total == 7
    assert quarantine(qinghe, Filter(feed="other")).total == 0
    assert quarantine(qinghe, Filter(arrival_id=arrival)).total == 8
    assert quarantine(qinghe, Filter(business_date=DAY)).total == 8
    assert summary(qinghe, Filter()) == [
        ("loan", "amount_fen", Code.TYPE, 7),
        ("loan", "kind", Code.CODE, 1),
    ]
    assert arrivals_waiting(qinghe) == [arrival]


def test_drift_is_reported_with_its_dates(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    written = core_contract(custom={"max_bad_share": 0.5})
    written.server = CORE | {"delimiter": ",", "header": True}
    contract = install(written)
    rows = [*GOOD, ["B1", "1.00", "Z9", ""], ["TOOLONG", "1.00", "1", ""]]
    files: dict[str, bytes | str] = {}
    for stamp in ("20260330", "20260331"):
        heading = ["id", "amount", "kind", "NAME", "extra"]
        body = [[*row, "e"] for row in rows]
        files[f"LOAN_{stamp}.dat"] = unload([heading, *body], ",")
    assert [o.fate for o in deliver(contract, files)] == [Fate.LOADED] * 2
    found = {(one.kind, one.column, one.detail): one for one in drift(qinghe, "loan")}
    assert set(found) == {
        (DriftKind.RENAMED, "name", "NAME"),
        (DriftKind.EXTRA, "extra", ""),
        (DriftKind.NEW_CODE, "kind", "Z9"),
        (DriftKind.LENGTH, "id", "7"),
    }
    code = found[DriftKind.NEW_CODE, "kind", "Z9"]
    assert (code.first_date, code.last_date) == (date(2026, 3, 30), DAY)
    assert (code.deliveries, code.rows) == (2, 2)
    assert code.say("zh") == "kind 出现代码表以外的代码 Z9"
    assert code.say("zh", {"kind": "担保方式"}) == "担保方式 出现代码表以外的代码 Z9"
    deliver(contract, order=Order(force=True))
    assert {one.deliveries for one in drift(qinghe)} == {4}


def test_a_type_that_changed_is_drift(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    contract = install(core_contract(custom={"max_bad_share": 1}))
    deliver(contract, {NAME: unload([["A", "1,5", "1", ""], ["B", "2.00", "1", ""]])})
    assert [(one.kind, one.column) for one in drift(qinghe)] == [(DriftKind.TYPE, "amount_fen")]


def test_arrivals_tell_expected_arrived_late_missing(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract())

    def state(day: date) -> State | None:
        found = {one.business_date: one.state for one in arrivals(qinghe, day, day)}
        return found.get(day)

    night = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)
    with clock.frozen(night):
        assert state(DAY) is None, "nothing is awaited before the first delivery"
        deliver(contract, {NAME: unload(GOOD)})
        assert state(DAY) is State.ARRIVED
        assert state(DAY + timedelta(days=1)) is State.EXPECTED
    with clock.frozen(night + timedelta(days=2)):
        assert state(DAY + timedelta(days=1)) is State.MISSING
        files: dict[str, bytes | str] = {"LOAN_20260401.dat": unload(GOOD)}
        deliver(contract, files)
        assert state(DAY + timedelta(days=1)) is State.LATE
    with clock.frozen(night + timedelta(days=30)):
        deliver(contract, {"LOAN_20260402.dat": unload(GOOD)})
        assert state(DAY + timedelta(days=2)) is State.BACKFILLED
    assert newest_date(qinghe) == DAY + timedelta(days=2)
    with pytest.raises(InvalidInput):
        arrivals(qinghe, DAY, DAY - timedelta(days=1))
