"""The one command line. Every room contributes its sub-commands; none is imported before use."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from enum import StrEnum
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
from titian.kernel.errors import NotFound, TitianError, Unavailable, exit_code
from titian.kernel.settings import configure, load

# Command: (module, attribute, one line of help). The modules load only when they are called.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("titian.demo", "command", "Make the sample province, run its day and serve it."),
    "serve": ("titian.web.cli", "serve", "Serve the pages and the API."),
    "doctor": ("titian.doctor", "command", "Explain what is wrong with this setup."),
    "query": ("titian.lake.cli", "query_command", "Ask a bank's tables one SQL question."),
    "shell": ("titian.lake.cli", "shell_command", "Ask a bank's tables many questions."),
    "define": ("titian.data.jobs.cli", "define_command", "Install a bank's own definitions."),
    "feeds": ("titian.data.commands", "feeds", "Check, load, repair and replay feeds."),
    "jobs": ("titian.data.jobs.cli", "app", "Run the day, follow it, repeat it."),
    "indicators": ("titian.data.indicators.cli", "app", "List, show and drill indicators."),
    "tags": ("titian.data.tags.cli", "app", "List and count tags."),
    "audience": ("titian.data.tags.cli", "audience_app", "Count and profile audiences."),
    "party": ("titian.data.parties.cli", "app", "Find a customer and show the 360 view."),
    "payments": ("titian.payments.cli", "app", "Judge payments in flight; evaluate models."),
    "lake": ("titian.lake.cli", "app", "Look after the tables."),
    "province": ("titian.province.cli", "app", "Generate the synthetic province."),
    "banks": ("titian.kernel.cli", "banks_app", "Register, rename and list member banks."),
    "users": ("titian.kernel.cli", "users_app", "Create users and reset passwords."),
    "audit": ("titian.kernel.cli", "audit_app", "Show the audit log and verify it."),
}


class Language(StrEnum):
    """What names may be printed in."""

    ZH = "zh"
    EN = "en"


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
    lang: Annotated[
        Language | None, typer.Option(help="Language of names; else TITIAN_LANG, else your LANG.")
    ] = None,
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Titian 梯田: one platform for a provincial union of rural banks."""
    del version
    if ctx.invoked_subcommand == "doctor":
        ctx.obj = home  # it reads the settings itself, to say what is wrong with them
        return
    given = {"home": home, "lang": lang}
    configure(load(**{name: value for name, value in given.items() if value is not None}))
    logs.setup()
    if ctx.invoked_subcommand not in (None, "province") and "--help" not in sys.argv:
        db.upgrade()


def main() -> None:
    """Run the command line; a refusal is one clear message and its own exit code.

    What is written is for the owner's eyes: the home folder holds customers' data.
    """
    os.umask(0o077)
    _write_what_can_be_written()
    try:
        app()
    except TitianError as error:
        _refuse(error)
    except DBAPIError as error:
        _log_debug("the database refused")
        _refuse(db.explained(error))
    except ModuleNotFoundError as error:
        _log_debug("a package is missing")
        _refuse(_of_package(error))
    except OSError as error:
        _log_debug("the system refused")
        _refuse(_of_system(error))
    except Exception as error:  # noqa: BLE001  # a defect is told in one line, too
        _log_debug("this is a defect")
        _refuse(_defect(error))


def _write_what_can_be_written() -> None:
    """Let a terminal that has no Chinese show what it has not as numbers, instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _log_debug(event: str) -> None:
    if logs.is_set_up():
        logs.get(__name__).debug(event, exc_info=True)


def _of_package(error: ModuleNotFoundError) -> TitianError:
    if error.name is None or error.name.startswith("titian"):
        return _defect(error)
    return Unavailable(
        f"the package {error.name} is missing",
        "Install the pinned ones: pip install --require-hashes -r requirements/run.txt",
    )


def _of_system(error: OSError) -> TitianError:
    where = f"{error.filename}: " if error.filename else ""
    what = f"{where}{error.strerror or error}"
    if isinstance(error, PermissionError):
        return Unavailable(what, "Give yourself the right to it, or name another place.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(what, "Free space on that disk, then try again.")
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        return NotFound(what, "Check the path that was given.")
    return Unavailable(what, "Run `titian doctor`; TITIAN_LOG_LEVEL=DEBUG shows where.")


def _defect(error: Exception) -> TitianError:
    last = traceback.extract_tb(error.__traceback__)[-1]
    first_line = (str(error).splitlines() or [""])[0][:200]
    return TitianError(
        f"{type(error).__name__}: {first_line} ({Path(last.filename).name}:{last.lineno})",
        "This is a defect of Titian: report it with what TITIAN_LOG_LEVEL=DEBUG prints.",
    )


def _refuse(error: TitianError) -> None:
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]error[/] ({error.code}): ", end="")
    console.print(error.what, style="bold", markup=False, soft_wrap=True)
    console.print(f"  {error.remedy}", markup=False, soft_wrap=True)
    sys.exit(exit_code(error))
