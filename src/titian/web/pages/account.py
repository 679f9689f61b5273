"""My account: password, sessions, what I may do."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.kernel import sessions, users
from titian.kernel.errors import NotFound
from titian.kernel.passwords import MIN_CHARACTERS
from titian.kernel.scope import Permission
from titian.web.context import Context, needs
from titian.web.forms import Form
from titian.web.i18n import _
from titian.web.pages.signin import renew_session
from titian.web.room import Level, Room
from titian.web.words import PERMISSIONS, ROLES

router = APIRouter()
Reader = Annotated[Context, needs(level=Level.NONE)]


@router.get("/account")
def show_account(ctx: Reader) -> Response:
    """Show who I am, what I may do, and where I am signed in."""
    scope = ctx.user.scope()
    return ctx.render(
        "account/show.html",
        roles=[ROLES[role] for role in sorted(ctx.user.roles)],
        permissions=[PERMISSIONS[p] for p in Permission if scope.allows(p)],
        sessions=sessions.of_user(ctx.user.user_id),
    )


@router.get("/account/password")
def password_form(ctx: Reader) -> Response:
    """Ask for the old and the new password."""
    return _form(ctx, ctx.form)


@router.post("/account/password")
def change_password(ctx: Reader) -> Response:
    """Change my password; all sessions end and this one begins anew."""
    form = ctx.form
    old = form.text("old", most=500, strip=False)
    new = form.text("new", most=500, strip=False)
    if form.text("again", most=500, strip=False) != new:
        form.refuse(_("This is not the same as above."), "again")
    if not form.wrong:
        with form.trying():
            users.change_password(ctx.user.user_id, old, new)
    if form.wrong:
        return _form(ctx, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    answer = ctx.go_to("/account", _("Your password is changed. Other sessions have ended."))
    renew_session(ctx.request, answer, ctx.user)
    return answer


@router.post("/account/sessions/end")
def end_session(ctx: Reader) -> Response:
    """End one of my sessions."""
    wanted = ctx.form["session"]
    for session in sessions.of_user(ctx.user.user_id):
        if session.token_hash == wanted:
            sessions.close(session.token_hash)
            return ctx.go_to("/account", _("That session has ended."))
    raise NotFound("this session is over already", "Open your account again.")


def _form(ctx: Context, form: Form, status: int = HTTPStatus.OK) -> Response:
    must = ctx.user.must_change_password
    return ctx.render(
        "account/password.html", status=status, form=form, must=must, min_password=MIN_CHARACTERS
    )


ROOM = Room("account", router)
