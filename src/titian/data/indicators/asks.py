"""Figures that do not add up, one by one: which cells each of them takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from titian.data.indicators.cells import Asked, Flags, takes
from titian.data.indicators.orgs import Floats, Ints, Tree
from titian.data.indicators.plan import Figure


@dataclass(frozen=True, slots=True)
class Ask:
    """One figure of one business date: its place in the results, and what it takes."""

    target: int
    at: int
    figure: Figure
    combinations: Flags
    buckets: Flags
    snapshots: Flags


def by_tree(
    asked: Asked, classes: Ints, trees: Sequence[Tree], figures: Sequence[int]
) -> Iterator[tuple[Tree, list[Ask]]]:
    """Give the asks for some figures of a cube, those of targets with one tree together.

    `classes` are the combinations that can occur, shape (combinations, keys).
    """
    for tree in dict.fromkeys(trees):
        members = [at for at, other in enumerate(trees) if other is tree]
        yield tree, [ask for at in figures for ask in _asks(asked, classes, at, members)]


def _asks(asked: Asked, classes: Ints, at: int, members: Sequence[int]) -> Iterator[Ask]:
    figure = asked.cube.figures[at]
    taken = takes(figure.selection, classes)
    for target in members:
        known = asked.span.get((asked.targets[target], figure.period.name))
        if known is None:
            continue
        inside = np.zeros(len(asked.buckets.starts), dtype=np.bool_)
        reach = asked.buckets.inside(known)
        inside[reach.start : reach.stop] = True
        dated = asked.cube.grain.dated
        snapshots = np.arange(len(asked.targets)) == (target if dated else 0)
        yield Ask(target, at, figure, taken, inside, snapshots)


def blank(asked: Asked, trees: Sequence[Tree]) -> list[Floats]:
    """Give empty results: per target an array (organisations of its tree, figures) of NaN."""
    return [np.full((len(tree.ids), len(asked.cube.figures)), np.nan) for tree in trees]
