"""The union at half past seven, served to Chromium; pages that complain fail their test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from tests.support import house as union_house
from tests.support.browsing import ARGUMENTS, AXE, CHROMIUM, PATIENCE_MS, Visitors
from tests.support.house import MORNING, House
from tests.support.serving import served

from titian.kernel.settings import configure, load


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Build the union once; it is never served itself, only copies of it."""
    _require(Path(CHROMIUM), "install Debian's chromium, or set CHROMIUM")
    _require(AXE, "run python tools/build_frontend.py --force")
    before = load(home=tmp_path_factory.mktemp("unused"))
    try:
        return union_house.make(tmp_path_factory.mktemp("house") / "home")
    finally:
        configure(before)


def _require(file: Path, remedy: str) -> None:
    if file.exists():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{file} is missing, and CI must not skip it: {remedy}")
    pytest.skip(f"{file} is not here: {remedy}")


@pytest.fixture(scope="session")
def server(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve one copy of the house to all tests that leave it as they found it."""
    home = shutil.copytree(house.home, tmp_path_factory.mktemp("served") / "home")
    with served(home, MORNING) as base:
        yield base


@pytest.fixture
def own_server(house: House, tmp_path: Path) -> Iterator[str]:
    """Serve a copy of the house to a single test, which may change it."""
    home = shutil.copytree(house.home, tmp_path / "home")
    with served(home, MORNING) as base:
        yield base


@pytest.fixture(scope="module")
def chromium(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start Chromium for one file: while it runs, no other test can start an event loop."""
    expect.set_options(timeout=PATIENCE_MS)
    # Chromium keeps settings and crash reports in HOME; the developer's is not its business.
    surroundings: dict[str, str | float | bool] = {
        **os.environ,
        "HOME": str(tmp_path_factory.mktemp("chromium")),
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, env=surroundings
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sessions() -> dict[tuple[str, str], dict[str, str]]:
    """Keep who is signed in where."""
    return {}


@pytest.fixture
def open_page(
    server: str,
    house: House,
    chromium: Browser,
    sessions: dict[tuple[str, str], dict[str, str]],
    request: pytest.FixtureRequest,
) -> Iterator[Visitors]:
    """Give a way to get a signed-in page; whatever it complains of fails the test."""
    visitors = Visitors(chromium, server, house.password, sessions)
    yield visitors
    visitors.leave(request.node.name)
    assert visitors.complaints == []
