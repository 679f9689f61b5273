"""One pass over a delivery: good rows into the spool, bad rows aside, everything counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds import duplicates
from titian.data.feeds.control import Tally
from titian.data.feeds.delivery import Delivery
from titian.data.feeds.reasons import Code, Problem
from titian.data.feeds.sources import Findings, RawBatch, read_parts
from titian.data.feeds.sources.batch import DriftKind, Whole
from titian.data.feeds.spool import LINE, PART, POSITION, Spool
from titian.data.feeds.validation import BadRow, Checked, check
from titian.kernel.ids import new_id
from titian.lake.schema import PiClass

MAX_QUARANTINED_ROWS = 50_000
MAX_QUARANTINED_BYTES = 128 << 20
TYPE_DRIFT_SHARE = 4
_SHOWABLE = re.compile(r"[A-Za-z0-9_.+-]{1,12}")

Reasons = Counter[tuple[str, Code]]


@dataclass(slots=True)
class UnitCount:
    """What was read of one unit."""

    good: int = 0
    bad: int = 0
    reasons: Reasons = field(default_factory=Counter)
    places: dict[tuple[str, Code], tuple[int, int]] = field(default_factory=dict)
    new_codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    longest: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows, good and bad."""
        return self.good + self.bad


@dataclass(slots=True)
class Reading:
    """What one pass gave; `dropped` are positions in the spool that are duplicates."""

    delivery_id: str
    delivery: Delivery
    spool: Spool
    findings: Findings
    tally: Tally
    counts: list[UnitCount]
    ascending: duplicates.Ascending
    bad: list[BadRow] = field(default_factory=list)
    bad_bytes: int = 0
    stopped: bool = False
    dropped: Whole = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def overflown(self) -> bool:
        """Whether there are more bad rows than quarantine takes."""
        return len(self.bad) >= MAX_QUARANTINED_ROWS or self.bad_bytes > MAX_QUARANTINED_BYTES


def read(
    delivery: Delivery, spool: Spool, findings: Findings, advance: Callable[[int], None]
) -> Reading:
    """Read a delivery once, in bounded memory; `advance` is told the rows seen.

    Reading stops early when quarantine could not hold the bad rows anyway. A file that somebody
    writes meanwhile is refused.
    """
    contract = delivery.contract
    counts = [UnitCount() for _ in delivery.units]
    ascending = duplicates.Ascending(contract.unique_keys)
    tally = Tally(contract)
    reading = Reading(new_id("dlv"), delivery, spool, findings, tally, counts, ascending)
    owner = delivery.unit_of_part()
    before = _stamps(delivery)
    for batch in read_parts(contract, delivery.parts, findings):
        checked = check(contract, batch)
        _take(reading, batch, checked, owner)
        advance(batch.rows + len(batch.broken))
        if reading.overflown and len(delivery.units) == 1:
            reading.stopped = True
            break
    spool.seal()
    if not reading.stopped:
        _set_duplicates_aside(reading, owner)
    for number, (stamp, now) in enumerate(zip(before, _stamps(delivery), strict=True)):
        if now not in (stamp, None):
            findings.refuse(number, Code.CHANGED, file=delivery.parts[number].name)
    return reading


def _stamps(delivery: Delivery) -> list[tuple[int, int, int] | None]:
    """Give what changes when somebody writes a part's file; None where there is no file."""
    stamps: list[tuple[int, int, int] | None] = []
    for part in delivery.parts:
        try:
            found = part.path.lstat() if part.path else None
        except FileNotFoundError:
            found = None
        stamps.append((found.st_ino, found.st_size, found.st_mtime_ns) if found else None)
    return stamps


def _take(reading: Reading, batch: RawBatch, checked: Checked, owner: Whole) -> None:
    reading.tally.add(batch, checked)
    units = owner[checked.parts]
    for unit, rows in enumerate(np.bincount(units, minlength=len(reading.counts)).tolist()):
        reading.counts[unit].good += rows
    reading.ascending.see(checked.rows, units)
    reading.spool.add(checked.rows, units, checked.parts, checked.lines)
    for row in checked.bad:
        _set_aside(reading, row, int(owner[row.part]))
    if checked.bad:
        _note_codes(reading, batch, checked, owner)


def _set_aside(reading: Reading, row: BadRow, unit: int) -> None:
    count = reading.counts[unit]
    count.bad += 1
    count.reasons.update((problem.column, problem.code) for problem in row.problems)
    for problem in row.problems:
        count.places.setdefault((problem.column, problem.code), (row.part, row.line))
        if problem.code is Code.TOO_LONG:
            length = int(problem.params["actual"])
            count.longest[problem.column] = max(length, count.longest.get(problem.column, 0))
    if not reading.overflown:
        reading.bad.append(row)
        reading.bad_bytes += len(row.raw)


