"""A word carried over one redirect, shown as a toast on the next page and then forgotten."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from titian.web.security.visitors import secure

_COOKIE = "titian_word"
_MAX_CHARACTERS = 500
_SECONDS = 60
TONES = frozenset({"success", "info", "warning", "error"})


@dataclass(frozen=True, slots=True)
class Toast:
    """What happened, and whether it is good news."""

    text: str
    tone: str = "success"


def put(request: Request, response: Response, text: str, tone: str = "success") -> None:
    """Let the next page say a word."""
    packed = json.dumps([tone, text[:_MAX_CHARACTERS]]).encode()
    value = base64.urlsafe_b64encode(packed).decode()
    response.set_cookie(
        _COOKIE, value, max_age=_SECONDS, httponly=True, samesite="lax", secure=secure(request)
    )


def peek(request: Request) -> Toast | None:
    """Read the word to say, if there is one."""
    value = request.cookies.get(_COOKIE)
    if not value:
        return None
    try:
        tone, text = json.loads(base64.urlsafe_b64decode(value))
    except (ValueError, binascii.Error):
        return None
    if tone not in TONES or not isinstance(text, str):
        return None
    return Toast(text[:_MAX_CHARACTERS], tone)


def forget(request: Request, response: Response) -> None:
    """Take the word away once it was said."""
    if _COOKIE in request.cookies:
        response.delete_cookie(_COOKIE, httponly=True, samesite="lax", secure=secure(request))
