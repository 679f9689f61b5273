"""What a person has typed of an audience or a tag and not yet sent: it survives leaving.

A draft is a copy for the next visit and nobody else's business: pages carry all they need in their
form and read the draft only when they are opened afresh.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, insert, select

from titian.data.tags.tables import tag_draft
from titian.kernel import clock, db
from titian.kernel.errors import LimitExceeded
from titian.kernel.scope import Permission, Scope

MAX_DRAFTS = 20
MAX_CHARACTERS = 60_000


class Making(StrEnum):
    """What a draft is to become."""

    AUDIENCE = "audience"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed; `about` is the id of what is being changed, empty for something new."""

    about: str
    content: Mapping[str, str]
    saved_at: datetime


def keep(scope: Scope, making: Making, content: Mapping[str, str], about: str = "") -> None:
    """Keep what was typed, in place of what was kept before; a person's oldest drafts make room.

    Needs VIEW_TAGS. Raises LimitExceeded beyond 60,000 characters.
    """
    scope.require(Permission.VIEW_TAGS)
    size = len(json.dumps(dict(content), ensure_ascii=False))
    if size > MAX_CHARACTERS:
        raise LimitExceeded(
            f"the draft has {size} characters", f"Keep it under {MAX_CHARACTERS} characters."
        )
    mine = _mine(scope, making)
    with db.begin() as connection:
        connection.execute(delete(tag_draft).where(*mine, tag_draft.c.about == about))
        connection.execute(
            insert(tag_draft).values(
                bank=scope.bank_id,
                user_id=scope.user,
                making=making.value,
                about=about,
                content=dict(content),
                saved_at=clock.now(),
            )
        )
        newest = select(tag_draft.c.about).where(*mine).order_by(tag_draft.c.saved_at.desc())
        kept = list(connection.scalars(newest.limit(MAX_DRAFTS)))
        connection.execute(delete(tag_draft).where(*mine, tag_draft.c.about.not_in(kept)))


def find(scope: Scope, making: Making, about: str = "") -> Draft | None:
    """Give one's own draft; None when there is none. Needs VIEW_TAGS."""
    scope.require(Permission.VIEW_TAGS)
    query = select(tag_draft).where(*_mine(scope, making), tag_draft.c.about == about)
    with db.read() as connection:
        row = connection.execute(query).first()
    return None if row is None else Draft(row.about, row.content, row.saved_at)


def forget(scope: Scope, making: Making, about: str = "") -> None:
    """Drop one's own draft, once it was sent or is not wanted; none is fine. Needs VIEW_TAGS."""
    scope.require(Permission.VIEW_TAGS)
    with db.begin() as connection:
        connection.execute(
            delete(tag_draft).where(*_mine(scope, making), tag_draft.c.about == about)
        )


def _mine(scope: Scope, making: Making) -> tuple[ColumnElement[bool], ...]:
    return (
        tag_draft.c.bank == scope.bank_id,
        tag_draft.c.user_id == scope.user,
        tag_draft.c.making == making.value,
    )
