"""Customers: find one, and see on one page all that the bank knows of them.

What is searched for and why something was shown in the clear travel in forms, never in addresses:
a phone or identity number must not end in a browser's history, a proxy's log or the audit log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data import parties
from titian.data.parties import Customer
from titian.data.parties.model import Act
from titian.data.parties.search import MAX_CHARACTERS
from titian.kernel.errors import NotFound
from titian.kernel.ids import PartyId
from titian.kernel.scope import MIN_REASON_CHARACTERS, Permission, Role
from titian.web import customer_view as view
from titian.web.context import Context, needs
from titian.web.customer_around import Names, glances, names_around, tells_the_name
from titian.web.customer_words import Wording, wording
from titian.web.forms import Form
from titian.web.i18n import Text, _, lazy
from titian.web.pages.audit import history
from titian.web.room import AT_PLACE, Card, Entry, Hit, Level, Room, Searcher, Section

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs(Permission.VIEW_CUSTOMERS, Level.BANK)]
Unmasker = Annotated[Context, needs(Permission.UNMASK, Level.BANK)]

MAX_FOUND = 50
MAX_HITS = 6
MAX_REASON = 200
MAX_LATELY = 6
NOTABLE = frozenset({"device_bind", "limit_change", "payee_add", "registration"})
OVERVIEW = "overview"
CLEAR = "clear"
PARTS: dict[str, Text] = {
    OVERVIEW: lazy("Overview"),
    "household": lazy("Household and relations"),
    "accounts": lazy("Accounts and cards"),
    "loans": lazy("Loans"),
    "timeline": lazy("Behaviour"),
    "tags": lazy("Tags and indicators"),
    "marketing": lazy("Marketing"),
    "records": lazy("External records"),
    "history": lazy("History and audit"),
}
REASONS: tuple[Text, ...] = (
    lazy("Check the identity at the counter"),
    lazy("Call about an application"),
    lazy("Visit before lending"),
    lazy("Follow up a complaint"),
    lazy("Look into a suspected fraud"),
)
_NUMBER = re.compile(r"(?:\d[ -]?){10,}[\dXx]")
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
    around, names = glances(ctx.scope, found[:MAX_FOUND])
    values: dict[str, Any] = {
        "form": form,
        "found": None if form.wrong else found[:MAX_FOUND],
        "more": len(found) > MAX_FOUND,
        "around": around,
        "names": names,
        "word": wording(ctx.scope),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.wrong else HTTPStatus.OK
    if ctx.partial:
        return ctx.render_block("customers/search.html", "found", values, status=status)
    return ctx.render("customers/search.html", values, status=status)


@router.get("/customers/{party_id}")
def show(ctx: Reader, party_id: str) -> Response:
    """Show a customer, masked for the reader."""
    return _page(ctx, _look(ctx, party_id), OVERVIEW)


@router.get("/customers/{party_id}/{part}")
def show_part(ctx: Reader, party_id: str, part: str) -> Response:
    """Show one part of the picture."""
    if part == CLEAR:
        return ctx.go(f"/customers/{party_id}")
    return _page(ctx, _look(ctx, party_id), _known(part))


@router.post("/customers/{party_id}/clear")
def show_in_the_clear(ctx: Unmasker, party_id: str) -> Response:
    """Show a part in the clear for this one answer; the reason is recorded."""
    ctx.scope.require(Permission.VIEW_CUSTOMERS)
    form, party = ctx.form, PartyId(party_id)
    part = _known(form["part"] or OVERVIEW)
    reason = form.text("reason", most=MAX_REASON)
    _check_reason(ctx, party, reason)
    if form.wrong:
        return _page(ctx, _look(ctx, party_id), part, HTTPStatus.UNPROCESSABLE_ENTITY)
    clear = parties.unmasked_customer(ctx.scope, party, reason, ctx.business_date)
    return _page(ctx, clear, part)


def _check_reason(ctx: Context, party: PartyId, reason: str) -> None:
    if ctx.form.wrong:
        return
    if len(reason) < MIN_REASON_CHARACTERS:
        ctx.form.refuse(_("Say why, in at least four characters."), "reason")
    elif _NUMBER.search(reason) or tells_the_name(ctx.scope, party, reason, ctx.business_date):
        ctx.form.refuse(
            _("Leave out names and numbers of people: the reason stays in the audit log."),
            "reason",
        )


def _look(ctx: Context, party_id: str) -> Customer:
    return parties.customer(ctx.scope, PartyId(party_id), ctx.business_date)


def _known(part: str) -> str:
    if part not in PARTS:
        raise NotFound("there is no such part of a customer's page", "Choose one of the tabs.")
    return part


def _page(ctx: Context, found: Customer, part: str, status: int = HTTPStatus.OK) -> Response:
    word, names = wording(ctx.scope), names_around(ctx.scope, found)
    base = f"/customers/{found.party_id}"
    shown = _counted(found)
    links = [
        (label, ctx.url(base if key == OVERVIEW else f"{base}/{key}"), key == part, shown.get(key))
        for key, label in PARTS.items()
    ]
    form = ctx.form if ctx.form.sent and ctx.form.wrong else Form(part=part)
    return ctx.render(
        f"customers/{part}.html",
        _FILL[part](ctx, found, word, names),
        status=status,
        found=found,
        me=found.identity.rows[0],
        part=part,
        base=base,
        links=links,
        word=word,
        names=names,
        form=form,
        reasons=REASONS,
        max_reason=MAX_REASON,
        figures_shown=view.key_figures(ctx, found),
        last=view.last_activity(found),
        chips=view.chips(ctx, found.tags, view.MAX_CHIPS),
        amount=view.amount,
        rate=view.rate,
        tones=view.STATUS_TONES,
    )


def _counted(found: Customer) -> dict[str, int]:
    return {
        "household": len(found.relations),
        "accounts": len(found.accounts.rows) + len(found.cards.rows),
        "loans": len(found.loans.rows),
        "timeline": len(found.timeline),
        "tags": len(found.tags),
        "marketing": len(found.touches.rows),
    }


Values = Mapping[str, object]


def _overview(_ctx: Context, found: Customer, word: Wording, _names: Names) -> Values:
    lately = [one for one in found.timeline if one.act is not Act.EVENT or one.what in NOTABLE]
    return {
        "chart_shown": view.course_chart(found),
        "days": view.timeline_days(lately[:MAX_LATELY], word),
    }


def _household(ctx: Context, found: Customer, word: Wording, names: Names) -> Values:
    return {"picture": view.relations_picture(ctx, found, word, names)}


def _loans(_ctx: Context, found: Customer, _word: Wording, _names: Names) -> Values:
    order = {"active": 0, "written_off": 1}
    rows = sorted(found.loans.rows, key=lambda row: order.get(str(row["status"]), 2))
    return {
        "loans": [(row, view.instalments(found, row["loan_id"])) for row in rows],
        "class_tones": view.CLASS_TONES,
    }


def _timeline(ctx: Context, found: Customer, word: Wording, _names: Names) -> Values:
    kind = ctx.query("kind")
    kept = [one for one in found.timeline if not kind or one.act == kind]
    asked = ctx.query("page")
    pages = max(1, -(-len(kept) // view.HAPPENINGS_A_PAGE))
    page = min(max(int(asked), 1), pages) if asked.isdecimal() else 1
    first = (page - 1) * view.HAPPENINGS_A_PAGE
    path = f"/customers/{found.party_id}/timeline"
    counts = view.counts(found.timeline)
    kinds: list[tuple[Text, str, bool, int]] = [
        (_("All"), ctx.url(path), not kind, len(found.timeline))
    ]
    kinds += [
        (label, ctx.url(path, kind=act.value), kind == act, counts[act])
        for act, label in view.ACT_WORDS.items()
    ]
    return {
        "days": view.timeline_days(kept[first : first + view.HAPPENINGS_A_PAGE], word),
        "kinds": kinds,
        "total": len(kept),
        "page": page,
        "pages": pages,
        "before": ctx.url(path, kind=kind, page=page - 1),
        "after": ctx.url(path, kind=kind, page=page + 1),
    }


def _tags(ctx: Context, found: Customer, _word: Wording, _names: Names) -> Values:
    return {
        "shelves": view.shelves(ctx, found.tags),
        "more_figures": [
            view.shown_figure(ctx, figure)
            for figure in found.figures
            if figure.name not in view.KEY_FIGURES
        ],
    }


def _history(ctx: Context, found: Customer, word: Wording, _names: Names) -> Values:
    may = ctx.allows(Permission.VIEW_AUDIT)
    return {
        "life": view.life(found, word),
        "looks": history(parties.looks(ctx.scope, found.party_id)) if may else None,
    }


def _nothing(_ctx: Context, _found: Customer, _word: Wording, _names: Names) -> Values:
    return {}


_FILL: dict[str, Callable[[Context, Customer, Wording, Names], Values]] = {
    OVERVIEW: _overview,
    "household": _household,
    "accounts": _nothing,
    "loans": _loans,
    "timeline": _timeline,
    "tags": _tags,
    "marketing": _nothing,
    "records": _nothing,
    "history": _history,
}


def _find(ctx: Context, words: str) -> list[Hit]:
    if ctx.scope.bank is None or len(words) < 2 or _ONLY_NUMBER.fullmatch(words):  # noqa: PLR2004
        return []
    found = parties.search(ctx.scope, words, limit=MAX_HITS)
    return [
        Hit(one.name or one.party_id, f"/customers/{one.party_id}", "user-round", one.party_id)
        for one in found
    ]


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
            roles=frozenset({Role.LOAN_OFFICER}),
            permission=Permission.VIEW_CUSTOMERS,
            level=Level.BANK,
            order=10,
        ),
    ),
    acts={
        "party.search": lazy("Searched for a customer"),
        "party.view": lazy("Looked at a customer"),
        "party.unmask": lazy("Saw a customer in the clear"),
    },
)
