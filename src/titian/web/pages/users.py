"""Users and roles: who may enter, as what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.kernel import audit, clock, granting, sessions, users
from titian.kernel.ids import BankId, UserId
from titian.kernel.passwords import MIN_CHARACTERS
from titian.kernel.scope import MAX_CLEARANCE, ROLE_PERMISSIONS, Permission, Role, Scope
from titian.kernel.users import User
from titian.web.context import Context, needs
from titian.web.forms import Form
from titian.web.i18n import LOCALES, Text, _, lazy, locale
from titian.web.listing import (
    Action,
    Bulk,
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    State,
    Table,
    Tone,
    rows_of,
)
from titian.web.naming import UNION, bank_name
from titian.web.pages.audit import history
from titian.web.room import AT_PLACE, Entry, Hit, Room, Searcher, Section
from titian.web.words import PERMISSIONS, ROLE_WORDS, ROLES

router = APIRouter(prefix=AT_PLACE)
Manager = Annotated[Context, needs(Permission.MANAGE_USERS)]

RECENT_ACTS = 20
_STATES: dict[str, State] = {
    "active": State(lazy("Active"), Tone.GOOD),
    "locked": State(lazy("Locked"), Tone.WARN),
    "waiting": State(lazy("Waits for a second person"), Tone.WARN),
    "disabled": State(lazy("Disabled"), Tone.CALM),
}
_SECOND = lazy("Some rights wait until a second administrator or compliance confirms them.")


def state_of(user: User) -> str:
    """Say whether a user is active, locked for a while, half confirmed, or disabled."""
    if user.disabled:
        return "disabled"
    locked = user.locked_until is not None and user.locked_until > clock.now()
    if locked:
        return "locked"
    return "waiting" if user.waits else "active"


def _fetch(scope: Scope, query: Query) -> Rows[User]:
    return rows_of(
        users.all_users(scope),
        query,
        search=lambda user: f"{user.user_id} {user.display_name}",
        keep={
            "role": lambda user, role: role in user.roles,
            "state": lambda user, state: state_of(user) == state,
            "bank": lambda user, bank: (user.bank or "union") == bank,
        },
        order={"bank": lambda user: user.bank or ""},
    )


def _banks(ctx: Context) -> Sequence[tuple[str, Text]]:
    if ctx.scope.bank is not None:
        return [(ctx.place, ctx.place_name)]
    union: tuple[str, Text] = ("union", _("Provincial union"))
    return [union, *((str(bank.bank), bank.name(locale())) for bank in ctx.banks)]


TABLE: Table[User] = Table(
    "users",
    lazy("Users"),
    about=lazy("Who may enter, as what, and how far they see."),
    columns=(
        Column(
            "display_name",
            lazy("Name"),
            main=True,
            link=lambda ctx, user: ctx.url(f"/users/{user.user_id}"),
        ),
        Column("user_id", lazy("User name"), Kind.CODE),
        Column(
            "bank",
            lazy("Bank"),
            value=lambda user: bank_name(user.bank),
            raw=lambda user: user.bank or UNION,
        ),
        Column(
            "roles",
            lazy("Roles"),
            Kind.LIST,
            value=lambda user: sorted(user.roles),
            states=ROLE_WORDS,
            sortable=False,
        ),
        Column("clearance", lazy("Clearance"), Kind.NUMBER, desk=True),
        Column("created_at", lazy("Since"), Kind.MOMENT, desk=True),
        Column("state", lazy("State"), Kind.STATE, value=state_of, states=_STATES, sortable=False),
    ),
    fetch=_fetch,
    filters=(
        Filter("q", lazy("Name or user name"), FilterKind.SEARCH),
        Filter("role", lazy("Role"), choices=lambda _ctx: [(r, ROLES[r][0]) for r in ROLES]),
        Filter(
            "state", lazy("State"), choices=lambda _ctx: [(s, _STATES[s].label) for s in _STATES]
        ),
        Filter("bank", lazy("Bank"), choices=_banks),
    ),
    sort="display_name",
    action=Action(lazy("New user"), "/users/new", "user-plus"),
    empty=Empty(
        lazy("No users yet"),
        lazy("Add the first one: a name, a role, and a password to begin with."),
        lazy("New user"),
        "/users/new",
    ),
    bulk=(
        Bulk(
            lazy("Disable"),
            "/users/disable",
            "user-x",
            confirm=lazy("Disable the picked users? Their sessions end at once."),
            danger=True,
        ),
    ),
    row_id=lambda user: user.user_id,
    export=Permission.MANAGE_USERS,
)


@router.get("/users")
def list_users(ctx: Manager) -> Response:
    """List the users."""
    return ctx.table(TABLE)


@router.get("/users/new")
def new_user_form(ctx: Manager) -> Response:
    """Ask for a new user."""
    bank = ctx.place if ctx.scope.bank is not None else "union"
    return _form(ctx, ctx.form.starting(bank=bank, clearance=2, locale=locale()))


@router.post("/users/new")
def create_user(ctx: Manager) -> Response:
    """Add a user."""
    form = ctx.form
    new = _read(ctx, User(UserId(form.text("user_id", most=63)), "", None, frozenset()))
    password = form.text("password", most=500, strip=False)
    if not form.wrong:
        with form.trying():
            new = users.create(ctx.scope, replace(new, must_change_password=True), password)
    if form.wrong:
        return _form(ctx, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    said = _("%(name)s may enter now.", name=new.display_name)
    return ctx.go(f"/users/{new.user_id}", f"{said} {_SECOND}" if new.waits else said)


@router.post("/users/disable")
def disable_users(ctx: Manager) -> Response:
    """Disable the picked users."""
    done = 0
    for name in ctx.form.chosen("row"):
        user = users.get(ctx.scope, UserId(name))
        users.change(ctx.scope, replace(user, disabled=True))
        done += 1
    return ctx.go("/users", _("Disabled: %(num)s", num=done))


@router.get("/users/{user_id}")
def show_user(ctx: Manager, user_id: str) -> Response:
    """Show a user: rights, sessions, what they did."""
    user = users.get(ctx.scope, UserId(user_id))
    may_audit = ctx.allows(Permission.VIEW_AUDIT)
    acts = audit.entries(ctx.scope, user=user.user_id, limit=RECENT_ACTS) if may_audit else []
    allowed = sorted({p for role in user.roles for p in ROLE_PERMISSIONS[role]})
    return ctx.render(
        "users/show.html",
        user=user,
        state_now=_STATES[state_of(user)],
        roles=[ROLES[role] for role in sorted(user.roles)],
        permissions=[PERMISSIONS[permission] for permission in allowed],
        sessions=sessions.of_user(user.user_id),
        acts=history(acts),
        form=Form(),
        min_password=MIN_CHARACTERS,
    )


@router.get("/users/{user_id}/edit")
def edit_user_form(ctx: Manager, user_id: str) -> Response:
    """Ask what to change about a user."""
    user = users.get(ctx.scope, UserId(user_id))
    start = ctx.form.starting(
        user_id=user.user_id,
        display_name=user.display_name,
        bank=user.bank or "union",
        roles=sorted(user.roles),
        clearance=user.clearance,
        locale=user.locale,
        disabled=user.disabled,
    )
    return _form(ctx, start, user)


@router.post("/users/{user_id}/edit")
def edit_user(ctx: Manager, user_id: str) -> Response:
    """Change a user."""
    user = users.get(ctx.scope, UserId(user_id))
    changed = replace(_read(ctx, user), disabled=ctx.form.ticked("disabled"))
    if not ctx.form.wrong:
        with ctx.form.trying():
            changed = users.change(ctx.scope, changed)
    if ctx.form.wrong:
        return _form(ctx, ctx.form, user, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    said = _("Changed.")
    return ctx.go(f"/users/{user_id}", f"{said} {_SECOND}" if changed.waits else said)


@router.post("/users/{user_id}/password")
def reset_password(ctx: Manager, user_id: str) -> Response:
    """Give a user a first password again."""
    password = ctx.form.text("password", most=500, strip=False)
    if not ctx.form.wrong:
        with ctx.form.trying("password"):
            users.reset_password(ctx.scope, UserId(user_id), password)
    if ctx.form.wrong:
        return ctx.go(f"/users/{user_id}", ctx.form.errors["password"], tone="error")
    return ctx.go(f"/users/{user_id}", _("The password is set; it must be changed at sign-in."))


@router.get("/roles")
def list_roles(ctx: Manager) -> Response:
    """Show what each role may do."""
    rows = [
        (name, note, [permission in ROLE_PERMISSIONS[role] for permission in Permission])
        for role, (name, note) in ROLES.items()
    ]
    counts = dict.fromkeys(ROLES, 0)
    for user in users.all_users(ctx.scope):
        for role in user.roles:
            counts[role] += 1
    held = list(zip(rows, counts.items(), strict=True))
    return ctx.render("users/roles.html", rows=held, permissions=PERMISSIONS.values())


def _read(ctx: Context, user: User) -> User:
    form = ctx.form
    places = [value for value, _label in _banks(ctx)]
    bank = form.choice("bank", places) or "union"
    return replace(
        user,
        display_name=form.text("display_name", most=80),
        bank=None if bank == "union" else BankId(bank),
        roles=frozenset(Role(role) for role in form.choices("roles", [r.value for r in Role])),
        clearance=form.number("clearance", least=1, most=MAX_CLEARANCE),
        locale=form.choice("locale", list(LOCALES)) or "zh",
    )


def _form(ctx: Context, form: Form, user: User | None = None, status: int = 200) -> Response:
    given = granting.grantable(ctx.scope)
    if ctx.scope.bank is not None:
        given &= granting.existing_at(ctx.scope.bank)
    roles = [(role, name, note) for role, (name, note) in ROLES.items() if role in given]
    return ctx.render(
        "users/form.html",
        status=status,
        form=form,
        user=user,
        banks=_banks(ctx),
        roles=roles,
        clearances=[(level, str(level)) for level in range(1, ctx.scope.clearance + 1)],
        min_password=MIN_CHARACTERS,
    )


def _find(ctx: Context, words: str) -> list[Hit]:
    found = _fetch(ctx.scope, Query(filters={"q": words}, limit=6)).rows
    return [Hit(u.display_name, f"/users/{u.user_id}", "user-round", u.user_id) for u in found]


ROOM = Room(
    "users",
    router,
    entries=(
        Entry(Section.ADMIN, lazy("Users"), "/users", "users", Permission.MANAGE_USERS),
        Entry(Section.ADMIN, lazy("Roles"), "/roles", "shield-check", Permission.MANAGE_USERS),
    ),
    searchers=(Searcher(lazy("Users"), _find, Permission.MANAGE_USERS, "/users"),),
    acts={
        "user.create": lazy("Added a user"),
        "user.change": lazy("Changed a user"),
        "user.reset_password": lazy("Reset a password"),
        "user.change_password": lazy("Changed the own password"),
        "token.issue": lazy("Gave a system a token"),
        "token.revoke": lazy("Took a system's token back"),
    },
)
