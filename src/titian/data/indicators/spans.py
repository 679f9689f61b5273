"""Windows of several figures and dates cut into buckets that no window cuts through."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from titian.data.indicators.model import Timing
from titian.data.indicators.periods import STOCK_LOOKBACK_DAYS, Period, Window
from titian.data.indicators.plan import Cube

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The dates a figure of one business date is measured over, both included.

    `days` divides the sum where a daily average is meant; else it is 1.
    """

    first: date
    last: date
    days: int = 1


@dataclass(frozen=True, slots=True)
class Buckets:
    """Stretches of dates `starts[i]` to `ends[i]`, in order, that no span cuts through."""

    starts: tuple[date, ...]
    ends: tuple[date, ...]

    def inside(self, span: Span) -> range:
        """Give the positions of the buckets a span is made of."""
        return range(bisect_left(self.starts, span.first), bisect_right(self.ends, span.last))

    def position(self, day: date) -> int:
        """Give the bucket a date lies in, or -1."""
        at = bisect_right(self.starts, day) - 1
        return at if at >= 0 and day <= self.ends[at] else -1

    def stretches(self) -> list[Window]:
        """Give the dates that are needed as few long stretches."""
        joined: list[Window] = []
        for start, end in zip(self.starts, self.ends, strict=True):
            if joined and start - joined[-1][1] == _DAY:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((start, end))
        return joined


Spans = Mapping[tuple[date, str], Span]
"""The span of every (business date, period name) that can be known."""


def spans(cube: Cube, targets: Sequence[date], available: Sequence[date]) -> Spans:
    """Work out the dates of every figure of a cube.

    `available` are the business dates its table holds, in order. What cannot be known has no
    span: a stock without a snapshot, a window that ends before the first delivery.
    """
    periods = {figure.period.name: figure.period for figure in cube.figures}
    found: dict[tuple[date, str], Span] = {}
    for target in targets:
        for name, period in periods.items():
            span = _span(cube, period, target, available)
            if span is not None:
                found[target, name] = span
    return found


def _span(cube: Cube, period: Period, target: date, available: Sequence[date]) -> Span | None:
    first, last = period.window(target)
    if cube.grain.timing is Timing.FLOW:
        held = _held(available, target, target) if cube.grain.dated else bool(available)
        known = held and (cube.grain.dated or last >= available[0])
        return Span(first, last) if known else None
    if period.average:
        days = _count(available, first, last)
        return Span(first, last, days) if days else None
    if last == target:
        return Span(target, target) if _held(available, target, target) else None
    at = bisect_right(available, last) - 1
    if at < 0 or (last - available[at]).days > STOCK_LOOKBACK_DAYS:
        return None
    return Span(available[at], available[at])


def _held(available: Sequence[date], first: date, last: date) -> bool:
    return _count(available, first, last) > 0


def _count(available: Sequence[date], first: date, last: date) -> int:
    return bisect_right(available, last) - bisect_left(available, first)


def cut(found: Iterable[Span]) -> Buckets:
    """Cut spans at each other's ends into buckets; dates in no span are left out."""
    chosen = sorted({(span.first, span.last) for span in found})
    edges = sorted({first for first, _ in chosen} | {last + _DAY for _, last in chosen})
    starts, ends = [], []
    reach, at = date.min, 0
    for start, following in pairwise(edges):
        while at < len(chosen) and chosen[at][0] <= start:
            reach = max(reach, chosen[at][1])
            at += 1
        if reach >= start:
            starts.append(start)
            ends.append(following - _DAY)
    return Buckets(tuple(starts), tuple(ends))
