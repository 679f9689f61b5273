"""Commands of feeds: check, load, look at, mend and replay deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from titian.data import definitions
from titian.data.feeds import arrivals as arrivals_of
from titian.data.feeds import newcomers, registry, repair, service, show
from titian.data.feeds import quarantine as waiting_room
from titian.data.feeds.contracts import read_all
from titian.data.feeds.drift import drift as drift_of
from titian.data.feeds.load import Order
from titian.data.feeds.model import Contract
from titian.data.feeds.quarantine import Filter
from titian.data.feeds.record import RowStatus
from titian.data.feeds.replay import replay as replay_rows
from titian.data.options import Bank, at_bank, bank_to_be
from titian.kernel import audit, clock
from titian.kernel.clock import parse_date
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.ids import bank_id
from titian.kernel.near import nearest
from titian.kernel.progress import track
from titian.kernel.scope import Scope
from titian.kernel.terminal import Csv, Json, as_json, counted, say

app = typer.Typer(help="Check, load, repair and replay feeds.", no_args_is_help=True)
STATUS_DAYS = 7
MAX_ACTS = 500

FolderOption = Annotated[
    Path | None, typer.Option("--from", help="The folder of the delivery, sub-folders included.")
]
FeedsOption = Annotated[list[str] | None, typer.Option("--feed", help="Only these feeds.")]
DateOption = Annotated[str | None, typer.Option("--date", help="One business date, YYYY-MM-DD.")]
FirstOption = Annotated[str | None, typer.Option("--from-date", help="First business date.")]
LastOption = Annotated[str | None, typer.Option("--to-date", help="Last business date.")]
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
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Check contracts, and a delivery if --from names one, without writing anything."""
    if contracts is None and bank is None:
        raise InvalidInput("nothing is named to check", "Give --contracts DIR or --bank ID.")
    order = _order(day, first, last)
    known = read_all(_contract_files(contracts)) if contracts else registry.contracts(_scope(bank))
    if folder is None:
        if order.first or order.last:
            raise InvalidInput(
                "a date is given, and no delivery to look at", "Name it with --from."
            )
        show.contracts(_chosen(known, feeds), json=json, csv=csv)
        return
    with track("rows", None) as advance:
        found = service.check(
            known,
            folder,
            order,
            bank=bank_id(bank) if bank else None,
            feeds=feeds or (),
            advance=advance,
        )
    _finish(found, json=json, csv=csv)


