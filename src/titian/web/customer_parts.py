"""The parts of a customer's page: what each reads of the customer, and what its template shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from titian.data import parties
from titian.data.parties import Asked, Cursor, Customer, Part
from titian.data.parties.loans import late_instalments, loans
from titian.data.parties.model import NOTABLE, Act
from titian.data.parties.timeline import told_once
from titian.kernel import audit, clock
from titian.kernel.errors import NotFound
from titian.kernel.scope import Permission
from titian.web import customer_figures as figures
from titian.web import customer_view as view
from titian.web.context import Context
from titian.web.customer_words import Wording
from titian.web.i18n import Text, _, lazy
from titian.web.pages.audit import named

OVERVIEW = "overview"
MAX_LATELY = 6
MAX_LOOKS = 12
_LATELY_READ, _LATELY_DAYS = 24, 8

Values = Mapping[str, Any]
Fill = Callable[[Context, Customer, Wording], Values]


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of the page: its name, what of the picture it reads, and how it is filled."""

    label: Text
    reads: frozenset[Part]
    fill: Fill


def tab(name: str) -> Tab:
    """Find a part by the name in its address. Raises NotFound."""
    if name not in TABS:
        raise NotFound("there is no such part of a customer's page", "Choose one of the tabs.")
    return TABS[name]


def asked(ctx: Context, name: str) -> Asked:
    """Give what a part reads; the timeline's address says where its page begins."""
    reads = tab(name).reads
    if name == OVERVIEW:
        return Asked(reads, items=_LATELY_READ, days=_LATELY_DAYS, notable=True)
    if name == "timeline":
        return Asked(reads, begin=_cursor(ctx.query("from", most=32)), act=_act(ctx))
    return Asked(reads)


def _cursor(text: str) -> Cursor | None:
    day, _dot, skip = text.partition(".")
    try:
        return Cursor(date.fromisoformat(day), max(0, int(skip or 0))) if day else None
    except ValueError:
        return None


def _act(ctx: Context) -> Act | None:
    given = ctx.query("kind", most=32)
    return next((act for act in Act if act == given), None)


def _overview(_ctx: Context, found: Customer, word: Wording) -> Values:
    items = found.happenings.items
    lately = [one for one in told_once(items) if one.act is not Act.EVENT or one.what in NOTABLE]
    return {
        "chart_shown": figures.course_chart(found),
        "days": view.timeline_days(lately[:MAX_LATELY], word),
        "since": found.happenings.since,
    }


def _household(ctx: Context, found: Customer, word: Wording) -> Values:
    return {"picture": view.relations_picture(ctx, found, word)}


def _loans(_ctx: Context, found: Customer, _word: Wording) -> Values:
    return {
        "loans": loans(found),
        "standing": view.standing,
        "class_tones": view.CLASS_TONES,
    }


def _timeline(ctx: Context, found: Customer, word: Wording) -> Values:
    page, act, path = found.happenings, _act(ctx), f"/customers/{found.party_id}/timeline"
    kinds: list[tuple[Text, str, bool]] = [(_("All"), ctx.url(path), act is None)]
    kinds += [
        (label, ctx.url(path, kind=one.value), one is act) for one, label in view.ACT_WORDS.items()
    ]
    kind = act.value if act else None
    earlier: dict[str, Any] = {"kind": kind}
    if page.older:
        earlier["from"] = f"{page.older.day}.{page.older.skip}"
    return {
        "days": view.timeline_days(told_once(page.items), word),
        "kinds": kinds,
        "happenings": page,
        "newest": ctx.url(path, kind=kind) if ctx.query("from") else "",
        "older": ctx.url(path, **earlier) if page.older else "",
    }


def _tags(ctx: Context, found: Customer, _word: Wording) -> Values:
    return {
        "shelves": view.shelves(ctx, found.tags),
        "figure_shelves": figures.shelved_figures(ctx, found),
    }


def _risk(ctx: Context, found: Customer, _word: Wording) -> Values:
    return {
        "risk_figures": figures.some_figures(ctx, found, figures.RISK_FIGURES),
        "risk_days": view.risk_days(found),
        "late": late_instalments(found),
        "standing": view.standing,
        "class_tones": view.CLASS_TONES,
    }


def _history(_ctx: Context, found: Customer, word: Wording) -> Values:
    return {"life": view.life(found, word), "changes": view.changes(found, word)}


def _audit(ctx: Context, found: Customer, _word: Wording) -> Values:
    if not ctx.allows(Permission.VIEW_AUDIT):
        return {"looks": None}
    seen = parties.looks(ctx.scope, found.party_id, limit=MAX_LOOKS)
    every = ctx.url("/looks", party=found.party_id, year=clock.today().year)
    return {"looks": [_look(act) for act in seen], "every": every}


def _look(act: audit.Entry) -> Mapping[str, object]:
    return {"at": act.at, "text": named(act), "who": act.user, "more": act.detail.get("reason")}


def _nothing(_ctx: Context, _found: Customer, _word: Wording) -> Values:
    return {}


def _tab(label: Text, fill: Fill, *reads: Part) -> Tab:
    return Tab(label, frozenset(reads), fill)


TABS: dict[str, Tab] = {
    OVERVIEW: _tab(lazy("Overview"), _overview, Part.COURSE, Part.HAPPENINGS),
    "household": _tab(lazy("Household and relations"), _household, Part.HOUSEHOLD),
    "accounts": _tab(lazy("Accounts and cards"), _nothing, Part.ACCOUNTS),
    "loans": _tab(lazy("Loans"), _loans, Part.LOANS, Part.REPAYMENTS),
    "timeline": _tab(lazy("Behaviour"), _timeline, Part.HAPPENINGS),
    "tags": _tab(lazy("Tags and indicators"), _tags, Part.TAGS, Part.COURSE),
    "risk": _tab(lazy("Risk"), _risk, Part.RISK, Part.REPAYMENTS),
    "marketing": _tab(lazy("Marketing"), _nothing, Part.CONTACTS),
    "history": _tab(lazy("History"), _history, Part.ACCOUNTS, Part.LOANS, Part.CHANGES),
    "audit": _tab(lazy("Who looked"), _audit),
}
