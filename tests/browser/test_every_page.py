"""Every kind of page, in both languages, in both themes, on a desk and on a phone's width."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from tests.support.browsing import DESK, PHONE, Visitors, offences, overflow
from tests.support.house import RED, House

from titian.demo.accounts import ACCOUNTS
from titian.demo.visit import visit_all
from titian.kernel.ids import UserId

GALLERY = "/at/union/gallery"
PATIENCE_S = 600

Sample = tuple[str | None, str]


@pytest.fixture(scope="module")
def samples(server: str, house: House) -> list[Sample]:
    """Give each account's home, and an address of each kind of page with who may open it."""
    customer = f"/at/{RED}/customers/{house.customer}"
    asked = {
        UserId("loan"): (customer, f"{customer}/loans"),
        UserId("analyst"): (f"/at/{RED}/search?q=存款",),
    }
    seen = visit_all(server, ACCOUNTS, house.password, asked, lambda _steps: None, each=1)
    assert not seen.failures, "\n".join(seen.failures)
    homes: list[Sample] = [(str(account.user_id), "/") for account in ACCOUNTS]
    kinds: list[Sample] = [(str(user), address) for user, address in seen.samples.values()]
    return [(None, "/signin"), *sorted({*homes, *kinds, ("admin", GALLERY)})]


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize(("language", "dark"), [("zh", False), ("en", True)])
def test_it_offends_nobody_and_fits_a_phone(
    open_page: Visitors, samples: list[Sample], language: str, dark: bool
) -> None:
    pages: dict[str | None, Page] = {}
    found: list[str] = []
    for user, address in samples:
        if user not in pages:
            pages[user] = open_page(user, language=language, dark=dark)
        page = pages[user]
        page.set_viewport_size(DESK)
        page.goto(address)
        found += offences(page)
        page.set_viewport_size(PHONE)
        found += overflow(page)
    assert not found, "\n".join(found)