@app.command()
def load(
    *,
    bank: Bank,
    contracts: Annotated[
        Path | None, typer.Option(help="A folder of contracts to install for the bank first.")
    ] = None,
    folder: FolderOption = None,
    feeds: FeedsOption = None,
    day: DateOption = None,
    first: FirstOption = None,
    last: LastOption = None,
    force: Annotated[bool, typer.Option(help="Load files again that did not change.")] = False,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Load a delivery into the bank's raw tables; bad rows go to quarantine."""
    order = _order(day, first, last, force=force)
    scope = Scope.system(bank_to_be(bank))
    if folder is not None and not folder.is_dir():
        raise NotFound(f"there is no folder {folder}", "Name the folder that holds the delivery.")
    given = _contract_files(contracts) if contracts else []
    known = read_all(given) if contracts else registry.contracts(scope)
    if new := newcomers.is_new(scope):
        newcomers.require_delivery(scope, known, folder, order, feeds or ())
    if contracts is not None:
        newcomers.introduce(scope, given)
        definitions.install(scope, definitions.Kind.FEEDS, contracts)
    among = [contract.feed for contract in known] if contracts else None
    with track("rows", None) as advance:
        found = service.load(scope, folder, order, feeds=feeds or (), among=among, advance=advance)
    if new:
        newcomers.welcome(scope, found)
    _finish(found, json=json, csv=csv)


@app.command()
def status(
    *,
    bank: Bank,
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    day: DateOption = None,
    first: FirstOption = None,
    last: LastOption = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show what arrived, what is awaited and what is late; by default around the newest date."""
    scope = _scope(bank)
    order = _order(day, first, last)
    newest = order.last or max(order.first or clock.FIRST_DATE, _newest(scope))
    oldest = order.first or newest - timedelta(days=STATUS_DAYS - 1)
    found = arrivals_of.arrivals(scope, oldest, newest, feed)
    none = f"nothing arrived or is awaited at {bank} from {oldest} to {newest}"
    show.standings(found, none=none, json=json, csv=csv)


@app.command()
def quarantine(
    row: Annotated[str | None, typer.Argument(help="One row, in full.")] = None,
    *,
    bank: Bank,
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    day: DateOption = None,
    row_status: Annotated[RowStatus | None, typer.Option("--status")] = RowStatus.OPEN,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    limit: Annotated[int, typer.Option(min=1, max=waiting_room.MAX_PAGE_ROWS)] = 50,
    unmask: UnmaskOption = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List quarantined rows with line, column and reason, or show one of them."""
    scope = _scope(bank, unmask)
    if row is not None:
        found = waiting_room.waiting_row(scope, row)
        if json:
            as_json({"row": found, "history": _history(scope, row)})
        else:
            show.one_row(found, _history(scope, row))
        return
    _require_feed(scope, feed)
    if unmask is not None:
        audit.record(scope, "feeds.unmask", "quarantine", {"reason": unmask})
    when = _day(day)
    wanted = Filter(feed=feed, business_date=when, status=row_status)
    page = waiting_room.quarantine(scope, wanted, offset=offset, limit=limit)
    state = f"{row_status} " if row_status else ""
    none = f"no {state}row of {feed or 'any feed'} is in quarantine at {bank}"
    none += f" of {when}" if when else ""
    show.quarantine_page(page, none=none, json=json, csv=csv)


@app.command()
def fix(
    row: Annotated[str, typer.Argument(help="The row's id.")],
    *,
    bank: Bank,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="name=value: the name as in the file or as in the table, the value as in the file "
            "(for example amount=12.00 or amount_fen=12.00, both in yuan).",
        ),
    ] = None,
    text: Annotated[str | None, typer.Option(help="The whole row as text, instead.")] = None,
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Mend a quarantined row; replay it afterwards."""
    scope = _scope(bank)
    changed = repair.fix(scope, row, raw=text, values=_values(values), note=note)
    show.one_row(changed, _history(scope, row))


@app.command()
def dismiss(
    row: Annotated[str, typer.Argument(help="The row's id.")],
    *,
    bank: Bank,
    note: Annotated[str, typer.Option(help="Why it is given up.")],
) -> None:
    """Give a quarantined row up for good."""
    repair.dismiss(_scope(bank), row, note)
    say(f"{row} is given up")


@app.command()
def replay(
    *,
    bank: Bank,
    arrival: Annotated[str | None, typer.Option(help="The arrival, as `status` names it.")] = None,
    feed: Annotated[str | None, typer.Option(help="Or the feed…")] = None,
    day: DateOption = None,
) -> None:
    """Put mended rows into their table; without --arrival, those of a feed, a date, or all."""
    scope = _scope(bank)
    _require_feed(scope, feed)
    chosen = [arrival] if arrival else waiting_room.arrivals_waiting(scope, feed, _day(day))
    if not chosen:
        raise NotFound(
            f"no quarantined row of {feed or 'any feed'} is waiting at {bank}",
            "Mend some first: `titian feeds quarantine` lists them, `titian feeds fix` mends one.",
        )
    good = left = 0
    for one in chosen:
        done = replay_rows(scope, one)
        good, left = good + done.good, left + done.left
    say(f"{counted(good, 'row')} replayed, {left:,} still waiting")


@app.command()
def drift(
    *,
    bank: Bank,
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show how deliveries differ from their contracts."""
    scope = _scope(bank)
    _require_feed(scope, feed)
    none = f"no delivery of {feed or 'any feed'} at {bank} differed from its contract"
    show.differences(drift_of(scope, feed), none=none, json=json, csv=csv)


def _require_feed(scope: Scope, feed: str | None) -> None:
    if feed is not None:
        registry.contract(scope, feed)


def _chosen(known: Sequence[Contract], feeds: Sequence[str] | None) -> Sequence[Contract]:
    names = [contract.feed for contract in known]
    for feed in feeds or ():
        if feed not in names:
            raise NotFound(f"there is no feed {feed!r}", nearest(feed, names))
    return [contract for contract in known if not feeds or contract.feed in feeds]


def _newest(scope: Scope) -> date:
    return arrivals_of.newest_date(scope) or clock.today()


def _history(scope: Scope, row: str) -> Sequence[waiting_room.Act]:
    wanted = waiting_room.HistoryFilter(row_id=row)
    return waiting_room.history(scope, wanted, newest_first=False, limit=MAX_ACTS).acts


def _scope(bank: str | None, unmask: str | None = None) -> Scope:
    if bank is None:
        raise InvalidInput("no bank is named", "Give --bank ID.")
    scope = at_bank(bank)
    return scope if unmask is None else scope.unmasked(unmask)


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


def _finish(found: service.Report, *, json: bool, csv: bool) -> None:
    show.report(found, json=json, csv=csv)
    code = show.report_exit(found)
    if code:
        raise typer.Exit(code)
