"""Commands of the kernel: banks, users and the audit log."""

from __future__ import annotations

import json
import secrets
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from titian.kernel import audit, banks, users
from titian.kernel.banks import Bank
from titian.kernel.errors import Corrupt, InvalidInput
from titian.kernel.ids import UserId, bank_id
from titian.kernel.scope import Role, Scope
from titian.kernel.users import User

banks_app = typer.Typer(help="Register and list member banks.", no_args_is_help=True)
users_app = typer.Typer(help="Create users and reset passwords.", no_args_is_help=True)
audit_app = typer.Typer(help="Show the audit log and verify it.", no_args_is_help=True)

_MACHINE = Scope.system(None)
PASSWORD_BYTES = 9


@banks_app.command("list")
def list_banks() -> None:
    """List the member banks."""
    table = Table("bank", "名称", "name", "status")
    for bank in banks.all_banks():
        table.add_row(bank.bank, bank.name_zh, bank.name_en, bank.status)
    Console().print(table)


@banks_app.command("add")
def add_bank(bank: str, name_zh: str, name_en: str) -> None:
    """Register a bank: its id, Chinese and English name."""
    banks.register(_MACHINE, Bank(bank_id(bank), name_zh, name_en))
    typer.echo(f"registered {bank}")


@users_app.command("list")
def list_users() -> None:
    """List all users."""
    table = Table("user", "name", "bank", "roles", "clearance", "disabled")
    for user in users.all_users(_MACHINE):
        table.add_row(
            user.user_id,
            user.display_name,
            user.bank or "(union)",
            " ".join(sorted(user.roles)),
            str(user.clearance),
            "yes" if user.disabled else "",
        )
    Console().print(table)


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
        bank_id(bank) if bank else None,
        frozenset(_role(text) for text in role),
        clearance,
        must_change_password=True,
    )
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    users.create(_MACHINE, new, password)
    typer.echo(f"created {user}, first password: {password}")


@users_app.command("reset-password")
def reset_password(user: str) -> None:
    """Give a user a new first password, printed once."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    users.reset_password(_MACHINE, UserId(user), password)
    typer.echo(f"new first password of {user}: {password}")


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        known = ", ".join(Role)
        raise InvalidInput(f"{text!r} is not a role", f"Roles are: {known}.") from None


@audit_app.command("list")
def list_audit(
    limit: Annotated[int, typer.Option(min=1, max=audit.PAGE_MAX_ROWS)] = 50,
    bank: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Show the newest acts as JSON lines."""
    scope = _MACHINE.at(bank_id(bank)) if bank else _MACHINE
    for entry in audit.entries(scope, limit=limit):
        row = {
            "seq": entry.seq,
            "at": entry.at.isoformat(),
            "user": entry.user,
            "bank": entry.bank,
            "action": entry.action,
            "target": entry.target,
            "detail": entry.detail,
        }
        typer.echo(json.dumps(row, ensure_ascii=False))


@audit_app.command("verify")
def verify_audit() -> None:
    """Prove that nobody touched the log; exit 7 when somebody did."""
    verdict = audit.verify()
    if not verdict.whole:
        raise Corrupt(
            f"the audit log is broken at entry {verdict.broken_at}: {verdict.reason}",
            f"Entries 1 to {verdict.entries} are whole. Compare with a backup.",
        )
    typer.echo(f"whole: {verdict.entries} entries")
