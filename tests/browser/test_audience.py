"""An analyst builds an audience while the count moves, and a colleague lets its rows go."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.support.browsing import Visitors, settle, words
from tests.support.house import RED

NUMBER = re.compile(r"^[\d,]+$")
# What the analyst types to find a tag, its code, and how the audience is called.
ASKED = {
    "zh": ("定期客户", "time_depositor", "定期存款回访"),
    "en": ("time dep", "time_depositor", "Time deposits to call"),
}

Say = Callable[..., str]


def total(page: Page) -> Locator:
    return page.locator(".b-total strong")


def add(page: Page, found: str, code: str) -> None:
    page.locator(".b-find input").first.press_sequentially(found)
    offered = page.locator(".b-found [role=option]").filter(has=page.get_by_text(code, exact=True))
    offered.first.click()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_count_moves_and_four_eyes_let_rows_go(open_page: Visitors, language: str) -> None:
    say = words(language)
    typed, code, name = ASKED[language]
    page = open_page("analyst", language=language)
    page.goto(f"/at/{RED}/audiences/build")
    expect(total(page)).to_have_count(0)

    add(page, typed, code)
    expect(total(page)).to_have_text(NUMBER)
    fewer = total(page).inner_text()
    page.locator("select[name^='join.']").first.select_option("none")
    expect(total(page)).not_to_have_text(fewer)
    page.locator("select[name^='join.']").first.select_option("all")
    expect(total(page)).to_have_text(fewer)
    compare_with_everyone(page, say)

    page.locator("#f-name").fill(name)
    page.locator("button[name=do][value=save]").click()
    expect(page.locator("h1")).to_have_text(name)
    ask_for_the_rows(page, say, name)
    approve(open_page("risk", language=language), say, name)
    take_the_rows(page, name)


def test_the_values_to_choose_close_by_escape_and_by_going_elsewhere(open_page: Visitors) -> None:
    page = open_page("analyst", language="en")
    page.goto(f"/at/{RED}/audiences/build")
    page.locator("button[name=do][value=clear]").click()
    add(page, "age group", "age_group")
    values = page.locator("details.b-values")
    expect(values).to_have_attribute("open", "")
    expect(values.locator("input").first).to_be_focused()

    page.keyboard.press("Escape")
    expect(values).not_to_have_attribute("open", "")
    expect(values.locator("summary")).to_be_focused()
    for elsewhere in ("h1", "#f-name"):
        values.locator("summary").click()
        expect(values).to_have_attribute("open", "")
        page.locator(elsewhere).click()
        expect(values).not_to_have_attribute("open", "")

    values.locator("summary").click()
    values.locator("label").first.click()
    expect(total(page)).to_have_text(NUMBER)
    expect(values).to_have_attribute("open", "")
    page.reload()
    expect(values).not_to_have_attribute("open", "")
    page.locator("button[name=do][value=clear]").click()


def compare_with_everyone(page: Page, say: Say) -> None:
    panel = page.locator(".panel").filter(has_text=say("How they differ from everyone"))
    settle(page)
    panel.locator("summary").first.click()
    expect(panel.locator("tbody tr").first).to_contain_text("×")


def ask_for_the_rows(page: Page, say: Say, name: str) -> None:
    page.get_by_role("button", name=say("Ask for the rows")).click()
    page.locator("#export [name=reason]").fill(name)
    page.get_by_role("button", name=say("Ask"), exact=True).click()
    page.goto(f"/at/{RED}/audiences/exports")
    mine = page.locator("tbody tr").filter(has_text=name)
    expect(mine).to_contain_text(say("Waits for approval"))
    expect(mine.get_by_role("button")).to_have_count(0)


def approve(page: Page, say: Say, name: str) -> None:
    page.goto(f"/at/{RED}/audiences/exports")
    asked = page.locator("tbody tr").filter(has_text=name)
    asked.get_by_role("button", name=say("Approve")).click()
    expect(page.locator("#confirm")).to_contain_text(name)
    page.locator("#confirm").get_by_role("button", name=say("Go ahead")).click()
    expect(page.locator("tbody tr").filter(has_text=name)).to_contain_text(say("Approved"))


def take_the_rows(page: Page, name: str) -> None:
    page.reload()
    mine = page.locator("tbody tr").filter(has_text=name)
    with page.expect_download() as download:
        mine.locator("a[href$='/rows']").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "party_id"
    assert len(lines) > 1
