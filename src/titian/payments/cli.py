"""`titian payments`: watch channels, evaluate models out of time, torture the engine."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from titian.kernel.terminal import Json, as_json, say
from titian.payments.channels.cli import channels_command

app = typer.Typer(no_args_is_help=True, help="Payment risk in flight.")


@app.callback()
def payments() -> None:
    """Payment risk in flight."""


app.command("channels")(channels_command)


@app.command("evaluate")
def evaluate_command(
    files: Annotated[list[Path], typer.Argument(help="Parquet or CSV files of card payments.")],
    train_start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="First training day of the first fold.")
    ],
    config: Annotated[Path | None, typer.Option(help="TOML that maps the columns.")] = None,
    train_days: Annotated[int, typer.Option(min=1, max=366)] = 7,
    delay_days: Annotated[
        int, typer.Option(min=1, max=90, help="Days until a label is known.")
    ] = 7,
    test_days: Annotated[int, typer.Option(min=1, max=366)] = 7,
    folds: Annotated[int, typer.Option(help="Folds that follow each other.")] = 1,
    out: Annotated[Path | None, typer.Option("--json", help="Where the figures go.")] = None,
) -> None:
    """Train and test a fraud model out of time; print and keep its figures."""
    from titian.payments.training.config import read_config
    from titian.payments.training.evaluate import evaluate
    from titian.payments.training.folds import Protocol

    protocol = Protocol(train_days, delay_days, test_days)
    document = evaluate(
        files,
        read_config(config),
        train_start.date(),
        protocol,
        folds,
        lambda what: typer.echo(what, err=True),
    )
    text = json.dumps(document, indent=2)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    typer.echo(text)


@app.command("rings")
def rings_command(
    nodes: Annotated[Path, typer.Argument(help="Parquet or CSV: nodeid, isFraud.")],
    transfers: Annotated[
        Path, typer.Argument(help="Parquet or CSV: sourceNodeId, targetNodeId, value, time.")
    ],
    out: Annotated[Path | None, typer.Option("--json", help="Where the figures go.")] = None,
) -> None:
    """Find rings in transfers; score their accounts against the truth, print and keep it."""
    from titian.payments.rings.report import report

    text = json.dumps(report(nodes, transfers), indent=2)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    typer.echo(text)


@app.command("torture")
def torture_command(
    seed: Annotated[int, typer.Option(help="The same seed gives the same crashes.")] = 1,
    events: Annotated[int, typer.Option(min=1, max=1_000_000)] = 2_000,
    *,
    json_: Json = False,
) -> None:
    """Crash the engine again and again over a simulated disk; exit 1 for a broken promise."""
    from dataclasses import asdict

    from titian.payments.engine.setup import preset
    from titian.payments.engine.torture import torture

    report = torture(preset(b"torture"), seed, events)
    if json_:
        as_json(asdict(report))
    else:
        for name, value in asdict(report).items():
            say(f"{name.replace('_', ' ')}: {value}")
    raise typer.Exit(1 if report.violations else 0)
