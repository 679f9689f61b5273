"""What is delivered again: the same data under another control file, and dates still to come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from titian.data.feeds import Contract, arrivals, reading, service
from titian.data.feeds.arrivals import State
from titian.data.feeds.load import Fate, Order, Outcome
from titian.data.feeds.quarantine import Filter, quarantine
from titian.data.feeds.reasons import Code
from titian.data.feeds.record import ArrivalStatus, RowStatus
from titian.data.feeds.repair import fix
from titian.data.feeds.replay import replay
from titian.data.feeds.sources import RawBatch
from titian.data.feeds.validation import Checked, check
from titian.kernel import audit, clock
from titian.kernel.errors import InvalidInput
from titian.kernel.scope import Scope
from titian.lake import store

from .conftest import COLUMNS, CORE, Deliver, Install, Written, core_contract, unload

DAY = date(2026, 3, 31)
NOW = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
NAME, CONTROL = "LOAN_20260331.dat", "CONTROL_20260331.ctl"
ROWS = [[f"L{n}", f"{n}.50", "1", "张三"] for n in range(10)]
BAD = ["B", "x", "1", "李四"]
SAID = f"{NAME}|@|10|@|amount_fen=50.00\n"
CONTROLLED = CORE | {"control": "CONTROL_{yyyymmdd}.ctl", "control_totals": ["amount_fen"]}


def controlled(**server: object) -> Written:
    return Written(server=CONTROLLED | server, custom={"max_bad_share": 0.5})


def code(outcome: Outcome) -> Code:
    (refusal,) = outcome.refusals
    return refusal.code


def count(scope: Scope) -> int:
    return int(store.read(scope, "raw.loan", business_date=DAY).num_rows)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (SAID.replace("50.00", "51.00"), Code.CONTROL_TOTAL),
        (SAID.replace("|10|", "|11|"), Code.CONTROL_ROWS),
        (SAID.replace("|@|amount_fen=50.00", ""), Code.CONTROL_NO_TOTAL),
        (SAID.replace("LOAN", "LOANS"), Code.CONTROL_NOT_LISTED),
        ("", Code.CONTROL_NOT_LISTED),
        ("nonsense\n", Code.CONTROL_UNREADABLE),
    ],
)
def test_a_control_file_that_no_longer_agrees_refuses_the_date_and_keeps_its_rows(
    qinghe: Scope, install: Install, deliver: Deliver, said: str, why: Code
) -> None:
    contract = install(controlled())
    deliver(contract, {NAME: unload(ROWS), CONTROL: SAID})
    version = store.info(qinghe, "raw.loan").version
    (again,) = deliver(contract, {CONTROL: said})
    assert (again.fate, code(again)) == (Fate.REJECTED, why)
    assert (count(qinghe), store.info(qinghe, "raw.loan").version) == (10, version)
    (standing,) = arrivals.arrivals(qinghe, DAY, DAY)
    assert standing.state is State.REJECTED
    newest, first = arrivals.deliveries(qinghe, "loan", DAY)
    assert (newest.status, first.status) == (ArrivalStatus.REJECTED, ArrivalStatus.LOADED)
    assert newest.arrival_id == again.arrival_id


@pytest.mark.parametrize(
    "said",
    [
        SAID.replace("50.00", "50.0"),
        SAID.replace("|@|", " |@| "),
        SAID.replace("amount_fen", "amount"),
        f"{SAID}OTHER_20260331.dat|@|9|@|\n",
        None,
    ],
)
def test_a_control_file_that_says_the_same_changes_nothing(
    install: Install, deliver: Deliver, folder: Path, said: str | None
) -> None:
    contract = install(controlled())
    deliver(contract, {NAME: unload(ROWS), CONTROL: SAID})
    if said is None:
        (folder / CONTROL).unlink()
    (again,) = deliver(contract, {} if said is None else {CONTROL: said})
    assert (again.fate, again.good) == (Fate.UNCHANGED, 10)


def test_the_right_control_file_confirms_the_date_with_what_was_mended(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(controlled())
    said = f"{NAME}|@|12|@|amount_fen=60.00\n"
    rows = [*ROWS, BAD, ["C", "y", "1", ""]]
    (first,) = deliver(contract, {NAME: unload(rows), CONTROL: said})
    mended, waiting = quarantine(qinghe, Filter()).rows
    fix(qinghe, mended.row_id, values={"amount_fen": "1.00"})
    replay(qinghe, first.arrival_id)
    (wrong,) = deliver(contract, {CONTROL: said.replace("|12|", "|13|")})
    assert (wrong.fate, count(qinghe)) == (Fate.REJECTED, 11)
    version = store.info(qinghe, "raw.loan").version

    (right,) = deliver(contract, {CONTROL: said})
    assert (right.fate, right.good, right.bad) == (Fate.CONFIRMED, 11, 1)
    assert (count(qinghe), store.info(qinghe, "raw.loan").version) == (11, version)
    (standing,) = arrivals.arrivals(qinghe, DAY, DAY)
    assert standing.state is not State.REJECTED
    assert standing.arrival is not None
    assert standing.arrival.finished_at == arrivals.arrival(qinghe, first.arrival_id).finished_at
    assert [found.status for found in arrivals.deliveries(qinghe, "loan", DAY)] == [
        ArrivalStatus.LOADED,
        ArrivalStatus.REJECTED,
        ArrivalStatus.REPLACED,
    ]
    assert [entry.action for entry in audit.entries(qinghe, action="feeds.confirm")]
    fix(qinghe, waiting.row_id, values={"amount_fen": "2.00"})
    assert replay(qinghe, standing.arrival.arrival_id).good == 1
    assert count(qinghe) == 12
    assert deliver(contract)[0].fate is Fate.UNCHANGED


def test_another_total_that_the_bad_rows_explain_is_kept_with_the_arrival(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(controlled())
    said = f"{NAME}|@|11|@|amount_fen=60.00\n"
    deliver(contract, {NAME: unload([*ROWS, BAD]), CONTROL: said})
    (again,) = deliver(contract, {CONTROL: said.replace("60.00", "61.00")})
    assert again.fate is Fate.CONFIRMED
    found = arrivals.loaded(qinghe, "loan", DAY)
    assert found is not None
    assert "'expected': '61.00', 'unread_rows': 1, 'open_difference': '11.00'" in str(found.control)
    assert quarantine(qinghe, Filter(arrival_id=found.arrival_id)).total == 1


def test_a_control_file_that_comes_later_is_held_against_the_data(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(controlled(control_required=False))
    deliver(contract, {NAME: unload(ROWS)})
    assert deliver(contract, {CONTROL: SAID})[0].fate is Fate.CONFIRMED
    assert arrivals.control_total(qinghe, "loan", "amount_fen", DAY) == 5_000
    (wrong,) = deliver(contract, {CONTROL: SAID.replace("|10|", "|9|")})
    assert code(wrong) is Code.CONTROL_ROWS
    assert count(qinghe) == 10


def test_new_and_doubted_dates_come_in_one_go(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    contract = install(controlled(control="CONTROL.ctl"))
    days = [DAY - timedelta(days=back) for back in (2, 1, 0)]
    names = [f"LOAN_{day:%Y%m%d}.dat" for day in days]
    said = [SAID.replace(NAME, name) for name in names]
    deliver(
        contract, {names[1]: unload(ROWS), names[2]: unload(ROWS), "CONTROL.ctl": "".join(said)}
    )
    wrong = said[2].replace("|10|", "|9|")
    files = {names[0]: unload(ROWS), "CONTROL.ctl": f"{said[0]}{said[1]}{wrong}"}
    assert [(o.business_date, o.fate) for o in deliver(contract, files)] == [
        (days[0], Fate.LOADED),
        (days[1], Fate.UNCHANGED),
        (days[2], Fate.REJECTED),
    ]
    assert store.dates(qinghe, "raw.loan") == days


def test_a_file_of_many_dates_is_confirmed_on_each(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    column = (
        "- name: day\n  logicalType: date\n  required: true\n  classification: C1\n"
        "  customProperties: [{property: decode, value: yyyymmdd}]\n"
    )
    contract = install(
        core_contract(
            columns=COLUMNS + column,
            pattern="LOAN_all.dat",
            server=CONTROLLED | {"control": "CONTROL.ctl"},
            custom={"business_date_from": "day"},
        )
    )
    rows = [["A", "1.00", "1", "", "20260330"], ["B", "2.00", "1", "", "20260331"]]
    said = "LOAN_all.dat|@|2|@|amount_fen=3.00\n"
    deliver(contract, {"LOAN_all.dat": unload(rows), "CONTROL.ctl": said})
    (refused,) = deliver(contract, {"CONTROL.ctl": said.replace("3.00", "4.00")})
    assert (refused.business_date, refused.fate) == (DAY, Fate.REJECTED)
    (right,) = deliver(contract, {"CONTROL.ctl": said})
    assert (right.business_date, right.fate, right.good) == (None, Fate.CONFIRMED, 2)
    assert {one.state for one in arrivals.arrivals(qinghe, DAY, DAY)} == {State.BACKFILLED}
    assert deliver(contract)[0].fate is Fate.UNCHANGED
    assert len(arrivals.deliveries(qinghe, "loan", date(2026, 3, 30))) == 2


def test_a_file_that_is_written_while_it_is_read_is_refused(
    qinghe: Scope, install: Install, deliver: Deliver, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = install(core_contract())
    deliver(contract, {NAME: unload(ROWS)})

    def slow(contract: Contract, batch: RawBatch) -> Checked:
        with (folder / NAME).open("ab") as file:
            file.write(b"late")
        return check(contract, batch)

    with monkeypatch.context() as patch:
        patch.setattr(reading, "check", slow)
        (outcome,) = deliver(contract, order=Order(force=True))
    assert (outcome.fate, code(outcome)) == (Fate.REJECTED, Code.CHANGED)
    assert count(qinghe) == 10


class TestDatesToCome:
    @pytest.fixture(autouse=True)
    def _today(self) -> Iterator[None]:
        with clock.frozen(NOW):
            yield

    def test_an_order_for_one_is_refused(
        self, qinghe: Scope, install: Install, deliver: Deliver, folder: Path
    ) -> None:
        contract = install(core_contract(pattern="LOAN.dat"))
        ahead = Order(date(2026, 4, 2), date(2026, 4, 2))
        for act in (
            lambda: deliver(contract, {"LOAN.dat": unload(ROWS)}, ahead),
            lambda: service.load(qinghe, folder, ahead),
            lambda: service.check([contract], folder, ahead),
        ):
            with pytest.raises(InvalidInput, match="2026-04-02 has not come yet") as refused:
                act()
            assert "2026-04-01" in refused.value.remedy
        assert not store.exists(qinghe, "raw.loan")
        today = Order(date(2026, 4, 1), date(2026, 4, 1))
        assert deliver(contract, order=today)[0].fate is Fate.LOADED

    def test_a_file_of_one_is_refused_and_the_others_load(
        self, qinghe: Scope, install: Install, deliver: Deliver, folder: Path
    ) -> None:
        contract = install(core_contract())
        outcomes = deliver(contract, {NAME: unload(ROWS), "LOAN_20260402.dat": unload(ROWS)})
        assert [(o.business_date, o.fate) for o in outcomes] == [
            (DAY, Fate.LOADED),
            (date(2026, 4, 2), Fate.REJECTED),
        ]
        assert code(outcomes[1]) is Code.FUTURE_DATE
        assert store.dates(qinghe, "raw.loan") == [DAY]
        assert arrivals.newest_date(qinghe) == DAY
        checked = service.check([contract], folder).outcomes
        assert [one.fate for one in checked] == [Fate.REJECTED, Fate.ACCEPTABLE]

    def test_rows_that_name_one_go_to_quarantine(
        self, qinghe: Scope, install: Install, deliver: Deliver
    ) -> None:
        column = (
            "- name: at\n  logicalType: timestamp\n  required: true\n  classification: C1\n"
            "  customProperties: [{property: decode, value: yyyymmddhhmmss}]\n"
        )
        contract = install(
            core_contract(
                columns=COLUMNS + column,
                pattern="LOAN_*.dat",
                custom={"business_date_from": "at", "max_bad_share": 0.5},
            )
        )
        rows = [
            ["A", "1.00", "1", "", "20260401235959"],
            ["B", "2.00", "1", "", "20260402000000"],
            ["C", "2.00", "1", "", "20260330000000"],
        ]
        outcomes = deliver(contract, {"LOAN_1.dat": unload(rows)})
        assert [o.business_date for o in outcomes] == [date(2026, 3, 30), date(2026, 4, 1)]
        (row,) = quarantine(qinghe, Filter()).rows
        assert (row.column, row.code) == ("at", Code.FUTURE)
        assert fix(qinghe, row.row_id, values={"at": "20270101000000"}).code is Code.FUTURE
        mended = fix(qinghe, row.row_id, values={"at": "20260331000000"})
        assert mended.status is RowStatus.FIXED
        assert replay(qinghe, outcomes[-1].arrival_id).good == 1

    def test_a_contract_as_of_one_is_refused(self, install: Install, deliver: Deliver) -> None:
        contract = install(core_contract(pattern="LOAN.dat", custom={"as_of": "2026-05-01"}))
        (outcome,) = deliver(contract, {"LOAN.dat": unload(ROWS)})
        assert code(outcome) is Code.FUTURE_DATE
