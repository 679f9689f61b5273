"""Commands of the synthetic province."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from titian.kernel.clock import parse_date
from titian.kernel.progress import track
from titian.kernel.terminal import Json, counted, listing, say
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
    json: Json = False,
) -> None:
    """Write nightly unload files, with the hidden truth apart."""
    config = ProvinceConfig(banks=banks, customers=customers, days=days, seed=seed, end=_day(end))
    with track("Making the province", steps(config), aloud=True) as progress:
        summary = generate(config, out, progress, force=force)
    rows = list(summary.rows.items())
    listing(("feed", "rows"), rows, none="no feed was written", whole=summary.as_json(), json=json)
    if not json:
        _say_more(summary)


def _day(text: str) -> date:
    return parse_date(text, "date for --end")


def _say_more(summary: Summary) -> None:
    say(
        f"{counted(summary.banks, 'bank')}, {counted(summary.customers, 'customer')}, "
        f"{counted(summary.dates, 'date')}: {counted(summary.files, 'file')}, "
        f"{counted(summary.all_rows, 'row')} ({summary.bad_rows:,} bad), "
        f"{summary.size_bytes / 1e6:,.0f} MB in {summary.seconds:.1f} s"
    )
    say(LABEL, style="dim")
    say(f"{summary.out}")
