"""Tasks: what waits for the reader in every room, in one list, each leading to where it is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.kernel.scope import Permission
from titian.web import waiting
from titian.web.context import Context, needs
from titian.web.i18n import lazy
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    State,
    Table,
    Tone,
    over,
)
from titian.web.naming import bank_name
from titian.web.render import fragment
from titian.web.room import AT_PLACE, Card, Entry, Room, Section
from titian.web.waiting import Waiting

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs()]

CARD_TASKS = 6
_URGENT = {True: State(lazy("holds others up"), Tone.BAD), False: State(lazy("waits"), Tone.WARN)}


def address(ctx: Context, one: Waiting) -> str:
    """Give the address where a task is done."""
    return ctx.url(one.task.path, at=one.task.at, **one.task.query)


TABLE: Table[Waiting] = Table(
    "tasks",
    lazy("Tasks"),
    about=lazy("What waits for you in all rooms. Each line leads to where it is done."),
    columns=(
        Column(
            "text",
            lazy("Task"),
            value=lambda one: one.task.text,
            main=True,
            link=address,
            note=lambda one: one.task.note,
        ),
        Column("kind", lazy("Kind"), value=lambda one: one.kind.label),
        Column(
            "urgent",
            lazy("State"),
            Kind.STATE,
            value=lambda one: one.task.urgent,
            states=_URGENT,
        ),
        Column("since", lazy("Since"), Kind.MOMENT, value=lambda one: one.task.since),
    ),
    filters=(
        Filter("q", lazy("Task"), FilterKind.SEARCH),
        Filter(
            "kind",
            lazy("Kind"),
            choices=lambda ctx: [(kind.name, kind.label) for kind in waiting.kinds(ctx)],
        ),
        Filter(
            "bank",
            lazy("Bank"),
            choices=lambda ctx: [(str(one.bank), bank_name(one.bank)) for one in ctx.banks],
        ),
    ),
    empty=Empty(
        lazy("Nothing waits for you"),
        lazy("Approvals, failed jobs and rows to mend appear here when they need you."),
    ),
    export=Permission.EXPORT,
)


@router.get("/tasks")
def list_tasks(ctx: Reader) -> Response:
    """List what waits for the reader."""
    table = over(
        TABLE,
        sorted(waiting.tasks(ctx), key=lambda one: not one.task.urgent),
        search=lambda one: f"{one.task.text} {one.task.note} {one.kind.label}",
        keep={
            "kind": lambda one, kind: one.kind.name == kind,
            "bank": lambda one, bank: one.task.at == bank,
        },
    )
    return ctx.table(table)


@router.get("/tasks/count")
def count_tasks(ctx: Reader) -> Response:
    """Give how many tasks wait, for the top bar."""
    return fragment(ctx, "tasks/count.html", {"count": waiting.count(ctx)})


def _card(ctx: Context) -> Mapping[str, object]:
    found = sorted(waiting.tasks(ctx), key=lambda one: not one.task.urgent)
    shown = [(one, address(ctx, one)) for one in found[:CARD_TASKS]]
    return {"tasks": shown, "total": len(found)}


ROOM = Room(
    "tasks",
    router,
    entries=(Entry(Section.HOME, lazy("Tasks"), "/tasks", "list-todo"),),
    cards=(Card("tasks", "tasks/card.html", _card, order=5, slow=True),),
)
