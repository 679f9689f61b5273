"""The audit log: what was done, by whom, and whether the log is whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.kernel import audit, clock
from titian.kernel.audit import Entry as Act
from titian.kernel.ids import UserId
from titian.kernel.scope import Permission, Role, Scope
from titian.web.audit_words import detail_words
from titian.web.context import Context, needs
from titian.web.i18n import Text, lazy
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    Table,
)
from titian.web.naming import UNION, bank_name, object_name, person_name
from titian.web.render import as_code, fragment
from titian.web.room import AT_PLACE, Card, Entry, Room, Section

router = APIRouter(prefix=AT_PLACE)
Auditor = Annotated[Context, needs(Permission.VIEW_AUDIT)]

CARD_ACTS = 6


def act_words() -> dict[str, Text]:
    """Give a name for every kind of act that the rooms cause."""
    from titian.web.pages import ROOMS

    return {action: words for room in ROOMS for action, words in room.acts.items()}


def named(act: Act) -> str:
    """Name what was done, in the reader's language."""
    return str(act_words().get(act.action, act.action))


def history(acts: Sequence[Act]) -> list[dict[str, object]]:
    """Give acts in the form the `timeline` macro shows."""
    return [
        {"at": act.at, "text": named(act), "who": act.user, "more": object_name(act)}
        for act in acts
    ]


def _fetch(scope: Scope, query: Query) -> Rows[Act]:
    name = query.filter("user")
    user = UserId(name) if name else None
    action, contains = query.filter("action"), query.filter("q")
    since, until = _begin(query.filter("from")), _begin(query.filter("to"))
    until = until + timedelta(days=1) if until else None
    found: list[Act] = []
    while len(found) < query.limit:
        some = audit.entries(
            scope,
            action=action,
            user=user,
            contains=contains,
            since=since,
            until=until,
            limit=min(query.limit - len(found), audit.PAGE_MAX_ROWS),
            offset=query.offset if not found else 0,
            before_seq=found[-1].seq if found else None,
        )
        if not some:
            break
        found += some
    total = audit.count(
        scope, action=action, user=user, contains=contains, since=since, until=until
    )
    return Rows(found, total)


def _begin(day: str | None) -> datetime | None:
    """Give the moment a day begins at the banks."""
    return datetime.combine(date.fromisoformat(day), time(), clock.BANK_TZ) if day else None


def _actions(_ctx: Context) -> Sequence[tuple[str, Text]]:
    words = act_words()
    return [(action, words.get(action, action)) for action in audit.actions()]


TABLE: Table[Act] = Table(
    "audit",
    lazy("Audit log"),
    about=lazy(
        "What was done, by whom. Nothing here can be changed: each entry seals the one before."
    ),
    columns=(
        Column("seq", lazy("No."), Kind.NUMBER, sortable=False, desk=True),
        Column("at", lazy("When"), Kind.MOMENT, sortable=False),
        Column(
            "user",
            lazy("Who"),
            value=lambda act: person_name(act.user),
            raw=lambda act: act.user,
            note=lambda act: as_code(act.user),
            sortable=False,
        ),
        Column(
            "action",
            lazy("Act"),
            value=named,
            raw=lambda act: act.action,
            sortable=False,
            main=True,
        ),
        Column(
            "target",
            lazy("On what"),
            value=object_name,
            raw=lambda act: act.target,
            sortable=False,
        ),
        Column(
            "bank",
            lazy("Bank"),
            value=lambda act: bank_name(act.bank),
            raw=lambda act: act.bank or UNION,
            sortable=False,
            desk=True,
        ),
        Column(
            "detail",
            lazy("Details"),
            value=detail_words,
            raw=lambda act: json.dumps(act.detail, ensure_ascii=False) if act.detail else "",
            sortable=False,
        ),
    ),
    fetch=_fetch,
    filters=(
        Filter("q", lazy("On what, or in the details"), FilterKind.SEARCH),
        Filter("action", lazy("Act"), choices=_actions),
        Filter("user", lazy("User name"), FilterKind.SEARCH),
        Filter("from", lazy("From"), FilterKind.DATE),
        Filter("to", lazy("Until"), FilterKind.DATE),
    ),
    empty=Empty(lazy("Nothing was done yet"), lazy("Acts appear here as they happen.")),
    export=Permission.VIEW_AUDIT,
)


@router.get("/audit")
def list_acts(ctx: Auditor) -> Response:
    """List acts, newest first."""
    return ctx.table(TABLE, "audit/list.html")


@router.post("/audit/verify")
def verify(ctx: Auditor) -> Response:
    """Walk the whole log and say whether it is as it was written."""
    verdict = audit.verify()
    audit.record(ctx.scope, "audit.verify", "audit", {"whole": verdict.whole})
    values = {"verdict": verdict}
    if ctx.request.headers.get("hx-request"):
        return fragment(ctx, "audit/verdict.html", values)
    return ctx.table(TABLE, "audit/list.html", values)


def _latest(ctx: Context) -> dict[str, object]:
    found = audit.entries(ctx.scope, limit=CARD_ACTS)
    return {"acts": [(act, named(act), object_name(act)) for act in found]}


ROOM = Room(
    "audit",
    router,
    entries=(
        Entry(Section.ADMIN, lazy("Audit log"), "/audit", "scan-search", Permission.VIEW_AUDIT),
    ),
    cards=(
        Card(
            "audit",
            "audit/card.html",
            _latest,
            roles=frozenset({Role.COMPLIANCE, Role.BANK_ADMIN, Role.UNION_ADMIN}),
            permission=Permission.VIEW_AUDIT,
            order=70,
        ),
    ),
    acts={"audit.verify": lazy("Verified the audit log")},
)
