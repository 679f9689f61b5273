"""Tags made by business people: a condition, its count at once, and a second pair of eyes.

A draft is checked like any definition. Another person approves it; from the next night on it is
worked out with all others. Nothing is deleted: a retired tag stays on record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from titian.data import notes
from titian.data.strict import nearest
from titian.data.tags import catalogue
from titian.data.tags.evaluate import evaluate
from titian.data.tags.fields import profile_of
from titian.data.tags.guard import refuse_above
from titian.data.tags.model import Profile, Refresh, Subject, Tag
from titian.data.tags.plan import Holds
from titian.data.tags.store import day_tags
from titian.data.tags.tables import business_tag
from titian.decide import parse
from titian.kernel import audit, clock, db
from titian.kernel.errors import Conflict, Denied, InvalidInput, LimitExceeded, NotFound
from titian.kernel.ids import UserId, valid_name
from titian.kernel.scope import Permission, Scope

MAX_BUSINESS_TAGS = 300
MAX_COMMENT = 400


class Status(StrEnum):
    """Where a business-made tag stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a business user states of a new tag; the level follows from the fields it reads."""

    code: str
    zh: str
    en: str
    when: str
    subject: Subject = Subject.PARTY
    refresh: Refresh = Refresh.DAILY
    description_zh: str = ""
    description_en: str = ""


@dataclass(frozen=True, slots=True)
class BusinessTag:
    """A business-made tag with its life so far; `members` is the count when it was drafted."""

    code: str
    when: str
    zh: str
    en: str
    status: Status
    author: UserId
    created_at: datetime
    decided_by: UserId | None
    decided_at: datetime | None
    comment: str
    members: int
    counted_on: date | None


def preview(scope: Scope, when: str) -> tuple[int, date]:
    """Count the parties for whom a condition over profile fields holds, and say on which date.

    Needs EDIT_TAGS. Raises ConditionError, Denied, NotFound.
    """
    scope.require(Permission.EDIT_TAGS)
    known = catalogue.load(scope)
    condition = parse(when, known.profile.schema)
    refuse_above(scope, known, condition.fields)
    held = day_tags(scope)
    return len(evaluate(Holds(condition), held)), held.day


def propose(scope: Scope, proposal: Proposal) -> BusinessTag:
    """Draft a tag; it counts from the night after another person approved it.

    Needs EDIT_TAGS. Raises ConditionError, InvalidDefinition, Conflict, LimitExceeded, Denied.
    """
    scope.require(Permission.EDIT_TAGS)
    code = valid_name(proposal.code, "tag code")
    known = catalogue.load(scope)
    condition = parse(proposal.when, known.profile.schema)
    refuse_above(scope, known, condition.fields)
    if code in known.tags or code in known.profile.schema:
        raise Conflict(f"{code} is in use already", "Choose another code.")
    definition = _definition(proposal, known.profile.level(condition.fields), scope.user)
    catalogue.read_business(code, definition, known.profile)
    members, counted_on = preview(scope, proposal.when)
    values = {
        "bank": scope.bank_id,
        "code": code,
        "definition": definition,
        "status": Status.DRAFT.value,
        "author": scope.user,
        "created_at": clock.now(),
        "comment": "",
        "members": members,
        "counted_on": counted_on,
    }
    _insert(scope, values)
    audit.record(scope, "tag.propose", code, {"members": members})
    return get(scope, code)


def decide(scope: Scope, code: str, *, approve: bool, comment: str = "") -> BusinessTag:
    """Approve or reject another person's draft.

    Needs EDIT_TAGS. Raises NotFound, Conflict when it is no draft, Denied for one's own.
    """
    scope.require(Permission.EDIT_TAGS)
    held = get(scope, code)
    if held.author == scope.user:
        raise Denied(f"{code} is your own draft", "Ask a colleague to look at it: four eyes.")
    if approve:
        _tag(scope, code, profile_of(scope))
    status = Status.APPROVED if approve else Status.REJECTED
    act = f"tag.{'approve' if approve else 'reject'}"
    return _move(scope, act, code, Status.DRAFT, status, comment)


def retire(scope: Scope, code: str, comment: str = "") -> BusinessTag:
    """Take an approved tag out of the night. Needs EDIT_TAGS. Raises NotFound, Conflict."""
    scope.require(Permission.EDIT_TAGS)
    return _move(scope, "tag.retire", code, Status.APPROVED, Status.RETIRED, comment)


def get(scope: Scope, code: str) -> BusinessTag:
    """Give one business-made tag. Needs VIEW_TAGS. Raises NotFound."""
    known = {one.code: one for one in find(scope)}
    if code not in known:
        raise NotFound(f"nobody at {scope.bank_id} made a tag {code!r}", nearest(code, known))
    return known[code]


def find(scope: Scope, status: Status | None = None) -> list[BusinessTag]:
    """List the bank's business-made tags within the clearance, newest first. Needs VIEW_TAGS."""
    scope.require(Permission.VIEW_TAGS)
    query = select(business_tag).where(business_tag.c.bank == scope.bank_id)
    if status is not None:
        query = query.where(business_tag.c.status == status.value)
    query = query.order_by(business_tag.c.created_at.desc(), business_tag.c.code)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return [_made(row) for row in rows if row.definition["level"] <= scope.clearance]


