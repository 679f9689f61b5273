"""On a phone: nothing scrolls sideways, everything is big enough for a finger, the menu works."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.support.browsing import Visitors, overflow, settle, small_targets, words
from tests.support.house import RED, House

PAGES = (
    (None, "/signin"),
    ("operator", "/at/union/"),
    ("operator", "/at/union/runs"),
    ("operator", f"/at/{RED}/runs"),
    ("loan", f"/at/{RED}/"),
    ("loan", f"/at/{RED}/customers"),
)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("user", "address"), PAGES)
def test_a_page_fits_the_hand(
    open_page: Visitors, user: str | None, address: str, language: str
) -> None:
    page = open_page(user, language=language, phone=True)
    page.goto(address)
    settle(page)
    found = [*overflow(page), *small_targets(page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_from_signing_in_to_a_customer(open_page: Visitors, house: House, language: str) -> None:
    say = words(language)
    page = open_page(None, language=language, phone=True)
    page.goto("/signin")
    page.locator("#f-user").fill("loan")
    page.locator("#f-password").fill(house.password)
    page.locator("form button[type=submit]").first.tap()
    page.wait_for_url(f"**/at/{RED}/")

    expect(page.locator("#rail")).to_be_hidden()
    page.locator("[data-drawer-open]").tap()
    expect(page.locator("#rail")).to_be_visible()
    assert small_targets(page) == []
    page.locator("#rail nav").get_by_role("link", name=say("Customer 360"), exact=True).tap()
    page.wait_for_url("**/customers")
    expect(page.locator("#rail")).to_be_hidden()

    page.locator("#find-q").fill(house.customer_phone)
    page.locator("#find-q").press("Enter")
    found = page.locator("#found tbody tr")
    expect(found).to_have_count(1)
    assert overflow(page) == []
    found.get_by_role("link").first.tap()
    page.wait_for_url(f"**/customers/{house.customer}")
    settle(page)
    assert overflow(page) == []
