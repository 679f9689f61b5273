"""Commands of the synthetic province."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from titian.kernel.errors import InvalidInput
from titian.kernel.progress import track
from titian.province.generate import LABEL, Summary, generate, steps
from titian.province.live import stream_command
from titian.province.model import DEFAULT_END, DEFAULT_SEED, ProvinceConfig

app = typer.Typer(help="Generate the synthetic province.", no_args_is_help=True)


@app.callback()
def room() -> None:
    """Generate the synthetic province."""


app.command("stream")(stream_command)


@app.command("generate")
def generate_command(
    out: Annotated[Path, typer.Option(help="A new or empty folder.")],
    banks: Annotated[int, typer.Option(help="Member banks, 1 to 51.")] = 3,
    customers: Annotated[int, typer.Option(help="Parties of all banks together.")] = 6_000,
    days: Annotated[int, typer.Option(help="Business dates.")] = 120,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = DEFAULT_SEED,
    end: Annotated[
        str, typer.Option(help="Last business date, as 2026-03-31.")
    ] = DEFAULT_END.isoformat(),
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace an older province.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Write nightly unload files, with the hidden truth apart."""
    config = ProvinceConfig(banks=banks, customers=customers, days=days, seed=seed, end=_day(end))
    with track("province", steps(config)) as progress:
        summary = generate(config, out, progress, force=force)
    if as_json:
        typer.echo(json.dumps(summary.as_json()))
    else:
        _show(summary)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"--end {text!r} is not a date", "Write year-month-day, as 2026-03-31."
        ) from None


def _show(summary: Summary) -> None:
    table = Table("feed", "rows")
    table.columns[1].justify = "right"
    for feed, rows in summary.rows.items():
        table.add_row(feed, f"{rows:,}")
    console = Console()
    console.print(table)
    console.print(
        f"{summary.banks} banks, {summary.customers:,} customers, {summary.dates} dates: "
        f"{summary.files:,} files, {summary.all_rows:,} rows ({summary.bad_rows:,} bad), "
        f"{summary.size_bytes / 1e6:,.0f} MB in {summary.seconds:.1f} s"
    )
    console.print(LABEL, style="dim")
    console.print(f"{summary.out}", markup=False)
