"""What tags and audiences leave for people to do: what a second pair of eyes must decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from titian.data.tags import business, exports
from titian.data.tags.tables import audience, audience_export, business_tag
from titian.kernel import clock, db
from titian.web.i18n import _, locale, ngettext
from titian.web.naming import bank_name, person_name
from titian.web.room import MAX_TASKS, Task

if TYPE_CHECKING:
    from titian.web.context import Context

PROPOSALS, REQUESTS = "/tags/proposals", "/audiences/exports"


def proposals(ctx: Context) -> Sequence[Task]:
    """Name the tags that colleagues drafted; one's own need somebody else."""
    table = business_tag.c
    query = (
        sa.select(table.bank, table.code, table.definition, table.author, table.created_at)
        .where(table.status == business.Status.DRAFT, table.author != ctx.user.user_id)
        .order_by(table.created_at)
        .limit(MAX_TASKS)
    )
    if ctx.scope.bank is not None:
        query = query.where(table.bank == ctx.scope.bank)
    with db.read() as connection:
        found = connection.execute(query).all()
    return [
        Task(
            _("Decide on the tag %(name)s", name=row.definition.get(locale()) or row.code),
            PROPOSALS,
            at=row.bank,
            note=_(
                "%(bank)s · made by %(who)s",
                bank=bank_name(row.bank),
                who=person_name(row.author),
            ),
            since=row.created_at,
        )
        for row in found
        if row.definition["level"] <= ctx.scope.clearance
    ]


def requests(ctx: Context) -> Sequence[Task]:
    """Name the rows that colleagues ask for, and one's own that were granted and not taken."""
    table, mine = audience_export.c, audience_export.c.requested_by == ctx.user.user_id
    fresh = table.decided_at >= clock.now() - timedelta(days=exports.VALID_DAYS)
    granted = (table.status == exports.Status.APPROVED) & mine & fresh & (table.downloads == 0)
    query = (
        sa.select(
            table.bank, table.status, table.members, table.requested_by, table.requested_at,
            table.decided_at, audience.c.name,
        )
        .join_from(audience_export, audience, table.audience_id == audience.c.audience_id)
        .where(((table.status == exports.Status.REQUESTED) & ~mine) | granted)
        .order_by(table.requested_at)
        .limit(MAX_TASKS)
    )  # fmt: skip
    if ctx.scope.bank is not None:
        query = query.where(table.bank == ctx.scope.bank)
    with db.read() as connection:
        found = connection.execute(query).all()
    return [
        Task(
            _("Take the rows of %(audience)s", audience=row.name)
            if row.status == exports.Status.APPROVED
            else _("Decide who may take the rows of %(audience)s", audience=row.name),
            REQUESTS,
            at=row.bank,
            note=" · ".join(
                (
                    bank_name(row.bank),
                    ngettext("%(num)s customer", "%(num)s customers", row.members),
                    person_name(row.requested_by),
                )
            ),
            since=row.decided_at or row.requested_at,
        )
        for row in found
    ]
