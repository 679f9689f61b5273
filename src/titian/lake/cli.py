"""Commands of the lake: ask questions of a bank's tables, and look after them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table as Grid

from titian.kernel import audit, banks
from titian.kernel.ids import bank_id
from titian.kernel.progress import track
from titian.kernel.scope import Scope
from titian.lake import layout, maintenance, pool, show, store
from titian.lake.queries import query
from titian.lake.shell import Shell
from titian.lake.show import Format

app = typer.Typer(help="Look after the tables.", no_args_is_help=True)

DEFAULT_ROWS = 1_000
BankOption = Annotated[
    str | None, typer.Option("--bank", help="The bank's id; leave out for the union's tables.")
]
UnmaskOption = Annotated[
    str | None, typer.Option(help="Show personal data in the clear, for this reason (audited).")
]


def query_command(
    sql: Annotated[str, typer.Argument(help='Such as "SELECT count(*) FROM raw.loan".')],
    *,
    bank: BankOption = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show at most.")] = DEFAULT_ROWS,
    unmask: UnmaskOption = None,
) -> None:
    """Ask a bank's tables one SQL question."""
    try:
        found = query(_asking(bank, unmask), sql, limit=limit)
    finally:
        pool.shared().close()
    show.result(found, form, show.console())
    if form is Format.TABLE and (found.truncated or found.arrow.num_columns > 1):
        Console(stderr=True, highlight=False).print(show.footnote(found), markup=False)


def shell_command(
    *,
    bank: BankOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show at most.")] = DEFAULT_ROWS,
    unmask: UnmaskOption = None,
) -> None:
    """Ask a bank's tables many questions."""
    try:
        Shell(_asking(bank, unmask), limit, show.console()).run()
    finally:
        pool.shared().close()


@app.command("tables")
def list_tables(bank: BankOption = None) -> None:
    """List the tables with their size and span."""
    grid = Grid("table", "名称", "rows", "files", "bytes", "first", "last", "version")
    for found in store.tables(_scope(bank)):
        numbers = (found.rows, found.files, found.bytes)
        span = (str(found.first_date or ""), str(found.last_date or ""), str(found.version))
        grid.add_row(found.table.qualified, found.table.zh, *(f"{n:,}" for n in numbers), *span)
    show.console().print(grid)


@app.command("schema")
def show_schema(table: str, bank: BankOption = None) -> None:
    """Show the columns of a table: type, class, level, mask."""
    show.schema(store.describe(_scope(bank), table), show.console())


@app.command("history")
def show_history(
    table: str,
    bank: BankOption = None,
    limit: Annotated[int, typer.Option(min=1, max=store.MAX_HISTORY)] = 20,
) -> None:
    """List the versions of a table, newest first."""
    grid = Grid("version", "at (UTC)", "action", "user", "dates")
    for entry in store.history(_scope(bank), table, limit):
        days = f"{entry.dates[0]} … {entry.dates[-1]}" if entry.dates else ""
        at = entry.at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
        grid.add_row(str(entry.version), at, entry.action, entry.user, days)
    show.console().print(grid)


@app.command("compact")
def compact_tables(
    bank: BankOption = None,
    table: Annotated[str | None, typer.Option(help="Leave out for all tables.")] = None,
) -> None:
    """Join the files of each business date."""
    scope = _scope(bank)
    names = [table] if table else layout.table_names(scope)
    with track("compacting", len(names)) as advance:
        for name in names:
            done = maintenance.compact(scope, name)
            typer.echo(f"{name}: {done.files_before} files are now {done.files_after}")
            advance(1)


@app.command("vacuum")
def vacuum_tables(
    bank: BankOption = None,
    table: Annotated[str | None, typer.Option(help="Leave out for all tables.")] = None,
    keep_hours: Annotated[
        int, typer.Option(min=maintenance.MIN_KEEP_HOURS, max=maintenance.MAX_KEEP_HOURS)
    ] = 168,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove the files that no version kept needs."""
    scope = _scope(bank)
    names = [table] if table else layout.table_names(scope)
    with track("vacuuming", len(names)) as advance:
        for name in names:
            done = maintenance.vacuum(scope, name, keep_hours=keep_hours, dry_run=dry_run)
            typer.echo(f"{name}: {done.files} files {'would go' if dry_run else 'are gone'}")
            advance(1)


@app.command("restore")
def restore_table(table: str, version: int, bank: BankOption = None) -> None:
    """Make an earlier version of a table the newest one."""
    typer.echo(f"{table} is at version {store.restore(_scope(bank), table, version)}")


def _scope(bank: str | None) -> Scope:
    if bank is None:
        return Scope.system(None)
    return Scope.system(banks.get(bank_id(bank)).bank)


def _asking(bank: str | None, unmask: str | None) -> Scope:
    scope = _scope(bank)
    if unmask is None:
        return scope
    opened = scope.unmasked(unmask)
    audit.record(scope, "unmask", scope.place, {"reason": unmask[:200]})
    return opened
