"""The second person: sensitive rights that one administrator gave work once another confirms them.

Without this a bank's administrator, who sees no customer, could make a puppet that sees them all,
or reset a colleague's password and approve as that colleague.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from titian.kernel import audit, db, users
from titian.kernel.errors import Conflict, Denied, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Permission, Scope
from titian.kernel.tables import user_account
from titian.kernel.users import User


def waiting(scope: Scope) -> list[User]:
    """List the users of this scope who wait, the longest first. Needs CONFIRM_USERS."""
    scope.require(Permission.CONFIRM_USERS)
    query = (
        select(user_account)
        .where(user_account.c.waiting_since.is_not(None), user_account.c.disabled.is_(False))
        .order_by(user_account.c.waiting_since)
    )
    if scope.bank is not None:
        query = query.where(user_account.c.bank == scope.bank)
    return [user for user in users.read(query) if user.waits]


def get(scope: Scope, user_id: UserId) -> User:
    """Find a user of this scope who waits. Needs CONFIRM_USERS. Raises NotFound."""
    for user in waiting(scope):
        if user.user_id == user_id:
            return user
    raise NotFound(
        f"no user {user_id[:63]!r} waits here for confirmation", "Look at the tasks again."
    )


def may_confirm(scope: Scope, user: User) -> bool:
    """Say whether somebody is a second person: neither who gave the rights nor who gets them."""
    return scope.allows(Permission.CONFIRM_USERS) and scope.user not in {
        user.user_id,
        *user.waiting_by,
    }


def confirm(scope: Scope, user_id: UserId, since: datetime) -> User:
    """Let the sensitive rights of a user work, as they were seen waiting since a moment; audited.

    Needs CONFIRM_USERS. Raises NotFound, Denied for who gave or gets them, Conflict when more was
    given meanwhile.
    """
    user = get(scope, user_id)
    if not may_confirm(scope, user):
        raise Denied(
            f"{scope.user} gave or gets these rights",
            "Ask another administrator, or compliance: four eyes.",
        )
    seen = (user_account.c.user_id == user_id) & (user_account.c.waiting_since == since)
    with db.begin() as connection:
        done = connection.execute(
            update(user_account).where(seen).values(waiting_since=None, waiting_by=None)
        )
        if done.rowcount != 1:
            raise Conflict(f"user {user_id} was changed meanwhile", "Look at it again.")
        detail = {"roles": sorted(user.roles), "given_by": list(user.waiting_by)}
        detail |= {"clearance": user.clearance}
        audit.record(scope, "user.confirm", user_id, detail, connection)
    return users.find(user_id) or user
