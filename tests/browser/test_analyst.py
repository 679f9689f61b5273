"""An analyst reads a figure down to its rows, builds an audience and asks for it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.support.browsing import Visitors, settle, words
from tests.support.house import BEFORE, DAY, RED

NAMES = {"zh": "存款余额", "en": "deposits"}
BALANCE = "core.account.balance_fen"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_figure_is_found_explained_and_drilled_into(open_page: Visitors, language: str) -> None:
    say, name = words(language), NAMES[language]
    page = open_page("analyst", language=language)
    page.goto(f"/at/{RED}/")
    page.keyboard.press("Control+k")
    page.locator("#palette input").press_sequentially(name)
    page.locator("#palette-found a[href$='/indicators/deposit_balance']").click()
    expect(page.locator("h1")).to_have_text(re.compile(f"^{name}$", re.IGNORECASE))
    settle(page)

    expect(page.locator("#definition")).to_contain_text(BALANCE)
    expect(page.locator("#definition strong").first).not_to_be_empty()
    whole = page.locator("#completeness")
    expect(whole.locator("progress")).to_have_attribute("value", re.compile(r"^[1-9]"))
    expect(whole).to_contain_text(say("Every indicator is there for every organisation."))
    expect(whole.locator("a")).to_have_attribute("href", re.compile(f"date={DAY}"))

    page.get_by_role("link", name=say("Rows behind it")).click()
    expect(page.locator(".data-table tbody tr").first).to_be_visible()
    expect(page.locator("main")).to_contain_text(f"{BEFORE:%Y}")
    page.go_back()

    page.locator("#definition").get_by_role("link", name=BALANCE).click()
    expect(page).to_have_url(re.compile(r"/tables/core\.account/lineage"))
    expect(page.locator("main")).to_contain_text("raw.balance")
    settle(page)
