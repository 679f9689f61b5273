"""The union's operator at half past seven: from a red bank to a green one, without a terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.support.browsing import Visitors, settle, words
from tests.support.house import HOUSEHOLDS, RULE_JOB, VILLAGES

RUN_PATIENCE_MS = 120_000
JOBS = 23
HELD = 6
# What the scene is called: the red bank, the late one, its feed, the job that failed.
SCENE = {
    "zh": ("清禾农商行", "柏水农商行", "贷款借据", "农户"),
    "en": (
        "Qinghe Rural Commercial Bank",
        "Baishui Rural Commercial Bank",
        "Loans",
        "Households",
    ),
}

Say = Callable[..., str]


def row(page: Page, text: str) -> Locator:
    return page.locator(".data-table tbody tr").filter(has_text=text)


def in_state(page: Page, state: str) -> Locator:
    """Give the rows that are in a state themselves, not those that another's state holds up."""
    own = page.locator(".state").get_by_text(state, exact=True)
    return page.locator(".data-table tbody tr").filter(has=own)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_red_bank_turns_green(open_page: Visitors, own_server: str, language: str) -> None:
    say = words(language)
    red, late, feed, job = SCENE[language]
    page = open_page("operator", at=own_server, language=language)
    page.goto("/")
    page.locator("#rail nav").get_by_role("link", name=say("Runs"), exact=True).click()
    expect(page.locator("#board tbody tr")).to_have_count(4)
    expect(row(page, say("Failed"))).to_have_count(1)
    expect(row(page, late)).to_contain_text(feed)
    row(page, red).get_by_role("link", name=job).click()
    read_what_went_wrong(page, red, job)
    mend_the_codes(page, say)
    page.locator("#rail nav").get_by_role("link", name=say("Runs"), exact=True).click()
    see_who_is_held_up(page, say)
    run_again(page, say)


def read_what_went_wrong(page: Page, bank: str, job: str) -> None:
    expect(page.locator("h1")).to_have_text(job)
    expect(page.locator("main")).to_contain_text(bank)
    expect(page.locator("main .notice").first).to_contain_text("3")
    broken = row(page, HOUSEHOLDS[0])
    for household in HOUSEHOLDS:
        expect(broken).to_contain_text(household)
    expect(page.locator("main pre").last).to_contain_text("LEFT JOIN core.village")


def mend_the_codes(page: Page, say: Say) -> None:
    page.locator("main a.btn[href*='feed=village']").click()
    expect(page.locator(".data-table tbody tr")).to_have_count(len(VILLAGES))
    for village in VILLAGES:
        line = row(page, village)
        line.get_by_role("combobox").select_option("Y")
        line.get_by_role("button", name=say("Mend"), exact=True).click()
        expect(line.get_by_role("combobox")).to_have_count(0)
    page.locator("#ready").get_by_role("button", name=say("Replay"), exact=True).click()
    expect(page.locator("h1")).to_contain_text("2")


def see_who_is_held_up(page: Page, say: Say) -> None:
    expect(in_state(page, say("Failed")).filter(has_text=RULE_JOB)).to_have_count(1)
    expect(in_state(page, say("Held up"))).to_have_count(HELD)


def run_again(page: Page, say: Say) -> None:
    page.get_by_role("button", name=say("Repeat from the failed")).click()
    expect(in_state(page, say("Done"))).to_have_count(JOBS, timeout=RUN_PATIENCE_MS)
    expect(page.locator("#board progress").first).to_have_attribute("value", str(JOBS))
    expect(in_state(page, say("Failed"))).to_have_count(0)
    expect(in_state(page, say("Held up"))).to_have_count(0)
    expect(page.get_by_role("button", name=say("Repeat from the failed"))).to_have_count(0)
    settle(page)
