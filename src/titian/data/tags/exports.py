"""Taking an audience out of the house: asked for with a reason, approved by another person.

What leaves is frozen at the request: the expression, the business date and the columns. For
marketing, parties that refuse it are left out, and nothing switches that off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import pyarrow as pa
from sqlalchemy import Row, insert, select, update

from titian.data import notes
from titian.data.tags import people, saved
from titian.data.tags.audiences import members_of
from titian.data.tags.store import day_tags
from titian.data.tags.tables import audience_export
from titian.kernel import audit, clock, db
from titian.kernel.errors import Conflict, Denied, InvalidInput, LimitExceeded, NotFound
from titian.kernel.ids import UserId, new_id
from titian.kernel.scope import Permission, Scope

MAX_ROWS = 500_000
MAX_REASON = 400
MIN_REASON = 4
VALID_DAYS = 7
MAX_LISTED = 500


class Purpose(StrEnum):
    """What the rows are for."""

    MARKETING = "marketing"
    SERVICE = "service"
    RISK = "risk"


class Status(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Export:
    """A request to take an audience's rows out; `clear` asks for them unmasked."""

    export_id: str
    audience_id: str
    expression: str
    business_date: date
    purpose: Purpose
    reason: str
    columns: tuple[str, ...]
    clear: bool
    members: int
    status: Status
    requested_by: UserId
    requested_at: datetime
    decided_by: UserId | None
    decided_at: datetime | None
    comment: str
    downloads: int

    @property
    def expired(self) -> bool:
        """Whether the approval is too old to be used."""
        return self.decided_at is not None and clock.now() > self.decided_at + timedelta(VALID_DAYS)


def request(
    scope: Scope,
    audience_id: str,
    columns: Sequence[str],
    purpose: Purpose,
    reason: str,
    *,
    clear: bool = False,
) -> Export:
    """Ask for an audience's rows on the newest business date.

    Needs EXPORT, and UNMASK for clear rows. Raises NotFound, InvalidInput, Denied, LimitExceeded.
    """
    scope.require(Permission.EXPORT)
    if clear:
        scope.require(Permission.UNMASK)
    if not MIN_REASON <= len(reason.strip()) <= MAX_REASON:
        raise InvalidInput(
            "an export needs a reason", f"Say why, in {MIN_REASON} to {MAX_REASON} characters."
        )
    said = notes.checked(reason)
    one = saved.get(scope, audience_id)
    _within_clearance(scope, columns)
    day = day_tags(scope).day
    marketing = purpose is Purpose.MARKETING
    members = len(members_of(scope, one.expression, day, marketing=marketing))
    if members > MAX_ROWS:
        raise LimitExceeded(
            f"the audience has {members:,} members", f"Narrow it to {MAX_ROWS:,} or fewer."
        )
    values = {
        "export_id": new_id("exp"),
        "bank": scope.bank_id,
        "audience_id": audience_id,
        "expression": one.expression,
        "business_date": day,
        "purpose": purpose.value,
        "reason": said,
        "columns": list(dict.fromkeys(columns)),
        "clear": clear,
        "members": members,
        "status": Status.REQUESTED.value,
        "requested_by": scope.user,
        "requested_at": clock.now(),
        "comment": "",
        "downloads": 0,
    }
    with db.begin() as connection:
        connection.execute(insert(audience_export).values(**values))
    made = get(scope, str(values["export_id"]))
    audit.record(scope, "audience.export.request", made.export_id, _facts(made))
    return made


