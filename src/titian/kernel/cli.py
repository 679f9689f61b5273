"""Commands of the kernel: banks, users and the audit log."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Annotated

import typer

from titian.kernel import audit, banks, confirming, tokens, users
from titian.kernel.banks import Bank
from titian.kernel.errors import Corrupt, InvalidInput
from titian.kernel.ids import UserId, bank_id
from titian.kernel.near import nearest
from titian.kernel.scope import Permission, Role, Scope
from titian.kernel.terminal import Cell, Csv, Json, counted, listing, say, shortened
from titian.kernel.users import User

banks_app = typer.Typer(help="Register, rename and list member banks.", no_args_is_help=True)
users_app = typer.Typer(help="Create users and reset passwords.", no_args_is_help=True)
audit_app = typer.Typer(help="Show the audit log and verify it.", no_args_is_help=True)

_MACHINE = Scope.system(None)
PASSWORD_BYTES = 9


@banks_app.command("list")
def list_banks(*, json: Json = False, csv: Csv = False) -> None:
    """List the member banks."""
    rows = [(bank.bank, bank.name_zh, bank.name_en, bank.status) for bank in banks.all_banks()]
    none = "no bank is registered yet: `titian banks add` registers one, `titian demo` three"
    listing(("bank", "name_zh", "name_en", "status"), rows, none=none, json=json, csv=csv)


@banks_app.command("add")
def add_bank(bank: str, name_zh: str, name_en: str) -> None:
    """Register a bank: its id, Chinese and English name."""
    banks.register(_MACHINE, Bank(bank_id(bank), name_zh, name_en))
    say(f"registered {bank}")


@banks_app.command("rename")
def rename_bank(
    bank: str,
    zh: Annotated[str | None, typer.Option("--zh", help="Its Chinese name.")] = None,
    en: Annotated[str | None, typer.Option("--en", help="Its English name.")] = None,
) -> None:
    """Change a bank's Chinese or English name, or both; its id stays."""
    if zh is None and en is None:
        raise InvalidInput("no name is given", "Give --zh NAME, --en NAME or both.")
    held = banks.get(bank_id(bank))
    new = replace(held, name_zh=zh or held.name_zh, name_en=en or held.name_en)
    banks.change(_MACHINE, new)
    say(f"{bank} is {new.name_zh}, {new.name_en}")


@users_app.command("list")
def list_users(*, json: Json = False, csv: Csv = False) -> None:
    """List all users."""
    names = ("user", "name", "bank", "roles", "clearance", "disabled", "waits")
    rows = [
        (
            user.user_id,
            user.display_name,
            Cell(user.bank, user.bank or "(union)"),
            Cell(sorted(user.roles), " ".join(sorted(user.roles))),
            user.clearance,
            user.disabled,
            user.waits,
        )
        for user in users.all_users(_MACHINE)
    ]
    none = "there is no user yet: `titian users add` makes one"
    listing(names, rows, none=none, json=json, csv=csv)


@users_app.command("add")
def add_user(
    user: str,
    display_name: str,
    role: Annotated[list[str], typer.Option(help="May be given several times.")],
    bank: Annotated[str | None, typer.Option(help="Leave out for the union's staff.")] = None,
    clearance: Annotated[int, typer.Option(min=1, max=5)] = 2,
) -> None:
    """Create a user with a first password, printed once, to be changed at the first sign-in."""
    new = User(
        UserId(user),
        display_name,
        bank_id(bank) if bank is not None else None,
        frozenset(_role(text) for text in role),
        clearance,
        must_change_password=True,
    )
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    users.create(_MACHINE, new, password)
    say(f"created {user}, first password: {password}")


@users_app.command("confirm")
def confirm_user(user: str) -> None:
    """Confirm the sensitive rights that an administrator gave a user, as the second person."""
    waiting = confirming.get(_MACHINE, UserId(user))
    assert waiting.waiting_since is not None, "who waits has waited since"
    confirming.confirm(_MACHINE, waiting.user_id, waiting.waiting_since)
    say(f"confirmed {user}: {' '.join(sorted(waiting.roles))}, clearance {waiting.clearance}")


@users_app.command("reset-password")
def reset_password(user: str) -> None:
    """Give a user a new first password, printed once."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    users.reset_password(_MACHINE, UserId(user), password)
    say(f"new first password of {user}: {password}")


@users_app.command("add-token")
def add_token(
    user: Annotated[str, typer.Argument(help="What to call the channel's system.")],
    bank: Annotated[str, typer.Option(help="The bank it works for.")],
    days: Annotated[int, typer.Option(min=1, max=tokens.MAX_DAYS)] = 365,
) -> None:
    """Give a channel's system a token, printed once, to submit payment events for one bank."""
    scope = _MACHINE.at(banks.get(bank_id(bank)).bank)
    token = tokens.issue(scope, user, Permission.SUBMIT_EVENTS, days)
    say(f"token of {user} for {days} days: {token}")


@users_app.command("revoke-token")
def revoke_token(
    user: str, bank: Annotated[str, typer.Option(help="The bank it works for.")]
) -> None:
    """Take a system's token back; running servers notice within half a minute."""
    tokens.revoke(_MACHINE.at(banks.get(bank_id(bank)).bank), user)
    say(f"revoked the token of {user}")


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is not a role", nearest(text, Role)) from None


@audit_app.command("list")
def list_audit(
    limit: Annotated[int, typer.Option(min=1, max=audit.PAGE_MAX_ROWS)] = 50,
    bank: Annotated[str | None, typer.Option(help="Only the acts at this bank.")] = None,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show the newest acts."""
    scope = _MACHINE.at(banks.get(bank_id(bank)).bank) if bank is not None else _MACHINE
    rows = [
        (
            Cell(entry.seq, str(entry.seq)),
            entry.at,
            entry.user,
            entry.bank,
            entry.action,
            shortened(entry.target, entry.target),
            _told(entry),
        )
        for entry in audit.entries(scope, limit=limit)
    ]
    names = ("seq", "at", "user", "bank", "action", "target", "detail")
    none = f"no act at {scope.place} is on record" if bank else "no act is on record yet"
    listing(names, rows, none=none, json=json, csv=csv)


def _told(entry: audit.Entry) -> Cell:
    words = ", ".join(f"{name}={value}" for name, value in entry.detail.items())
    return shortened(entry.detail, words)


@audit_app.command("verify")
def verify_audit() -> None:
    """Prove that nobody touched the log; exit 7 when somebody did."""
    verdict = audit.verify()
    if not verdict.whole:
        raise Corrupt(
            f"the audit log is broken at entry {verdict.broken_at}: {verdict.reason}",
            f"{counted(verdict.entries, 'entry is', 'entries are')} whole before it. "
            "Compare with a backup, and tell compliance.",
        )
    say(f"whole: {counted(verdict.entries, 'entry', 'entries')}")