def _note_codes(reading: Reading, batch: RawBatch, checked: Checked, owner: Whole) -> None:
    """Count unknown codes that look like codes, of columns that describe no person."""
    for column in reading.delivery.contract.fields:
        wrong = checked.decoded[column.name].bad
        if column.codes is None or wrong is None or column.column.pi_class is PiClass.C2:
            continue
        texts = pc.filter(batch.columns[column.source].cast(pa.string()), pa.array(wrong))
        for unit, text in zip(owner[batch.parts[wrong]].tolist(), texts.to_pylist(), strict=True):
            shown = text if _SHOWABLE.fullmatch(text or "") else "…"
            reading.counts[unit].new_codes[column.name, shown] += 1


def _set_duplicates_aside(reading: Reading, owner: Whole) -> None:
    wanted: dict[tuple[int, int], list[str]] = {}
    positions = []
    for found in duplicates.find(reading.spool, reading.ascending.open, MAX_QUARANTINED_ROWS):
        positions.append(found.positions)
        for place in _places(reading.spool, found.positions):
            wanted.setdefault(place, []).append(", ".join(found.columns))
    if not wanted:
        return
    reading.dropped = np.unique(np.concatenate(positions))
    for part, line, raw in _raw_rows(reading, frozenset(wanted)):
        problems = tuple(Problem(columns, Code.DUPLICATE_KEY, {}) for columns in wanted[part, line])
        reading.counts[int(owner[part])].good -= 1
        _set_aside(reading, BadRow(part, line, raw, problems), int(owner[part]))


def _places(spool: Spool, positions: Whole) -> Iterator[tuple[int, int]]:
    """Give part and line of rows by their position in the spool."""
    for batch in spool.read([PART, LINE, POSITION]):
        first = batch.column(2)[0].as_py()
        low, high = np.searchsorted(positions, [first, first + batch.num_rows])
        inside = pa.array(positions[low:high] - first)
        rows = batch.take(inside)
        yield from zip(rows.column(0).to_pylist(), rows.column(1).to_pylist(), strict=True)


def _raw_rows(
    reading: Reading, places: frozenset[tuple[int, int]]
) -> Iterator[tuple[int, int, bytes]]:
    """Go back to the source for the bytes of rows; only duplicates need it."""
    wanted = np.array(sorted(places), np.int64)
    lines = {int(part): wanted[wanted[:, 0] == part, 1] for part in np.unique(wanted[:, 0])}
    delivery = reading.delivery
    for batch in read_parts(delivery.contract, delivery.parts, Findings()):
        for part in np.unique(batch.parts).tolist():
            if part not in lines:
                continue
            hits = np.flatnonzero((batch.parts == part) & np.isin(batch.lines, lines[part]))
            yield from ((part, int(batch.lines[hit]), batch.raw(int(hit))) for hit in hits.tolist())


@dataclass(frozen=True, slots=True)
class Reason:
    """A way in which rows of a unit are bad, how many are, and where the first one stands."""

    column: str
    code: Code
    rows: int
    file: str
    line: int


def reasons_of(reading: Reading, unit: int) -> list[Reason]:
    """Tell why rows of a unit are bad, the most frequent reason first."""
    count, parts = reading.counts[unit], reading.delivery.parts
    found = []
    for (column, code), rows in count.reasons.most_common():
        part, line = count.places[column, code]
        found.append(Reason(column, code, rows, parts[part].name, line))
    return found


def drift_of(reading: Reading, unit: int) -> Iterator[tuple[DriftKind, str, str, int]]:
    """Tell how a unit differs from the contract: kind, column, detail, rows concerned."""
    parts = set(reading.delivery.units[unit].parts)
    seen = {(d.kind, d.column, d.detail) for d in reading.findings.drift if d.part in parts}
    yield from ((kind, column, detail, 0) for kind, column, detail in sorted(seen))
    count = reading.counts[unit]
    for (column, code), rows in sorted(count.new_codes.items()):
        yield DriftKind.NEW_CODE, column, code, rows
    for column, length in sorted(count.longest.items()):
        rows = count.reasons[column, Code.TOO_LONG]
        yield DriftKind.LENGTH, column, str(length), rows
    for (column, code), rows in sorted(count.reasons.items()):
        if code is Code.TYPE and rows * TYPE_DRIFT_SHARE >= count.rows:
            field_ = reading.delivery.contract.field(column)
            yield DriftKind.TYPE, column, f"not {field_.column.type}", rows
