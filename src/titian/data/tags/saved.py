"""Saved audiences: a name, an expression, an owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from titian.data import notes
from titian.data.tags import catalogue
from titian.data.tags.guard import allowed_plan
from titian.data.tags.plan import plan
from titian.data.tags.tables import audience
from titian.kernel import audit, clock, db
from titian.kernel.errors import Conflict, Denied, InvalidInput, LimitExceeded, NotFound
from titian.kernel.ids import UserId, new_id
from titian.kernel.scope import Permission, Role, Scope

MAX_AUDIENCES = 500
MAX_NAME = 80
MAX_DESCRIPTION = 400


@dataclass(frozen=True, slots=True)
class Audience:
    """A saved audience of a bank."""

    audience_id: str
    name: str
    description: str
    expression: str
    owner: UserId
    archived: bool
    created_at: datetime
    updated_at: datetime


def save(scope: Scope, name: str, expression: str, description: str = "") -> Audience:
    """Save an audience; its expression must be right and within the person's clearance.

    Needs EDIT_TAGS. Raises ConditionError, Denied, Conflict for a name in use, LimitExceeded.
    """
    scope.require(Permission.EDIT_TAGS)
    _check(scope, name, expression, description)
    now = clock.now()
    values = {
        "audience_id": new_id("aud"),
        "bank": scope.bank_id,
        "name": name.strip(),
        "description": description.strip(),
        "expression": expression.strip(),
        "owner": scope.user,
        "archived": False,
        "created_at": now,
        "updated_at": now,
    }
    try:
        with db.begin() as connection:
            held = connection.scalar(
                select(func.count()).where(audience.c.bank == scope.bank_id, ~audience.c.archived)
            )
            if held is not None and held >= MAX_AUDIENCES:
                raise LimitExceeded(
                    f"{scope.bank_id} has {held} saved audiences", "Archive some of them."
                )
            connection.execute(insert(audience).values(**values))
    except IntegrityError:
        raise Conflict(
            f"there is an audience named {name.strip()!r} already", "Choose another name."
        ) from None
    audit.record(scope, "audience.save", str(values["audience_id"]), {"name": name.strip()})
    return get(scope, str(values["audience_id"]))


def change(
    scope: Scope,
    audience_id: str,
    *,
    name: str | None = None,
    expression: str | None = None,
    description: str | None = None,
) -> Audience:
    """Change one's own audience. Raises NotFound, Denied, ConditionError, Conflict."""
    held = _own(scope, audience_id)
    new = {
        "name": held.name if name is None else name.strip(),
        "expression": held.expression if expression is None else expression.strip(),
        "description": held.description if description is None else description.strip(),
    }
    _check(scope, new["name"], new["expression"], new["description"])
    try:
        _write(scope, audience_id, **new)
    except IntegrityError:
        raise Conflict(
            f"there is an audience named {new['name']!r} already", "Choose another name."
        ) from None
    audit.record(scope, "audience.change", audience_id, {"name": new["name"]})
    return get(scope, audience_id)


def archive(scope: Scope, audience_id: str) -> None:
    """Put one's own audience away; its history stays. Raises NotFound, Denied."""
    held = _own(scope, audience_id)
    _write(scope, audience_id, archived=True, name=f"{held.name[:50]} · {audience_id}"[:MAX_NAME])
    audit.record(scope, "audience.archive", audience_id)


def get(scope: Scope, audience_id: str) -> Audience:
    """Give a saved audience of the bank. Needs VIEW_TAGS. Raises NotFound."""
    scope.require(Permission.VIEW_TAGS)
    query = select(audience).where(
        audience.c.bank == scope.bank_id, audience.c.audience_id == audience_id
    )
    with db.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"there is no audience {audience_id!r}", "Choose one from the list.")
    return _audience(row)


def find(scope: Scope, contains: str = "") -> list[Audience]:
    """List the bank's audiences, newest first. Needs VIEW_TAGS."""
    scope.require(Permission.VIEW_TAGS)
    words = audience.c.name.icontains(contains, autoescape=True)
    query = (
        select(audience)
        .where(audience.c.bank == scope.bank_id, ~audience.c.archived, words)
        .order_by(audience.c.updated_at.desc(), audience.c.audience_id.desc())
    )
    with db.read() as connection:
        return [_audience(row) for row in connection.execute(query)]


def standing(scope: Scope) -> list[Audience]:
    """List the audiences that the night takes stock of: those whose expression still stands."""
    known = catalogue.load(scope)
    return [one for one in find(Scope.system(scope.bank_id)) if _stands(known, one)]


def _stands(known: catalogue.Catalogue, one: Audience) -> bool:
    try:
        plan(known, one.expression)
    except InvalidInput:
        return False
    return True


def _check(scope: Scope, name: str, expression: str, description: str) -> None:
    if not 1 <= len(name.strip()) <= MAX_NAME:
        raise InvalidInput(
            "an audience needs a name", f"Write one of at most {MAX_NAME} characters."
        )
    if len(description.strip()) > MAX_DESCRIPTION:
        raise InvalidInput(
            "the description is too long", f"Keep it under {MAX_DESCRIPTION} characters."
        )
    notes.checked(f"{name} {description}")
    allowed_plan(scope, expression)


def may_change(scope: Scope, held: Audience) -> bool:
    """Say whether a person may change an audience: their own, or any as an administrator."""
    if not scope.allows(Permission.EDIT_TAGS):
        return False
    admin = bool({Role.BANK_ADMIN, Role.UNION_ADMIN} & scope.roles)
    return held.owner == scope.user or admin or scope.is_system


def _own(scope: Scope, audience_id: str) -> Audience:
    scope.require(Permission.EDIT_TAGS)
    held = get(scope, audience_id)
    if not may_change(scope, held):
        raise Denied(
            f"audience {held.name!r} belongs to {held.owner}", "Save a copy under another name."
        )
    return held


def _write(scope: Scope, audience_id: str, **values: object) -> None:
    with db.begin() as connection:
        connection.execute(
            update(audience)
            .where(audience.c.bank == scope.bank_id, audience.c.audience_id == audience_id)
            .values(**values, updated_at=clock.now())
        )


def _audience(row: Row[tuple[object, ...]]) -> Audience:
    return Audience(
        row.audience_id, row.name, row.description, row.expression, UserId(row.owner),
        row.archived, row.created_at, row.updated_at,
    )  # fmt: skip
