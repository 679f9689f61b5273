"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support import sample_bank

from titian.kernel import banks, clock, db
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings, configure, load

NOW = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
IN_CI = os.environ.get("CI") == "true"


TOGETHER = {
    "kernels": ("tests/payments/", "tests/web/decisions/"),
    "demo": ("tests/demo/",),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests in one worker where each worker would compile kernels or build a demo anew."""
    for item in items:
        for group, folders in TOGETHER.items():
            if item.nodeid.startswith(folders):
                item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TITIAN_")]:
        monkeypatch.delenv(name)
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one database, once; every test's home begins with a copy of it."""
    home = tmp_path_factory.mktemp("migrated")
    configure(load(home=home))
    db.upgrade()
    db.engine().dispose()
    return home / "titian.db"


@pytest.fixture
def home(migrated: Path, tmp_path: Path) -> Iterator[Settings]:
    """Give settings with an empty home and a migrated database."""
    before = load(home=tmp_path / "never-used")
    chosen = configure(load(home=tmp_path / "home", query_workers=1, job_workers=2))
    chosen.home.mkdir(mode=0o700)
    shutil.copy(migrated, chosen.home / "titian.db")
    try:
        yield chosen
    finally:
        db.engine().dispose()
        configure(before)


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make, once, a home with the sample bank; tests pour it into their own."""
    home = tmp_path_factory.mktemp("sample")
    before = load(home=tmp_path_factory.mktemp("unused"))
    configure(load(home=home, query_workers=1, job_workers=2))
    sample_bank.make()
    configure(before)
    return home


@pytest.fixture
def frozen_clock() -> Iterator[datetime]:
    """Hold time at 08:30 of 1 April 2026 at the banks."""
    with clock.frozen(NOW):
        yield NOW


@pytest.fixture
def union() -> Scope:
    """Give the platform's own scope at union level."""
    return Scope.system(None)


@pytest.fixture
def qinghe(home: Settings, union: Scope) -> Scope:
    """Give the platform's own scope at the registered bank qinghe."""
    banks.ensure(union, BankId("qinghe"))
    return Scope.system(BankId("qinghe"))


@pytest.fixture
def baishui(home: Settings, union: Scope) -> Scope:
    """Give the platform's own scope at the registered bank baishui."""
    banks.ensure(union, BankId("baishui"))
    return Scope.system(BankId("baishui"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real data; skip without it, but never in CI."""
    if not SHARED_DATA.is_dir():
        if IN_CI:
            pytest.fail("the folder of real data is missing, and CI must not skip it")
        pytest.skip("the folder of real data is not here")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """Give the URL of a PostgreSQL on its standard loopback port; skip without one, not in CI."""
    import psycopg

    url = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/test")
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        if IN_CI:
            pytest.fail(f"PostgreSQL does not answer, and CI must not skip it: {error}")
        pytest.skip("PostgreSQL does not answer on its standard loopback port")
    return url
