from __future__ import annotations

from datetime import date, timedelta

import pytest

from titian.data.feeds import arrivals, lock
from titian.data.feeds import withdraw as withdraw_module
from titian.data.feeds.arrivals import State
from titian.data.feeds.load import Fate, Order
from titian.data.feeds.quarantine import Filter, HistoryFilter, history, quarantine
from titian.data.feeds.reasons import Code
from titian.data.feeds.record import ArrivalStatus, RowStatus
from titian.data.feeds.withdraw import withdraw
from titian.kernel import audit
from titian.kernel.errors import Conflict, Denied, InvalidInput, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.lake import store

from .conftest import COLUMNS, Deliver, Install, core_contract, unload

DAY, BEFORE = date(2026, 3, 31), date(2026, 3, 30)
NAME, OTHER = "LOAN_20260331.dat", "LOAN_20260330.dat"
ROWS = [[f"L{n}", f"{n}.50", "1", "张三"] for n in range(20)]
BAD = ["B1", "x", "1", "李四"]
WHY = "the file of another bank"


@pytest.fixture
def operator(qinghe: Scope) -> Scope:
    return Scope(UserId("wang"), qinghe.bank, frozenset({Role.OPERATOR}), clearance=3)


@pytest.fixture
def loaded(install: Install, deliver: Deliver) -> None:
    deliver(install(core_contract()), {NAME: unload([*ROWS, BAD]), OTHER: unload(ROWS)})


@pytest.mark.usefixtures("loaded")
def test_it_works(qinghe: Scope, operator: Scope) -> None:
    version = store.info(qinghe, "raw.loan").version
    done = withdraw(operator, "loan", DAY, WHY)
    assert (done.table, done.business_date, done.rows) == ("raw.loan", DAY, 20)
    assert done.version == version + 1
    assert store.dates(qinghe, "raw.loan") == [BEFORE]
    assert store.read(qinghe, "raw.loan", business_date=DAY, version=version).num_rows == 20

    (standing,) = arrivals.arrivals(qinghe, DAY, DAY)
    assert standing.state is State.WITHDRAWN
    assert standing.arrival is not None
    assert (standing.arrival.status, standing.arrival.waiting) == (ArrivalStatus.WITHDRAWN, 0)
    (why,) = standing.arrival.refusals
    assert why.code is Code.WITHDRAWN
    for locale in ("zh", "en"):
        assert WHY in why.say(locale)
        assert "wang" in why.say(locale)
        assert "?" not in why.say(locale) + why.remedy(locale)
    (row,) = quarantine(qinghe, Filter(status=RowStatus.WITHDRAWN)).rows
    assert (row.raw, row.fields) == (None, None)
    (act,) = history(qinghe, HistoryFilter(row_id=row.row_id)).acts
    assert (act.user, act.action, act.note) == ("wang", "withdraw", WHY)
    (entry,) = audit.entries(qinghe, action="feeds.withdraw")
    assert (entry.user, entry.target) == ("wang", "raw.loan")
    assert entry.detail == {"date": "2026-03-31", "rows": 20, "reason": WHY}
    (other,) = arrivals.arrivals(qinghe, BEFORE, BEFORE)
    assert other.state is not State.WITHDRAWN


@pytest.mark.usefixtures("loaded")
def test_the_same_file_stays_out_unless_forced_and_another_comes_in(
    qinghe: Scope, install: Install, deliver: Deliver
) -> None:
    withdraw(qinghe, "loan", DAY, WHY)
    contract = install(core_contract())
    assert [o.fate for o in deliver(contract)] == [Fate.UNCHANGED, Fate.WITHDRAWN]
    changed = install(core_contract(columns=COLUMNS.replace('"2": pledge', '"2": pawn')))
    assert [o.fate for o in deliver(changed)] == [Fate.LOADED, Fate.WITHDRAWN]
    assert store.dates(qinghe, "raw.loan") == [BEFORE]
    forced = deliver(changed, order=Order(DAY, DAY, force=True))
    assert [(o.fate, o.good, o.bad) for o in forced] == [(Fate.LOADED, 20, 1)]
    assert [o.fate for o in deliver(changed)] == [Fate.UNCHANGED] * 2
    withdraw(qinghe, "loan", DAY, WHY)
    (_, right) = deliver(changed, {NAME: unload(ROWS[:3])})
    assert (right.fate, right.good) == (Fate.LOADED, 3)
    assert arrivals.arrivals(qinghe, DAY, DAY)[0].state is not State.WITHDRAWN


