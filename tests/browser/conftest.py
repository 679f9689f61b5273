"""A real server on an empty home, and pages in Debian's Chromium that fail on any complaint."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from titian.kernel import banks, db, users
from titian.kernel.banks import Bank
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import configure, load
from titian.kernel.users import User

PASSWORD = "terrace field water"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SHOTS = os.environ.get("TEST_SCREENSHOTS")
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
START_LIMIT_S = 30
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


def populate(home: Path) -> None:
    """Make banks and people in a home."""
    from titian.kernel import settings as module

    before = module._current
    configure(load(home=home))
    try:
        db.upgrade()
        union = Scope.system(None)
        for bank, zh, en in (
            ("qinghe", "清河农商行", "Qinghe Rural Bank"),
            ("baishui", "白水农商行", "Baishui Rural Bank"),
        ):
            banks.register(union, Bank(BankId(bank), zh, en))
        staff = [("admin", None, Role.UNION_ADMIN), ("qian", "qinghe", Role.BANK_ADMIN)]
        staff += [(f"clerk_{n:02d}", ("qinghe", "baishui")[n % 2], Role.CLERK) for n in range(60)]
        for name, at, role in staff:
            place = BankId(at) if at else None
            new = User(UserId(name), name.title(), place, frozenset({role}), 3)
            users.create(union, new, PASSWORD)
        db.engine().dispose()
    finally:
        module._current = before


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the pages from a home of its own; gives the address."""
    home = tmp_path_factory.mktemp("home")
    populate(home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "TITIAN_HOME": str(home), "TITIAN_LOG_LEVEL": "WARNING"}
    start = "from titian.cli import main; main()"
    command = [sys.executable, "-c", start, "serve", "--port", str(port), "--gallery"]
    log = (home / "server.log").open("w")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait(base, process, home)
        yield base
    finally:
        process.terminate()
        process.wait(START_LIMIT_S)
        log.close()


def _wait(base: str, process: subprocess.Popen[bytes], home: Path) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{base}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start: {(home / 'server.log').read_text()[-2000:]}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start Chromium for one file: while it runs, no other test can start an event loop."""
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is missing, and CI must not skip it")
        pytest.skip(f"{CHROMIUM} is not here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(server: str, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Give a way to get a signed-in page; whatever it complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(
        user: str | None = "admin", *, language: str = "en", phone: bool = False, dark: bool = False
    ) -> Page:
        context = chromium.new_context(
            base_url=server,
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]  # a plain dict is fine
            is_mobile=phone,
            has_touch=phone,
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        context.add_cookies([{"name": "titian_language", "value": language, "url": server}])
        page = context.new_page()
        _listen(page, server, complaints)
        if user is not None:
            page.goto("/signin")
            page.fill("#f-user", user)
            page.fill("#f-password", PASSWORD)
            page.press("#f-password", "Enter")
            page.wait_for_url("**/at/**")
        return page

    yield opened
    for number, context in enumerate(contexts):
        if SHOTS:
            for page in context.pages:
                page.screenshot(path=f"{SHOTS}/{request.node.name}-{number}.png", full_page=True)
        context.close()
    assert complaints == []


def _listen(page: Page, server: str, complaints: list[str]) -> None:
    ours = urlsplit(server).netloc

    def on_console(message: ConsoleMessage) -> None:
        expected = "the server responded with a status of 4" in message.text
        if message.type in ("error", "warning") and not expected:
            complaints.append(f"console: {message.text}")

    def on_request(request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme not in ("data", "blob") and asked.netloc != ours:
            complaints.append(f"off-origin: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("request", on_request)


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Give a check that lists serious and critical findings of axe on a page."""
    if not AXE.exists():
        pytest.fail("axe-core is missing: run python tools/build_frontend.py --force")
    source = AXE.read_text()

    def check(page: Page) -> list[str]:
        page.wait_for_load_state("networkidle")
        page.evaluate(source)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{page.url}: {item['id']} ({item['impact']}) {node['target']} {node['html'][:120]}"
            for item in found["violations"]
            if item["impact"] in ("serious", "critical")
            for node in item["nodes"]
        ]

    return check
