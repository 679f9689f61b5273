"""Steps to members: set operations on bitmaps, smallest first."""

from __future__ import annotations

from typing import Protocol

from pyroaring import BitMap

from titian.data.tags.plan import All, AnyOf, Holds, Step, Wears, Without
from titian.decide import Condition


class Bitmaps(Protocol):
    """What steps are worked out from: the bitmaps of one business date, all within everyone."""

    @property
    def everyone(self) -> BitMap:
        """All active parties."""

    def wearing(self, tag: str, value: str) -> BitMap:
        """Active parties that wear a value of a tag."""

    def holding(self, condition: Condition) -> BitMap:
        """Active parties for whom a condition over profile fields is true."""


def evaluate(step: Step, day: Bitmaps) -> BitMap:
    """Give the parties of a step. The result must not be changed in place."""
    if isinstance(step, Wears):
        return _union([day.wearing(step.tag, value) for value in step.values])
    if isinstance(step, Holds):
        return day.holding(step.condition)
    if isinstance(step, Without):
        return day.everyone - evaluate(step.step, day)
    if isinstance(step, AnyOf):
        return _union([evaluate(inner, day) for inner in step.steps])
    inside, outside = _sides(step, day)
    return _within(inside, outside)


def size(step: Step, day: Bitmaps) -> int:
    """Count the parties of a step; the last operation only counts and lays out no set."""
    if isinstance(step, Without):
        return len(day.everyone) - size(step.step, day)
    if isinstance(step, AnyOf) and len(step.steps) > 1:
        *first, last = _descending([evaluate(inner, day) for inner in step.steps])
        return _union(first).union_cardinality(last)
    if isinstance(step, All) and len(step.steps) > 1:
        inside, outside = _sides(step, day)
        if outside:
            last = outside.pop()
            return _within(inside, outside).difference_cardinality(last)
        last = inside.pop()
        return _within(inside, outside).intersection_cardinality(last)
    return len(evaluate(step, day))


def _sides(step: All, day: Bitmaps) -> tuple[list[BitMap], list[BitMap]]:
    inside = [evaluate(s, day) for s in step.steps if not isinstance(s, Without)]
    outside = [evaluate(s.step, day) for s in step.steps if isinstance(s, Without)]
    return sorted(inside or [day.everyone], key=len), outside


def _within(inside: list[BitMap], outside: list[BitMap]) -> BitMap:
    found = inside[0]
    if len(inside) > 1:
        found = found & inside[1]
        for other in inside[2:]:
            found &= other  # it is our own by now; in place costs no new set
    for other in outside:
        found = found - other
    return found


def _union(sets: list[BitMap]) -> BitMap:
    if len(sets) == 1:
        return sets[0]
    first, second, *others = _descending(sets)
    found = first | second
    for other in others:
        found |= other
    return found


def _descending(sets: list[BitMap]) -> list[BitMap]:
    return sorted(sets, key=len, reverse=True)
