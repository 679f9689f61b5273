"""Commands that need several rooms of the data platform, added to the room they are named after."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated

import typer

from titian.data.feeds import contract
from titian.data.feeds.cli import app as feeds
from titian.data.feeds.withdraw import Withdrawn, withdraw
from titian.data.jobs.impact import Impact, impact
from titian.kernel import banks
from titian.kernel.clock import parse_date
from titian.kernel.errors import InvalidDefinition
from titian.kernel.ids import bank_id
from titian.kernel.scope import Scope

__all__ = ["feeds"]


@feeds.command("withdraw")
def withdraw_command(
    *,
    bank: Annotated[str, typer.Option("--bank", help="The bank's id.")],
    feed: Annotated[str, typer.Option("--feed", help="The feed.")],
    day: Annotated[str, typer.Option("--date", help="The business date, YYYY-MM-DD.")],
    reason: Annotated[str, typer.Option(help="Why, in at least four words; kept for good.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Take one business date out of a feed's table, and say what was made of it."""
    scope = Scope.system(banks.get(bank_id(bank)).bank)
    business_date = parse_date(day, "business date")
    reached = _reached(scope, feed, business_date)
    if not yes:
        typer.confirm(f"Take {feed} of {business_date} at {bank} out of raw?", abort=True)
    done = withdraw(scope, feed, business_date, reason)
    if as_json:
        typer.echo(json.dumps(_as_json(done, reached), indent=2))
        return
    typer.echo(f"{done.table} of {done.business_date} withdrawn: {done.rows:,} rows")
    for line in _next_steps(scope, reached, business_date):
        typer.echo(line)


def _reached(scope: Scope, feed: str, business_date: date) -> Impact:
    """Say what was made of a date; jobs that cannot be read keep nobody from withdrawing it."""
    contract(scope, feed)
    try:
        return impact(scope, feed, business_date)
    except InvalidDefinition as error:
        typer.echo(f"what was made of it is not known: {error}", err=True)
        return Impact((), (), business_date)


def _next_steps(scope: Scope, reached: Impact, business_date: date) -> list[str]:
    if not reached.readers:
        return ["no job reads it"]
    if not reached.tables:
        return ["no table made of it holds that date"]
    jobs = " ".join(f"--job {name}" for name in reached.readers)
    again = f"titian jobs backfill --bank {scope.bank} --from {business_date} --to {reached.last}"
    return [
        f"{len(reached.tables)} tables hold what was made of it: {', '.join(reached.tables)}",
        "deliver the date again, then run what reads it, and all that depends on that:",
        f"  {again} {jobs} --downstream --force",
    ]


def _as_json(done: Withdrawn, reached: Impact) -> dict[str, object]:
    return {
        "table": done.table,
        "business_date": done.business_date.isoformat(),
        "rows": done.rows,
        "version": done.version,
        "readers": reached.readers,
        "tables": reached.tables,
        "run_again_to": reached.last.isoformat(),
    }
