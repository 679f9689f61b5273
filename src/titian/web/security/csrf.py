"""Cross-site requests: refused by where they come from and for want of a token."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from fastapi import Request

from titian.kernel.errors import Denied

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "x-csrf-token"
FIELD = "csrf_token"
AGAIN = "Open the page again here and send the form once more."
_OURS = frozenset({"same-origin", "none"})


def check_origin(request: Request) -> None:
    """Raise Denied for an unsafe request that another site caused."""
    if request.method in SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in _OURS:
        raise Denied(f"the request came from another site ({site})", AGAIN)
    origin = request.headers.get("origin")
    if origin is not None and _host(origin) != request.headers.get("host"):
        raise Denied("the request came from another origin", AGAIN)
    if origin is None and site is None and not _has_token_header(request):
        raise Denied("the request does not say where it came from", AGAIN)


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # "http://[", say
        return ""


def _has_token_header(request: Request) -> bool:
    return HEADER in request.headers


async def check_token(request: Request, expected: str) -> None:
    """Raise Denied for an unsafe request without the session's token, in a header or a field."""
    if request.method in SAFE:
        return
    given = request.headers.get(HEADER)
    if given is None:
        form = await request.form()
        field = form.get(FIELD)
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Denied("the form's token is missing or old", AGAIN)
