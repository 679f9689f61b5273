"""`titian jobs …` and `titian define`: run the day, follow it, repeat it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from titian.data import definitions
from titian.data.checks import results
from titian.data.jobs import (
    alerts,
    board,
    control,
    executor,
    inflow,
    lineage,
    show,
    webhooks,
)
from titian.data.jobs.catalogue import load
from titian.data.jobs.orders import Order, OrderState
from titian.kernel import banks
from titian.kernel.clock import parse_date, today
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.ids import RunId, bank_id
from titian.kernel.progress import track
from titian.kernel.scope import Scope

app = typer.Typer(help="Run the day, follow it, repeat it.", no_args_is_help=True)
hooks_app = typer.Typer(help="Carry alerts to other systems.", no_args_is_help=True)
app.add_typer(hooks_app, name="webhooks")

FAILED, NOT_COMPLETE = 1, 8

Bank = Annotated[str, typer.Option("--bank", "-b", help="The bank's id.")]
Day = Annotated[str | None, typer.Option("--date", "-d", help="Business date; newest by default.")]
AnyBank = Annotated[str | None, typer.Option("--bank", "-b", help="All banks if left out.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JobNames = Annotated[list[str] | None, typer.Option("--job", "-j", help="Only this; repeatable.")]
Force = Annotated[bool, typer.Option("--force", help="Also run what is up to date.")]


@app.command("run")
def run_command(
    bank: Bank,
    day: Day = None,
    jobs: Annotated[
        Path | None, typer.Option("--jobs", help="First install the job files of this folder.")
    ] = None,
    job: JobNames = None,
    *,
    force: Force = False,
    json: Json = False,
) -> None:
    """Run a bank's jobs for one business date and wait for the end.

    Ends with 1 when a job failed and with 8 when jobs still wait for a feed or are paused.
    """
    scope = _scope(bank)
    if jobs is not None:
        definitions.install(scope, definitions.Kind.JOBS, jobs)
    business_date = _day(scope, day)
    with executor.running():
        order = control.run(scope, [business_date], jobs=job, force=force)
        ended = _follow([order], f"{bank} {business_date}")
    _report_day(scope, business_date, ended, as_json=json)


@app.command("backfill")
def backfill_command(
    bank: Bank,
    first: Annotated[str, typer.Option("--from", help="First business date.")],
    last: Annotated[str, typer.Option("--to", help="Last business date.")],
    job: JobNames = None,
    *,
    downstream: Annotated[
        bool, typer.Option("--downstream", help="Also what depends on the named jobs.")
    ] = False,
    one_by_one: Annotated[
        bool, typer.Option("--one-by-one", help="One statement per date, not per many dates.")
    ] = False,
    force: Force = False,
    json: Json = False,
) -> None:
    """Run jobs for every business date of a range."""
    scope = _scope(bank)
    days = parse_date(first, "first date"), _come(parse_date(last, "last date"))
    with executor.running():
        made = control.backfill(
            scope, *days, jobs=job, downstream=downstream, force=force, wide=not one_by_one
        )
        ended = _follow(made, f"{bank} {days[0]} … {days[1]}")
    if json:
        show.as_json(ended)
    else:
        show.orders(ended)
    _leave(ended)


@app.command("status")
def status_command(
    bank: AnyBank = None,
    day: Day = None,
    *,
    json: Json = False,
) -> None:
    """Show where jobs stand on a business date: one bank's jobs, or every bank in a line."""
    if bank is None:
        union = Scope.system(None)
        found = board.board(union, _union_day(day))
        if json:
            show.as_json(found)
        else:
            show.boards(found)
        return
    scope = _scope(bank)
    business_date = _day(scope, day)
    stands = board.stands(scope, business_date)
    if json:
        show.as_json({"business_date": business_date, "jobs": stands})
        return
    show.words([f"{bank}, business date {business_date}"])
    show.stands(stands)


@app.command("rerun")
def rerun_command(
    bank: Bank,
    day: Day = None,
    run: Annotated[str | None, typer.Option("--run", help="A run's id.")] = None,
    job: Annotated[str | None, typer.Option("--job", "-j", help="A job's name.")] = None,
    *,
    json: Json = False,
) -> None:
    """Run a job again with all that depends on it; without --job or --run, what failed."""
    scope = _scope(bank)
    business_date = board.run(scope, RunId(run)).run.business_date if run else _day(scope, day)
    with executor.running():
        if run:
            order = control.rerun(scope, RunId(run))
        elif job:
            order = control.rerun_job(scope, job, business_date)
        else:
            order = control.rerun_failed(scope, business_date)
        ended = _follow([order], f"{bank} {business_date}")
    _report_day(scope, business_date, ended, as_json=json)


@app.command("pause")
def pause_command(
    bank: Bank,
    job: Annotated[str | None, typer.Option("--job", "-j", help="All jobs if left out.")] = None,
    reason: Annotated[str, typer.Option(help="Why; shown on the board.")] = "",
) -> None:
    """Hold a job, or a whole bank, back."""
    control.pause(_scope(bank), job, reason)
    typer.echo(f"paused {job or bank}")


