"""Users: who they are, what they may do, and proving it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, Select, case, insert, or_, select, update

from titian.kernel import audit, banks, clock, db, granting, passwords, sessions
from titian.kernel.errors import Conflict, Denied, InvalidInput, NotFound, Unauthenticated
from titian.kernel.ids import NAME_MAX_CHARACTERS, BankId, UserId, valid_name
from titian.kernel.near import nearest
from titian.kernel.scope import MAX_CLEARANCE, SYSTEM_USER, Permission, Role, Scope
from titian.kernel.tables import user_account

MAX_FAILED_LOGINS = 5
LOCK_TIME = timedelta(minutes=15)
MAX_DISPLAY_NAME = 80
NOBODY = UserId("(unknown)")
NOT_SIGNED_IN = "user name or password is wrong, or the user is locked for now"
HOW_TO_SIGN_IN = (
    f"Check both and try again. {MAX_FAILED_LOGINS} failures in a row lock a user for "
    f"{LOCK_TIME.seconds // 60} minutes; an administrator can reset the password."
)


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account; `bank` None means the union's own staff."""

    user_id: UserId
    display_name: str
    bank: BankId | None
    roles: frozenset[Role]
    clearance: int = 2
    locale: str = "zh"
    disabled: bool = False
    must_change_password: bool = False
    locked_until: datetime | None = None
    created_at: datetime | None = None
    waiting_since: datetime | None = None
    waiting_by: tuple[UserId, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether sensitive permissions are withheld until a second person confirms them."""
        return self.waiting_since is not None and bool(granting.sensitive(self.roles))

    def scope(self, bank: BankId | None = None) -> Scope:
        """Give the user's scope, narrowed to a bank when one is named. Raises Denied.

        A role that does not exist where the user works gives nothing, and what a second person
        has not confirmed yet is withheld.
        """
        roles = self.roles & granting.existing_at(self.bank)
        own = Scope(self.user_id, self.bank, roles, self.clearance, confirmed=not self.waits)
        return own if bank is None else own.at(bank)


def create(scope: Scope, new: User, password: str) -> User:
    """Add a user; nobody gives a role or a clearance that is not theirs to give.

    Sensitive permissions wait for a second person (`confirming`).

    Needs MANAGE_USERS in the user's bank. Raises Conflict, InvalidInput, Denied.
    """
    _check(scope, new)
    if find(new.user_id) is not None or new.user_id == SYSTEM_USER:
        raise Conflict(f"user {new.user_id} exists already", "Choose another user name.")
    with db.begin() as connection:
        connection.execute(
            insert(user_account).values(
                **_columns(new),
                user_id=new.user_id,
                password_hash=passwords.hashed(password, new.user_id),
                failed_logins=0,
                created_at=clock.now(),
            )
        )
        waits = granting.widens(None, new) and _let_wait(scope, new, connection)
        audit.record(scope, "user.create", new.user_id, _for_audit(new, waits=waits), connection)
    return find(new.user_id) or new


def change(scope: Scope, changed: User) -> User:
    """Change name, bank, roles, clearance, language or disabled; open sessions end.

    Needs MANAGE_USERS in both the old and the new bank. Nobody changes their own rights, nor
    somebody who holds more than is theirs to give, but to disable them.
    """
    before = get(scope, changed.user_id)
    if scope.user == changed.user_id and _rights(before) != _rights(changed):
        raise Denied("nobody changes their own rights", "Ask another administrator.")
    if changed != replace(before, disabled=True):
        _check_reach(scope, before)
        _check(scope, changed)
    with db.begin() as connection:
        connection.execute(
            update(user_account)
            .where(user_account.c.user_id == changed.user_id)
            .values(**_columns(changed))
        )
        if _rights(before) != _rights(changed):
            sessions.close_all(changed.user_id, connection)
        waits = granting.widens(before, changed) and _let_wait(scope, changed, connection)
        detail = _for_audit(changed, waits=waits)
        audit.record(scope, "user.change", changed.user_id, detail, connection)
    return find(changed.user_id) or changed


def reset_password(scope: Scope, user_id: UserId, password: str) -> None:
    """Set a first password that must be changed at the next sign-in. Needs MANAGE_USERS.

    Who knows it could act as the user: sensitive permissions wait for a second person again.
    """
    user = get(scope, user_id)
    _check_reach(scope, user)
    _store_password(scope, "user.reset_password", user, password, must_change=True)


def change_password(user_id: UserId, old: str, new: str) -> None:
    """Let a person change their own password; all their sessions end with the old one.

    Raises Unauthenticated, InvalidInput.
    """
    user = authenticate(user_id, old)
    if old == new:
        raise InvalidInput("the new password is the old one", "Choose a different one.")
    _store_password(user.scope(), "user.change_password", user, new, must_change=False)


def _store_password(
    scope: Scope, act: str, user: User, password: str, *, must_change: bool
) -> None:
    digest = passwords.hashed(password, user.user_id)
    with db.begin() as connection:
        connection.execute(
            update(user_account)
            .where(user_account.c.user_id == user.user_id)
            .values(
                password_hash=digest,
                must_change_password=must_change,
                failed_logins=0,
                locked_until=None,
            )
        )
        sessions.close_all(user.user_id, connection)
        if must_change and granting.sensitive(user.roles):
            _let_wait(scope, user, connection)
        audit.record(scope, act, user.user_id, connection=connection)


def authenticate(user_id: str, password: str) -> User:
    """Check a user name and password; five failures in a row lock the user for 15 minutes.

    Raises Unauthenticated with one answer, found by the same work, whether the user is unknown,
    locked or disabled or the password is wrong: nobody learns who has an account.
    """
    name = UserId(user_id[:NAME_MAX_CHARACTERS])
    row = _reserve(name)
    good = passwords.matches(password, None if row is None else row.password_hash)
    if row is None or not good or row.disabled:
        _record_failure(name)
        raise Unauthenticated(NOT_SIGNED_IN, HOW_TO_SIGN_IN)
    _clear_failures(row.user_id)
    return replace(_user(row), locked_until=None)


def _reserve(user_id: UserId) -> Row[tuple[object, ...]] | None:
    """Count an attempt before it is made, so that many at once cannot pass the lock.

    The fifth in a row locks at once; success clears it. None for the unknown and the locked.
    """
    now, tries = clock.now(), user_account.c.failed_logins + 1
    open_ = or_(user_account.c.locked_until.is_(None), user_account.c.locked_until <= now)
    last = tries >= MAX_FAILED_LOGINS
    attempt = (
        update(user_account)
        .where(user_account.c.user_id == user_id, open_)
        .values(
            failed_logins=case((last, 0), else_=tries),
            locked_until=case((last, now + LOCK_TIME), else_=None),
        )
    )
    with db.begin() as connection:
        reserved = connection.execute(attempt).rowcount == 1
        row = connection.execute(_by_id(user_id)).first()
    return row if reserved else None


def _record_failure(name: UserId) -> None:
    """Record a failure; what was typed for an unknown user is not kept: it may be a password."""
    user_id = name if find(name) is not None else NOBODY
    audit.record(Scope(user_id, None, frozenset()), "user.login_failed", user_id)


def _clear_failures(user_id: UserId) -> None:
    with db.begin() as connection:
        connection.execute(
            update(user_account)
            .where(user_account.c.user_id == user_id)
            .values(failed_logins=0, locked_until=None)
        )


def set_locale(user_id: UserId, locale: str) -> None:
    """Remember a person's language (`zh` or `en`)."""
    if locale not in ("zh", "en"):
        raise InvalidInput(f"{locale[:8]!r} is not a language here", "Choose zh or en.")
    with db.begin() as connection:
        connection.execute(
            update(user_account).where(user_account.c.user_id == user_id).values(locale=locale)
        )


def find(user_id: UserId) -> User | None:
    """Find a user, without asking who wants to know: for sign-in and sessions only."""
    with db.read() as connection:
        row = connection.execute(_by_id(user_id)).first()
    return _user(row) if row else None


def get(scope: Scope, user_id: UserId) -> User:
    """Find a user of this scope. Needs MANAGE_USERS. Raises NotFound."""
    scope.require(Permission.MANAGE_USERS)
    user = find(user_id)
    if user is None or (scope.bank is not None and user.bank != scope.bank):
        known = [known.user_id for known in all_users(scope)]
        raise NotFound(f"there is no user {user_id[:63]!r} here", nearest(user_id, known))
    return user


def all_users(scope: Scope) -> list[User]:
    """List the users of this scope by name. Needs MANAGE_USERS."""
    scope.require(Permission.MANAGE_USERS)
    query = select(user_account).order_by(user_account.c.user_id)
    if scope.bank is not None:
        query = query.where(user_account.c.bank == scope.bank)
    return read(query)


def read(query: Select[tuple[object, ...]]) -> list[User]:
    """Read users that the caller has a right to: for the rooms of the kernel only."""
    with db.read() as connection:
        return [_user(row) for row in connection.execute(query)]


def _check(scope: Scope, user: User) -> None:
    scope.require(Permission.MANAGE_USERS)
    valid_name(user.user_id, "user name")
    if user.bank is None:
        if scope.bank is not None:
            raise Denied("only the union makes users of the union", "Choose your own bank.")
    else:
        scope.at(user.bank)
        banks.get(user.bank)
    if not 1 <= user.clearance <= MAX_CLEARANCE:
        raise InvalidInput(
            f"clearance {user.clearance} does not exist", f"Choose 1 to {MAX_CLEARANCE}."
        )
    if not 1 <= len(user.display_name.strip()) <= MAX_DISPLAY_NAME:
        raise InvalidInput(
            "a user needs a display name", f"Write 1 to {MAX_DISPLAY_NAME} characters."
        )
    granting.check_place(user.roles, user.bank)
    _check_reach(scope, user)


def _check_reach(scope: Scope, user: User) -> None:
    granting.check_reach(scope, user.user_id, user.roles, user.clearance)


def _let_wait(scope: Scope, user: User, connection: Connection) -> bool:
    """Let a user wait for a second person; what the machine's operator does is confirmed."""
    if scope.is_system:
        return False
    own = user_account.c.user_id == user.user_id
    query = select(user_account.c.waiting_since, user_account.c.waiting_by).where(own)
    held = connection.execute(query.with_for_update()).one()
    givers = (*((held.waiting_by or ()) if held.waiting_since else ()), scope.user)
    marks = {"waiting_since": clock.now(), "waiting_by": list(dict.fromkeys(givers))}
    connection.execute(update(user_account).where(own).values(marks))
    return True


def _rights(user: User) -> tuple[object, ...]:
    return user.bank, user.roles, user.clearance, user.disabled, user.must_change_password


def _columns(user: User) -> dict[str, object]:
    return {
        "display_name": user.display_name.strip(),
        "bank": user.bank,
        "roles": sorted(user.roles),
        "clearance": user.clearance,
        "locale": user.locale,
        "disabled": user.disabled,
        "must_change_password": user.must_change_password,
    }


def _for_audit(user: User, *, waits: bool) -> dict[str, object]:
    columns = _columns(user)
    del columns["display_name"]
    return {**columns, "waits": waits}


def _by_id(user_id: UserId) -> Select[tuple[object, ...]]:
    return select(user_account).where(user_account.c.user_id == user_id)


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(
        row.user_id,
        row.display_name,
        row.bank,
        frozenset(Role(role) for role in row.roles),
        row.clearance,
        row.locale,
        row.disabled,
        row.must_change_password,
        row.locked_until,
        row.created_at,
        row.waiting_since,
        tuple(row.waiting_by or ()),
    )
