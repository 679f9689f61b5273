from __future__ import annotations

from pathlib import Path

import pytest

from titian.data import definitions
from titian.data.feeds import service
from titian.data.feeds.load import Fate, Order
from titian.data.feeds.model import Status
from titian.kernel.errors import Conflict, Denied, InvalidInput, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.lake import store

from .conftest import Install, core_contract, unload

ROWS = unload([[f"L{n}", "1.50", "1", "张三"] for n in range(10)])


def put(folder: Path, name: str, text: str = ROWS) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "gb18030")


def test_many_banks_load_side_by_side(
    qinghe: Scope, baishui: Scope, install: Install, folder: Path, tmp_path: Path
) -> None:
    install(core_contract())
    install(core_contract(feed="account", pattern="ACCOUNT_{yyyymmdd}.dat"))
    definitions.set_presets(baishui, definitions.Presets.NONE)
    definitions.install(baishui, "feeds", tmp_path / "contracts")
    for bank in ("qinghe", "baishui"):
        for day in (30, 31):
            put(folder, f"{bank}/LOAN_202603{day}.dat")
            put(folder, f"{bank}/ACCOUNT_202603{day}.dat")
    batches = [service.Batch(scope, folder) for scope in (qinghe, baishui)]
    seen: list[int] = []
    reports = service.load_many(batches, workers=4, advance=seen.append)
    assert [report.bank for report in reports] == ["qinghe", "baishui"]
    for report, batch in zip(reports, batches, strict=True):
        assert report.good == 40
        assert {table.table.name for table in store.tables(batch.scope)} == {"account", "loan"}
    assert sum(seen) == 80


def test_one_feed_that_fails_keeps_no_other_from_loading(
    qinghe: Scope, install: Install, folder: Path
) -> None:
    install(core_contract())
    install(core_contract(feed="account", pattern="ACCOUNT_{yyyymmdd}.dat"))
    put(folder, "LOAN_20260331.dat")
    put(folder, "ACCOUNT_20260331.dat")
    put(folder, "old/ACCOUNT_20260331.dat")
    report = service.load(qinghe, folder)
    (failed,) = report.of(Fate.FAILED)
    assert isinstance(failed.error, Conflict)
    (loaded,) = report.of(Fate.LOADED)
    assert loaded.feed == "loan"
    assert store.exists(qinghe, "raw.loan")


def test_what_is_optional_is_missed_by_nobody_unless_named(
    qinghe: Scope, install: Install, folder: Path
) -> None:
    install(core_contract())
    contract = install(
        core_contract(feed="account", pattern="ACCOUNT_{yyyymmdd}.dat", custom={"optional": True})
    )
    put(folder, "LOAN_20260331.dat")
    assert {one.feed for one in service.load(qinghe, folder).outcomes} == {"loan"}
    named = service.load(qinghe, folder, feeds=["account"])
    assert [one.fate for one in named.outcomes] == [Fate.MISSING]
    checked = service.check([contract], folder)
    assert checked.outcomes == ()


def test_only_some_feeds(qinghe: Scope, install: Install, folder: Path) -> None:
    install(core_contract())
    install(core_contract(feed="account", pattern="ACCOUNT_{yyyymmdd}.dat"))
    put(folder, "LOAN_20260331.dat")
    report = service.load(qinghe, folder, Order(), among=["loan"])
    assert [one.feed for one in report.outcomes] == ["loan"]
    with pytest.raises(NotFound, match="no feed 'laon'"):
        service.load(qinghe, folder, feeds=["laon"])


def test_a_check_writes_nothing(qinghe: Scope, install: Install, folder: Path) -> None:
    contract = install(core_contract())
    put(folder, "LOAN_20260331.dat")
    report = service.check([contract], folder)
    assert [(one.fate, one.good) for one in report.outcomes] == [(Fate.ACCEPTABLE, 10)]
    assert not store.exists(qinghe, "raw.loan")


def test_retired_contracts_are_not_loaded(qinghe: Scope, install: Install, folder: Path) -> None:
    contract = install(core_contract())
    object.__setattr__(contract, "status", Status.RETIRED)
    assert service.chosen([contract], ()) == []
    assert service.chosen([contract], ["loan"]) == [contract]


def test_what_is_needed(qinghe: Scope, install: Install, folder: Path) -> None:
    with pytest.raises(NotFound, match="no feed contracts"):
        service.load(qinghe, folder)
    install(core_contract())
    with pytest.raises(InvalidInput, match="no folder is named"):
        service.load(qinghe, None)
    clerk = Scope(UserId("zhao"), qinghe.bank, frozenset({Role.CLERK}))
    with pytest.raises(Denied):
        service.load(clerk, folder)
