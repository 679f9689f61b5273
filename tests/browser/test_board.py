from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Request, expect
from tests.support.browsing import Visitors
from tests.support.house import RED

BOARD = f"/at/{RED}/runs"
SEARCH, ROWS = "#list-day-jobs-q", "#list-day-jobs tbody tr"
WAKE = "document.getElementById('board').dispatchEvent(new Event('wake'))"
SETTLED_MS = 1_000


@contextmanager
def asked(page: Page) -> Iterator[list[str]]:
    """Collect what the board asks for."""
    seen: list[str] = []

    def hear(request: Request) -> None:
        if request.headers.get("hx-target") == "div#board":
            seen.append(request.url)

    page.on("request", hear)
    yield seen
    page.remove_listener("request", hear)


@pytest.fixture
def board(open_page: Visitors) -> Page:
    """Open the red bank's board; its day is not done, so it asks again and again."""
    page = open_page("operator")
    page.goto(BOARD)
    return page


def test_asking_again_keeps_the_filter_the_cursor_and_what_is_typed(board: Page) -> None:
    board.locator(SEARCH).press_sequentially("core.", delay=20)
    expect(board).to_have_url(re.compile(r"\?q=core\.$"))
    shown = board.locator(ROWS).count()
    with asked(board) as seen, board.expect_response(lambda answer: "q=core." in answer.url):
        board.evaluate(WAKE)
    assert len(seen) == 1
    expect(board.locator(SEARCH)).to_be_focused()
    expect(board.locator(SEARCH)).to_have_value("core.")
    expect(board.locator(ROWS)).to_have_count(shown)


def test_asking_again_leaves_an_open_dialog_and_what_was_typed_in_it(board: Page) -> None:
    board.locator("#pause-bank-button").click()
    board.locator("#pause-bank input[name=reason]").fill("the year's end")
    with board.expect_response(lambda answer: answer.url.endswith(BOARD)):
        board.evaluate(WAKE)
    expect(board.locator("#pause-bank")).to_be_visible()
    expect(board.locator("#pause-bank input[name=reason]")).to_have_value("the year's end")


def test_nothing_is_asked_for_a_page_that_nobody_sees(board: Page) -> None:
    hide = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s})"
    with asked(board) as seen:
        board.evaluate(hide % "true")
        board.evaluate(WAKE)
        board.wait_for_timeout(SETTLED_MS)
        assert seen == []
        board.evaluate(hide % "false")
        board.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        board.wait_for_timeout(SETTLED_MS)
        assert len(seen) == 1


def test_nothing_is_asked_while_a_menu_is_open_or_the_board_is_held(board: Page) -> None:
    with asked(board) as seen:
        board.get_by_role("button", name="Export").click()
        board.evaluate(WAKE)
        board.wait_for_timeout(SETTLED_MS)
        expect(board.get_by_role("menuitem", name="CSV")).to_be_visible()
        board.keyboard.press("Escape")
        board.locator("#board-pause").click()
        board.evaluate(WAKE)
        board.wait_for_timeout(SETTLED_MS)
        assert seen == []
        expect(board.locator("#board-pause")).to_have_attribute("aria-pressed", "true")


def test_rows_are_walked_and_opened_by_keys(board: Page) -> None:
    board.keyboard.press("j")
    board.keyboard.press("j")
    board.keyboard.press("ArrowDown")
    board.keyboard.press("k")
    second = board.locator(ROWS).nth(1)
    expect(second).to_be_focused()
    board.evaluate(WAKE)
    board.wait_for_timeout(SETTLED_MS)
    expect(second).to_be_focused()
    target = second.locator("td.main a").get_attribute("href")
    board.keyboard.press("Enter")
    board.wait_for_url(lambda url: url.endswith(str(target)))


def test_keys_do_nothing_while_typing_and_are_shown_by_a_key(board: Page) -> None:
    board.keyboard.press("/")
    expect(board.locator(SEARCH)).to_be_focused()
    board.keyboard.type("jk?x")
    expect(board.locator(SEARCH)).to_have_value("jk?x")
    expect(board.locator("#keys")).to_be_hidden()
    board.locator("h1").click()
    board.keyboard.press("?")
    expect(board.locator("#keys")).to_be_visible()
    board.keyboard.press("j")
    board.keyboard.press("Escape")
    expect(board.locator("#keys")).to_be_hidden()


@pytest.mark.parametrize("path", ["/at/union/runs", BOARD, "/at/union/runs/log"])
def test_boards_are_cards_on_a_phone(open_page: Visitors, path: str) -> None:
    page = open_page("operator", phone=True)
    page.goto(path)
    expect(page.locator(".data-table thead").first).to_be_hidden()
    wide = page.evaluate(
        "[...document.querySelectorAll('.data-panel .data-scroll')]"
        ".some((part) => part.scrollWidth > part.clientWidth + 1)"
    )
    assert not wide
    sort = page.locator("select[id$=-order]")
    sort.select_option("-state")
    page.wait_for_url(lambda url: "sort=-state" in url)