def _definition(proposal: Proposal, level: int, owner: UserId) -> dict[str, object]:
    zh, en = proposal.zh.strip(), proposal.en.strip()
    return {
        "zh": zh,
        "en": en,
        "kind": "rule",
        "subject": proposal.subject.value,
        "level": level,
        "owner": str(owner),
        "refresh": proposal.refresh.value,
        "description": {
            "zh": proposal.description_zh.strip() or zh,
            "en": proposal.description_en.strip() or en,
        },
        "when": proposal.when.strip(),
    }


def _insert(scope: Scope, values: dict[str, object]) -> None:
    own = business_tag.c.bank == scope.bank_id
    try:
        with db.begin() as connection:
            held = connection.scalar(select(func.count()).where(own)) or 0
            if held >= MAX_BUSINESS_TAGS:
                raise LimitExceeded(f"{scope.bank_id} made {held} tags", "Ask for a higher limit.")
            connection.execute(insert(business_tag).values(**values))
    except IntegrityError:
        raise Conflict(
            f"tag {values['code']} was proposed before", "Choose another code."
        ) from None


def _move(scope: Scope, act: str, code: str, old: Status, new: Status, comment: str) -> BusinessTag:
    """Change a status once, whoever else decides at the same moment."""
    if len(comment) > MAX_COMMENT:
        raise InvalidInput("the comment is too long", f"Keep it under {MAX_COMMENT} characters.")
    comment = notes.checked(comment)
    get(scope, code)
    change = (
        update(business_tag)
        .where(
            business_tag.c.bank == scope.bank_id,
            business_tag.c.code == code,
            business_tag.c.status == old.value,
        )
        .values(status=new.value, decided_by=scope.user, decided_at=clock.now(), comment=comment)
    )
    with db.begin() as connection:
        moved = connection.execute(change).rowcount == 1
        if moved:
            audit.record(scope, act, code, {"comment": comment}, connection)
    now = get(scope, code)
    if not moved:
        raise Conflict(f"tag {code} is {now.status}", f"Only what is {old} can become {new}.")
    return now


def _tag(scope: Scope, code: str, profile: Profile) -> Tag:
    query = select(business_tag.c.definition).where(
        business_tag.c.bank == scope.bank_id, business_tag.c.code == code
    )
    with db.read() as connection:
        definition = connection.scalar(query)
    assert definition is not None, "the caller has found the tag"
    return catalogue.read_business(code, definition, profile)


def _made(row: Row[tuple[object, ...]]) -> BusinessTag:
    return BusinessTag(
        code=row.code,
        when=row.definition["when"],
        zh=row.definition["zh"],
        en=row.definition["en"],
        status=Status(row.status),
        author=UserId(row.author),
        created_at=row.created_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        comment=row.comment,
        members=row.members,
        counted_on=row.counted_on,
    )
