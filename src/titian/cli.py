"""The one command line. Every room contributes its sub-commands; none is imported before use."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.exc import DBAPIError
from typer._click import Command, Context, HelpFormatter  # Typer carries its own Click
from typer.core import TyperGroup

from titian import __version__
from titian.kernel import db, logs
from titian.kernel.errors import TitianError, Unavailable, exit_code
from titian.kernel.settings import configure, load

# Command: (module, attribute, one line of help). The modules load only when they are called.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("titian.demo", "command", "Make the sample province, run its day and serve it."),
    "serve": ("titian.web.cli", "serve", "Serve the pages and the API."),
    "doctor": ("titian.doctor", "command", "Explain what is wrong with this setup."),
    "query": ("titian.lake.cli", "query_command", "Ask a bank's tables one SQL question."),
    "shell": ("titian.lake.cli", "shell_command", "Ask a bank's tables many questions."),
    "define": ("titian.data.jobs.cli", "define_command", "Install a bank's own definitions."),
    "feeds": ("titian.data.feeds.cli", "app", "Check, load, repair and replay feeds."),
    "jobs": ("titian.data.jobs.cli", "app", "Run the day, follow it, repeat it."),
    "indicators": ("titian.data.indicators.cli", "app", "List, show and drill indicators."),
    "tags": ("titian.data.tags.cli", "app", "List and count tags."),
    "audience": ("titian.data.tags.cli", "audience_app", "Count and profile audiences."),
    "party": ("titian.data.parties.cli", "app", "Find a customer and show the 360 view."),
    "lake": ("titian.lake.cli", "app", "Look after the tables."),
    "province": ("titian.province.cli", "app", "Generate the synthetic province."),
    "banks": ("titian.kernel.cli", "banks_app", "Register and list member banks."),
    "users": ("titian.kernel.cli", "users_app", "Create users and reset passwords."),
    "audit": ("titian.kernel.cli", "audit_app", "Show the audit log and verify it."),
}


class LazyGroup(TyperGroup):
    """A group that imports a room's commands when one of them is called."""

    def list_commands(self, _ctx: Context) -> list[str]:
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: Context, name: str) -> Command | None:
        """Import the room of a command and give the command."""
        if name not in COMMANDS:
            return None
        module, attribute, text = COMMANDS[name]
        found = getattr(import_module(module), attribute)
        command = _as_command(found, name)
        command.help = command.help or text
        return command

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """List the commands with one line each, without importing any room."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


def _as_command(found: object, name: str) -> Command:
    holder = typer.Typer(add_completion=False)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
        group = typer.main.get_group(holder)
        return group.commands[name]
    assert callable(found)
    holder.command(name)(found)
    return typer.main.get_command(holder)


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it with the flag
    if wanted:
        typer.echo(f"titian {__version__}")
        raise typer.Exit


@app.callback()
def prepare(
    ctx: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Where this installation keeps everything.")
    ] = None,
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Titian 梯田: one platform for a provincial union of rural banks."""
    del version
    configure(load(home=home.resolve()) if home else load())
    logs.setup()
    if ctx.invoked_subcommand not in (None, "doctor", "province") and "--help" not in sys.argv:
        db.upgrade()


def main() -> None:
    """Run the command line; a refusal is one clear message and its own exit code.

    What is written is for the owner's eyes: the home folder holds customers' data.
    """
    os.umask(0o077)
    try:
        app()
    except TitianError as error:
        _refuse(error)
    except (OSError, DBAPIError) as error:
        logs.get(__name__).debug("the system refused", exc_info=True)
        first = str(error).splitlines()[0]
        _refuse(Unavailable(first, "Run `titian doctor`; TITIAN_LOG_LEVEL=DEBUG shows where."))


def _refuse(error: TitianError) -> None:
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]error[/] ({error.code}): ", end="")
    console.print(error.what, style="bold", markup=False, soft_wrap=True)
    console.print(f"  {error.remedy}", markup=False, soft_wrap=True)
    sys.exit(exit_code(error))
