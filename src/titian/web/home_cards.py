"""Cards of the home page that belong to no room alone: quality, capacity, access, people, mine."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from titian.data.checks import results
from titian.data.checks.model import Severity
from titian.data.jobs import orders
from titian.data.jobs.catalogue import lately
from titian.data.tags import saved
from titian.kernel import clock, db, users
from titian.kernel.scope import Permission, Role, Scope
from titian.kernel.settings import settings
from titian.kernel.tables import audit_entry
from titian.web.check_words import asked
from titian.web.days import day_of
from titian.web.room import Card, Level
from titian.web.words import ROLES

if TYPE_CHECKING:
    from titian.web.context import Context

MAX_LINES = 5
MAX_BANKS = 6
RECENT_ACTS = 20_000
RECENT_HOURS = 24
FULL_SHARE = 0.9
# Acts that reach personal data or rights; matched by how their names begin.
_EVERYDAY = ("user.sign_in", "user.sign_out")
_DELICATE = ("party.", "audience.export.", "list.export", "feeds.unmask", "user.")
_OPERATES = frozenset({Role.UNION_ADMIN, Role.OPERATOR, Role.DATA_ENGINEER})


def _quality(ctx: Context) -> Mapping[str, object]:
    """Give how good the tables are, and which checks of the day fail, errors first."""
    failing = [
        asked(ctx.scope.at(one.bank), lately(Scope.system(one.bank)).jobs.get(one.table), [one])[0]
        for one in results.failing(ctx.scope, business_date=day_of(ctx), limit=MAX_LINES)
    ]
    scores = [score for score in results.bank_scores(ctx.scope) if score.failed or ctx.bank]
    return {"failing": failing, "scores": scores[:MAX_BANKS], "error": Severity.ERROR}


def _capacity(_ctx: Context) -> Mapping[str, object]:
    """Give how full the disk is and what waits to be run."""
    disk = shutil.disk_usage(settings().home)
    waiting = orders.unfinished()
    return {
        "used": disk.used / disk.total,
        "free_bytes": disk.free,
        "full": disk.used / disk.total >= FULL_SHARE,
        "orders": len(waiting),
        "units": sum(max(order.total - order.finished, 0) for order in waiting),
        "oldest": waiting[0].requested if waiting else None,
    }


def _access(ctx: Context) -> Mapping[str, object]:
    """Count the delicate acts of the last day, among the newest 20,000 acts."""
    from titian.web.pages.audit import act_words

    table = audit_entry.c
    newest = select(func.max(table.seq)).scalar_subquery()
    query = (
        select(table.action, func.count().label("acts"), func.count(table.user_id.distinct()))
        .where(
            table.seq > newest - RECENT_ACTS,
            table.at >= clock.now() - timedelta(hours=RECENT_HOURS),
            table.action.not_in(_EVERYDAY),
            or_(*(table.action.startswith(name, autoescape=True) for name in _DELICATE)),
        )
        .group_by(table.action)
        .order_by(func.count().desc())
    )
    if ctx.scope.bank is not None:
        query = query.where(table.bank == ctx.scope.bank)
    with db.read() as connection:
        found = [tuple(row) for row in connection.execute(query)]
    words = act_words()
    return {"acts": [(name, words.get(name, name), many, by) for name, many, by in found]}


def _people(ctx: Context) -> Mapping[str, object]:
    """Count the accounts: in force, shut, and those that never chose a password of their own."""
    found = users.all_users(ctx.scope)
    live = [user for user in found if not user.disabled]
    roles = Counter(role for user in live for role in user.roles)
    return {
        "live": len(live),
        "disabled": len(found) - len(live),
        "fresh": sum(user.must_change_password for user in live),
        "roles": [(role, ROLES[role][0], many) for role, many in roles.most_common(MAX_LINES)],
    }


def _audiences(ctx: Context) -> Mapping[str, object]:
    """Give the audiences changed last, one's own first."""
    found = sorted(saved.find(ctx.scope), key=lambda one: one.updated_at, reverse=True)
    mine = sorted(found, key=lambda one: one.owner != ctx.user.user_id)
    return {"audiences": mine[:MAX_LINES], "total": len(found)}


CARDS: Sequence[Card] = (
    Card(
        "quality",
        "home/quality.html",
        _quality,
        roles=_OPERATES | {Role.BANK_ADMIN},
        permission=Permission.VIEW_JOBS,
        order=14,
        slow=True,
    ),
    Card(
        "capacity",
        "home/capacity.html",
        _capacity,
        roles=_OPERATES,
        permission=Permission.RUN_JOBS,
        level=Level.UNION,
        order=16,
        slow=True,
    ),
    Card(
        "access",
        "home/access.html",
        _access,
        roles=frozenset({Role.COMPLIANCE, Role.BANK_ADMIN, Role.UNION_ADMIN}),
        permission=Permission.VIEW_AUDIT,
        order=60,
        slow=True,
    ),
    Card(
        "people",
        "home/people.html",
        _people,
        roles=frozenset({Role.UNION_ADMIN, Role.BANK_ADMIN}),
        permission=Permission.MANAGE_USERS,
        order=65,
        slow=True,
    ),
    Card(
        "audiences",
        "home/audiences.html",
        _audiences,
        roles=frozenset({Role.ANALYST, Role.RISK_OFFICER, Role.LOAN_OFFICER}),
        permission=Permission.VIEW_TAGS,
        level=Level.BANK,
        order=30,
        slow=True,
    ),
)
