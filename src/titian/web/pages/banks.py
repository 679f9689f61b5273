"""Banks: the plots of the hillside."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.kernel import audit, banks, users
from titian.kernel.banks import Bank, BankStatus
from titian.kernel.errors import InvalidInput
from titian.kernel.ids import BankId
from titian.kernel.scope import Permission, Scope
from titian.web.context import UNION, Context, needs
from titian.web.forms import Form
from titian.web.i18n import _, lazy
from titian.web.listing import (
    Action,
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    Table,
    rows_of,
)
from titian.web.pages.audit import history
from titian.web.room import AT_PLACE, Entry, Hit, Level, Room, Searcher, Section
from titian.web.words import BANK_STATES

router = APIRouter(prefix=AT_PLACE)
Manager = Annotated[Context, needs(Permission.MANAGE_BANKS, Level.UNION)]

RECENT_ACTS = 20


def _fetch(scope: Scope, query: Query) -> Rows[Bank]:
    return rows_of(
        banks.visible(scope),
        query,
        search=lambda bank: f"{bank.bank} {bank.name_zh} {bank.name_en}",
        keep={"status": lambda bank, status: bank.status == status},
    )


TABLE: Table[Bank] = Table(
    "banks",
    lazy("Banks"),
    about=lazy("Every member bank is a walled plot with its own tables, users and runs."),
    columns=(
        Column(
            "name_zh",
            lazy("Chinese name"),
            main=True,
            link=lambda ctx, bank: ctx.url(f"/banks/{bank.bank}"),
        ),
        Column("name_en", lazy("English name"), shown=False),
        Column("bank", lazy("Id"), Kind.CODE),
        Column("status", lazy("State"), Kind.STATE, states=BANK_STATES),
    ),
    fetch=_fetch,
    filters=(
        Filter("q", lazy("Name or id"), FilterKind.SEARCH),
        Filter(
            "status",
            lazy("State"),
            choices=lambda _ctx: [(s, state.label) for s, state in BANK_STATES.items()],
        ),
    ),
    sort="bank",
    action=Action(lazy("New bank"), "/banks/new"),
    empty=Empty(
        lazy("No banks yet"),
        lazy("Register the first member bank; its tables and users come after it."),
        lazy("New bank"),
        "/banks/new",
    ),
    export=Permission.MANAGE_BANKS,
)


@router.get("/banks")
def list_banks(ctx: Manager) -> Response:
    """List the banks."""
    return ctx.table(TABLE)


@router.get("/banks/new")
def new_bank_form(ctx: Manager) -> Response:
    """Ask for a new bank."""
    return ctx.render("banks/form.html", form=ctx.form.starting(status="active"), bank=None)


@router.post("/banks/new")
def create_bank(ctx: Manager) -> Response:
    """Register a bank."""
    form = ctx.form
    new = _read(form, BankId(form.text("bank", most=63)))
    with form.trying("bank"):
        if new.bank == UNION:
            raise InvalidInput("the id 'union' is taken by the union", "Choose another id.")
        if not form.wrong:
            banks.register(ctx.scope, new)
    if form.wrong:
        return ctx.render(
            "banks/form.html", status=HTTPStatus.UNPROCESSABLE_ENTITY, form=form, bank=None
        )
    return ctx.go(f"/banks/{new.bank}", _("%(name)s is registered.", name=new.name_zh))


@router.get("/banks/{bank}")
def show_bank(ctx: Manager, bank: str) -> Response:
    """Show a bank: who works there, what was done there."""
    found = banks.get(BankId(bank))
    there = ctx.scope.at(found.bank)
    return ctx.render(
        "banks/show.html",
        bank=found,
        state_now=BANK_STATES[found.status],
        people=len(users.all_users(there)),
        acts=history(audit.entries(there, limit=RECENT_ACTS)),
    )


@router.get("/banks/{bank}/edit")
def edit_bank_form(ctx: Manager, bank: str) -> Response:
    """Ask what to change about a bank."""
    found = banks.get(BankId(bank))
    start = ctx.form.starting(
        bank=found.bank, name_zh=found.name_zh, name_en=found.name_en, status=found.status
    )
    return ctx.render("banks/form.html", form=start, bank=found)


@router.post("/banks/{bank}/edit")
def edit_bank(ctx: Manager, bank: str) -> Response:
    """Change a bank's names or state."""
    found = banks.get(BankId(bank))
    form = ctx.form
    changed = _read(form, found.bank)
    if not form.wrong:
        with form.trying():
            banks.change(ctx.scope, replace(changed, bank=found.bank))
    if form.wrong:
        return ctx.render(
            "banks/form.html", status=HTTPStatus.UNPROCESSABLE_ENTITY, form=form, bank=found
        )
    return ctx.go(f"/banks/{bank}", _("Changed."))


def _read(form: Form, bank: BankId) -> Bank:
    return Bank(
        bank,
        form.text("name_zh", most=80),
        form.text("name_en", most=80),
        BankStatus(form.choice("status", [s.value for s in BankStatus]) or "active"),
    )


def _find(ctx: Context, words: str) -> list[Hit]:
    if ctx.scope.bank is not None:
        return []
    found = _fetch(ctx.scope, Query(filters={"q": words}, limit=6)).rows
    return [Hit(bank.name_zh, f"/banks/{bank.bank}", "landmark", bank.bank) for bank in found]


ROOM = Room(
    "banks",
    router,
    entries=(
        Entry(
            Section.ADMIN,
            lazy("Banks"),
            "/banks",
            "landmark",
            Permission.MANAGE_BANKS,
            Level.UNION,
        ),
    ),
    searchers=(Searcher(lazy("Banks"), _find, Permission.MANAGE_BANKS, "/banks"),),
    acts={
        "bank.register": lazy("Registered a bank"),
        "bank.change": lazy("Changed a bank"),
    },
)
