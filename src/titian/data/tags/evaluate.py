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
        worn = [day.wearing(step.tag, value) for value in step.values]
        return worn[0] if len(worn) == 1 else BitMap.union(BitMap(), *worn)
    if isinstance(step, Holds):
        return day.holding(step.condition)
    if isinstance(step, Without):
        return day.everyone - evaluate(step.step, day)
    if isinstance(step, AnyOf):
        return BitMap.union(*(evaluate(inner, day) for inner in step.steps))
    return _all(step, day)


def _all(step: All, day: Bitmaps) -> BitMap:
    inside = [evaluate(s, day) for s in step.steps if not isinstance(s, Without)]
    outside = [evaluate(s.step, day) for s in step.steps if isinstance(s, Without)]
    inside.sort(key=len)
    found = inside[0] if inside else day.everyone
    for other in inside[1:]:
        found = found & other
    for other in outside:
        found = found - other
    return found
