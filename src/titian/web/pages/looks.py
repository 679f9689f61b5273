"""Every look at one customer, by year, to read and to export: for examiners and compliance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.data import parties
from titian.data.parties.customer import UNMASKED
from titian.kernel import clock
from titian.kernel.audit import Entry as Act
from titian.kernel.ids import PartyId
from titian.kernel.scope import Permission, Scope
from titian.web.audit_words import detail_words
from titian.web.context import Context, needs
from titian.web.i18n import Text, _, lazy
from titian.web.listing import (
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
)
from titian.web.pages.audit import named
from titian.web.room import AT_PLACE, Entry, Level, Room, Section

router = APIRouter(prefix=AT_PLACE)
Auditor = Annotated[Context, needs(Permission.VIEW_AUDIT, Level.BANK)]

YEARS = 6
_SIGHTS = {
    "clear": State(lazy("in the clear"), Tone.WARN),
    "masked": State(lazy("masked"), Tone.CALM),
}


def _fetch(scope: Scope, query: Query) -> Rows[Act]:
    party, year = query.filter("party"), query.filter("year")
    if not party:
        return Rows([], 0)
    found, total = parties.every_look(
        scope, PartyId(party), int(year) if year else None, limit=query.limit, offset=query.offset
    )
    return Rows(found, total)


def _years(_ctx: Context) -> Sequence[tuple[str, Text]]:
    newest = clock.today().year
    return [(str(newest - back), str(newest - back)) for back in range(YEARS)]


def _reason(act: Act) -> str:
    return str(act.detail.get("reason", ""))


def _details(act: Act) -> str:
    rest = {name: value for name, value in act.detail.items() if name not in ("reason", "found")}
    return detail_words(Act(act.seq, act.at, act.user, act.bank, act.action, act.target, rest))


TABLE: Table[Act] = Table(
    "looks",
    lazy("Looks at a customer"),
    about=lazy(
        "Who opened a customer's page, searched for and found the customer, or saw personal data "
        "in the clear, and why. Reading this is recorded, too."
    ),
    columns=(
        Column("at", lazy("When"), Kind.MOMENT, sortable=False),
        Column("user", lazy("Who"), Kind.CODE, sortable=False),
        Column("action", lazy("Act"), value=named, sortable=False, main=True),
        Column(
            "sight",
            lazy("Shown"),
            Kind.STATE,
            value=lambda act: "clear" if act.action == UNMASKED else "masked",
            states=_SIGHTS,
            sortable=False,
        ),
        Column("reason", lazy("Reason"), value=_reason, sortable=False),
        Column("detail", lazy("Details"), value=_details, sortable=False),
        Column("seq", lazy("No."), Kind.NUMBER, sortable=False, desk=True),
    ),
    fetch=_fetch,
    filters=(
        Filter("party", lazy("Customer number"), FilterKind.SEARCH),
        Filter("year", lazy("Year"), choices=_years),
    ),
    empty=Empty(
        lazy("No look is recorded"),
        lazy("Give the whole customer number above; choose a year, or leave it open."),
    ),
    export=Permission.VIEW_AUDIT,
    saved_views=False,
)


@router.get("/looks")
def list_looks(ctx: Auditor) -> Response:
    """List the looks at one customer, newest first."""
    party = ctx.query("party", most=64)
    title = _("Looks at customer %(party)s", party=party) if party else TABLE.title
    return ctx.table(TABLE, title=title)


ROOM = Room(
    "looks",
    router,
    entries=(
        Entry(
            Section.ADMIN,
            lazy("Looks at a customer"),
            "/looks",
            "eye",
            Permission.VIEW_AUDIT,
            Level.BANK,
        ),
    ),
    acts={"party.looks": lazy("Read who looked at a customer")},
)
