"""Visit every page as every role, the way a reader would: by following the links."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match

from titian.demo.accounts import Account
from titian.kernel.errors import Unauthenticated
from titian.kernel.ids import UserId
from titian.kernel.progress import Advance
from titian.web.pages import ROOMS
from titian.web.walk import Walker

MAX_PAGES_PER_ACCOUNT = 300
SAME_PAGE_VISITS = 2
_FILES = "/static/"
_WHOLE = "<!doctype html>"
# Pages that no link leads to: opened by browsers and by machines that watch.
_UNLINKED = ("/", "/signin", "/docs", "/healthz", "/metrics")
# Parts of pages that come only while something moves, or on slow pages.
_PARTS = frozenset({"/at/{place}/runs/live", "/at/{place}/cards/{name}"})

Read = Callable[[str, str], object]


@dataclass(slots=True)
class Visit:
    """What was seen: pages opened, page kinds met, and every failure in words.

    `samples` has, for each kind of whole page at the union and at a bank, who opened it first and
    its address.
    """

    pages: int = 0
    kinds: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    samples: dict[tuple[str, bool], tuple[UserId, str]] = field(default_factory=dict)


def _unread(_address: str, _page: str) -> None:
    """Read nothing."""


def visit_all(
    at: FastAPI | str,
    accounts: Sequence[Account],
    password: str,
    asked: Mapping[UserId, Sequence[str]],
    advance: Advance,
    *,
    each: int = SAME_PAGE_VISITS,
    read: Read = _unread,
) -> Visit:
    """Sign in as each account and follow its links; name every page kind nobody reached.

    `asked` gives pages that people reach by typing something: what they search for. `each` is how
    many pages of one kind an account opens at the union, and how many at banks. `read` is given
    the address and the text of every page.
    """
    seen = Visit()
    for account in accounts:
        typed = asked.get(account.user_id, ())
        with closing(Walker(at)) as walker:
            _visit_as(account, password, typed, walker, seen, each, read)
        advance(1)
    missed = {route.path for route in _page_kinds()} - seen.kinds - _PARTS
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
    account: Account,
    password: str,
    typed: Sequence[str],
    walker: Walker,
    seen: Visit,
    each: int,
    read: Read,
) -> None:
    try:
        start = walker.sign_in(account.user_id, password).url.path
    except Unauthenticated as error:
        seen.failures.append(f"{account.user_id}: {error}")
        return
    waiting, times = deque([start, *_UNLINKED, *typed]), Counter[tuple[str, bool]]()
    known = set(waiting)
    kinds = _page_kinds()
    opened = 0
    while waiting and opened < MAX_PAGES_PER_ACCOUNT:
        address = waiting.popleft()
        kind = _kind(address, kinds)
        at_union = address.startswith("/at/union/")
        if kind is None or times[kind, at_union] >= each:
            continue
        times[kind, at_union] += 1
        opened += 1
        seen.kinds.add(kind)
        page = _open(account, address, walker, seen)
        read(address, page)
        if page.lstrip().startswith(_WHOLE):
            seen.samples.setdefault((kind, at_union), (account.user_id, address))
        fresh = [link for link in walker.links(page) if link not in known]
        known.update(fresh)
        waiting.extend(fresh)


def _open(account: Account, address: str, walker: Walker, seen: Visit) -> str:
    answer = walker.get(address)
    seen.pages += 1
    if answer.status_code != httpx.codes.OK:
        seen.failures.append(f"{account.user_id}: {address} gives {answer.status_code}")
        return ""
    return answer.text if answer.headers.get("content-type", "").startswith("text/html") else ""


def _kind(address: str, kinds: list[APIRoute]) -> str | None:
    parts = urlsplit(address)
    if parts.netloc or parts.path.startswith(_FILES) or "export" in parse_qs(parts.query):
        return None
    scope = {"type": "http", "path": parts.path, "method": "GET"}
    for route in kinds:
        if route.matches(scope)[0] is Match.FULL:
            return route.path
    return None
