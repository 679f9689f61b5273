"""Pages in Debian's Chromium, listened to: whatever a page complains of is kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)

from titian.web.i18n import _, speaking
from titian.web.walk import Walker

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SHOTS = os.environ.get("TEST_SCREENSHOTS")
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
DESK = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)
PATIENCE_MS = 20_000
TAP_PX = 40
ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]
_BAD_STATUS = 400
_SERVER_FAULT = 500
# Buttons inside buttons are how the pages of the API are drawn by the library that draws them.
_NOT_OURS = [".opblock-summary"]
_SERIOUS = ("serious", "critical")
# What a page shows while it still fetches a part of itself, or has yet to draw a chart.
_UNSETTLED = ".htmx-request, [hx-trigger^=load] .skeleton-lines, [data-chart]:not([data-drawn=yes])"

# Charts follow a window's new size a little later, so it is looked at until it fits, or too long.
_TOO_WIDE = """(width) => new Promise((done) => {
    const until = performance.now() + 3000;
    const look = () => {
        const wide = document.documentElement.scrollWidth - width;
        if (wide <= 0 || performance.now() > until) done(wide);
        else requestAnimationFrame(look);
    };
    look();
})"""
# A target may be reached through its label; links within a text are its words; the days of a map
# are equally reached by the date in the top bar.
_SMALL_TARGETS = """(least) => {
    const asked = "a[href], button, input, select, textarea, summary";
    const spared = "[type=hidden], .sr-only, .skip, .heat a";
    const shown = (one) => one.checkVisibility({opacityProperty: true, visibilityProperty: true});
    const inText = (one) => getComputedStyle(one).display === "inline"
        && one.parentElement.innerText.trim().length > one.innerText.trim().length;
    const box = (one) => (one.closest("label") ?? one).getBoundingClientRect();
    return [...document.querySelectorAll(asked)]
        .filter((one) => shown(one) && !one.matches(spared) && !inText(one))
        .map((one) => [one, box(one)])
        .filter(([, size]) => size.width > 1 && Math.min(size.width, size.height) < least - 0.5)
        .map(([one, size]) => `${one.outerHTML.slice(0, 90)} ${size.width}x${size.height}`);
}"""

Open = Callable[..., Page]
Axe = Callable[..., list[str]]


@dataclass
class Visitors:
    """People with a browser each, at one server unless told otherwise.

    `sessions` keeps who is signed in where, so that a person signs in once for many tests.
    """

    chromium: Browser
    server: str
    password: str
    sessions: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(
        self,
        user: str | None = "admin",
        *,
        at: str = "",
        language: str = "en",
        phone: bool = False,
        dark: bool = False,
        refusals: bool = False,
    ) -> Page:
        """Give an empty page, signed in unless `user` is None; `refusals`: 4xx are expected."""
        base = at or self.server
        context = self.chromium.new_context(
            base_url=base,
            viewport=PHONE if phone else DESK,
            is_mobile=phone,
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        cookies = {"titian_language": language, **(self._signed_in(base, user) if user else {})}
        context.add_cookies(
            [{"name": name, "value": value, "url": base} for name, value in cookies.items()]
        )
        page = context.new_page()
        self._listen(page, base, refusals=refusals)
        return page

    def _signed_in(self, base: str, user: str) -> dict[str, str]:
        if (base, user) not in self.sessions:
            with closing(Walker(base)) as walker:
                walker.sign_in(user, self.password)
                self.sessions[base, user] = {"titian": walker.client.cookies["titian"]}
        return self.sessions[base, user]

    def _listen(self, page: Page, base: str, *, refusals: bool) -> None:
        ours, complain = urlsplit(base).netloc, self.complaints.append

        def on_console(message: ConsoleMessage) -> None:
            # What a page could not fetch is told by `on_response`, with its address.
            told = "Failed to load resource" in message.text or "Response Status" in message.text
            if message.type in ("error", "warning") and not told:
                complain(f"{page.url}: console: {message.text}")

        def on_request(request: Request) -> None:
            asked = urlsplit(request.url)
            if asked.scheme not in ("data", "blob") and asked.netloc != ours:
                complain(f"{page.url}: off-origin: {request.url}")

        def on_response(response: Response) -> None:
            worst = _SERVER_FAULT if refusals else _BAD_STATUS
            if response.status >= worst:
                complain(f"{page.url}: {response.request.url} gives {response.status}")

        def on_failed(request: Request) -> None:
            # A page that is left gives up what it was fetching; a download ends a navigation.
            if request.failure != "net::ERR_ABORTED":
                complain(f"{page.url}: {request.url} failed: {request.failure}")

        page.on("console", on_console)
        page.on("pageerror", lambda error: complain(f"{page.url}: script: {error}"))
        page.on("request", on_request)
        page.on("response", on_response)
        page.on("requestfailed", on_failed)

    def leave(self, name: str) -> None:
        """Close all browsers, keeping pictures of what they show where those are wanted."""
        for number, context in enumerate(self.contexts):
            if SHOTS:
                for page in context.pages:
                    page.screenshot(path=f"{SHOTS}/{name}-{number}.png", full_page=True)
            context.close()
        self.contexts.clear()


def words(language: str) -> Callable[..., str]:
    """Give a function that says a message of the pages as a reader of a language sees it."""

    def say(message: str, **values: object) -> str:
        with speaking(language):
            return str(_(message, **values))

    return say


def settle(page: Page) -> None:
    """Wait until a page has fetched its later parts and drawn its charts and letters."""
    expect(page.locator(_UNSETTLED)).to_have_count(0)
    page.evaluate("document.fonts.ready.then(() => true)")


def offences(page: Page) -> list[str]:
    """List what axe finds serious or critical on a page."""
    settle(page)
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "([skipped, options]) => axe.run({exclude: skipped}, options)",
        [_NOT_OURS, {"resultTypes": ["violations"]}],
    )
    return [
        f"{page.url}: {item['id']} ({item['impact']}) {node['target']} {node['html'][:120]}"
        for item in found["violations"]
        if item["impact"] in _SERIOUS
        for node in item["nodes"]
    ]


def overflow(page: Page) -> list[str]:
    """Name what makes a page wider than a phone, if anything does for longer than a moment."""
    width = PHONE["width"]
    wide: int = page.evaluate(_TOO_WIDE, width)
    if wide <= 0:
        return []
    culprits: list[str] = page.evaluate(
        """(width) => [...document.querySelectorAll("main *, header *, nav *")]
        .filter((one) => one.getBoundingClientRect().right > width + 1)
        .map((one) => `${one.tagName.toLowerCase()}.${one.className}`).slice(0, 5)""",
        width,
    )
    return [f"{page.url}: {wide} px wider than a phone: {', '.join(culprits)}"]


def small_targets(page: Page) -> list[str]:
    """Name what one may tap on a page that is too small for a finger; words in a text are not."""
    found: list[str] = page.evaluate(_SMALL_TARGETS, TAP_PX)
    return [f"{page.url}: {one}" for one in found]
