"""Cookies: the session of who signed in, and a mark for who has not yet."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from fastapi import Request
from starlette.responses import Response

from titian.kernel.settings import settings

_SESSION = "titian"
_VISIT = "titian_visit"
_VISIT_MIN_CHARACTERS = 20


def secure(request: Request) -> bool:
    """Say whether cookies must travel encrypted."""
    return settings().secure_cookies or request.url.scheme == "https"


def session_token(request: Request) -> str | None:
    """Read the session's token."""
    return request.cookies.get(_name(request))


def give_session(request: Request, response: Response, token: str) -> None:
    """Hand the browser its session; it ends with the browser or on the server."""
    response.set_cookie(
        _name(request), token, httponly=True, samesite="lax", secure=secure(request), path="/"
    )


def take_session(request: Request, response: Response) -> None:
    """Take the session's cookie back."""
    response.delete_cookie(
        _name(request), httponly=True, samesite="lax", secure=secure(request), path="/"
    )


def _name(request: Request) -> str:
    return f"__Host-{_SESSION}" if secure(request) else _SESSION


def visit(request: Request) -> str:
    """Give the mark of a visitor who has not signed in, a new one when there is none."""
    mark = request.cookies.get(_VISIT, "")
    return mark if len(mark) >= _VISIT_MIN_CHARACTERS else secrets.token_urlsafe(24)


def keep_visit(request: Request, response: Response, mark: str) -> None:
    """Let the browser keep its visitor's mark."""
    response.set_cookie(_VISIT, mark, httponly=True, samesite="strict", secure=secure(request))


def visit_token(mark: str) -> str:
    """Give the form token that belongs to a visitor's mark."""
    return hmac.new(mark.encode(), b"titian visit", hashlib.sha256).hexdigest()
