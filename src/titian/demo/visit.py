"""Visit every page as every role, the way a reader would: by following the links."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from fastapi.routing import APIRoute
from starlette.routing import Match

from titian.demo.accounts import Account
from titian.kernel.progress import Advance
from titian.web.pages import ROOMS

MAX_PAGES_PER_ACCOUNT = 300
SAME_PAGE_VISITS = 2
TIMEOUT_S = 30.0
_FILES = "/static/"
# Pages that no link leads to: opened by browsers and by machines that watch.
_UNLINKED = ("/signin", "/docs", "/healthz", "/metrics")
# Parts of pages that come only while something moves, or on slow pages.
_PARTS = frozenset({"/at/{place}/runs/live", "/at/{place}/cards/{name}"})


@dataclass(slots=True)
class Visit:
    """What was seen: pages opened, page kinds met, and every failure in words."""

    pages: int = 0
    kinds: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)


def visit_all(base_url: str, accounts: Sequence[Account], password: str, advance: Advance) -> Visit:
    """Sign in as each account and follow its links; name every page kind nobody reached."""
    seen = Visit()
    kinds = _page_kinds()
    for account in accounts:
        with httpx.Client(base_url=base_url, timeout=TIMEOUT_S) as client:
            _visit_as(account, password, client, kinds, seen)
        advance(1)
    missed = {route.path for route in kinds} - seen.kinds - _PARTS
    seen.failures += [f"nobody reached {path}" for path in sorted(missed)]
    return seen


def _page_kinds() -> list[APIRoute]:
    return [
        route
        for room in ROOMS
        for route in room.router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    ]


def _visit_as(
    account: Account, password: str, client: httpx.Client, kinds: list[APIRoute], seen: Visit
) -> None:
    start = _sign_in(account, password, client)
    if start is None:
        seen.failures.append(f"{account.user_id} cannot sign in")
        return
    waiting, times = deque([start, *_UNLINKED]), Counter[str]()
    known = set(waiting)
    opened = 0
    while waiting and opened < MAX_PAGES_PER_ACCOUNT:
        address = waiting.popleft()
        kind = _kind(address, kinds)
        if kind is None or times[kind] >= SAME_PAGE_VISITS:
            continue
        times[kind] += 1
        opened += 1
        for link in _open(account, address, kind, client, seen):
            if link not in known:
                known.add(link)
                waiting.append(link)


def _sign_in(account: Account, password: str, client: httpx.Client) -> str | None:
    page = _Page(client.get("/signin").text)
    form = {"csrf_token": page.token, "user": account.user_id, "password": password}
    headers = {"origin": str(client.base_url).rstrip("/")}
    answer = client.post("/signin", data=form, headers=headers)
    return answer.headers.get("location") if answer.status_code == httpx.codes.SEE_OTHER else None


def _open(
    account: Account, address: str, kind: str, client: httpx.Client, seen: Visit
) -> Iterator[str]:
    answer = client.get(address)
    seen.kinds.add(kind)
    seen.pages += 1
    if answer.is_redirect:
        yield urljoin(address, answer.headers["location"])
    elif answer.status_code != httpx.codes.OK:
        seen.failures.append(f"{account.user_id}: {address} gives {answer.status_code}")
    elif answer.headers.get("content-type", "").startswith("text/html"):
        yield from (urljoin(address, link) for link in _Page(answer.text).links)


def _kind(address: str, kinds: list[APIRoute]) -> str | None:
    parts = urlsplit(address)
    if parts.netloc or parts.path.startswith(_FILES) or "export" in parse_qs(parts.query):
        return None
    scope = {"type": "http", "path": parts.path, "method": "GET"}
    for route in kinds:
        if route.matches(scope)[0] is Match.FULL:
            return route.path
    return None


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.token = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and (href := given.get("href")):
            self.links.append(href.split("#")[0])
        for name in ("hx-get", "data-hx-get"):
            if source := given.get(name):
                self.links.append(source)
        if tag == "input" and given.get("name") == "csrf_token":
            self.token = given.get("value") or ""
