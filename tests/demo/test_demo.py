from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from titian.demo import build
from titian.demo.accounts import ACCOUNTS
from titian.demo.build import Built
from titian.demo.visit import visit_all
from titian.kernel import banks, db
from titian.kernel.errors import Corrupt
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings, configure, load
from titian.lake import store
from titian.province import ProvinceConfig
from titian.web.app import create_app

SMALL = ProvinceConfig(banks=2, customers=240, days=10, end=date(2026, 3, 31))
RUN_DAYS = 3


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Built]]:
    """Build a small demo once."""
    home = tmp_path_factory.mktemp("demo") / "home"
    chosen = configure(load(home=home, query_workers=1, job_workers=2))
    db.upgrade()
    yield chosen, build.build(SMALL, RUN_DAYS)
    db.engine().dispose()


@pytest.fixture
def built(house: tuple[Settings, Built]) -> Built:
    """Give the small demo, with its settings in force."""
    configure(house[0])
    return house[1]


def test_it_works(built: Built) -> None:
    assert (built.banks, built.first_bank) == (2, "qinghe")
    assert built.job_runs >= 2 * RUN_DAYS * 20
    assert [bank.bank for bank in banks.all_banks()] == ["baishui", "qinghe"]


def test_every_date_is_there_once(built: Built) -> None:
    scope = Scope.system(BankId("qinghe"))
    days = [SMALL.end - timedelta(days=back) for back in range(RUN_DAYS)]
    assert store.dates(scope, "core.loan") == sorted(days)
    loans = store.read(scope, "core.loan", business_date=SMALL.end, columns=["loan_id"])
    assert len(set(loans.column("loan_id").to_pylist())) == loans.num_rows > 0


def test_every_role_opens_every_page_it_is_led_to(built: Built) -> None:
    party = store.read(
        Scope.system(BankId("qinghe")),
        "core.party",
        business_date=SMALL.end,
        columns=["party_id"],
    )
    customer = f"/at/qinghe/customers/{party.column('party_id')[0].as_py()}"
    asked = {
        UserId("loan"): (customer, f"{customer}/loans"),
        UserId("analyst"): ("/at/qinghe/search?q=存款",),
    }
    seen = visit_all(create_app(), ACCOUNTS, built.password, asked, lambda _steps: None)
    assert seen.failures == []
    assert seen.pages > 200


def test_a_second_start_finds_it_built(built: Built) -> None:
    assert build.existing() == built


def test_another_version_builds_anew(built: Built) -> None:
    marker = build._marker()
    text = marker.read_text()
    marker.write_text(json.dumps({**json.loads(text), "version": "0.0.1"}))
    try:
        assert build.existing() is None
    finally:
        marker.write_text(text)


def test_a_broken_marker_is_named(built: Built) -> None:
    marker = build._marker()
    text = marker.read_text()
    marker.write_text("{")
    try:
        with pytest.raises(Corrupt, match=r"demo\.json"):
            build.existing()
    finally:
        marker.write_text(text)


def test_building_again_makes_nothing_twice(built: Built) -> None:
    again = build.build(SMALL, RUN_DAYS)
    assert replace(again, seconds=0, rows=0, job_runs=0) == replace(
        built, seconds=0, rows=0, job_runs=0
    )
    scope = Scope.system(BankId("qinghe"))
    loans = store.read(scope, "core.loan", business_date=SMALL.end, columns=["loan_id"])
    assert len(set(loans.column("loan_id").to_pylist())) == loans.num_rows


def test_only_the_owner_reads_the_password(built: Built, house: tuple[Settings, Built]) -> None:
    path: Path = house[0].home / "demo.json"
    assert path.stat().st_mode & 0o077 == 0
