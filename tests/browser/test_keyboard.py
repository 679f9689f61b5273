"""Without a mouse: sign in, open the board, open the run that failed."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from tests.support.browsing import Visitors
from tests.support.house import RULE_JOB, House

MAX_TABS = 80
_FOCUSED = "() => document.activeElement.getAttribute('href') ?? ''"
_MARKED = """() => {
    const look = getComputedStyle(document.activeElement);
    return look.outlineStyle !== "none" || look.boxShadow !== "none";
}"""


def tab_to(page: Page, address: re.Pattern[str]) -> None:
    """Press Tab until a link to an address has the focus; each stop must be marked."""
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if address.search(page.evaluate(_FOCUSED)):
            assert page.evaluate(_MARKED), f"nobody sees that {address.pattern} has the focus"
            return
    raise AssertionError(f"no link to {address.pattern} within {MAX_TABS} tabs of {page.url}")


def test_from_signing_in_to_the_run_that_failed(open_page: Visitors, house: House) -> None:
    page = open_page(None)
    page.goto("/signin")
    expect(page.locator("#f-user")).to_be_focused()
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type(house.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/at/union/")

    tab_to(page, re.compile(r"/at/union/runs$"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/at/union/runs")
    tab_to(page, re.compile(r"/at/qinghe/runs/log/run_"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/log/run_*")
    expect(page.locator("main pre").last).to_contain_text(RULE_JOB)


def test_the_first_tab_skips_to_the_page(open_page: Visitors) -> None:
    page = open_page("operator")
    page.goto("/at/union/runs")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
