"""The second person: what one administrator gave is looked at and confirmed by another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.kernel import confirming, granting
from titian.kernel.errors import InvalidInput
from titian.kernel.ids import UserId
from titian.kernel.scope import Permission
from titian.web.context import Context, needs
from titian.web.i18n import _, lazy
from titian.web.naming import bank_name, person_name
from titian.web.room import AT_PLACE, MAX_TASKS, Room, Task, Tasks
from titian.web.words import PERMISSIONS, ROLES

router = APIRouter(prefix=AT_PLACE)
Confirmer = Annotated[Context, needs(Permission.CONFIRM_USERS)]

SINCE_CHARACTERS = 40


@router.get("/confirming/{user_id}")
def show(ctx: Confirmer, user_id: str) -> Response:
    """Show what a user was given, by whom, and what waits."""
    user = confirming.get(ctx.scope, UserId(user_id))
    return ctx.render(
        "users/confirm.html",
        user=user,
        roles=[ROLES[role] for role in sorted(user.roles)],
        withheld=[PERMISSIONS[permission] for permission in sorted(granting.sensitive(user.roles))],
        givers=", ".join(person_name(name) for name in user.waiting_by),
        may=confirming.may_confirm(ctx.scope, user),
    )


@router.post("/confirming/{user_id}")
def confirm(ctx: Confirmer, user_id: str) -> Response:
    """Confirm what was seen; what was given since then is to be looked at again."""
    since = _moment(ctx.form.text("since", most=SINCE_CHARACTERS))
    user = confirming.confirm(ctx.scope, UserId(user_id), since)
    return ctx.go("/tasks", _("Confirmed: %(name)s.", name=user.display_name))


def _moment(text: str) -> datetime:
    try:
        seen = datetime.fromisoformat(text)
    except ValueError:
        seen = None
    if seen is None or seen.tzinfo is None:
        raise InvalidInput("the form is not complete", "Open the page again and send it once more.")
    return seen


def _tasks(ctx: Context) -> Sequence[Task]:
    return [
        Task(
            _("Confirm the rights of %(name)s", name=user.display_name),
            f"/confirming/{user.user_id}",
            at=user.bank or "union",
            note=bank_name(user.bank),
            since=user.waiting_since,
        )
        for user in confirming.waiting(ctx.scope)
        if confirming.may_confirm(ctx.scope, user)
    ][:MAX_TASKS]


ROOM = Room(
    "confirming",
    router,
    tasks=(
        Tasks(
            "confirming",
            lazy("Rights to confirm"),
            "user-check",
            _tasks,
            Permission.CONFIRM_USERS,
        ),
    ),
    acts={"user.confirm": lazy("Confirmed somebody's rights")},
)
