"""The life of a delivery with PostgreSQL as the operational database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from titian.data.feeds import lock
from titian.data.feeds.arrivals import arrivals, control_total, deliveries
from titian.data.feeds.drift import drift
from titian.data.feeds.load import Fate
from titian.data.feeds.quarantine import Filter, HistoryFilter, history, quarantine, summary
from titian.data.feeds.reasons import Code
from titian.data.feeds.record import ArrivalStatus, RowStatus
from titian.data.feeds.repair import fix
from titian.data.feeds.replay import replay
from titian.kernel import db
from titian.kernel.errors import Conflict
from titian.kernel.ids import new_id
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings, configure, load
from titian.lake import store

from .conftest import Deliver, Install, core_contract, unload

pytestmark = pytest.mark.service
DAY = date(2026, 3, 31)
NAME = "LOAN_20260331.dat"
GOOD = [[f"L{n}", "1.50", "1", "张三"] for n in range(100)]


@pytest.fixture
def home(tmp_path: Path, postgres_url: str) -> Iterator[Settings]:
    """Give settings with an empty home and a fresh PostgreSQL database."""
    before = load(home=tmp_path / "never-used")
    name = sql.Identifier(new_id("titian"))
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        url = f"{postgres_url.rsplit('/', 1)[0]}/{name.as_string().strip(chr(34))}"
        made = configure(load(home=tmp_path / "home", database_url=url))
        db.upgrade()
        try:
            yield made
        finally:
            db.engine().dispose()
            configure(before)
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def test_from_delivery_to_replay(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    written = core_contract(custom={"max_bad_share": 0.5})
    written.server |= {"control": "CONTROL_{yyyymmdd}.ctl", "control_totals": ["amount_fen"]}
    contract = install(written)
    broken = b"B2|@|1.50|@|1|@|\xd5\xc5\xff\n"
    data = unload([*GOOD, ["B1", "1.50", "Z9", "李四"]]).encode("gb18030") + broken
    files: dict[str, bytes | str] = {
        NAME: data,
        "CONTROL_20260331.ctl": f"{NAME}|@|102|@|amount_fen=153.00\n",
    }
    (outcome,) = deliver(contract, files)
    assert (outcome.fate, outcome.good, outcome.bad) == (Fate.LOADED, 100, 2)
    assert deliver(contract)[0].fate is Fate.UNCHANGED
    assert control_total(qinghe, "loan", "amount_fen", DAY) == 15_300
    assert [one.detail for one in drift(qinghe)] == ["Z9"]
    assert summary(qinghe, Filter()) == [
        ("loan", "kind", Code.CODE, 1),
        ("loan", "name", Code.ENCODING, 1),
    ]

    for row in quarantine(qinghe, Filter()).rows:
        changes = {"kind": "2"} if row.code is Code.CODE else {"amount_fen": "1.50"}
        fix(qinghe, row.row_id, values=changes)
    assert replay(qinghe, outcome.arrival_id).good == 1
    (left,) = quarantine(qinghe, Filter()).rows
    assert (left.code, left.column) == (Code.ENCODING, "name")
    fix(qinghe, left.row_id, values={"name": "张三"})
    assert replay(qinghe, outcome.arrival_id).good == 1
    acts = history(qinghe, HistoryFilter(row_id=left.row_id)).acts
    assert [one.action for one in acts] == ["replay", "fix", "fix"]
    assert store.read(qinghe, "raw.loan").num_rows == 102
    (standing,) = arrivals(qinghe, DAY, DAY)
    assert standing.arrival is not None
    assert (standing.arrival.good, standing.arrival.bad) == (102, 0)


def test_a_redelivery_and_a_rejection(qinghe: Scope, install: Install, deliver: Deliver) -> None:
    contract = install(core_contract())
    deliver(contract, {NAME: unload([*GOOD, ["B1", "x", "1", ""]])})
    deliver(contract, {NAME: unload(GOOD[:2])})
    (refused,) = deliver(contract, {NAME: unload([["B", "x", "1", ""]])})
    assert refused.fate is Fate.REJECTED
    assert [one.status for one in deliveries(qinghe, "loan", DAY)] == [
        ArrivalStatus.REJECTED,
        ArrivalStatus.LOADED,
        ArrivalStatus.REPLACED,
    ]
    (old,) = quarantine(qinghe, Filter(status=RowStatus.SUPERSEDED)).rows
    assert (old.raw, old.fields) == (None, None)
    assert store.read(qinghe, "raw.loan").num_rows == 2


def test_one_load_at_a_time_across_processes(qinghe: Scope, install: Install) -> None:
    with lock.held(qinghe, "loan"):
        with pytest.raises(Conflict, match="being loaded"), lock.held(qinghe, "loan"):
            pass
        with lock.held(qinghe, "account"):
            pass
    with lock.held(qinghe, "loan"):
        pass