@app.command("resume")
def resume_command(
    bank: Bank,
    job: Annotated[str | None, typer.Option("--job", "-j", help="The bank if left out.")] = None,
) -> None:
    """Let a paused job, or bank, run again, and run the dates it missed."""
    scope = _scope(bank)
    with executor.running():
        made = control.resume(scope, job)
        typer.echo(f"resumed {job or bank}")
        ended = _follow(made, f"{bank} missed dates") if made else []
    show.orders(ended)
    _leave(ended)


@app.command("lineage")
def lineage_command(
    column: Annotated[str, typer.Argument(help="As core.loan.balance_fen or feed:loan.LN_BAL.")],
    bank: Bank,
    *,
    down: Annotated[bool, typer.Option("--down", help="What is made from it.")] = False,
    json: Json = False,
) -> None:
    """Show where a column comes from, up to the fields of the bank's files."""
    scope = _scope(bank)
    found = lineage.downstream(scope, column) if down else lineage.upstream(scope, column)
    if json:
        show.as_json(found.as_json())
    else:
        show.lineage(found, up=not down)


@app.command("graph")
def graph_command(bank: Bank, *, json: Json = False) -> None:
    """Show a bank's jobs in order, with what each reads."""
    scope = _scope(bank)
    if json:
        show.as_json(board.graph(scope))
    else:
        show.graph(load(scope))


@app.command("checks")
def checks_command(
    bank: Bank,
    table: Annotated[str | None, typer.Option("--table", "-t", help="As core.loan.")] = None,
    *,
    json: Json = False,
) -> None:
    """Show the checks that fail now, or all checks of a table."""
    scope = _scope(bank)
    found = results.of_table(scope, table) if table else results.failing(scope)
    if json:
        show.as_json(found)
    else:
        show.checks(found)


@app.command("alerts")
def alerts_command(
    bank: AnyBank = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Settled ones, too.")] = False,
    json: Json = False,
) -> None:
    """Show what failed or is late and not settled yet."""
    scope = _scope(bank) if bank else Scope.system(None)
    found = alerts.listed(scope, only_open=not every)
    if json:
        show.as_json(found)
    else:
        show.alerts(found)


@hooks_app.command("list")
def list_hooks(bank: AnyBank = None, *, json: Json = False) -> None:
    """List the receivers of a bank's alerts, or of all banks'."""
    found = webhooks.listed(_scope(bank) if bank else Scope.system(None))
    if json:
        show.as_json(found)
    else:
        show.hooks(found)


@hooks_app.command("add")
def add_hook(url: str, bank: AnyBank = None) -> None:
    """Send alerts to an address; prints the secret that its signatures are checked with."""
    scope = _scope(bank) if bank else Scope.system(None)
    hook = webhooks.add(scope, url)
    typer.echo(f"{hook.hook} {webhooks.secret(scope, hook.hook)}")


@hooks_app.command("remove")
def remove_hook(hook: str, bank: AnyBank = None) -> None:
    """Stop sending alerts to a receiver."""
    webhooks.remove(_scope(bank) if bank else Scope.system(None), hook)
    typer.echo(f"removed {hook}")


def define_command(
    directory: Annotated[Path, typer.Argument(help="Holds feeds/ jobs/ indicators/ tags/.")],
    bank: Bank,
) -> None:
    """Install a folder's feeds, jobs, indicators and tags as a bank's own definitions."""
    name = bank_id(bank)
    installed = definitions.install_all(Scope.system(name), directory)
    if banks.ensure(Scope.system(None), name):
        show.words([f"registered bank {name}"])
    for kind, files in installed.items():
        typer.echo(f"{kind}: {len(files)} installed")


def _scope(bank: str) -> Scope:
    return Scope.system(banks.get(bank_id(bank)).bank)


def _day(scope: Scope, text: str | None) -> date:
    if text is not None:
        return _come(parse_date(text, "business date"))
    newest = inflow.newest_date(scope)
    if newest is None:
        raise NotFound(
            f"bank {scope.bank} has no data yet", "Load its feeds, or name a date with --date."
        )
    return newest


def _come(day: date) -> date:
    if day > today():
        raise InvalidInput(f"business date {day} has not come yet", f"Name a date up to {today()}.")
    return day


def _union_day(text: str | None) -> date:
    if text is not None:
        return parse_date(text, "business date")
    found = [inflow.newest_date(Scope.system(bank.bank)) for bank in banks.all_banks()]
    days = [day for day in found if day is not None]
    if not days:
        raise InvalidInput("no bank has data yet", "Load feeds, or name a date with --date.")
    return max(days)


def _follow(made: Sequence[Order], label: str) -> list[Order]:
    ended = []
    with track(label, sum(order.total for order in made)) as advance:
        for order in made:
            last = order
            for seen in executor.wait(order.order):
                advance(max(0, seen.finished - last.finished))
                last = seen
            ended.append(last)
    return ended


def _report_day(scope: Scope, day: date, ended: list[Order], *, as_json: bool) -> None:
    stands = board.stands(scope, day)
    if as_json:
        show.as_json({"business_date": day, "orders": ended, "jobs": stands})
    else:
        show.stands(stands)
        show.words(order.error for order in ended if order.error)
    _leave(ended)


def _leave(ended: Sequence[Order]) -> None:
    states = {order.state for order in ended}
    if OrderState.FAILED in states:
        raise typer.Exit(FAILED)
    if states - {OrderState.DONE}:
        raise typer.Exit(NOT_COMPLETE)
