"""Errors as the reader meets them: a page, a toast in a page, or problem+json for the API."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from titian.kernel import logs
from titian.kernel.errors import TitianError, Unauthenticated, http_status
from titian.kernel.scope import NotPermitted
from titian.web.context import ChooseBank, Context, Elsewhere, Visitor, query_text
from titian.web.forms import Form
from titian.web.i18n import _, errors
from titian.web.observe import route_of
from titian.web.render import bare, environment, page
from titian.web.security import visitors
from titian.web.words import PERMISSIONS

API = "/api/"
SIGN_IN = "/signin"
PROBLEM = "application/problem+json"

_log = logs.get(__name__)


def spoken(error: TitianError) -> str:
    """Say an error in the reader's language: what is wrong and what to do."""
    what, remedy = _said(error)
    return _("%(what)s. %(remedy)s", what=errors.sentence(what).rstrip(".。"), remedy=remedy)


def _said(error: TitianError) -> tuple[str, str]:
    """Give what is wrong and what to do; a right is called what pages call it."""
    names = {}
    if isinstance(error, NotPermitted):
        names = {right.plain: str(word) for right, word in PERMISSIONS.items()}
    return errors.said(error.what, names), errors.said(error.remedy, names)


def install(app: FastAPI) -> None:
    """Answer every kind of error in its own way."""
    app.add_exception_handler(Elsewhere, _elsewhere)
    app.add_exception_handler(TitianError, _titian)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _elsewhere(request: Request, error: Exception) -> Response:
    assert isinstance(error, Elsewhere), "registered for this kind only"
    return _redirect(request, error.url)


async def _titian(request: Request, error: Exception) -> Response:
    assert isinstance(error, TitianError), "registered for this kind only"
    outside = isinstance(error, Unauthenticated) and not isinstance(_reader(request), Context)
    if outside and not _is_api(request):
        back = request.url.path if request.method == "GET" else "/"
        if request.url.query and request.method == "GET":
            back = f"{back}?{request.url.query}"
        return _redirect(request, SIGN_IN + query_text({"next": back if back != "/" else None}))
    status = http_status(error)
    return _answer(request, status, *_said(error), error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError), "registered for this kind only"
    wrong = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors()
    ]
    what = _("The request does not fit: %(fields)s", fields=", ".join(w["field"] for w in wrong))
    remedy = _("Check the values and send it again.")
    if _is_api(request):
        return _problem(request, 422, what, remedy, "invalid_input", errors=wrong)
    return _answer(request, 422, what, remedy)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for this kind only"
    what, remedy = _words_for(error.status_code)
    answer = _answer(request, error.status_code, what, remedy)
    answer.headers.update(error.headers or {})
    return answer


def _words_for(status: int) -> tuple[str, str]:
    if status == HTTPStatus.NOT_FOUND:
        return _("There is no such page"), _("Check the address, or start from the home page.")
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return _("This page does not take that kind of request"), _("Open it from a link.")
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _("What you sent is too large"), _("Send a smaller file, or split it.")
    return HTTPStatus(status).phrase, _("Go back and try again.")


class Catch:
    """Innermost middleware: whatever nobody expected becomes a page, too, and a line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer with 500 when it fails before its answer began."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = False

        async def watched(message: Message) -> None:
            nonlocal began
            began = began or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if began:
                raise
            await _crash(Request(scope, receive), error)(scope, receive, send)


def _crash(request: Request, error: Exception) -> Response:
    _log.error("request failed", route=route_of(request.scope), exc_info=error)
    what = _("Something went wrong on our side")
    remedy = _(
        "Try again; if it stays, give your administrator this number: %(number)s.",
        number=_number(request),
    )
    return _answer(request, 500, what, remedy)


def _answer(
    request: Request, status: int, what: str, remedy: str, error: TitianError | None = None
) -> Response:
    if _is_api(request):
        return _problem(request, status, what, remedy, error.code if error else "error")
    what = errors.sentence(what)
    if request.headers.get("hx-request"):
        return _toast(status, what, remedy)
    if isinstance(error, ChooseBank):
        status = HTTPStatus.OK  # a question, not a refusal
    values = {
        "status": status,
        "what": what,
        "remedy": remedy,
        "choose_bank": isinstance(error, ChooseBank),
        "number": _number(request),
    }
    reader = _reader(request)
    if isinstance(reader, Context):
        return page(reader, "errors/inside.html", values, status)
    return bare(reader, "errors/outside.html", values, status)


def _reader(request: Request) -> Context | Visitor:
    from titian.kernel import banks
    from titian.web.context import signed_in

    outside = Visitor(request, visitors.visit(request), Form())
    try:
        session, user = signed_in(request)
        seen = tuple(banks.visible(user.scope()))
        known = session.bank if any(b.bank == session.bank for b in seen) else user.bank
        return Context(request, user, user.scope(known), session, seen, Form())
    except TitianError:
        return outside


def _toast(status: int, what: str, remedy: str) -> Response:
    html = (
        environment()
        .get_template("parts/toast.html")
        .render(toast={"tone": "error", "text": what, "more": remedy})
    )
    headers = {"HX-Retarget": "#toaster", "HX-Reswap": "beforeend", "content-type": "text/html"}
    return Response(html, status_code=status, headers=headers)


def _problem(
    request: Request, status: int, what: str, remedy: str, code: str, **more: object
) -> Response:
    body = {
        "type": f"about:blank#{code}",
        "title": what,
        "status": status,
        "detail": remedy,
        "instance": request.url.path,
        "request_id": _number(request),
        **more,
    }
    return JSONResponse(body, status_code=status, media_type=PROBLEM)


def _redirect(request: Request, url: str) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": url})
    return RedirectResponse(url, status_code=303)


def _number(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", "–"))


def _is_api(request: Request) -> bool:
    return request.url.path.startswith(API)
