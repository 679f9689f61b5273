"""Pictures and squares by mouse, by keys and by touch."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.support.browsing import Visitors
from tests.support.house import RED

PICTURE = f"/at/{RED}/runs/graph"
LOAN = '.flow-box[data-name="core.loan"]'
FOCUSED = "document.activeElement.dataset.name"


@pytest.fixture
def picture(open_page: Visitors) -> Page:
    """Open the picture of the red bank's day."""
    page = open_page("operator")
    page.goto(PICTURE)
    expect(page.locator(".flow-tools")).to_be_visible()
    return page


def size(page: Page) -> int:
    return int(page.locator("[data-zoom=full]").inner_text().rstrip("%"))


def test_it_fits_the_window_and_changes_size(picture: Page) -> None:
    picture.locator("[data-zoom=fit]").click()
    stage = picture.locator(".flow-stage")
    assert stage.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
    before = size(picture)
    picture.locator("[data-zoom=in]").click()
    assert size(picture) > before
    stage.hover()
    picture.keyboard.down("Control")
    picture.mouse.wheel(0, -400)
    picture.keyboard.up("Control")
    expect(picture.locator("[data-zoom=full]")).not_to_have_text(f"{before}%")
    picture.locator("[data-zoom=full]").click()
    assert size(picture) == 100


def test_pointing_at_a_job_lights_its_ways(picture: Page) -> None:
    picture.locator(LOAN).hover()
    expect(picture.locator('.flow-box[data-name="raw.loan"][data-on]')).to_have_count(1)
    expect(picture.locator('.flow-box[data-name="raw.touch"][data-on]')).to_have_count(0)
    expect(
        picture.locator('path[data-from="raw.loan"][data-to="core.loan"][data-on]')
    ).to_have_count(1)


def test_a_click_chooses_and_a_second_one_opens(picture: Page) -> None:
    picture.locator(LOAN).click()
    card = picture.locator(".flow-card")
    expect(card).to_contain_text("core.loan")
    expect(picture).to_have_url(re.compile(r"/runs/graph$"))
    picture.keyboard.press("Escape")
    expect(card).to_be_hidden()
    picture.locator(LOAN).click()
    picture.locator(LOAN).click()
    picture.wait_for_url(f"**/at/{RED}/runs/jobs/core.loan")


def test_dragging_moves_the_picture_and_opens_nothing(picture: Page) -> None:
    picture.locator("[data-zoom=full]").click()
    stage = picture.locator(".flow-stage")
    box = stage.bounding_box()
    assert box is not None
    before = stage.evaluate("one => one.scrollLeft")
    picture.mouse.move(box["x"] + 500, box["y"] + 200)
    picture.mouse.down()
    picture.mouse.move(box["x"] + 620, box["y"] + 210, steps=5)
    picture.mouse.up()
    assert stage.evaluate("one => one.scrollLeft") != before
    expect(picture.locator(".flow-card")).to_be_hidden()


def test_keys_walk_along_lines(picture: Page) -> None:
    picture.locator(LOAN).focus()
    picture.keyboard.press("ArrowLeft")
    assert picture.evaluate(FOCUSED) in ("raw.loan", "core.org", "core.party")
    picture.keyboard.press("ArrowRight")
    assert picture.evaluate(FOCUSED).startswith(("core.", "mart."))
    picture.keyboard.press(" ")
    expect(picture.locator(".flow-card")).to_be_visible()
    assert picture.locator('.flow-box[tabindex="0"]').count() == 1


def test_a_word_is_found_in_the_picture_and_a_name_narrows_it(picture: Page) -> None:
    words = picture.locator(".flow-find input[type=search]")
    words.fill("indicator")
    words.press("Enter")
    expect(picture.locator(".flow-found")).to_have_text(re.compile(r"^1 / \d+$"))
    picture.locator("select[name=hops]").select_option("1")
    picture.wait_for_url("**hops=1**")
    picture.goto(f"{PICTURE}?focus=core.loan&hops=1")
    expect(picture.locator(".flow-box[aria-current]")).to_have_count(1)
    expect(picture.locator('.flow-box[data-name="raw.touch"]')).to_have_count(0)


def test_a_phone_shows_the_list_first(open_page: Visitors) -> None:
    page = open_page("operator", phone=True)
    page.goto(PICTURE)
    expect(page.locator(".flow-list")).to_be_visible()
    expect(page.locator(".flow-stage")).to_be_hidden()
    page.locator("button[data-view=picture]").tap()
    expect(page.locator(".flow-stage")).to_be_visible()


def test_squares_are_reached_by_arrows(open_page: Visitors) -> None:
    page = open_page("operator")
    page.goto(f"/at/{RED}/runs")
    reached = page.locator('[data-heat] td a[tabindex="0"]')
    expect(reached).to_have_count(1)
    reached.focus()
    before = page.evaluate("document.activeElement.title")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.title") != before
    expect(reached).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**date=**")
