"""`titian party …`: find a customer and show the picture."""

from __future__ import annotations

from typing import Annotated

import typer

from titian.data.options import Bank, Day, at_bank, given_day
from titian.data.parties.customer import customer
from titian.data.parties.model import Customer, Section
from titian.data.parties.search import search
from titian.kernel.ids import PartyId, UserId
from titian.kernel.money import format_yuan
from titian.kernel.scope import Role, Scope
from titian.kernel.terminal import Csv, Json, as_json, grid, language, listing, say

app = typer.Typer(help="Find a customer and show the 360 view.", no_args_is_help=True)

CONSOLE_USER = UserId("console")
CONSOLE_CLEARANCE = 3

Unmask = Annotated[
    str | None, typer.Option("--unmask", help="Show it in the clear, for this reason (audited).")
]


@app.command("search")
def search_command(
    bank: Bank,
    words: Annotated[str, typer.Argument(help="A name, or a whole phone, id or account number.")],
    limit: Annotated[int, typer.Option(min=1, help="Customers to show at most.")] = 20,
    unmask: Unmask = None,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Find customers; masked, and audited without the words."""
    found = search(_scope(bank, unmask), words, limit=limit)
    rows = [(h.party_id, h.name, h.phone, h.id_no, h.org_id, h.status, h.matched_by) for h in found]
    listing(
        ("party", "name", "phone", "id_number", "org", "status", "found_by"),
        rows,
        none="nobody is found: check the name, or give a whole phone, id or account number",
        remark=f"{len(found)} found",
        whole=found,
        json=json,
        csv=csv,
    )


@app.command("show")
def show_command(
    bank: Bank,
    party_id: Annotated[str, typer.Argument(help="The customer's number.")],
    day: Day = None,
    unmask: Unmask = None,
    *,
    json: Json = False,
) -> None:
    """Show all that the bank knows of a customer; masked and audited."""
    found = customer(_scope(bank, unmask), PartyId(party_id), given_day(day))
    if json:
        as_json(found)
        return
    _print(found)


def _scope(bank: str, reason: str | None) -> Scope:
    scope = Scope(
        CONSOLE_USER, at_bank(bank).bank, frozenset({Role.RISK_OFFICER}), CONSOLE_CLEARANCE
    )
    return scope if reason is None else scope.unmasked(reason)


def _print(found: Customer) -> None:
    locale = language()
    for column in found.identity.columns:
        label = column.zh if locale == "zh" else column.en
        say(f"{label}: {found.identity.rows[0][column.name]}")
    for figure in found.figures:
        value = figure.value
        shown = format_yuan(int(value), locale) if figure.unit == "fen" and value else value
        say(f"{figure.label.text(locale)}: {shown}")
    for part in (found.household, found.accounts, found.cards, found.loans):
        _print_section(part, locale)
    worn = (tag.value_label or tag.label for tag in found.tags)
    say("、".join(label.text(locale) for label in worn))
    rows = [(r.party_id, r.name, ", ".join(r.ties)) for r in found.relations.parties]
    grid(("party", "name", "tie"), rows)
    moments = [
        (m.at, m.act, m.what, m.channel, m.amount_fen, m.result) for m in found.happenings.items
    ]
    grid(("at", "act", "what", "channel", "fen", "result"), moments)


def _print_section(part: Section, locale: str) -> None:
    if part.rows:
        heads = [column.zh if locale == "zh" else column.en for column in part.columns]
        grid(heads, [[row[column.name] for column in part.columns] for row in part.rows])
