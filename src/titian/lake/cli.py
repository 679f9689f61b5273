"""Commands of the lake: ask questions of a bank's tables, and look after them."""

from __future__ import annotations

from typing import Annotated

import typer

from titian.kernel import audit, banks
from titian.kernel.errors import InvalidInput, NotFound, exit_code
from titian.kernel.ids import bank_id
from titian.kernel.progress import track
from titian.kernel.scope import Scope
from titian.kernel.terminal import Cell, Csv, Json, counted, listing, note, say
from titian.lake import layout, maintenance, pool, show, store
from titian.lake.gate import UnknownTable
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
    form: Annotated[Format, typer.Option("--format", help="Or --json, --csv.")] = Format.TABLE,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show at most.")] = DEFAULT_ROWS,
    unmask: UnmaskOption = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Ask a bank's tables one SQL question."""
    form = _form(form, json=json, csv=csv)
    try:
        found = query(_asking(bank, unmask), sql, limit=limit)
    except UnknownTable as error:
        raise error if bank else _at_union(error) from None
    finally:
        pool.shared().close()
    show.result(found, form)
    if form is Format.TABLE and (found.truncated or found.arrow.num_columns > 1):
        note(show.footnote(found))
    elif found.truncated:
        note(f"these are the first {counted(limit, 'row')}: raise --limit or aggregate")


def _at_union(error: UnknownTable) -> NotFound:
    return NotFound(
        error.what,
        "--bank is not given, so only the union's tables were looked at. Give --bank ID; "
        "titian lake tables --bank ID lists the tables of a bank.",
    )


def _form(form: Format, *, json: bool, csv: bool) -> Format:
    named = {Format.JSON: json, Format.CSV: csv}
    wanted = {one for one, given in named.items() if given} | ({form} - {Format.TABLE})
    if len(wanted) > 1:
        raise InvalidInput("two forms are asked for at once", "Give one of --json and --csv.")
    return wanted.pop() if wanted else Format.TABLE


def shell_command(
    *,
    bank: BankOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show at most.")] = DEFAULT_ROWS,
    unmask: UnmaskOption = None,
) -> None:
    """Ask a bank's tables many questions; piped in, the first failure gives the exit code."""
    try:
        failed = Shell(_asking(bank, unmask), limit).run()
    finally:
        pool.shared().close()
    if failed is not None:
        raise typer.Exit(exit_code(failed))


@app.command("tables")
def list_tables(bank: BankOption = None, *, json: Json = False, csv: Csv = False) -> None:
    """List the tables with their size and span."""
    scope = _scope(bank)
    names = ("table", "zh", "en", "rows", "files", "bytes", "first", "last", "version")
    rows = [
        (
            found.table.qualified,
            found.table.zh,
            found.table.en,
            found.rows,
            found.files,
            found.bytes,
            found.first_date,
            found.last_date,
            Cell(found.version, str(found.version)),
        )
        for found in store.tables(scope)
    ]
    none = f"{scope.place} has no tables yet: load its feeds, then run its jobs"
    listing(names, rows, none=none, json=json, csv=csv)


@app.command("schema")
def show_schema(
    table: str, bank: BankOption = None, *, json: Json = False, csv: Csv = False
) -> None:
    """Show the columns of a table: type, class, level, mask."""
    found = store.describe(_scope(bank), table)
    if not json and not csv:
        say(show.title(found))
    listing(show.COLUMN_HEADS, show.columns(found), none="no columns", json=json, csv=csv)


@app.command("history")
def show_history(
    table: str,
    bank: BankOption = None,
    limit: Annotated[int, typer.Option(min=1, max=store.MAX_HISTORY)] = 20,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List the versions of a table, newest first."""
    rows = []
    for entry in store.history(_scope(bank), table, limit):
        days = f"{entry.dates[0]} … {entry.dates[-1]}" if entry.dates else ""
        version = Cell(entry.version, str(entry.version))
        rows.append((version, entry.at, entry.action, entry.user, Cell(entry.dates, days)))
    names = ("version", "at", "action", "user", "dates")
    listing(names, rows, none=f"{table} has no versions", json=json, csv=csv)


@app.command("compact")
def compact_tables(
    bank: BankOption = None,
    table: Annotated[str | None, typer.Option(help="Leave out for all tables.")] = None,
) -> None:
    """Join the files of each business date."""
    scope = _scope(bank)
    names = _named(scope, table)
    with track("compacting", len(names)) as advance:
        for name in names:
            done = maintenance.compact(scope, name)
            say(f"{name}: {counted(done.files_before, 'file')} before, {done.files_after} now")
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
    names = _named(scope, table)
    with track("vacuuming", len(names)) as advance:
        for name in names:
            done = maintenance.vacuum(scope, name, keep_hours=keep_hours, dry_run=dry_run)
            say(f"{name}: {counted(done.files, 'file')} {'to go' if dry_run else 'removed'}")
            advance(1)


@app.command("restore")
def restore_table(table: str, version: int, bank: BankOption = None) -> None:
    """Make an earlier version of a table the newest one."""
    say(f"{table} is at version {store.restore(_scope(bank), table, version)}")


def _named(scope: Scope, table: str | None) -> list[str]:
    if table is not None:
        return [table]
    names = layout.table_names(scope)
    if not names:
        note(f"{scope.place} has no tables yet: there is nothing to do")
    return names


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
