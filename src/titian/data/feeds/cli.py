"""Commands of feeds: check, load, look at, mend and replay deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from titian.data import definitions
from titian.data.feeds import arrivals as arrivals_of
from titian.data.feeds import quarantine as waiting_room
from titian.data.feeds import registry, service, show
from titian.data.feeds.contracts import read_all
from titian.data.feeds.drift import drift as drift_of
from titian.data.feeds.load import Order
from titian.data.feeds.quarantine import Filter
from titian.data.feeds.record import RowStatus
from titian.data.feeds.replay import replay as replay_rows
from titian.kernel import audit, banks, clock
from titian.kernel.clock import parse_date
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.ids import bank_id
from titian.kernel.progress import track
from titian.kernel.scope import Scope

app = typer.Typer(help="Check, load, repair and replay feeds.", no_args_is_help=True)
STATUS_DAYS = 7

BankOption = Annotated[str, typer.Option("--bank", help="The bank's id.")]
FolderOption = Annotated[
    Path | None, typer.Option("--from", help="The folder of the delivery, sub-folders included.")
]
FeedsOption = Annotated[list[str] | None, typer.Option("--feed", help="Only these feeds.")]
DateOption = Annotated[str | None, typer.Option("--date", help="One business date, YYYY-MM-DD.")]
FirstOption = Annotated[str | None, typer.Option("--from-date", help="First business date.")]
LastOption = Annotated[str | None, typer.Option("--to-date", help="Last business date.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]
UnmaskOption = Annotated[
    str | None, typer.Option(help="Show personal data in the clear, for this reason (audited).")
]


@app.command()
def check(
    *,
    contracts: Annotated[
        Path | None, typer.Option(help="A folder of contracts; else those of the bank.")
    ] = None,
    bank: Annotated[str | None, typer.Option("--bank", help="The bank's id.")] = None,
    folder: FolderOption = None,
    feeds: FeedsOption = None,
    day: DateOption = None,
    first: FirstOption = None,
    last: LastOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check contracts, and a delivery if --from names one, without writing anything."""
    if contracts is None and bank is None:
        raise InvalidInput("nothing is named to check", "Give --contracts DIR or --bank ID.")
    known = read_all(_contract_files(contracts)) if contracts else registry.contracts(_scope(bank))
    if folder is None:
        for contract in known:
            typer.echo(f"{contract.feed}: {len(contract.fields)} columns, {contract.file}")
            for note in contract.notes:
                typer.echo(f"  note: {note}")
        typer.echo(f"contracts valid: {len(known)}")
        return
    with track("rows", None) as advance:
        found = service.check(
            known,
            folder,
            _order(day, first, last),
            bank=bank_id(bank) if bank else None,
            feeds=feeds or (),
            advance=advance,
        )
    _finish(found, as_json=as_json)


