"""The home page: cards by role, from every room."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.kernel import logs
from titian.kernel.errors import NotFound, TitianError
from titian.kernel.scope import Permission, Role
from titian.web.context import Context, needs
from titian.web.days import day_of
from titian.web.frame import entries_for
from titian.web.home_cards import CARDS
from titian.web.i18n import lazy
from titian.web.problems import spoken
from titian.web.render import fragment
from titian.web.room import AT_PLACE, SECTION_NAMES, Card, Entry, Level, Room, Section

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs()]

_log = logs.get(__name__)


@router.get("/")
def home(ctx: Reader) -> Response:
    """Show the reader's cards; a union without banks sees the first steps instead."""
    if not ctx.banks and ctx.allows(Permission.MANAGE_BANKS):
        return ctx.render("home/first.html")
    shown = [(card, _filled(ctx, card)) for card in cards_for(ctx)]
    return ctx.render(
        "home/home.html",
        day=day_of(ctx),
        cards=[(card, values) for card, values in shown if not card.wide],
        wide=[(card, values) for card, values in shown if card.wide],
    )


@router.get("/cards/{name}")
def slow_card(ctx: Reader, name: str) -> Response:
    """Give one slow card after the page has come."""
    for card in cards_for(ctx):
        if card.name == name and card.slow:
            return fragment(ctx, "home/card.html", {"card": card, "values": _values(ctx, card)})
    raise NotFound(f"there is no card {name[:40]!r} here", "Open the home page again.")


def cards_for(ctx: Context) -> list[Card]:
    """List the cards of a reader's roles at this place, in order; shortcuts when there are none."""
    from titian.web.pages import ROOMS

    found = [card for room in ROOMS for card in room.cards if _fits(ctx, card)]
    return sorted(found, key=lambda card: card.order) or [SHORTCUTS]


def _fits(ctx: Context, card: Card) -> bool:
    if card.permission is not None and not ctx.allows(card.permission):
        return False
    if card.roles and not card.roles & ctx.scope.roles:
        return False
    at_bank = ctx.scope.bank is not None
    return card.level is Level.EITHER or (card.level is Level.BANK) == at_bank


def _filled(ctx: Context, card: Card) -> dict[str, object] | None:
    return None if card.slow else _values(ctx, card)


def _values(ctx: Context, card: Card) -> dict[str, object]:
    try:
        return dict(card.values(ctx))
    except TitianError as error:
        _log.warning("card failed", card=card.name, why=error.what)
        return {"failed": spoken(error)}


def _shortcuts(ctx: Context) -> dict[str, object]:
    sections: dict[Section, list[Entry]] = {}
    for entry in entries_for(ctx):
        if entry.section is not Section.HOME:
            sections.setdefault(entry.section, []).append(entry)
    return {"sections": [(SECTION_NAMES[s], found) for s, found in sections.items()]}


SHORTCUTS = Card(
    "shortcuts",
    "home/shortcuts.html",
    _shortcuts,
    roles=frozenset({Role.CLERK, Role.LOAN_OFFICER, Role.PARTNER_DEVELOPER}),
    order=90,
)
ROOM = Room(
    "home",
    router,
    entries=(Entry(Section.HOME, lazy("Home"), "/", "house"),),
    cards=(*CARDS, SHORTCUTS),
)
