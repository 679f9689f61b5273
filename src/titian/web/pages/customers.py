"""Customers: find one, and see on one page all that the bank knows of them.

What is searched for and why something was shown in the clear travel in forms, never in addresses:
a phone or identity number must not end in a browser's history, a proxy's log or the audit log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data import parties
from titian.data.parties import Customer, unmasking
from titian.data.parties.search import MAX_CHARACTERS
from titian.kernel import clock
from titian.kernel.ids import PartyId
from titian.kernel.scope import MAX_REASON_CHARACTERS, Permission, Role, Scope
from titian.web import customer_figures as figures
from titian.web import customer_view as view
from titian.web.context import Context, needs
from titian.web.customer_parts import OVERVIEW, TABS, asked, tab
from titian.web.customer_words import wording
from titian.web.forms import Form
from titian.web.i18n import Text, lazy
from titian.web.room import AT_PLACE, Card, Entry, Hit, Level, Room, Searcher, Section

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs(Permission.VIEW_CUSTOMERS, Level.BANK)]
Unmasker = Annotated[Context, needs(Permission.UNMASK, Level.BANK)]

MAX_FOUND = 50
MAX_HITS = 6
CLEAR = "clear"
REASONS: tuple[Text, ...] = (
    lazy("Check the identity at the counter"),
    lazy("Call about an application"),
    lazy("Visit before lending"),
    lazy("Follow up a complaint"),
    lazy("Look into a suspected fraud"),
)
_ONLY_NUMBER = re.compile(r"[\d\s-]{6,}[\dXx]")


@router.get("/customers")
def ask(ctx: Reader) -> Response:
    """Show the search box."""
    return ctx.render("customers/search.html", form=ctx.form.starting(), found=None)


@router.post("/customers")
def find(ctx: Reader) -> Response:
    """Search; htmx gets the list alone. The words come in the form and are kept nowhere."""
    form = ctx.form
    words = form.text("q", most=MAX_CHARACTERS)
    found: list[parties.Hit] = []
    if not form.wrong:
        with form.trying("q"):
            found = parties.search(ctx.scope, words, limit=MAX_FOUND + 1)
    values: dict[str, Any] = {
        "form": form,
        "found": None if form.wrong else found[:MAX_FOUND],
        "more": len(found) > MAX_FOUND,
        "word": wording(ctx.scope),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.wrong else HTTPStatus.OK
    if ctx.partial:
        return ctx.render_block("customers/search.html", "found", values, status=status)
    return ctx.render("customers/search.html", values, status=status)


@router.get("/customers/{party_id}")
def show(ctx: Reader, party_id: str) -> Response:
    """Show a customer, masked for the reader unless they unmasked this one."""
    return _page(ctx, PartyId(party_id), OVERVIEW)


@router.get("/customers/{party_id}/{part}")
def show_part(ctx: Reader, party_id: str, part: str) -> Response:
    """Show one part of the picture."""
    if part == CLEAR:
        return ctx.go(f"/customers/{party_id}")
    return _page(ctx, PartyId(party_id), part)


@router.post("/customers/{party_id}/clear")
def show_in_the_clear(ctx: Unmasker, party_id: str) -> Response:
    """Show a customer in the clear for some minutes; the reason is recorded."""
    form, party = ctx.form, PartyId(party_id)
    part = form["part"] or OVERVIEW
    tab(part)
    reason = form.text("reason", most=MAX_REASON_CHARACTERS)
    session = ctx.session.token_hash
    if not form.wrong:
        with form.trying("reason"):
            unmasking.unmask(ctx.scope, session, party, reason, ctx.business_date)
    if form.wrong:
        return _page(ctx, party, part, HTTPStatus.UNPROCESSABLE_ENTITY)
    return ctx.go(_address(party, part))


@router.post("/customers/{party_id}/mask")
def mask(ctx: Reader, party_id: str) -> Response:
    """Mask a customer again before the time is over."""
    party, part = PartyId(party_id), ctx.form["part"] or OVERVIEW
    tab(part)
    unmasking.mask(ctx.scope, ctx.session.token_hash, party)
    return ctx.go(_address(party, part))


def _address(party_id: PartyId, part: str) -> str:
    base = f"/customers/{party_id}"
    return base if part == OVERVIEW else f"{base}/{part}"


def _page(ctx: Context, party_id: PartyId, part: str, status: int = HTTPStatus.OK) -> Response:
    wanted, now = asked(ctx, part), clock.now()
    clear = unmasking.current(ctx.scope, ctx.session.token_hash, party_id)
    scope: Scope = replace(ctx.scope, unmask_reason=clear.reason) if clear else ctx.scope
    found = parties.customer(scope, party_id, ctx.business_date, wanted)
    word = wording(ctx.scope)
    form = ctx.form if ctx.form.sent and ctx.form.wrong else Form(part=part)
    return ctx.render(
        f"customers/{part}.html",
        tab(part).fill(ctx, found, word),
        status=status,
        found=found,
        me=found.identity.rows[0],
        part=part,
        base=f"/customers/{party_id}",
        links=_links(ctx, found, part),
        word=word,
        names=found.names,
        form=form,
        clear=clear,
        clear_until=f"{clear.until.astimezone(clock.BANK_TZ):%H:%M}" if clear else "",
        seconds_clear=int((clear.until - now).total_seconds()) + 1 if clear else None,
        minutes=unmasking.MINUTES,
        reasons=REASONS,
        max_reason=MAX_REASON_CHARACTERS,
        figures_shown=figures.key_figures(ctx, found),
        chips=view.chips(ctx, found.tags, view.MAX_CHIPS),
        amount=view.amount,
        rate=view.rate,
        tones=view.STATUS_TONES,
    )


def _links(ctx: Context, found: Customer, part: str) -> list[tuple[Text, str, bool]]:
    return [
        (one.label, ctx.url(_address(found.party_id, name)), name == part)
        for name, one in TABS.items()
    ]


def _find(ctx: Context, words: str) -> list[Hit]:
    # The palette asks while one types. Who must give names whole would only run out of searches.
    too_short = len(words) < 2  # noqa: PLR2004 - the least a search takes
    if ctx.scope.bank is None or too_short or _ONLY_NUMBER.fullmatch(words):
        return []
    if not ctx.allows(Permission.UNMASK):
        return []
    found = parties.search(ctx.scope, words, limit=MAX_HITS)
    return [
        Hit(one.name or one.party_id, f"/customers/{one.party_id}", "user-round", _note(one))
        for one in found
    ]


def _note(one: parties.Hit) -> str:
    return " · ".join(part for part in (one.party_id, one.village or one.org) if part)


def _card(_ctx: Context) -> Mapping[str, object]:
    return {"form": Form()}


ROOM = Room(
    "customers",
    router,
    entries=(
        Entry(
            Section.DATA,
            lazy("Customer 360"),
            "/customers",
            "user-round",
            Permission.VIEW_CUSTOMERS,
            Level.BANK,
        ),
    ),
    searchers=(Searcher(lazy("Customer 360"), _find, Permission.VIEW_CUSTOMERS),),
    cards=(
        Card(
            "customers",
            "customers/card.html",
            _card,
            roles=frozenset({Role.LOAN_OFFICER, Role.RISK_OFFICER, Role.ANALYST}),
            permission=Permission.VIEW_CUSTOMERS,
            level=Level.BANK,
            order=10,
        ),
    ),
    acts={
        "party.search": lazy("Searched for a customer"),
        "party.view": lazy("Looked at a customer"),
        "party.unmask": lazy("Saw a customer in the clear"),
        "party.unmask.refused": lazy("Was refused to see a customer in the clear"),
        "party.mask": lazy("Masked a customer again"),
    },
)