@app.command()
def load(
    *,
    bank: BankOption,
    contracts: Annotated[
        Path | None, typer.Option(help="A folder of contracts to install for the bank first.")
    ] = None,
    folder: FolderOption = None,
    feeds: FeedsOption = None,
    day: DateOption = None,
    first: FirstOption = None,
    last: LastOption = None,
    force: Annotated[bool, typer.Option(help="Load files again that did not change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Load a delivery into the bank's raw tables; bad rows go to quarantine."""
    order = _order(day, first, last, force=force)
    scope = Scope.system(bank_id(bank))
    among: list[str] | None = None
    if contracts is not None:
        given = _contract_files(contracts)
        installed = read_all(given)
        _introduce(scope, given)
        definitions.install(scope, definitions.Kind.FEEDS, contracts)
        among = [contract.feed for contract in installed]
    _introduce(scope, ())
    with track("rows", None) as advance:
        found = service.load(scope, folder, order, feeds=feeds or (), among=among, advance=advance)
    _finish(found, as_json=as_json)


@app.command()
def status(
    *,
    bank: BankOption,
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    day: DateOption = None,
    first: FirstOption = None,
    last: LastOption = None,
) -> None:
    """Show what arrived, what is awaited and what is late; by default around the newest date."""
    scope = _scope(bank)
    order = _order(day, first, last)
    newest = order.last or arrivals_of.newest_date(scope) or clock.today()
    oldest = order.first or newest - timedelta(days=STATUS_DAYS - 1)
    show.standings(arrivals_of.arrivals(scope, oldest, newest, feed), show.console())


@app.command()
def quarantine(
    row: Annotated[str | None, typer.Argument(help="One row, in full.")] = None,
    *,
    bank: BankOption,
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    day: DateOption = None,
    row_status: Annotated[RowStatus | None, typer.Option("--status")] = RowStatus.OPEN,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    limit: Annotated[int, typer.Option(min=1, max=waiting_room.MAX_PAGE_ROWS)] = 50,
    unmask: UnmaskOption = None,
) -> None:
    """List quarantined rows with line, column and reason, or show one of them."""
    scope = _scope(bank, unmask)
    out = show.console()
    if row is not None:
        found = waiting_room.waiting_row(scope, row)
        show.one_row(found, waiting_room.repairs(scope, row), out)
        return
    if unmask is not None:
        audit.record(scope, "feeds.unmask", "quarantine", {"reason": unmask})
    wanted = Filter(feed=feed, business_date=_day(day), status=row_status)
    show.quarantine_page(waiting_room.quarantine(scope, wanted, offset=offset, limit=limit), out)


@app.command()
def fix(
    row: Annotated[str, typer.Argument(help="The row's id.")],
    *,
    bank: BankOption,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="column=value, as the file would write it.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="The whole row as text, instead.")] = None,
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Mend a quarantined row; replay it afterwards."""
    scope = _scope(bank)
    changed = waiting_room.fix(scope, row, raw=text, values=_values(values), note=note)
    show.one_row(changed, waiting_room.repairs(scope, row), show.console())


@app.command()
def dismiss(
    row: Annotated[str, typer.Argument(help="The row's id.")],
    *,
    bank: BankOption,
    note: Annotated[str, typer.Option(help="Why it is given up.")],
) -> None:
    """Give a quarantined row up for good."""
    waiting_room.dismiss(_scope(bank), row, note)


@app.command()
def replay(
    *,
    bank: BankOption,
    arrival: Annotated[str | None, typer.Option(help="The arrival, as `status` names it.")] = None,
    feed: Annotated[str | None, typer.Option(help="Or the feed…")] = None,
    day: DateOption = None,
) -> None:
    """Put mended rows into their table; without --arrival, those of a feed, a date, or all."""
    scope = _scope(bank)
    chosen = [arrival] if arrival else waiting_room.arrivals_waiting(scope, feed, _day(day))
    if not chosen:
        raise NotFound("no quarantined row is waiting there", "See `titian feeds quarantine`.")
    good = left = 0
    for one in chosen:
        done = replay_rows(scope, one)
        good, left = good + done.good, left + done.left
    typer.echo(f"{good:,} rows replayed, {left:,} still waiting")


@app.command()
def drift(
    *, bank: BankOption, feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None
) -> None:
    """Show how deliveries differ from their contracts."""
    show.differences(drift_of(_scope(bank), feed), show.console())


def _scope(bank: str | None, unmask: str | None = None) -> Scope:
    if bank is None:
        raise InvalidInput("no bank is named", "Give --bank ID.")
    scope = Scope.system(banks.get(bank_id(bank)).bank)
    return scope if unmask is None else scope.unmasked(unmask)


def _introduce(scope: Scope, given: Sequence[Path]) -> None:
    """Register a bank on its first delivery; one that brings its own contracts inherits none.

    A bank that was registered but never delivered is new in this sense, too, if its contracts
    would hide the union's.
    """
    new = banks.ensure(Scope.system(None), scope.bank_id)
    if new:
        _notice(f"bank {scope.bank_id} was not known and is registered now")
    hidden = {path.name for path in given} & {path.name for path in _inherited(scope)}
    if given and (new or (hidden and arrivals_of.newest_date(scope) is None)):
        definitions.set_presets(scope, definitions.Presets.NONE)
        _notice(f"bank {scope.bank_id} uses its own definitions only, beginning with these")


def _inherited(scope: Scope) -> list[Path]:
    own = definitions.folder(scope, definitions.Kind.FEEDS)
    found = definitions.paths(scope, definitions.Kind.FEEDS)
    return [path for path in found if path.parent != own]


def _notice(text: str) -> None:
    Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)


def _contract_files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}", "Name the folder with the contracts.")
    found = sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml"))
    if not found:
        raise NotFound(f"{folder} holds no contracts (*.odcs.yaml)", "Name another folder.")
    return found


def _order(day: str | None, first: str | None, last: str | None, *, force: bool = False) -> Order:
    if day is not None and (first or last):
        raise InvalidInput("--date and a range are both given", "Give one of them.")
    if day is not None:
        one = parse_date(day, "business date")
        return Order(one, one, force)
    order = Order(_day(first), _day(last), force)
    if order.first and order.last and order.first > order.last:
        raise InvalidInput(f"{first} is after {last}", "Give the earlier date as --from-date.")
    return order


def _day(text: str | None) -> date | None:
    return None if text is None else parse_date(text, "business date")


def _values(given: Sequence[str] | None) -> dict[str, str | None] | None:
    if not given:
        return None
    pairs = [item.partition("=") for item in given]
    wrong = [item for item, (_, sign, _) in zip(given, pairs, strict=True) if not sign]
    if wrong:
        raise InvalidInput(f"{wrong[0]!r} sets nothing", "Write --set column=value.")
    return {name.strip(): value for name, _, value in pairs}


def _finish(found: service.Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(show.report_json(found))
    else:
        show.report(found, show.console())
    code = show.report_exit(found)
    if code:
        raise typer.Exit(code)
