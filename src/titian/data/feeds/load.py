"""Loading: from files to the table `raw.<feed>`, one streaming pass and one commit a feed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from enum import StrEnum
from time import perf_counter
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds import arrivals, claims, control, lock
from titian.data.feeds.delivery import Delivery, Unit, content_of, gathered
from titian.data.feeds.discover import Listing, expected_name
from titian.data.feeds.judgement import Verdict, judge
from titian.data.feeds.known import Held, SortedOut, sort_out
from titian.data.feeds.model import Contract
from titian.data.feeds.reading import Reading, Reason, drift_of, read, reasons_of
from titian.data.feeds.reasons import Code, Params
from titian.data.feeds.record import Entry, confirm, record
from titian.data.feeds.sources import Findings
from titian.data.feeds.sources.batch import DriftKind, Refusal
from titian.data.feeds.spool import UNIT, Spool
from titian.kernel import audit, clock
from titian.kernel.errors import InvalidInput, TitianError
from titian.kernel.ids import new_id
from titian.kernel.logs import get
from titian.kernel.scope import Permission, Scope
from titian.lake import store
from titian.lake.schema import BUSINESS_DATE

log = get(__name__)
EPOCH = date(1970, 1, 1)
MAX_NAMED = 20
MAX_COMPARED = 5_000
MAX_NEAR = 3


class Fate(StrEnum):
    """What became of a business date of a feed."""

    ACCEPTABLE = "acceptable"
    """Only checked, and found fit to load."""
    LOADED = "loaded"
    REJECTED = "rejected"
    UNCHANGED = "unchanged"
    CONFIRMED = "confirmed"
    """Loaded before, judged anew, and found good: nothing was written."""
    WITHDRAWN = "withdrawn"
    """The very files that somebody took back: left alone unless forced."""
    MISSING = "missing"
    FAILED = "failed"
    """Not read to its end; `error` says why."""


Drifted: TypeAlias = tuple[DriftKind, str, str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one business date of a feed came to.

    When the file is missing, `expected` is its name and `near` the names most like it.
    """

    feed: str
    business_date: date | None
    fate: Fate
    good: int = 0
    bad: int = 0
    refusals: tuple[Refusal, ...] = ()
    reasons: tuple[Reason, ...] = ()
    drift: tuple[Drifted, ...] = ()
    arrival_id: str = ""
    expected: str = ""
    near: tuple[str, ...] = ()
    error: TitianError | None = None

    @property
    def rows(self) -> int:
        """All rows of the delivery, good and bad."""
        return self.good + self.bad


@dataclass(frozen=True, slots=True)
class Order:
    """What to load: dates `first` to `last` (open where None), unchanged ones too if `force`."""

    first: date | None = None
    last: date | None = None
    force: bool = False


def load_feed(
    scope: Scope,
    contract: Contract,
    files: Listing,
    order: Order,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Outcome]:
    """Load one feed: every date in one pass and one commit, each judged by itself.

    Needs LOAD_FEEDS. A date that is refused keeps its former rows. Raises Conflict while the same
    feed is being loaded by somebody else.
    """
    scope.require(Permission.LOAD_FEEDS)
    check_order(order)
    with (
        lock.held(scope, contract.feed),
        gathered(contract, files, order.first, order.last) as delivery,
    ):
        if not delivery.units:
            return _missing(contract, files, order)
        claims.finish(scope, contract.feed)
        come, ahead = _come(delivery)
        found = sort_out(scope, come, force=order.force)
        outcomes = [_as_before(contract, unit, held) for unit, held in found.settled.items()]
        outcomes += ahead
        if found.fresh or found.doubted:
            outcomes += _load(scope, come, found, advance)
    return sorted(outcomes, key=lambda outcome: outcome.business_date or date.min)


def _missing(contract: Contract, files: Listing, order: Order) -> list[Outcome]:
    day = order.first if order.first == order.last else None
    name = expected_name(contract, day)
    there = [file.rpartition("/")[2] for file in files.names[:MAX_COMPARED]]
    near = get_close_matches(name, there, n=MAX_NEAR, cutoff=0.5)
    return [Outcome(contract.feed, day, Fate.MISSING, expected=name, near=tuple(near))]


def check_order(order: Order) -> None:
    """Raise InvalidInput when an order asks for business dates that have not come yet."""
    today = clock.today()
    if order.first is not None and order.first > today:
        raise InvalidInput(
            f"business date {order.first} has not come yet", f"Name a date up to {today}."
        )


