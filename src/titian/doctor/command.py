"""The order of looking, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import typer
from rich.console import Console

from titian.doctor import keeping, program
from titian.doctor.finding import Finding, Look, carefully
from titian.kernel.terminal import Json, as_json

Stage = tuple[tuple[str, Look], ...]


def examine(home: Path | None = None) -> Iterator[Finding]:
    """Look at everything, stage by stage; a stage rests on the last look of the one before."""
    for stage in _stages(home):
        for subject, look in stage:
            found = carefully(subject, look)
            yield found
        if not found.well:
            return


def _stages(home: Path | None) -> tuple[Stage, ...]:
    return (
        (
            ("python", program.python),
            ("packages", program.packages),
            ("front end", program.front_end),
            ("training of models", program.learners),
            ("chromium (tests only)", program.chromium),
            ("settings", partial(program.settings_file, home)),
        ),
        (
            ("home", keeping.home),
            ("disk", keeping.disk),
            ("port", program.port),
            ("database", keeping.database),
        ),
        (
            ("job queue", keeping.queue),
            ("audit log", keeping.audit_log),
            ("clock", program.machine_clock),
            ("lake", keeping.lake),
        ),
        (("definitions", keeping.definitions),),
    )


def command(ctx: typer.Context, *, json: Json = False) -> None:
    """Explain what is wrong with this setup; exit 1 when something is."""
    findings = list(examine(ctx.obj))
    if json:
        as_json(findings)
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
