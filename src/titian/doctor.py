"""`titian doctor`: look at everything a start needs and say in plain words what is wrong."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from titian.kernel import audit, db
from titian.kernel.errors import TitianError
from titian.kernel.settings import settings

MIN_FREE_BYTES = 2 * 2**30
MIN_PYTHON = (3, 11)
NEEDED = {"duckdb": (2, 3), "dbos": (3, 4), "sqlglot": (30, 31), "sqlalchemy": (2, 3)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and the remedy if it is not."""

    subject: str
    well: bool
    seen: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything, in the order in which a start needs it."""
    for look in (
        _python,
        _packages,
        _home,
        _disk,
        _database,
        _audit_log,
        _front_end,
        _port,
        _chromium,
    ):
        yield _carefully(look)


def _carefully(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except TitianError as error:
        return Finding(_subject(look), False, error.what, error.remedy)
    except (OSError, SQLAlchemyError) as error:
        remedy = "Check the rights on the folder and the settings."
        return Finding(_subject(look), False, str(error).splitlines()[0], remedy)


def _subject(look: Callable[[], Finding]) -> str:
    return look.__name__.strip("_").replace("_", " ")


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    remedy = "Make the environment anew with a later Python: make clean demo PYTHON=python3.12"
    return Finding("python", sys.version_info >= MIN_PYTHON, version, remedy)


def _packages() -> Finding:
    wrong = []
    for name, (least, below) in NEEDED.items():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if not least <= int(version.split(".")[0]) < below:
            wrong.append(f"{name} {version}")
    seen = "; ".join(wrong) or ", ".join(NEEDED)
    remedy = "Install the pinned ones: pip install --require-hashes -r requirements/run.txt"
    return Finding("packages", not wrong, seen, remedy)


def _home() -> Finding:
    home = settings().home
    existing = next(path for path in (home, *home.parents) if path.exists())
    if not existing.is_dir():
        remedy = f"Set TITIAN_HOME to a folder, or move the file {existing} away."
        return Finding("home", False, f"{existing} is a file, not a folder", remedy)
    remedy = f"Give yourself the right to write {existing}, or set TITIAN_HOME to another folder."
    writable = os.access(existing, os.W_OK | os.X_OK)
    if not writable:
        return Finding("home", False, f"{existing} cannot be written", remedy)
    if existing == home and home.stat().st_mode & 0o077:
        return Finding("home", False, f"{home} is open to others", f"Run: chmod 700 {home}")
    return Finding("home", True, str(home))


def _disk() -> Finding:
    home = settings().home
    existing = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    remedy = f"Free at least {MIN_FREE_BYTES >> 30} GiB, or set TITIAN_HOME to a larger disk."
    return Finding("disk", free >= MIN_FREE_BYTES, f"{free / 2**30:.1f} GiB free", remedy)


def _database() -> Finding:
    db.upgrade()
    return Finding("database", db.ready(), db.engine().dialect.name, "Restore it from a backup.")


def _audit_log() -> Finding:
    verdict = audit.verify()
    seen = f"{verdict.entries} entries" + ("" if verdict.whole else f", then {verdict.reason}")
    return Finding("audit log", verdict.whole, seen, "Compare with a backup; tell compliance.")


def _front_end() -> Finding:
    built = Path(__file__).parent / "web" / "static" / "vendor"
    there = built.is_dir() and any(built.iterdir())
    return Finding("front end", there, "built" if there else "not built", "Run: make front")


def _port() -> Finding:
    chosen = settings()
    with socket.socket() as probe:
        probe.settimeout(1)
        taken = probe.connect_ex((chosen.host, chosen.port)) == 0
    seen = f"{chosen.host}:{chosen.port} " + ("is taken" if taken else "is free")
    return Finding("port", not taken, seen, "Stop what runs there, or set TITIAN_PORT to another.")


def _chromium() -> Finding:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    return Finding("chromium (tests only)", True, found or "not here; browser tests will skip")


def command(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False
) -> None:
    """Explain what is wrong with this setup; exit 1 when something is."""
    findings = list(examine())
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        _show(findings)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _show(findings: list[Finding]) -> None:
    console = Console(highlight=False)
    for finding in findings:
        mark = "[green]ok[/]   " if finding.well else "[red]wrong[/]"
        console.print(f"{mark} {finding.subject}: ", end="")
        console.print(finding.seen, markup=False, soft_wrap=True)
        if not finding.well:
            console.print(f"      {finding.remedy}", style="bold", markup=False, soft_wrap=True)