def test_one_date_of_a_file_of_many(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    column = (
        "- name: day\n  logicalType: date\n  required: true\n  classification: C1\n"
        "  customProperties: [{property: decode, value: yyyymmdd}]\n"
    )
    contract = install(
        core_contract(
            columns=COLUMNS + column, pattern="LOAN_*.dat", custom={"business_date_from": "day"}
        )
    )
    rows = [["A", "1.00", "1", "", "20260330"], ["B", "2.00", "1", "", "20260331"]]
    deliver(contract, {"LOAN_1.dat": unload(rows)})
    withdraw(qinghe, "loan", DAY, WHY)
    (again,) = deliver(contract)
    assert (again.fate, again.good) == (Fate.UNCHANGED, 1)
    withdraw(qinghe, "loan", BEFORE, WHY)
    assert [o.fate for o in deliver(contract)] == [Fate.WITHDRAWN]
    assert store.dates(qinghe, "raw.loan") == []
    assert len(deliver(contract, order=Order(force=True))) == 2
    assert store.dates(qinghe, "raw.loan") == [BEFORE, DAY]


@pytest.mark.usefixtures("loaded")
def test_a_withdrawal_that_was_killed_is_ended_by_the_next(
    qinghe: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(withdraw_module, "_record", killed)
        with pytest.raises(RuntimeError, match="killed"):
            withdraw(qinghe, "loan", DAY, WHY)
    assert store.dates(qinghe, "raw.loan") == [BEFORE]
    done = withdraw(qinghe, "loan", DAY, WHY)
    assert (done.rows, done.version) == (20, None)
    assert arrivals.arrivals(qinghe, DAY, DAY)[0].state is State.WITHDRAWN
    with pytest.raises(NotFound, match="holds nothing of 2026-03-31"):
        withdraw(qinghe, "loan", DAY, WHY)


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("", "too short"),
        ("wrong", "too short"),
        ("wrong wrong wrong", "too short"),
        ("错送了", "too short"),
        ("customer 610102199001011234 asked us to", "may be a person's"),
        ("call 138 0013 8000 about this file", "may be a person's"),
        ("电话13800138000说错了", "may be a person's"),
        ("ticket 123456 of the sender says so", "may be a person's"),
    ],
)
def test_a_reason_says_enough_and_tells_nobody(qinghe: Scope, reason: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        withdraw(qinghe, "loan", DAY, reason)
    assert DAY in store.dates(qinghe, "raw.loan")


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("reason", ["错送他行", "sent for the wrong day", "重复 of 2026-03-30"])
def test_reasons_that_will_do(qinghe: Scope, reason: str) -> None:
    assert withdraw(qinghe, "loan", DAY, reason).rows == 20


@pytest.mark.usefixtures("loaded")
def test_who_may_and_what_is_there(qinghe: Scope, baishui: Scope, operator: Scope) -> None:
    analyst = Scope(UserId("li"), qinghe.bank, frozenset({Role.ANALYST}))
    with pytest.raises(Denied):
        withdraw(analyst, "loan", DAY, WHY)
    with pytest.raises(Denied, match="union level"):
        withdraw(Scope.system(None), "loan", DAY, WHY)
    with pytest.raises(NotFound, match="no feed 'laon'"):
        withdraw(operator, "laon", DAY, WHY)
    with pytest.raises(NotFound, match="holds nothing"):
        withdraw(operator, "loan", DAY + timedelta(days=1), WHY)
    with pytest.raises(NotFound):
        withdraw(baishui, "loan", DAY, WHY)
    with lock.held(qinghe, "loan"), pytest.raises(Conflict, match="being loaded"):
        withdraw(operator, "loan", DAY, WHY)
    assert store.dates(qinghe, "raw.loan") == [BEFORE, DAY]
