"""What a table forgets, says twice or never says, each with an example row of values.

Columns are taken as independent of each other unless their expressions are the same, so an
example over columns that read the same field may name values that do not occur together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from titian.decide.conditions.tree import Value
from titian.decide.tables.compiled import CompiledTable
from titian.decide.tables.model import HitPolicy
from titian.decide.tables.regions import Region
from titian.kernel.labels import Label

MAX_FINDINGS = 50
MAX_STEPS = 200_000
MAX_PAIRS = 250_000


class Fault(StrEnum):
    """What may be wrong with a table as a whole."""

    GAP = "gap"
    UNKNOWN_GAP = "unknown_gap"
    OVERLAP = "overlap"
    CONFLICT = "conflict"
    SHADOWED = "shadowed"


_WORDS = {
    Fault.GAP: Label("没有任何一行适用", "no row decides"),
    Fault.UNKNOWN_GAP: Label("值未知时没有任何一行适用", "no row decides where a value is unknown"),
    Fault.OVERLAP: Label("第 {0} 行与第 {1} 行都适用，结果相同",
                         "rows {0} and {1} both hold, with the same results"),
    Fault.CONFLICT: Label("第 {0} 行与第 {1} 行都适用，结果不同",
                          "rows {0} and {1} both hold, with different results"),
    Fault.SHADOWED: Label("第 {0} 行永远不起作用，第 {1} 行等已先适用",
                          "row {0} never decides: row {1} and others come first"),
}  # fmt: skip

Case = tuple[Value, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the rows it is about (from 1) and an example, by the inputs' expressions."""

    fault: Fault
    rows: tuple[int, ...]
    example: Mapping[str, Value]

    def text(self, locale: str) -> str:
        """Say it in a locale, with the example."""
        shown = ", ".join(
            f"{name} = {'NULL' if value is None else value!s}"
            for name, value in self.example.items()
        )
        said = _WORDS[self.fault].text(locale).format(*self.rows)
        return f"{said}（例如 {shown}）" if locale == "zh" else f"{said} (for example {shown})"


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings; `complete` is false where a limit stopped the search for more."""

    found: tuple[Finding, ...]
    complete: bool

    def of(self, *faults: Fault) -> tuple[Finding, ...]:
        """Give the findings of some kinds."""
        return tuple(finding for finding in self.found if finding.fault in faults)


def check(compiled: CompiledTable) -> Findings:
    """Find gaps, overlaps and rows that never decide."""
    search = _Search()
    parts = compiled.regions
    found = [
        *_gaps(search, parts),
        *_unknown_gaps(search, parts),
        *_overlaps(search, compiled),
        *_shadowed(search, compiled),
    ]
    return Findings(tuple(found), search.complete)


class _Search:
    """Walks the cases of one region after the other, keeping the rows still possible."""

    def __init__(self) -> None:
        self.steps = 0
        self.complete = True

    def uncovered(
        self, cases: Sequence[Sequence[Case]], rows: int, limit: int
    ) -> list[tuple[Value, ...]]:
        """Give up to `limit` choices of cases that no row of `rows` (bits) allows."""
        found: list[tuple[Value, ...]] = []
        covered: set[tuple[int, int]] = set()
        self._walk(cases, rows, (), found, covered, limit)
        return found

    def _walk(
        self,
        cases: Sequence[Sequence[Case]],
        rows: int,
        chosen: tuple[Value, ...],
        found: list[tuple[Value, ...]],
        covered: set[tuple[int, int]],
        limit: int,
    ) -> None:
        depth = len(chosen)
        if not rows:
            found.append((*chosen, *(rest[0][0] for rest in cases[depth:])))
            return
        self.steps += 1
        self.complete = self.complete and self.steps <= MAX_STEPS
        if depth == len(cases) or (depth, rows) in covered or not self.complete:
            return
        before = len(found)
        for value, bits in cases[depth]:
            self._walk(cases, rows & bits, (*chosen, value), found, covered, limit)
            if len(found) >= limit:
                return
        if len(found) == before:
            covered.add((depth, rows))


def _tightest(cases: Sequence[Case], rows: int) -> list[Case]:
    """Keep the cases that allow fewest of some rows: what they do not cover, no other does."""
    kept: list[Case] = []
    for value, bits in sorted(cases, key=lambda case: (case[1] & rows).bit_count()):
        if not any(other & rows & ~bits == 0 for _, other in kept):
            kept.append((value, bits))
    return kept


def _everything(parts: Sequence[Region]) -> int:
    found = 0
    for part in parts:
        for _, bits in part.cases:
            found |= bits
    return found


def _example(parts: Sequence[Region], values: Sequence[Value]) -> dict[str, Value]:
    return {part.expression: value for part, value in zip(parts, values, strict=True)}


def _gaps(search: _Search, parts: Sequence[Region]) -> list[Finding]:
    rows = _everything(parts)
    cases = [_tightest(part.cases, rows) for part in parts]
    found = search.uncovered(cases, rows, MAX_FINDINGS)
    search.complete = search.complete and len(found) < MAX_FINDINGS
    return [Finding(Fault.GAP, (), _example(parts, values)) for values in found]


def _unknown_gaps(search: _Search, parts: Sequence[Region]) -> list[Finding]:
    """Look, for each quantity, whether some row decides when it alone is unknown."""
    rows = _everything(parts)
    found = []
    for at, part in enumerate(parts):
        cases = [_tightest(other.cases, rows) for other in parts]
        cases[at] = [(None, part.unknown)]
        found += [
            Finding(Fault.UNKNOWN_GAP, (), _example(parts, values))
            for values in search.uncovered(cases, rows, 1)
        ]
    return found


def _overlaps(search: _Search, compiled: CompiledTable) -> list[Finding]:
    """Find pairs of rows that hold together; rows that ask nothing overlap by design."""
    parts = compiled.regions
    rows = [
        row for row in range(len(compiled.tests)) if not all(part.always(row) for part in parts)
    ]
    if len(rows) ** 2 > 2 * MAX_PAIRS:
        search.complete = False
        return []
    found: list[Finding] = []
    for first, second in combinations(rows, 2):
        values = _together(parts, 1 << first | 1 << second)
        if values is None:
            continue
        if len(found) == MAX_FINDINGS:
            search.complete = False
            break
        same = compiled.outputs[first] == compiled.outputs[second]
        fault = Fault.OVERLAP if same else Fault.CONFLICT
        found.append(Finding(fault, (first + 1, second + 1), _example(parts, values)))
    return found


def _together(parts: Sequence[Region], rows: int) -> list[Value] | None:
    values: list[Value] = []
    for part in parts:
        case = next((value for value, bits in part.cases if bits & rows == rows), None)
        if case is None and part.unknown & rows != rows:
            return None
        values.append(case)
    return values


def _shadowed(search: _Search, compiled: CompiledTable) -> list[Finding]:
    if compiled.table.hit is HitPolicy.COLLECT:
        return []
    found, earlier = [], 0
    for row in compiled.order:
        parts = compiled.regions
        own = [
            [case for case in (*part.cases, (None, part.unknown)) if case[1] >> row & 1]
            for part in parts
        ]
        if all(own):
            cases = [_tightest(part, earlier) for part in own]
            hidden = earlier and not search.uncovered(cases, earlier, 1)
            if hidden and search.complete:
                values = [part[0][0] for part in own]
                by = _first_of(compiled, parts, values)
                found.append(Finding(Fault.SHADOWED, (row + 1, by + 1), _example(parts, values)))
        earlier |= 1 << row
    return found


def _first_of(compiled: CompiledTable, parts: Sequence[Region], values: Sequence[Value]) -> int:
    bits = _everything(parts)
    for part, value in zip(parts, values, strict=True):
        bits &= part.unknown if value is None else dict(part.cases)[value]
    return next(row for row in compiled.order if bits >> row & 1)
