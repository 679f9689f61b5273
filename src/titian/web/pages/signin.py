"""Signing in and out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from titian.kernel import audit, sessions, users
from titian.kernel.errors import LimitExceeded, Unauthenticated
from titian.kernel.scope import Scope
from titian.web.context import Context, Visitor, needs, open_to_all, signed_in
from titian.web.forms import Form
from titian.web.i18n import lazy
from titian.web.observe import LOCALE_COOKIE
from titian.web.problems import spoken
from titian.web.render import bare
from titian.web.room import Level, Room
from titian.web.security import throttle, visitors

router = APIRouter()

Anyone = Annotated[Visitor, open_to_all("people sign in here")]
Reader = Annotated[Context, needs(level=Level.NONE)]


@router.get("/signin")
def sign_in_form(visitor: Anyone) -> Response:
    """Ask for user name and password; who is signed in already goes on."""
    try:
        signed_in(visitor.request)
    except Unauthenticated:
        return _ask(visitor, visitor.form.starting(next=_next(visitor.request)))
    return RedirectResponse(_next(visitor.request), status_code=303)


@router.post("/signin")
def sign_in(visitor: Anyone) -> Response:
    """Check user name and password and begin a new session, whatever the browser brought."""
    form = visitor.form
    name = form.text("user", most=63)
    password = form.text("password", most=500, strip=False)
    if form.wrong:
        return _ask(visitor, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        throttle.reserve(visitor.address)
        user = users.authenticate(name, password)
    except LimitExceeded as error:
        form.refuse(spoken(error))
        return _ask(visitor, form, HTTPStatus.TOO_MANY_REQUESTS)
    except Unauthenticated as error:
        form.refuse(spoken(error))
        return _ask(visitor, form, HTTPStatus.UNAUTHORIZED)
    throttle.give_back(visitor.address)
    answer = RedirectResponse(safe_address(form["next"]), status_code=303)
    renew_session(visitor.request, answer, user)
    audit.record(user.scope(), "user.sign_in", user.user_id)
    if LOCALE_COOKIE not in visitor.request.cookies:
        answer.set_cookie(LOCALE_COOKIE, user.locale, max_age=31_536_000, samesite="lax")
    return answer


@router.post("/signout")
def sign_out(ctx: Reader) -> Response:
    """End this session."""
    sessions.close(ctx.session.token_hash)
    audit.record(ctx.user.scope(), "user.sign_out", ctx.user.user_id)
    answer = RedirectResponse("/signin", status_code=303)
    visitors.take_session(ctx.request, answer)
    return answer


def renew_session(request: Request, answer: Response, user: users.User) -> None:
    """Begin a session and end the one the browser brought, so that none can be planted."""
    old = visitors.session_token(request)
    found = sessions.find(old) if old else None
    if found is not None:
        sessions.close(found.token_hash)
    address = request.client.host if request.client else "unknown"
    agent = request.headers.get("user-agent", "")
    token = sessions.start(user.user_id, user.bank, address=address, agent=agent)
    visitors.give_session(request, answer, token)


def safe_address(given: str) -> str:
    """Give an address of ours back, the home page for anything else."""
    inside = given.startswith("/") and not given.startswith(("//", "/\\"))
    plain = given.isprintable() and "\\" not in given
    return given if inside and plain else "/"


def _next(request: Request) -> str:
    return safe_address(request.query_params.get("next", "/")[:2_000])


def _ask(visitor: Visitor, form: Form, status: int = HTTPStatus.OK) -> Response:
    return bare(
        visitor,
        "signin/form.html",
        {"form": form, "fresh": not users.all_users(Scope.system(None))},
        status,
    )


ROOM = Room(
    "signin",
    router,
    acts={
        "user.sign_in": lazy("Signed in"),
        "user.sign_out": lazy("Signed out"),
        "user.login_failed": lazy("Failed to sign in"),
    },
)
