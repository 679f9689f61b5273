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
    runlog,
    show,
    webhooks,
)
from titian.data.jobs.board import BankBoard
from titian.data.jobs.catalogue import load
from titian.data.jobs.model import Stand, State
from titian.data.jobs.orders import Order, OrderState
from titian.data.options import AnyBank, Bank, Day, at_bank, at_bank_or_union, bank_to_be
from titian.kernel import banks
from titian.kernel.clock import parse_date, today
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.ids import RunId
from titian.kernel.near import nearest
from titian.kernel.progress import track
from titian.kernel.scope import Scope
from titian.kernel.terminal import Csv, Json, as_json, note, say

app = typer.Typer(help="Run the day, follow it, repeat it.", no_args_is_help=True)
hooks_app = typer.Typer(help="Carry alerts to other systems.", no_args_is_help=True)
app.add_typer(hooks_app, name="webhooks")

FAILED, NOT_COMPLETE = 1, 8

HookBank = Annotated[
    str | None, typer.Option("--bank", "-b", help="The union's receivers if left out.")
]
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
    csv: Csv = False,
) -> None:
    """Run a bank's jobs for one business date and wait for the end.

    Ends with 1 when a job failed and with 8 when jobs still wait for a feed or are paused.
    """
    scope = at_bank(bank)
    if jobs is not None:
        definitions.install(scope, definitions.Kind.JOBS, jobs)
    business_date = _day(scope, day)
    before = {stand.job: stand.run for stand in board.stands(scope, business_date)}
    with executor.running():
        order = control.run(scope, [business_date], jobs=job, force=force)
        ended = _follow([order], f"{bank} {business_date}")
    after = board.stands(scope, business_date)
    if after and all(stand.state.done and stand.run == before.get(stand.job) for stand in after):
        note(
            f"there was nothing to do: everything of {business_date} is up to date. "
            "--force runs it again"
        )
    _report_day(business_date, after, ended, json=json, csv=csv)


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
    csv: Csv = False,
) -> None:
    """Run jobs for every business date of a range."""
    scope = at_bank(bank)
    days = parse_date(first, "first date"), _come(parse_date(last, "last date"))
    with executor.running():
        made = control.backfill(
            scope, *days, jobs=job, downstream=downstream, force=force, wide=not one_by_one
        )
        ended = _follow(made, f"{bank} {days[0]} … {days[1]}")
    show.orders(ended, none="no business date is due", json=json, csv=csv)
    _leave(ended)


