from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.support.browsing import Open, offences
from tests.support.house import House

POLLED_MS = 5_000


def test_signing_in_works_by_keyboard_and_offends_nobody(open_page: Open, house: House) -> None:
    page = open_page(None)
    page.goto("/signin")
    assert offences(page) == []
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(house.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/at/union/")


def test_typing_in_a_filter_swaps_the_list_and_keeps_the_cursor(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/users")
    page.locator("#list-users-q").press_sequentially("clerk_07", delay=20)
    expect(page.locator("#list-users tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=clerk_07$"))
    expect(page.locator("#list-users-q")).to_be_focused()
    page.locator("#list-users-q").press_sequentially("x", delay=20)
    expect(page.locator(".empty-state")).to_be_visible()
    page.go_back()
    expect(page.locator("#list-users-q")).to_have_value("clerk_07")


def test_sorting_paging_and_sizes_swap_the_list(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/users")
    page.get_by_role("link", name="User name").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("User name")
    page.get_by_role("link", name="User name").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("User name")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator(".pager [aria-current]")).to_have_text("2")
    expect(page).to_have_url(re.compile("page=2"))


def test_menus_still_open_after_a_swap(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/users")
    for _ in range(2):
        page.get_by_role("button", name="Export").click()
        expect(page.get_by_role("menuitem", name="CSV")).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_role("link", name="User name").click()
        expect(page.locator("th[aria-sort]")).to_contain_text("User name")


def test_exports_download(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/users?q=clerk_0")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Excel").click()
    assert re.fullmatch(r"users-union-\d{8}-\d{4}-admin\.xlsx", download.value.suggested_filename)


def test_the_palette_opens_by_key_and_leads_to_a_page(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.type("clerk_11")
    expect(page.locator("#palette-found a")).to_contain_text(["Clerk_11"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/users/clerk_11")


def test_the_theme_and_the_folded_rail_are_remembered(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/")
    page.locator("#me-menu-trigger").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    page.locator("[data-rail-fold]").click()
    page.reload()
    expect(page.locator("html")).to_have_class("dark")
    expect(page.locator("body")).to_have_attribute("data-rail", "folded")


def test_the_language_changes_and_the_page_stays(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/users?role=clerk")
    page.locator("#me-menu-trigger").click()
    page.get_by_role("menuitemradio", name="中文").click()
    expect(page.locator("h1")).to_have_text("用户")
    expect(page).to_have_url(re.compile(r"role=clerk"))


def test_the_bank_switcher_keeps_the_page(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/users")
    page.locator("#place-menu-trigger").click()
    page.get_by_role("menuitem", name="Qinghe Rural Commercial Bank").click()
    page.wait_for_url("**/at/qinghe/users")


def test_a_question_comes_before_a_dangerous_act(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/users?q=clerk_59")
    page.locator("tbody [name=row]").check()
    page.get_by_role("button", name="Disable").click()
    page.locator("#confirm").get_by_role("button", name="Cancel").click()
    expect(page.locator("tbody .state")).to_have_text("Active")
    page.get_by_role("button", name="Disable").click()
    page.locator("#confirm").get_by_role("button", name="Go ahead").click()
    expect(page.locator(".toast")).to_contain_text("Disabled: 1")


def test_the_log_is_verified_in_place(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/audit")
    page.get_by_role("button", name="Verify the log").click()
    expect(page.locator("#verdict")).to_contain_text("The log is whole.")


def test_a_business_date_stays_while_moving_about(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/users?date=2026-03-31")
    page.locator("#rail nav").get_by_role("link", name="Roles").click()
    expect(page).to_have_url(re.compile(r"/roles\?date=2026-03-31$"))
    page.get_by_role("link", name="Back to the newest day").click()
    expect(page).to_have_url(re.compile(r"/roles$"))


def test_charts_are_drawn_in_both_themes(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/gallery")
    expect(page.locator("[data-drawn=yes] canvas").first).to_be_visible()
    expect(page.locator("[data-chart]:not([data-drawn=yes])")).to_have_count(0)
    page.locator("#me-menu-trigger").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    expect(page.locator("[data-chart]:not(:has(canvas))")).to_have_count(0)


def test_the_phone_has_a_bar_and_a_drawer(open_page: Open) -> None:
    page = open_page(phone=True)
    page.goto("/at/union/users")
    expect(page.locator("#rail")).to_be_hidden()
    page.locator("[data-drawer-open]").tap()
    expect(page.locator("#rail")).to_be_visible()
    page.locator("#rail nav").get_by_role("link", name="Audit log").tap()
    page.wait_for_url("**/audit")


def test_the_api_pages_load_from_here_only(open_page: Open) -> None:
    page = open_page()
    page.goto("/docs")
    expect(page.locator("#swagger .opblock")).not_to_have_count(0)


def test_errors_inside_a_page_are_toasts(open_page: Open) -> None:
    page = open_page(refusals=True)
    page.goto("/at/union/users")
    page.evaluate("htmx.ajax('GET', '/at/nosuch/users', {target: '#list-users'})")
    expect(page.locator(".toast")).to_contain_text("There is no bank nosuch")
    expect(page.locator("#list-users")).to_be_visible()


def test_a_stream_fetches_itself_until_it_is_paused(open_page: Open) -> None:
    page = open_page()
    page.clock.install()
    page.goto("/at/union/gallery")
    newest = page.locator("#stream time").first
    before = newest.inner_text()
    page.clock.fast_forward(POLLED_MS)
    expect(newest).not_to_have_text(before)
    page.locator("[data-pause=stream]").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.fast_forward(3 * POLLED_MS)
    assert page.evaluate("fetch('/healthz').then((answer) => answer.status)") == 200
    assert [url for url in asked if not url.endswith("/healthz")] == []


def test_an_editor_shows_what_a_draft_means_while_it_is_typed(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/gallery")
    expect(page.locator("#preview")).to_have_text("0 words")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.locator("#f-draft").press_sequentially("amount > 100", delay=10)
    expect(page.locator("#preview")).to_have_text("3 words")
    expect(page.locator("#f-draft")).to_be_focused()


def test_closing_a_popover_by_clicking_elsewhere_leaves_the_focus_there(open_page: Open) -> None:
    page = open_page()
    page.goto("/at/union/gallery")
    page.locator(".what > button").first.click()
    expect(page.locator(".what [data-popover]").first).to_be_visible()
    page.locator("#f-name").click()
    expect(page.locator("#f-name")).to_be_focused()
