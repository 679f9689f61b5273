"""Each request gets a number, a language, a line in the log and a place in the metrics."""

from __future__ import annotations

import time

import structlog
from babel.core import negotiate_locale
from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from titian.kernel import logs
from titian.kernel.ids import new_id
from titian.kernel.settings import settings
from titian.web.i18n import LOCALES, speaking

LOCALE_COOKIE = "titian_language"
_QUIET = ("/static/", "/healthz", "/metrics")

_log = logs.get(__name__)
_requests = Counter("titian_http_requests_total", "Requests", ["method", "route", "status"])
_seconds = Histogram(
    "titian_http_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


class Observe:
    """Middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Number, time, log and count a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number = new_id("req")
        scope.setdefault("state", {})["request_id"] = number
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)["x-request-id"] = number
            await send(message)

        with structlog.contextvars.bound_contextvars(request=number), speaking(language(scope)):
            try:
                await self.app(scope, receive, watched)
            finally:
                _count(scope, status, time.perf_counter() - began)


def language(scope: Scope) -> str:
    """Give the language of a request: chosen before, else the browser's, else the settings'."""
    request = Request(scope)
    chosen = request.cookies.get(LOCALE_COOKIE)
    if chosen in LOCALES:
        return str(chosen)
    wanted = [
        part.split(";")[0].strip()
        for part in Headers(scope=scope).get("accept-language", "").split(",")
    ]
    return negotiate_locale(wanted, list(LOCALES), sep="-") or settings().locale


def route_of(scope: Scope) -> str:
    """Name the route of a request for logs and metrics.

    Never the path itself: what people type into addresses may be somebody's name or number.
    """
    return str(getattr(scope.get("route"), "path", "other"))


def _count(scope: Scope, status: int, seconds: float) -> None:
    path = scope["path"]
    route = route_of(scope)
    _requests.labels(scope["method"], route, str(status)).inc()
    _seconds.labels(route).observe(seconds)
    if not path.startswith(_QUIET):
        _log.info(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
        )


def metrics() -> Response:
    """Answer with the metrics in Prometheus's format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