@app.command("status")
def status_command(
    bank: AnyBank = None,
    day: Day = None,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show where jobs stand on a business date: one bank's jobs, or every bank in a line.

    Without a date it is the newest of each bank's own data.
    """
    if bank is None:
        show.boards(_boards(day), json=json, csv=csv)
        return
    scope = at_bank(bank)
    business_date = _day(scope, day)
    stands = board.stands(scope, business_date)
    if any(stand.run for stand in stands):
        note(f"{bank}, business date {business_date}")
    else:
        note(f"no job of {bank} ran for {business_date}; its newest data is of {_newest(scope)}")
    whole = {"business_date": business_date, "jobs": stands}
    show.stands(stands, whole=whole, json=json, csv=csv)


@app.command("rerun")
def rerun_command(
    bank: Bank,
    day: Day = None,
    run: Annotated[str | None, typer.Option("--run", help="A run's id.")] = None,
    job: Annotated[str | None, typer.Option("--job", "-j", help="A job's name.")] = None,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Run a job again with all that depends on it; without --job or --run, what failed."""
    scope = at_bank(bank)
    business_date = board.run(scope, RunId(run)).run.business_date if run else _day(scope, day)
    with executor.running():
        if run:
            order = control.rerun(scope, RunId(run))
        elif job:
            order = control.rerun_job(scope, job, business_date)
        else:
            order = control.rerun_failed(scope, business_date)
        ended = _follow([order], f"{bank} {business_date}")
    _report_day(business_date, board.stands(scope, business_date), ended, json=json, csv=csv)


@app.command("pause")
def pause_command(
    bank: Bank,
    job: Annotated[str | None, typer.Option("--job", "-j", help="All jobs if left out.")] = None,
    reason: Annotated[str, typer.Option(help="Why; shown on the board.")] = "",
) -> None:
    """Hold a job, or a whole bank, back."""
    control.pause(at_bank(bank), job, reason)
    say(f"paused {job or bank}")


@app.command("resume")
def resume_command(
    bank: Bank,
    job: Annotated[str | None, typer.Option("--job", "-j", help="The bank if left out.")] = None,
) -> None:
    """Let a paused job, or bank, run again, and run the dates it missed."""
    scope = at_bank(bank)
    with executor.running():
        made = control.resume(scope, job)
        say(f"resumed {job or bank}")
        ended = _follow(made, f"{bank} missed dates") if made else []
    show.orders(ended, none="no business date was missed")
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
    scope = at_bank(bank)
    found = lineage.downstream(scope, column) if down else lineage.upstream(scope, column)
    if json:
        as_json(found.as_json())
    else:
        show.lineage(found, up=not down)


@app.command("graph")
def graph_command(bank: Bank, *, json: Json = False, csv: Csv = False) -> None:
    """Show a bank's jobs in order, with what each reads."""
    scope = at_bank(bank)
    whole = board.graph(scope) if json else None
    show.graph(load(scope), whole=whole, json=json, csv=csv)


@app.command("checks")
def checks_command(
    bank: Bank,
    table: Annotated[str | None, typer.Option("--table", "-t", help="As core.loan.")] = None,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show the checks that fail now, or all checks of a table."""
    scope = at_bank(bank)
    if table is None:
        none = "no check fails now"
        show.checks(results.failing(scope), none=none, json=json, csv=csv)
        return
    known = load(scope).tables
    if table not in known:
        raise NotFound(f"there is no table {table!r}", nearest(table, known))
    none = f"no check of {table} has run yet"
    show.checks(results.of_table(scope, table), none=none, json=json, csv=csv)


@app.command("alerts")
def alerts_command(
    bank: AnyBank = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Settled ones, too.")] = False,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show what failed or is late and not settled yet."""
    found = alerts.listed(at_bank_or_union(bank), only_open=not every)
    show.alerts(found, json=json, csv=csv)


@hooks_app.command("list")
def list_hooks(bank: HookBank = None, *, json: Json = False, csv: Csv = False) -> None:
    """List the receivers of a bank's alerts, or of the union's own."""
    show.hooks(webhooks.listed(at_bank_or_union(bank)), json=json, csv=csv)


@hooks_app.command("add")
def add_hook(url: str, bank: HookBank = None) -> None:
    """Send alerts to an address; prints the secret that its signatures are checked with."""
    scope = at_bank_or_union(bank)
    hook = webhooks.add(scope, url)
    say(f"{hook.hook} {webhooks.secret(scope, hook.hook)}")


@hooks_app.command("remove")
def remove_hook(hook: str, bank: HookBank = None) -> None:
    """Stop sending alerts to a receiver."""
    webhooks.remove(at_bank_or_union(bank), hook)
    say(f"removed {hook}")


def define_command(
    directory: Annotated[Path, typer.Argument(help="Holds feeds/ jobs/ indicators/ tags/.")],
    bank: Bank,
) -> None:
    """Install a folder's feeds, jobs, indicators and tags as a bank's own definitions."""
    name = bank_to_be(bank)
    installed = definitions.install_all(Scope.system(name), directory)
    if banks.ensure(Scope.system(None), name):
        note(f"registered bank {name}")
    for kind, files in installed.items():
        say(f"{kind}: {len(files)} installed")


def _day(scope: Scope, text: str | None) -> date:
    if text is not None:
        return _come(parse_date(text, "business date"))
    return _newest(scope)


def _newest(scope: Scope) -> date:
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


def _boards(text: str | None) -> list[show.Line]:
    asked = None if text is None else _come(parse_date(text, "business date"))
    names = [bank.bank for bank in banks.all_banks()]
    days = {name: asked or inflow.newest_date(Scope.system(name)) for name in names}
    held = {
        day: {one.bank: one for one in board.board(Scope.system(None), day)}
        for day in {day for day in days.values() if day is not None}
    }
    return [
        show.Line(name, held[day][name], "" if _is_known(held[day][name]) else show.NONE_OF_DATE)
        if day is not None
        else show.Line(name, None, show.NONE_YET)
        for name, day in days.items()
    ]


def _is_known(line: BankBoard) -> bool:
    return line.begun or inflow.has_any(Scope.system(line.bank), line.business_date)


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


def _report_day(
    day: date, stands: Sequence[Stand], ended: list[Order], *, json: bool, csv: bool
) -> None:
    whole = {"business_date": day, "orders": ended, "jobs": stands}
    show.stands(stands, whole=whole, json=json, csv=csv)
    for order in ended:
        if order.error:
            note(order.error)
    _leave(ended)


def _leave(ended: Sequence[Order]) -> None:
    """End with the exit code of what the orders came to, and say where the reasons are."""
    left = [order for order in ended if order.state is not OrderState.DONE]
    if not left:
        return
    failed = [order for order in left if order.state is OrderState.FAILED]
    first, what = (failed or left)[0], "failed" if failed else "wait for feeds or are paused"
    units = runlog.left_by(first).items()
    days = [day for (day, _), held in units if not failed or held.state is State.FAILED]
    day = min(days, default=first.dates[0])
    note(f"some jobs {what}: see `titian jobs status --bank {first.bank} --date {day}`")
    raise typer.Exit(FAILED if failed else NOT_COMPLETE)
