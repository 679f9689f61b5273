"""How high each item stands: close to what it is linked with, and never over its neighbour.

In a column the order is fixed and every two neighbours need room, so the heights that come closest
to the wanted ones, by weighted least squares, are an isotonic regression (pool adjacent
violators: Ayer et al. 1955). Links between two bends weigh most, so that long lines are straight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from titian.web.flow.ordering import Item, Lanes

ROUNDS = 12
BEND_TO_BEND, BEND_TO_BOX, BOX_TO_BOX = 8.0, 2.0, 1.0
ADRIFT = 0.01


@dataclass(frozen=True, slots=True)
class Room:
    """The height an item of each kind takes, and the room between two, in pixels."""

    box: int
    gap: int
    bend: int

    def between(self, upper: Item, lower: Item, rank: Mapping[str, int]) -> int:
        """Give the least distance between the middles of two neighbours."""
        upper_is_box, lower_is_box = (rank[name] == column for name, column in (upper, lower))
        if upper_is_box and lower_is_box:
            return self.box + self.gap
        if upper_is_box or lower_is_box:
            return (self.box + self.gap + self.bend) // 2
        return self.bend


def placed(found: Lanes, rank: Mapping[str, int], room: Room) -> dict[Item, int]:
    """Give the height of every item's middle, from 0 up to what is needed, in pixels."""
    offsets = [_offsets(column, rank, room) for column in found.columns]
    tallest = max((own[-1] for own in offsets if own), default=0)
    at = {
        item: (tallest - own[-1]) / 2 + offset
        for column, own in zip(found.columns, offsets, strict=True)
        for item, offset in zip(column, own, strict=True)
    }
    sides = _weighted(found, rank)
    count = len(found.columns)
    for number in range(ROUNDS):
        step = 1 if number % 2 == 0 else -1
        sides_known = (-1, 1) if number >= ROUNDS - 2 else (-step,)
        for column in range(count)[::step]:
            known = {column + side for side in sides_known}
            _settle(found.columns[column], offsets[column], sides, known, at)
    return _whole(found, offsets, at)


def _offsets(column: Sequence[Item], rank: Mapping[str, int], room: Room) -> list[int]:
    offsets = [0] if column else []
    for upper, lower in pairwise(column):
        offsets.append(offsets[-1] + room.between(upper, lower, rank))
    return offsets


_Sides = dict[Item, list[tuple[Item, float]]]


def _weighted(found: Lanes, rank: Mapping[str, int]) -> _Sides:
    weights = (BEND_TO_BEND, BEND_TO_BOX, BOX_TO_BOX)
    sides: _Sides = {}
    for links in found.links:
        for left, right in links:
            boxes = sum(rank[name] == column for name, column in (left, right))
            sides.setdefault(left, []).append((right, weights[boxes]))
            sides.setdefault(right, []).append((left, weights[boxes]))
    return sides


def _settle(
    column: Sequence[Item],
    offsets: Sequence[int],
    sides: _Sides,
    known: set[int],
    at: dict[Item, float],
) -> None:
    wanted, weights = [], []
    for item, offset in zip(column, offsets, strict=True):
        linked = [(at[other], weight) for other, weight in sides.get(item, ()) if other[1] in known]
        total = sum(weight for _height, weight in linked)
        height = sum(h * weight for h, weight in linked) / total if linked else at[item]
        wanted.append(height - offset)
        weights.append(total or ADRIFT)
    for item, offset, height in zip(column, offsets, monotone(wanted, weights), strict=True):
        at[item] = height + offset


def monotone(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Give the rising values nearest to the wanted ones by weighted least squares."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            high, heavy, many = pools.pop()
            total = heavy + pool[1]
            pool = ((high * heavy + pool[0] * pool[1]) / total, total, many + pool[2])
        pools.append(pool)
    return [value for value, _weight, many in pools for _ in range(many)]


def _whole(
    found: Lanes, offsets: Sequence[Sequence[int]], at: Mapping[Item, float]
) -> dict[Item, int]:
    least = min(at.values(), default=0.0)
    return {
        item: round(at[item] - least - offset) + offset
        for column, own in zip(found.columns, offsets, strict=True)
        for item, offset in zip(column, own, strict=True)
    }
