from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from titian.data.feeds import arrivals, load, reading
from titian.data.feeds.arrivals import State
from titian.data.feeds.load import Fate, Order
from titian.data.feeds.quarantine import Filter, quarantine
from titian.data.feeds.reasons import WORDS, Code, remedy, say
from titian.data.feeds.record import ArrivalStatus
from titian.kernel import audit
from titian.kernel.errors import Conflict, Denied, InvalidInput
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings, configure
from titian.lake import store

from .conftest import COLUMNS, CORE, Deliver, Install, Written, core_contract, unload

DAY = date(2026, 3, 31)
NAME = "LOAN_20260331.dat"
GOOD = [[f"L{n}", f"{n}.50", "1", "张三"] for n in range(100)]
CONTROLLED = CORE | {"control": "CONTROL_{yyyymmdd}.ctl", "control_totals": ["amount_fen"]}


def controlled() -> Written:
    return Written(server=dict(CONTROLLED))


def control(rows: int, total: str, name: str = NAME) -> str:
    return f"{name}|@|{rows}|@|amount_fen={total}\n"


def ids(scope: Scope, day: date = DAY) -> list[str]:
    return sorted(store.read(scope, "raw.loan", business_date=day).column("id").to_pylist())


def test_it_works(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    rows = [*GOOD, ["L100", "1.00", "9", "李四"]]
    (outcome,) = deliver(install(core_contract()), {NAME: unload(rows)})
    assert (outcome.fate, outcome.rows, outcome.good, outcome.bad) == (Fate.LOADED, 101, 100, 1)
    assert store.read(qinghe, "raw.loan", business_date=DAY).num_rows == 100
    (waiting,) = quarantine(qinghe, Filter()).rows
    assert (waiting.file, waiting.line, waiting.column, waiting.code) == (
        NAME,
        101,
        "kind",
        Code.CODE,
    )
    found = arrivals.arrival(qinghe, outcome.arrival_id)
    assert (found.rows, found.good, found.bad, found.waiting) == (101, 100, 1, 1)
    assert found.files[0]["name"] == NAME
    assert [entry.action for entry in audit.entries(qinghe) if entry.action == "feeds.load"]


def test_a_redelivery_replaces_the_date_and_closes_its_quarantine(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract())
    deliver(contract, {NAME: unload([*GOOD, ["B", "x", "1", ""]])})
    (outcome,) = deliver(contract, {NAME: unload([["N", "1.00", "2", ""]])})
    assert outcome.fate is Fate.LOADED
    assert ids(qinghe) == ["N"]
    assert quarantine(qinghe, Filter()).total == 0
    (old,) = quarantine(qinghe, Filter(status=None)).rows
    assert (old.status, old.raw, old.fields) == ("superseded", None, None)
    newest, older = arrivals.deliveries(qinghe, "loan", DAY)
    assert (newest.status, older.status) == (ArrivalStatus.LOADED, ArrivalStatus.REPLACED)


def test_the_same_file_twice_is_loaded_once(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract())
    deliver(contract, {NAME: unload(GOOD)})
    version = store.info(qinghe, "raw.loan").version
    (again,) = deliver(contract)
    assert (again.fate, again.good) == (Fate.UNCHANGED, 100)
    assert store.info(qinghe, "raw.loan").version == version
    (forced,) = deliver(contract, order=Order(force=True))
    assert forced.fate is Fate.LOADED
    assert store.read(qinghe, "raw.loan").num_rows == 100


def test_the_good_file_again_mends_a_date_whose_newest_delivery_was_rejected(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract())
    deliver(contract, {NAME: unload(GOOD)})
    assert deliver(contract, {NAME: unload([["L", "x", "?", ""]] * 5)})[0].fate is Fate.REJECTED
    assert arrivals.arrivals(qinghe, DAY, DAY)[0].state is State.REJECTED
    assert deliver(contract, {NAME: unload(GOOD)})[0].fate is Fate.CONFIRMED
    assert arrivals.arrivals(qinghe, DAY, DAY)[0].state is not State.REJECTED
    assert deliver(contract)[0].fate is Fate.UNCHANGED
    assert len(ids(qinghe)) == len(GOOD)


def test_a_changed_contract_loads_the_same_file_again(install: Install, deliver: Deliver) -> None:
    deliver(install(core_contract()), {NAME: unload(GOOD)})
    changed = install(core_contract(columns=COLUMNS.replace('"2": pledge', '"2": pawn')))
    (again,) = deliver(changed)
    assert again.fate is Fate.LOADED


def test_a_dropped_table_is_loaded_again(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    contract = install(core_contract())
    deliver(contract, {NAME: unload(GOOD)})
    store.drop(qinghe, "raw.loan")
    assert deliver(contract)[0].fate is Fate.LOADED


def test_a_crash_leaves_the_former_rows(
    qinghe: Scope, install: Install, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = install(core_contract())
    deliver(contract, {NAME: unload(GOOD)})

    def torn(*_: object) -> Iterator[pa.RecordBatch]:
        yield from ()
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(load, "_rows", torn)
        with pytest.raises(RuntimeError, match="power cut"):
            deliver(contract, {NAME: unload([["N", "1.00", "2", ""]])})
    assert len(ids(qinghe)) == 100
    assert len(arrivals.deliveries(qinghe, "loan", DAY)) == 1
    assert deliver(contract)[0].fate is Fate.LOADED
    assert ids(qinghe) == ["N"]


def test_a_crash_before_the_record_is_made_good_by_loading_again(
    qinghe: Scope, install: Install, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = install(core_contract())

    def killed(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(load, "record", killed)
        with pytest.raises(RuntimeError, match="killed"):
            deliver(contract, {NAME: unload([*GOOD, ["B", "x", "1", ""]])})
    (outcome,) = deliver(contract)
    assert (outcome.fate, outcome.bad) == (Fate.LOADED, 1)
    assert len(ids(qinghe)) == 100
    assert quarantine(qinghe, Filter()).total == 1


def test_many_dates_come_in_one_commit_each_judged_by_itself(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(controlled())
    files: dict[str, bytes | str] = {}
    for n in range(5):
        stamp = f"{DAY - timedelta(days=n):%Y%m%d}"
        name = f"LOAN_{stamp}.dat"
        files[f"{stamp}/{name}"] = unload([[f"D{n}", "2.00", "1", ""]])
        total = "2.00" if n != 3 else "2.01"
        files[f"{stamp}/CONTROL_{stamp}.ctl"] = control(1, total, name)
    outcomes = deliver(contract, files)
    assert [outcome.fate for outcome in outcomes] == [
        Fate.LOADED, Fate.REJECTED, Fate.LOADED, Fate.LOADED, Fate.LOADED,
    ]  # fmt: skip
    assert len(store.dates(qinghe, "raw.loan")) == 4
    writes = [one for one in store.history(qinghe, "raw.loan") if one.action == "write"]
    assert len(writes) == 1
    first = DAY - timedelta(days=4)
    standing = {one.business_date: one.state for one in arrivals.arrivals(qinghe, first, DAY)}
    assert standing[DAY - timedelta(days=3)] is State.REJECTED
    again = deliver(contract)
    assert [outcome.fate for outcome in again].count(Fate.UNCHANGED) == 4


def test_a_range_of_dates_may_be_asked_for(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract())
    files: dict[str, bytes | str] = {
        f"LOAN_2026033{n}.dat": unload([[f"D{n}", "2.00", "1", ""]]) for n in range(2)
    }
    (outcome,) = deliver(contract, files, Order(first=DAY))
    assert outcome.business_date == DAY
    assert store.dates(qinghe, "raw.loan") == [DAY]


def test_several_files_may_make_one_date(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    contract = install(core_contract(pattern="LOAN_{yyyymmdd}_*.dat"))
    files: dict[str, bytes | str] = {
        "LOAN_20260331_1.dat": unload(GOOD[:3]),
        "LOAN_20260331_2.dat": unload([*GOOD[3:5], GOOD[0]]),
    }
    contract_with_room = contract
    object.__setattr__(contract_with_room, "max_bad_share", 0.5)
    (outcome,) = deliver(contract_with_room, files)
    assert (outcome.good, outcome.bad) == (5, 1)
    (waiting,) = quarantine(qinghe, Filter()).rows
    assert (waiting.file, waiting.line) == ("LOAN_20260331_2.dat", 3)
    assert waiting.code is Code.DUPLICATE_KEY


def test_two_files_of_one_name_are_not_guessed_between(install: Install, deliver: Deliver) -> None:
    contract = install(core_contract())
    with pytest.raises(Conflict, match="two files are"):
        deliver(contract, {NAME: unload(GOOD), f"old/{NAME}": unload(GOOD)})


def test_a_bank_reads_its_own_subfolder_only(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract())
    files: dict[str, bytes | str] = {
        f"qinghe/{NAME}": unload(GOOD[:1]),
        f"baishui/{NAME}": unload(GOOD[:2]),
    }
    assert deliver(contract, files)[0].good == 1


def test_a_file_without_a_date_needs_one(install: Install, deliver: Deliver) -> None:
    contract = install(core_contract(pattern="LOAN.dat"))
    with pytest.raises(InvalidInput, match="no business date in its name"):
        deliver(contract, {"LOAN.dat": unload(GOOD)})
    assert deliver(contract, order=Order(DAY, DAY))[0].business_date == DAY


def test_as_of_stands_in_for_the_date(install: Install, deliver: Deliver) -> None:
    contract = install(core_contract(pattern="LOAN.dat", custom={"as_of": "1998-12-31"}))
    (outcome,) = deliver(contract, {"LOAN.dat": unload(GOOD)})
    assert outcome.business_date == date(1998, 12, 31)


def test_a_missing_file_names_what_was_expected_and_what_is_near(
    install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract())
    (outcome,) = deliver(contract, {"LOAN_20260331.dta": b"x"}, Order(DAY, DAY))
    assert outcome.fate is Fate.MISSING
    assert outcome.expected == NAME
    assert outcome.near == ("LOAN_20260331.dta",)


def test_an_empty_file_is_a_delivery_of_no_rows(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract())
    (outcome,) = deliver(contract, {NAME: b""})
    assert (outcome.fate, outcome.rows) == (Fate.LOADED, 0)
    assert store.dates(qinghe, "raw.loan") == [DAY]


def refused(outcome: load.Outcome) -> Code:
    assert outcome.fate is Fate.REJECTED
    return outcome.refusals[0].code


def test_too_few_and_too_many_rows_are_refused(install: Install, deliver: Deliver) -> None:
    few = "quality:\n  - {type: library, metric: rowCount, mustBeBetween: [2, 50]}\n"
    contract = install(core_contract(schema=few))
    assert refused(deliver(contract, {NAME: b""})[0]) is Code.TOO_FEW_ROWS
    assert refused(deliver(contract, {NAME: unload(GOOD)})[0]) is Code.TOO_MANY_ROWS


def test_a_delivery_that_is_bad_as_a_whole_is_refused_and_changes_nothing(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract())
    deliver(contract, {NAME: unload(GOOD)})
    spoilt = [*GOOD[:94], *([f"B{n}", "", "1", ""] for n in range(6))]
    (outcome,) = deliver(contract, {NAME: unload(spoilt)})
    assert refused(outcome) is Code.BAD_SHARE
    assert "amount_fen required" in str(outcome.refusals[0].params["reasons"])
    assert (outcome.reasons[0].rows, outcome.reasons[0].line) == (6, 95)
    assert len(ids(qinghe)) == 100
    assert quarantine(qinghe, Filter()).total == 0


def test_the_contract_says_how_much_may_be_bad(install: Install, deliver: Deliver) -> None:
    contract = install(core_contract(custom={"max_bad_share": 0.5}))
    rows = [["A", "1.00", "1", ""], ["B", "?", "1", ""]]
    assert deliver(contract, {NAME: unload(rows)})[0].fate is Fate.LOADED


def test_quarantine_takes_only_so_many_rows(
    qinghe: Scope, install: Install, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_QUARANTINED_ROWS", 3)
    contract = install(core_contract(custom={"max_bad_share": 1}))
    rows = [*GOOD, *([f"B{n}", "", "1", ""] for n in range(4))]
    assert refused(deliver(contract, {NAME: unload(rows)})[0]) is Code.TOO_MANY_BAD
    assert not store.exists(qinghe, "raw.loan")


def test_duplicate_keys_keep_the_first_row(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(core_contract())
    rows = [GOOD[5], GOOD[3], *GOOD[:3], *GOOD[4:5], *GOOD[6:], ["L3", "9.99", "2", "王"]]
    (outcome,) = deliver(contract, {NAME: unload(rows)})
    assert (outcome.good, outcome.bad) == (100, 1)
    (waiting,) = quarantine(qinghe, Filter()).rows
    assert (waiting.line, waiting.column, waiting.code) == (101, "id", Code.DUPLICATE_KEY)
    kept = store.read(qinghe, "raw.loan").to_pylist()
    assert [row["amount_fen"] for row in kept if row["id"] == "L3"] == [350]


def test_the_same_key_on_two_dates_is_no_duplicate(install: Install, deliver: Deliver) -> None:
    contract = install(core_contract())
    files: dict[str, bytes | str] = {
        NAME: unload(GOOD), "LOAN_20260330.dat": unload(GOOD),
    }  # fmt: skip
    assert [outcome.bad for outcome in deliver(contract, files)] == [0, 0]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 20), max_size=40))
def test_duplicates_are_found_like_a_set_finds_them(
    deliver: Deliver, install: Install, numbers: list[int]
) -> None:
    contract = install(core_contract(custom={"max_bad_share": 1}))
    rows = [[f"L{n}", "1.00", "1", ""] for n in numbers]
    (outcome,) = deliver(contract, {NAME: unload(rows)}, Order(force=True))
    assert outcome.good == len(set(numbers))
    assert outcome.bad == len(numbers) - len(set(numbers))


LINES = st.sampled_from(
    ["L{n}|@|1.00|@|1|@|张", "L{n}|@|x|@|1|@|", "L{n}|@|1.00|@|7|@|", "L{n}", "|@|1.00|@|1|@|", "",
     "L1|@|2.00|@|2|@|\udcff", "L{n}|@|1|@|2|@||@|", "LONGER{n}|@|1.00|@|1|@|"]
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(LINES, max_size=30))
def test_nothing_is_lost(
    qinghe: Scope, deliver: Deliver, install: Install, templates: list[str]
) -> None:
    contract = install(core_contract(custom={"max_bad_share": 1}))
    written = [template.format(n=at) for at, template in enumerate(templates)]
    data = "\n".join(written).encode("gb18030", "surrogateescape")
    (outcome,) = deliver(contract, {NAME: data}, Order(force=True))
    rows = sum(1 for line in written if line)
    assert outcome.good + outcome.bad == rows
    assert store.read(qinghe, "raw.loan", business_date=DAY).num_rows == outcome.good
    assert quarantine(qinghe, Filter()).total == outcome.bad


def test_split_by_a_column_lands_on_its_dates(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    columns = (
        COLUMNS
        + """
- name: occurred_at
  logicalType: timestamp
  required: true
  classification: C1
  customProperties: [{property: decode, value: yyyymmddhhmmss}]
"""
    )
    contract = install(
        core_contract(
            columns=columns,
            pattern="LOAN_*.dat",
            custom={"business_date_from": "occurred_at", "kind": "event", "max_bad_share": 0.5},
        )
    )
    rows = [
        ["A", "1.00", "1", "", "20260330235959"],
        ["B", "1.00", "1", "", "20260331000000"],
        ["C", "1.00", "1", "", "20260331999999"],
    ]
    outcomes = deliver(contract, {"LOAN_all.dat": unload(rows)})
    assert [(o.business_date, o.good, o.bad) for o in outcomes] == [
        (date(2026, 3, 30), 1, 0),
        (DAY, 1, 1),
    ]
    assert ids(qinghe) == ["B"]
    assert [o.fate for o in deliver(contract)] == [Fate.UNCHANGED]
    deliver(contract, {"LOAN_all.dat": unload(rows[1:2])})
    assert ids(qinghe, date(2026, 3, 30)) == ["A"]
    deliver(contract, {"LOAN_all.dat": unload(rows)})
    assert len(store.dates(qinghe, "raw.loan")) == 2


def test_control_files_must_agree(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    contract = install(controlled())
    total = "5000.00"
    assert sum(n * 100 + 50 for n in range(100)) == 500_000
    (outcome,) = deliver(
        contract, {NAME: unload(GOOD), "CONTROL_20260331.ctl": control(100, total)}
    )
    assert outcome.fate is Fate.LOADED
    (compared,) = arrivals.arrival(qinghe, outcome.arrival_id).control
    assert compared["expected_rows"] == compared["rows"] == 100
    assert arrivals.control_total(qinghe, "loan", "amount_fen", DAY) == 500_000
    assert arrivals.control_total(qinghe, "loan", "other_fen", DAY) is None
    assert arrivals.arrived_at(qinghe, "loan", DAY) is not None
    assert arrivals.arrived_at(qinghe, "loan", date(2026, 3, 30)) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, Code.CONTROL_MISSING),
        (control(99, "5000.00"), Code.CONTROL_ROWS),
        (control(5, "1.00") + control(100, "5000.00"), Code.CONTROL_UNREADABLE),
        (control(100, "1.00;amount_fen=5000.00"), Code.CONTROL_UNREADABLE),
        (control(100, "5_000.00"), Code.CONTROL_UNREADABLE),
        (control(100, "1e9999999"), Code.CONTROL_UNREADABLE),
        (control(100, "5000.01"), Code.CONTROL_TOTAL),
        (control(100, "5000.00", "OTHER_20260331.dat"), Code.CONTROL_NOT_LISTED),
        (f"{NAME}|@|many|@|amount_fen=1\n", Code.CONTROL_UNREADABLE),
        (f"{NAME}|@|100|@|amount_fen=a lot\n", Code.CONTROL_UNREADABLE),
        ("nonsense\n", Code.CONTROL_UNREADABLE),
        (f"{NAME}|@|100\n", Code.CONTROL_NO_TOTAL),
        ("", Code.CONTROL_NOT_LISTED),
    ],
)
def test_a_control_file_that_disagrees_refuses_the_whole_delivery(
    qinghe: Scope, install: Install, deliver: Deliver, text: str | None, code: Code
) -> None:
    files: dict[str, bytes | str] = {NAME: unload(GOOD)}
    if text is not None:
        files["CONTROL_20260331.ctl"] = text
    (outcome,) = deliver(install(controlled()), files)
    assert refused(outcome) is code
    assert not store.exists(qinghe, "raw.loan")
    (standing,) = arrivals.arrivals(qinghe, DAY, DAY)
    assert standing.state is State.REJECTED
    assert standing.arrival is not None
    for locale in ("zh", "en"):
        said = standing.arrival.refusals[0]
        assert "?" not in said.say(locale)
        assert said.remedy(locale)


def test_bad_rows_count_in_control_totals_as_they_are_written(
    install: Install, deliver: Deliver
) -> None:
    rows = [
        *GOOD,
        ["X1", "-7.00", "1", ""],
        ["X2", "3.00", "9", ""],
        ["X3", "4.00", "1", "", "more"],
    ]
    files: dict[str, bytes | str] = {
        NAME: unload(rows),
        "CONTROL_20260331.ctl": control(103, "5000.00"),
    }
    (outcome,) = deliver(install(controlled()), files)
    assert (outcome.fate, outcome.bad) == (Fate.LOADED, 3)


def test_an_unreadable_amount_may_explain_a_difference_which_is_kept(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    files: dict[str, bytes | str] = {
        NAME: unload([*GOOD, ["X1", "12x.00", "1", ""]]),
        "CONTROL_20260331.ctl": control(101, "5120.00"),
    }
    (outcome,) = deliver(install(controlled()), files)
    assert outcome.fate is Fate.LOADED
    (compared,) = arrivals.arrival(qinghe, outcome.arrival_id).control
    assert compared["totals"] == [
        {
            "column": "amount_fen",
            "total": 512_000,
            "expected": "5120.00",
            "unread_rows": 1,
            "open_difference": "120.00",
        }
    ]


def test_an_optional_control_file_may_be_missing(install: Install, deliver: Deliver) -> None:
    written = controlled()
    written.server["control_required"] = False
    assert deliver(install(written), {NAME: unload(GOOD)})[0].fate is Fate.LOADED


def test_rows_spill_to_disk_beyond_a_limit_and_leave_nothing_behind(
    home: Settings,
    qinghe: Scope,
    install: Install,
    deliver: Deliver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from titian.data.feeds import spool
    from titian.data.feeds.sources import lines

    monkeypatch.setattr(spool, "MEMORY_SHARE", 2**40)
    monkeypatch.setattr(lines, "BLOCK_BYTES", 200)
    rows = [*reversed(GOOD), GOOD[7], ["B", "?", "1", ""]]
    (outcome,) = deliver(install(core_contract()), {NAME: unload(rows)})
    assert (outcome.good, outcome.bad) == (100, 2)
    assert len(ids(qinghe)) == 100
    assert list((home.home / "spool").iterdir()) == []


def test_what_a_dead_process_left_in_the_spool_is_removed(home: Settings) -> None:
    from titian.data.feeds.spool import temporary_folder

    dead = home.home / "spool" / "999999999-x"
    dead.mkdir(parents=True)
    mine = temporary_folder()
    assert mine.is_dir()
    assert not dead.exists()
    assert temporary_folder() != mine


def test_one_load_of_a_feed_at_a_time(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    from titian.data.feeds import lock

    contract = install(core_contract())
    with lock.held(qinghe, "loan"), pytest.raises(Conflict, match="being loaded"):
        deliver(contract, {NAME: unload(GOOD)})
    assert deliver(contract)[0].fate is Fate.LOADED


def test_loading_needs_the_permission(folder: Path, qinghe: Scope, install: Install) -> None:
    from titian.data.feeds.discover import listing

    contract = install(core_contract())
    analyst = Scope(UserId("li"), qinghe.bank, frozenset({Role.ANALYST}))
    with pytest.raises(Denied):
        load.load_feed(analyst, contract, listing(folder), Order())
    operator = Scope(UserId("wang"), qinghe.bank, frozenset({Role.OPERATOR}))
    (folder / NAME).write_text(unload(GOOD), "gb18030")
    (outcome,) = load.load_feed(operator, contract, listing(folder), Order())
    assert arrivals.arrival(operator, outcome.arrival_id).loaded_by == "wang"


def test_another_bank_sees_none_of_it(
    qinghe: Scope, baishui: Scope, install: Install, deliver: Deliver
) -> None:
    (outcome,) = deliver(install(core_contract()), {NAME: unload([*GOOD, ["B", "x", "1", ""]])})
    from titian.kernel.errors import NotFound

    with pytest.raises(NotFound):
        arrivals.arrival(baishui, outcome.arrival_id)
    assert arrivals.deliveries(baishui, "loan", DAY) == []
    assert quarantine(baishui, Filter(status=None)).total == 0


def test_a_file_over_the_limit_is_not_opened(
    home: Settings, install: Install, deliver: Deliver
) -> None:
    from titian.kernel.errors import LimitExceeded

    contract = install(core_contract())
    configure(home.model_copy(update={"feed_max_bytes": 10}))
    with pytest.raises(LimitExceeded, match="over 10"):
        deliver(contract, {NAME: unload(GOOD)})


@pytest.mark.parametrize("code", list(Code))
def test_every_reason_has_words_in_both_languages(code: Code) -> None:
    assert code in WORDS
    for locale in ("zh", "en"):
        assert say(code, {}, locale)
        assert remedy(code, {}, locale)


def test_no_reason_holds_a_value_of_a_row(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    secret = "SECRET-NAME-AND-ID"
    rows = [*GOOD, [secret, secret, secret, secret]]
    deliver(install(core_contract()), {NAME: unload(rows)})
    (waiting,) = quarantine(qinghe, Filter()).rows
    assert secret not in str(waiting.problems)
    assert secret not in str(arrivals.deliveries(qinghe, "loan", DAY))
