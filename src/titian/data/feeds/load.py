"""Loading: from files to the table `raw.<feed>`, one streaming pass and one commit a feed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from time import perf_counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds import arrivals, control, lock
from titian.data.feeds.delivery import Delivery, Unit, content_of, content_on_disk, gather
from titian.data.feeds.discover import Listing, expected_name
from titian.data.feeds.judgement import Verdict, judge
from titian.data.feeds.model import Contract
from titian.data.feeds.reading import Reading, read
from titian.data.feeds.reasons import Code, Params
from titian.data.feeds.record import Entry, record
from titian.data.feeds.sources import Findings
from titian.data.feeds.sources.batch import Refusal
from titian.data.feeds.spool import UNIT, Spool
from titian.kernel import audit, clock
from titian.kernel.ids import new_id
from titian.kernel.logs import get
from titian.kernel.scope import Permission, Scope
from titian.kernel.settings import settings
from titian.lake import store
from titian.lake.schema import BUSINESS_DATE

log = get(__name__)
EPOCH = date(1970, 1, 1)
MAX_NAMED = 20


class Fate(StrEnum):
    """What became of a business date of a feed."""

    LOADED = "loaded"
    REJECTED = "rejected"
    UNCHANGED = "unchanged"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one business date of a feed came to; `expected` names the file when it is missing."""

    feed: str
    business_date: date | None
    fate: Fate
    good: int = 0
    bad: int = 0
    refusals: tuple[Refusal, ...] = ()
    arrival_id: str = ""
    expected: str = ""

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
    with lock.held(scope, contract.feed):
        delivery = gather(contract, files, order.first, order.last, settings().home / "spool")
        if not delivery.units:
            return _missing(contract, order)
        fresh, unchanged = _fresh(scope, delivery, force=order.force)
        if not fresh:
            return unchanged
        outcomes = _load(scope, delivery.only(fresh), advance)
    return sorted([*outcomes, *unchanged], key=lambda o: o.business_date or date.min)


def _missing(contract: Contract, order: Order) -> list[Outcome]:
    day = order.first if order.first == order.last else None
    name = expected_name(contract, day)
    return [Outcome(contract.feed, day, Fate.MISSING, expected=name)]


def _fresh(scope: Scope, delivery: Delivery, *, force: bool) -> tuple[list[Unit], list[Outcome]]:
    """Leave out the units whose files are byte for byte what was loaded before."""
    if force:
        return list(delivery.units), []
    known = arrivals.loaded_contents(scope, delivery.contract)
    fresh: list[Unit] = []
    same: list[Outcome] = []
    for unit in delivery.units:
        before = known.get(unit.business_date, {})
        content = content_on_disk(delivery, unit) if before else None
        if content is None or content not in before:
            fresh.append(unit)
            continue
        good, bad = before[content]
        feed = delivery.contract.feed
        same.append(Outcome(feed, unit.business_date, Fate.UNCHANGED, good, bad))
    return fresh, same


def _load(scope: Scope, delivery: Delivery, advance: Callable[[int], None]) -> list[Outcome]:
    started, began = clock.now(), perf_counter()
    contract, findings = delivery.contract, Findings()
    said = control.expected(contract, delivery.parts, delivery.files, findings)
    with Spool(contract.table.arrow_schema()) as spool:
        reading = read(delivery, spool, findings, advance)
        verdicts = judge(reading, said)
        entries = _publish(scope, reading, verdicts)
    record(scope, contract, reading, entries, started)
    _announce(scope, contract, entries, perf_counter() - began)
    return [
        Outcome(
            contract.feed,
            entry.business_date,
            Fate.REJECTED if entry.refusals else Fate.LOADED,
            entry.good,
            entry.bad,
            tuple(entry.refusals),
            entry.arrival_id,
        )
        for entry in entries
    ]


def _publish(scope: Scope, reading: Reading, verdicts: Sequence[Verdict]) -> list[Entry]:
    """Replace every accepted date in one commit, and say what each date came to."""
    shares = [_shares(reading, number) for number in range(len(verdicts))]
    verdicts = [_within_dates(reading, v, share) for v, share in zip(verdicts, shares, strict=True)]
    accepted = np.array([verdict.accepted for verdict in verdicts])
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