def _come(delivery: Delivery) -> tuple[Delivery, list[Outcome]]:
    """Leave out the units of dates that have not come yet, and refuse them.

    They leave no arrival behind: the newest business date of a bank is not in the future.
    """
    today = clock.today()
    ahead = [unit for unit in delivery.units if (unit.business_date or today) > today]
    outcomes = []
    for unit in ahead:
        name = delivery.parts[unit.parts[0]].name
        params: Params = {"file": name, "date": str(unit.business_date), "today": str(today)}
        refusal = Refusal(unit.parts[0], Code.FUTURE_DATE, params)
        feed = delivery.contract.feed
        outcomes.append(Outcome(feed, unit.business_date, Fate.REJECTED, refusals=(refusal,)))
    return delivery.only([unit for unit in delivery.units if unit not in ahead]), outcomes


def _as_before(contract: Contract, unit: Unit, held: Held) -> Outcome:
    fate = Fate.WITHDRAWN if held.withdrawn else Fate.UNCHANGED
    return Outcome(contract.feed, unit.business_date, fate, held.good, held.bad)


def check_feed(
    contract: Contract,
    files: Listing,
    order: Order,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Outcome]:
    """Read and judge a feed's delivery without writing anything anywhere."""
    check_order(order)
    with gathered(contract, files, order.first, order.last) as whole:
        if not whole.units:
            return _missing(contract, files, order)
        delivery, ahead = _come(whole)
        with closing(Spool(contract.table.arrow_schema())) as spool:
            reading, verdicts = _judged(delivery, spool, advance)
    return ahead + [
        Outcome(
            contract.feed,
            unit.business_date,
            Fate.ACCEPTABLE if verdict.accepted else Fate.REJECTED,
            reading.counts[number].good,
            reading.counts[number].bad,
            verdict.refusals,
            tuple(reasons_of(reading, number)),
            tuple(drift_of(reading, number)),
        )
        for number, (unit, verdict) in enumerate(zip(delivery.units, verdicts, strict=True))
    ]


def _judged(
    delivery: Delivery, spool: Spool, advance: Callable[[int], None]
) -> tuple[Reading, list[Verdict]]:
    findings = Findings()
    said = control.expected(delivery.contract, delivery.parts, delivery.files, findings)
    reading = read(delivery, spool, findings, advance)
    return reading, judge(reading, said)


def _load(
    scope: Scope, whole: Delivery, found: SortedOut, advance: Callable[[int], None]
) -> list[Outcome]:
    """Read units, and publish those that are accepted; of doubted ones the rows are there already.

    A doubted unit that is accepted stands confirmed, its mended rows too; one that is not leaves a
    refused arrival, and what it loaded before stays.
    """
    started, began = clock.now(), perf_counter()
    delivery = whole.only([*found.fresh, *found.doubted])
    held = dict(enumerate(found.doubted.values(), len(found.fresh)))
    with closing(Spool(delivery.contract.table.arrow_schema())) as spool:
        reading, verdicts = _judged(delivery, spool, advance)
        _note_type_changes(scope, reading)
        confirmed = [number for number in held if verdicts[number].accepted]
        entries = _publish(scope, reading, verdicts, confirmed)
    if entries:
        record(scope, delivery.contract, reading, entries, started)
        _announce(scope, delivery.contract, entries, perf_counter() - began)
    outcomes = [_outcome(reading, entry) for entry in entries]
    for number in confirmed:
        one, day = held[number], delivery.units[number].business_date
        confirm(scope, delivery.contract, one.delivery_id, verdicts[number].control)
        feed = delivery.contract.feed
        outcomes.append(Outcome(feed, day, Fate.CONFIRMED, one.good, one.bad))
    return outcomes


def _note_type_changes(scope: Scope, reading: Reading) -> None:
    """Note columns that a typed source gives another type than last time."""
    before = arrivals.newest_types(scope, reading.delivery.contract.feed)
    for name, kind in reading.findings.types.items():
        if before.get(name, kind) != kind:
            for part in range(len(reading.delivery.parts)):
                detail = f"{before[name]} → {kind}"
                reading.findings.differs(part, DriftKind.TYPE, name, detail)


def _outcome(reading: Reading, entry: Entry) -> Outcome:
    return Outcome(
        reading.delivery.contract.feed,
        entry.business_date,
        Fate.REJECTED if entry.refusals else Fate.LOADED,
        entry.good,
        entry.bad,
        tuple(entry.refusals),
        tuple(reasons_of(reading, entry.unit)) if entry.bad else (),
        tuple(drift_of(reading, entry.unit)),
        entry.arrival_id,
    )