def decide(scope: Scope, export_id: str, *, approve: bool, comment: str = "") -> Export:
    """Approve or refuse another person's request.

    Needs EXPORT and the clearance the columns ask for. Raises NotFound, Denied, Conflict.
    """
    scope.require(Permission.EXPORT)
    held = get(scope, export_id)
    if held.requested_by == scope.user:
        raise Denied("this is your own request", "Ask a colleague to decide: four eyes.")
    _within_clearance(scope, held.columns)
    new = Status.APPROVED if approve else Status.REFUSED
    change = (
        update(audience_export)
        .where(
            audience_export.c.export_id == export_id,
            audience_export.c.status == Status.REQUESTED.value,
        )
        .values(
            status=new.value,
            decided_by=scope.user,
            decided_at=clock.now(),
            comment=notes.checked(comment)[:MAX_REASON],
        )
    )
    with db.begin() as connection:
        decided = connection.execute(change).rowcount == 1
        if decided:
            audit.record(scope, f"audience.export.{new.value}", export_id, _facts(held), connection)
    now = get(scope, export_id)
    if not decided:
        raise Conflict(f"the request is {now.status} already", "Look at it again.")
    return now


def rows(scope: Scope, export_id: str) -> pa.Table:
    """Give the rows of one's own approved request; every call is audited.

    Needs EXPORT. Raises NotFound, Denied, Conflict when it is not approved or too old.
    """
    scope.require(Permission.EXPORT)
    held = get(scope, export_id)
    if held.requested_by != scope.user:
        raise Denied(f"{held.requested_by} asked for these rows", "Ask for your own export.")
    if held.status is not Status.APPROVED:
        raise Conflict(f"the request is {held.status}", "Wait until a colleague approves it.")
    if held.expired:
        raise Conflict(f"the approval is over {VALID_DAYS} days old", "Ask again.")
    marketing = held.purpose is Purpose.MARKETING
    members = members_of(scope, held.expression, held.business_date, marketing=marketing)
    reader = scope.unmasked(held.reason) if held.clear else scope
    found = people.rows(reader, members, held.business_date, held.columns)
    more = update(audience_export).where(audience_export.c.export_id == export_id)
    with db.begin() as connection:
        connection.execute(more.values(downloads=audience_export.c.downloads + 1))
    audit.record(scope, "audience.export.take", export_id, {**_facts(held), "rows": found.num_rows})
    return found


def get(scope: Scope, export_id: str) -> Export:
    """Give one request of the bank. Needs EXPORT. Raises NotFound."""
    scope.require(Permission.EXPORT)
    query = select(audience_export).where(
        audience_export.c.bank == scope.bank_id, audience_export.c.export_id == export_id
    )
    with db.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"there is no export {export_id!r}", "Choose one from the list.")
    return _export(row)


def find(scope: Scope, status: Status | None = None) -> list[Export]:
    """List the bank's requests, newest first. Needs EXPORT."""
    scope.require(Permission.EXPORT)
    query = select(audience_export).where(audience_export.c.bank == scope.bank_id)
    if status is not None:
        query = query.where(audience_export.c.status == status.value)
    query = query.order_by(audience_export.c.requested_at.desc()).limit(MAX_LISTED)
    with db.read() as connection:
        return [_export(row) for row in connection.execute(query)]


def _within_clearance(scope: Scope, columns: Sequence[str]) -> None:
    chosen = people.choose(scope, columns)
    hidden = [column.name for column in chosen if column.level > scope.clearance]
    if hidden:
        raise Denied(
            f"{', '.join(hidden)} is of a data level above your clearance ({scope.clearance})",
            "Leave it out, or ask someone with that clearance.",
        )


def _facts(held: Export) -> dict[str, object]:
    return {
        "audience": held.audience_id,
        "columns": list(held.columns),
        "purpose": held.purpose.value,
        "clear": held.clear,
        "members": held.members,
    }


def _export(row: Row[tuple[object, ...]]) -> Export:
    return Export(
        row.export_id, row.audience_id, row.expression, row.business_date, Purpose(row.purpose),
        row.reason, tuple(row.columns), row.clear, row.members, Status(row.status),
        UserId(row.requested_by), row.requested_at, row.decided_by, row.decided_at, row.comment,
        row.downloads,
    )  # fmt: skip
