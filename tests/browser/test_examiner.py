"""An examiner sees who used one person's data, takes it home, and proves the log is whole."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.support.browsing import Visitors, words
from tests.support.house import RED, House

REASON = {"zh": "贷前走访核对", "en": "Visit before lending"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_use_of_a_persons_data_is_there_and_the_log_is_whole(
    open_page: Visitors, house: House, tmp_path: Path, language: str
) -> None:
    say = words(language)
    look_at_the_customer(open_page("loan", language=language), house, language)

    page = open_page("examiner", language=language)
    page.goto("/")
    page.locator("#rail nav").get_by_role("link", name=say("Audit log"), exact=True).click()
    page.locator("#list-audit-q").fill(house.customer)
    rows = page.locator("#list-audit tbody tr")
    expect(page).to_have_url(re.compile(house.customer))
    expect(rows.filter(has_text=say("Saw a customer in the clear")).first).to_be_visible()
    expect(rows.filter(has_text=REASON[language]).first).to_be_visible()
    expect(rows.filter(has_not_text="loan")).to_have_count(0)

    page.get_by_role("button", name=say("Export")).click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV").click()
    file = tmp_path / "uses.csv"
    download.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as text:
        lines = list(csv.reader(text))[1:]
    assert lines
    assert all(any(house.customer in cell for cell in line) for line in lines)

    page.get_by_role("button", name=say("Verify the log")).click()
    expect(page.locator("#verdict")).to_contain_text(say("The log is whole."))


def look_at_the_customer(page: Page, house: House, language: str) -> None:
    say = words(language)
    page.goto(f"/at/{RED}/customers")
    page.locator("#find-q").fill(house.customer_phone)
    page.locator("#find-q").press("Enter")
    page.locator("#found").get_by_role("link", name=house.customer_name[:1]).first.click()
    page.wait_for_url(f"**/customers/{house.customer}")
    page.get_by_role("button", name=say("Show in the clear")).click()
    page.locator("#unmask input[name=reason]").fill(REASON[language])
    page.get_by_role("button", name=say("Show and record")).click()
    expect(page.locator("h1")).to_have_text(house.customer_name)
    page.get_by_role("button", name=say("Mask again")).click()
    expect(page.locator("h1")).not_to_have_text(house.customer_name)