def _publish(
    scope: Scope, reading: Reading, verdicts: Sequence[Verdict], confirmed: Sequence[int]
) -> list[Entry]:
    """Replace every accepted date in one commit, and say what each date came to.

    Units that are `confirmed` are in the table already and left alone.
    """
    shares = [_shares(reading, number) for number in range(len(verdicts))]
    verdicts = [_within_dates(reading, v, share) for v, share in zip(verdicts, shares, strict=True)]
    accepted = np.array([verdict.accepted for verdict in verdicts])
    accepted[list(confirmed)] = False
    dates = sorted({day for at in np.flatnonzero(accepted).tolist() for day in shares[at]})
    version = None
    if dates:
        table = reading.delivery.contract.table
        rows = pa.RecordBatchReader.from_batches(
            table.arrow_schema(with_date=True), _rows(reading, accepted)
        )
        written = store.write_dates(Scope.system(scope.bank_id), table, rows, dates)
        version = written.version
    return [
        entry
        for number, (verdict, share) in enumerate(zip(verdicts, shares, strict=True))
        if number not in confirmed
        for entry in _entries(reading, number, verdict, share, version)
    ]


def _shares(reading: Reading, number: int) -> dict[date, int]:
    """Give the dates of a unit and how many good rows each has."""
    unit, contract = reading.delivery.units[number], reading.delivery.contract
    if unit.business_date is not None:
        return {unit.business_date: reading.counts[number].good}
    assert contract.business_date_from is not None, "only such units have no date"
    found: Counter[int] = Counter()
    for batch in _kept(reading, [contract.business_date_from]):
        days = pc.value_counts(_days(batch.column(0)))
        found.update(dict(zip(days.field(0).to_pylist(), days.field(1).to_pylist(), strict=True)))
    return {EPOCH + timedelta(days=day): rows for day, rows in sorted(found.items())}


def _within_dates(reading: Reading, verdict: Verdict, share: dict[date, int]) -> Verdict:
    if len(share) <= store.MAX_DATES:
        return verdict
    name = reading.delivery.parts[0].name
    params: Params = {"file": name, "dates": len(share), "limit": store.MAX_DATES}
    return Verdict((Refusal(0, Code.TOO_MANY_DATES, params),), verdict.control)


def _days(column: pa.Array) -> pa.Array:
    return column.cast(pa.date32(), safe=False).cast(pa.int32())


def _kept(reading: Reading, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Give the spool's rows without duplicates."""
    position = 0
    for batch in reading.spool.read(columns):
        low, high = np.searchsorted(reading.dropped, [position, position + batch.num_rows])
        rows = batch
        if high > low:
            keep = np.ones(batch.num_rows, np.bool_)
            keep[reading.dropped[low:high] - position] = False
            rows = batch.filter(pa.array(keep))
        position += batch.num_rows
        yield rows


def _rows(reading: Reading, accepted: npt.NDArray[np.bool_]) -> Iterator[pa.RecordBatch]:
    """Give the rows of accepted units with their business date."""
    contract = reading.delivery.contract
    names = contract.table.arrow_schema().names
    unit_days = np.array(
        [((unit.business_date or EPOCH) - EPOCH).days for unit in reading.delivery.units], np.int32
    )
    for batch in _kept(reading, [*names, UNIT]):
        units = batch.column(len(names)).to_numpy()
        rows = batch.select(names)
        if contract.business_date_from is not None:
            days = _days(rows.column(contract.business_date_from))
        else:
            days = pa.array(unit_days[units])
        dated = rows.append_column(BUSINESS_DATE, days.cast(pa.date32()))
        yield dated if accepted.all() else dated.filter(pa.array(accepted[units]))


def _entries(
    reading: Reading, number: int, verdict: Verdict, share: dict[date, int], version: int | None
) -> Iterator[Entry]:
    """Record each date of a unit; its bad rows go with the last one, refusals with one only."""
    delivery, count = reading.delivery, reading.counts[number]
    digests = reading.findings.digests
    pairs = [(delivery.parts[p].name, digests.get(p, "")) for p in delivery.units[number].parts]
    last = max(share, default=delivery.contract.as_of or clock.today())
    dates = share if verdict.accepted and share else {last: count.good}
    for day, good in dates.items():
        yield Entry(
            arrival_id=new_id("arr"),
            unit=number,
            business_date=day,
            good=good,
            bad=count.bad if day == last else 0,
            refusals=verdict.refusals,
            control=verdict.control,
            version=version if verdict.accepted else None,
            content=content_of(pairs),
        )


def _announce(scope: Scope, contract: Contract, entries: Sequence[Entry], seconds: float) -> None:
    refused = [entry for entry in entries if entry.refusals]
    dates = sorted(entry.business_date for entry in entries)
    detail = {
        "dates": len(dates),
        "first": dates[0].isoformat() if dates else "",
        "last": dates[-1].isoformat() if dates else "",
        "good": sum(entry.good for entry in entries if not entry.refusals),
        "bad": sum(entry.bad for entry in entries if not entry.refusals),
        "rejected": [entry.business_date.isoformat() for entry in refused[:MAX_NAMED]],
    }
    audit.record(scope, "feeds.load", contract.table.qualified, detail)
    log.info("feed loaded", feed=contract.feed, bank=scope.bank_id, seconds=round(seconds, 3))
