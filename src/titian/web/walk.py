"""Walk the pages as a browser would, in this process or over the network: for checks and tests."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import anyio
import httpx

from titian.kernel.errors import Unauthenticated

if TYPE_CHECKING:
    from fastapi import FastAPI

INSIDE = "http://inside.titian"
TIMEOUT_S = 60
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_LINK = re.compile(r'(?:<a\b[^>]*?\bhref|\bhx-get)="(/[^"#]*)')


class InProcess(httpx.BaseTransport):
    """Hands requests to an application without a network."""

    def __init__(self, app: FastAPI, address: str = "127.0.0.1") -> None:
        self._inner = httpx.ASGITransport(app, client=(address, 50_000))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        return anyio.run(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream), "an ASGI answer streams"
        raw = b"".join([chunk async for chunk in answer.stream])
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(raw)
        )


class Walker:
    """One person's browser: keeps cookies, sends origin and form token along."""

    def __init__(
        self, at: FastAPI | str, *, language: str = "zh", address: str = "127.0.0.1"
    ) -> None:
        base = at if isinstance(at, str) else INSIDE
        transport = None if isinstance(at, str) else InProcess(at, address)
        self.client = httpx.Client(
            base_url=base,
            transport=transport,
            timeout=TIMEOUT_S,
            follow_redirects=True,
            headers={"accept-language": language},
        )

    def close(self) -> None:
        """Close the browser and its connections."""
        self.client.close()

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page, following redirects."""
        return self.client.get(path, headers=headers)

    def token(self, path: str) -> str:
        """Read the form token of a page. Raises Unauthenticated when it has none."""
        found = _TOKEN.search(self.get(path).text)
        if found is None:
            raise Unauthenticated(f"the page {path} has no form token", "Sign in first.")
        return unescape(found[1])

    def post(
        self, path: str, fields: dict[str, Any] | None = None, *, at: str = ""
    ) -> httpx.Response:
        """Send a form as the page `at` (the account, unless named) would."""
        data = {"csrf_token": self.token(at or "/account"), **(fields or {})}
        return self.client.post(path, data=data, headers={"origin": self.origin})

    @property
    def origin(self) -> str:
        """The origin this browser's requests come from."""
        return str(self.client.base_url).rstrip("/")

    def sign_in(self, user: str, password: str) -> httpx.Response:
        """Sign in and land on the home page. Raises Unauthenticated."""
        answer = self.post("/signin", {"user": user, "password": password}, at="/signin")
        if answer.status_code != httpx.codes.OK:
            raise Unauthenticated(f"{user} could not sign in", "Check user name and password.")
        return answer

    def links(self, page: str) -> list[str]:
        """List the addresses a page leads to or fetches parts from, in order, each once."""
        return list(dict.fromkeys(unescape(found) for found in _LINK.findall(page)))
