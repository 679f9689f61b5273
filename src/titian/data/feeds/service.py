"""Loading many feeds, of one bank or of many, side by side."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from titian.data.feeds import registry
from titian.data.feeds.discover import Listing, listing
from titian.data.feeds.load import Fate, Order, Outcome, check_feed, check_order, load_feed
from titian.data.feeds.model import Contract, Format, Status
from titian.data.strict import nearest
from titian.kernel.errors import Corrupt, InvalidInput, NotFound, TitianError
from titian.kernel.ids import BankId
from titian.kernel.logs import get
from titian.kernel.scope import Permission, Scope
from titian.kernel.settings import settings

log = get(__name__)
NOTHING = Listing(Path(), (), {})
EVERYTHING = Order()
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What a load came to, feed by feed and date by date."""

    bank: BankId | None
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def good(self) -> int:
        """Rows that entered tables."""
        return sum(o.good for o in self.outcomes if o.fate in (Fate.LOADED, Fate.ACCEPTABLE))

    @property
    def bad(self) -> int:
        """Rows that entered quarantine."""
        return sum(o.bad for o in self.outcomes if o.fate in (Fate.LOADED, Fate.ACCEPTABLE))

    def of(self, fate: Fate) -> list[Outcome]:
        """List the outcomes of one fate."""
        return [outcome for outcome in self.outcomes if outcome.fate is fate]


@dataclass(frozen=True, slots=True)
class Batch:
    """One bank's share of a big load: its scope, the folder of its delivery, which feeds."""

    scope: Scope
    folder: Path | None
    among: frozenset[str] | None = None


def load(
    scope: Scope,
    folder: Path | None,
    order: Order = EVERYTHING,
    *,
    feeds: Sequence[str] = (),
    among: Sequence[str] | None = None,
    workers: int | None = None,
    advance: Advance = lambda _: None,
) -> Report:
    """Load a bank's feeds (all, all `among` some, or those named) from a folder, one commit each.

    Without `feeds`, a feed whose files are not there is reported as missing, unless its contract
    says `optional`. Databases and downloads need no folder. Needs LOAD_FEEDS. Raises NotFound for
    an unknown feed or folder.
    """
    batch = Batch(scope, folder, None if among is None else frozenset(among))
    return load_many([batch], order, feeds=feeds, workers=workers, advance=advance)[0]


def load_many(
    batches: Sequence[Batch],
    order: Order = EVERYTHING,
    *,
    feeds: Sequence[str] = (),
    workers: int | None = None,
    advance: Advance = lambda _: None,
) -> list[Report]:
    """Load the feeds of many banks side by side; one report a bank, in the order given."""
    check_order(order)
    began = perf_counter()
    work: list[tuple[int, Scope, Contract, Listing]] = []
    for number, batch in enumerate(batches):
        batch.scope.require(Permission.LOAD_FEEDS)
        known = registry.contracts(batch.scope)
        if batch.among is not None:
            known = [contract for contract in known if contract.feed in batch.among]
        known = chosen(known, feeds)
        files = files_of(known, batch.folder, batch.scope.bank_id)
        work += [(number, batch.scope, contract, files) for contract in known]

    def run(item: tuple[int, Scope, Contract, Listing]) -> tuple[int, list[Outcome]]:
        number, scope, contract, files = item
        return number, _tried(contract, lambda: load_feed(scope, contract, files, order, advance))

    with ThreadPoolExecutor(workers or settings().job_workers) as pool:
        done = list(pool.map(run, work))
    seconds = perf_counter() - began
    return [
        Report(
            batch.scope.bank,
            tuple(
                o for at, outcomes in done if at == number for o in _said(outcomes, batch, feeds)
            ),
            seconds,
        )
        for number, batch in enumerate(batches)
    ]


def check(
    contracts: Sequence[Contract],
    folder: Path | None,
    order: Order = EVERYTHING,
    *,
    bank: BankId | None = None,
    feeds: Sequence[str] = (),
    advance: Advance = lambda _: None,
) -> Report:
    """Hold a folder against contracts without writing anything."""
    check_order(order)
    began = perf_counter()
    known = chosen(contracts, feeds)
    files = files_of(known, folder, bank)
    optional = {contract.feed for contract in known if contract.optional and not feeds}
    outcomes = [
        outcome
        for contract in known
        for outcome in _tried(contract, partial(check_feed, contract, files, order, advance))
        if not (outcome.fate is Fate.MISSING and outcome.feed in optional)
    ]
    return Report(bank, tuple(outcomes), perf_counter() - began)


def _tried(contract: Contract, work: Callable[[], list[Outcome]]) -> list[Outcome]:
    """Let one feed fail, of whatever, without keeping the others from loading."""
    try:
        return work()
    except TitianError as error:
        return [Outcome(contract.feed, None, Fate.FAILED, error=error)]
    except Exception as error:  # noqa: BLE001  # a defect in one feed is no reason to load none
        # Its words may hold what a row holds: neither the log nor a page gets them.
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        log.error(  # noqa: TRY400  # `exception` would write its words
            "feed failed", feed=contract.feed, kind=type(error).__name__, place=place
        )
        broken = Corrupt(
            f"feed {contract.feed} could not be read ({type(error).__name__})",
            "Nothing of it was loaded; report this with the log.",
        )
        return [Outcome(contract.feed, None, Fate.FAILED, error=broken)]


def chosen(contracts: Sequence[Contract], feeds: Sequence[str]) -> list[Contract]:
    """Pick the contracts of the named feeds; unnamed, all that are not retired."""
    known = {contract.feed: contract for contract in contracts}
    for feed in feeds:
        if feed not in known:
            raise NotFound(f"there is no feed {feed!r}", nearest(feed, known))
    if feeds:
        return [known[feed] for feed in feeds]
    if not known:
        raise NotFound(
            "there are no feed contracts", "Install some with --contracts or `titian define`."
        )
    return [contract for contract in contracts if contract.status is not Status.RETIRED]


def files_of(contracts: Sequence[Contract], folder: Path | None, bank: BankId | None) -> Listing:
    """List a delivery's folder, if any of the contracts reads files."""
    if folder is not None:
        return listing(folder, bank)
    needy = [
        c.feed for c in contracts if c.source.format is not Format.SQL and not c.source.location
    ]
    if needy:
        raise InvalidInput(
            f"feed {needy[0]} is delivered as a file, and no folder is named",
            "Name the folder with --from, or single feeds with --feed.",
        )
    return NOTHING


def _said(outcomes: Sequence[Outcome], batch: Batch, feeds: Sequence[str]) -> Sequence[Outcome]:
    if feeds or not any(outcome.fate is Fate.MISSING for outcome in outcomes):
        return outcomes
    optional = {c.feed for c in registry.contracts(batch.scope) if c.optional}
    return [o for o in outcomes if not (o.fate is Fate.MISSING and o.feed in optional)]
