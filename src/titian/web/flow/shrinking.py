"""A large picture made small: what is around one box, or groups folded into one box each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from titian.web.flow.drawing import Box
from titian.web.flow.layering import Edge, neighbours


def around(edges: Collection[Edge], start: str, hops: int) -> frozenset[str]:
    """Name what feeds a box and what it feeds, each up to `hops` lines away, and the box."""
    sources, targets = neighbours(edges)
    return frozenset(_reached(sources, start, hops) | _reached(targets, start, hops))


def _reached(following: Mapping[str, Sequence[str]], start: str, hops: int) -> set[str]:
    found, edge = {start}, {start}
    for _hop in range(hops):
        edge = {other for name in edge for other in following.get(name, ())} - found
        if not edge:
            break
        found |= edge
    return found


@dataclass(frozen=True, slots=True)
class Group:
    """Boxes that are folded into one: the name of their group, and they themselves."""

    name: str
    boxes: tuple[Box, ...]


def folded(
    boxes: Sequence[Box],
    edges: Iterable[Edge],
    look: Callable[[Group], Box],
    *,
    opened: Collection[str] = (),
    least: int = 2,
) -> tuple[list[Box], list[Edge]]:
    """Put each group of at least `least` boxes into one box, which `look` makes.

    Groups that are `opened`, boxes without a group and the box the reader is at stay as they are.
    """
    counts = Counter(box.group for box in boxes if not box.here)
    closed = {name for name, many in counts.items() if name and many >= least} - set(opened)
    groups: dict[str, list[Box]] = {}
    into: dict[str, str] = {}
    shown: list[Box] = []
    for box in boxes:
        if box.group in closed and not box.here:
            groups.setdefault(box.group, []).append(box)
        else:
            shown.append(box)
            into[box.name] = box.name
    for name, members in groups.items():
        made = look(Group(name, tuple(members)))
        shown.append(made)
        into |= dict.fromkeys((member.name for member in members), made.name)
    kept = {(into[a], into[b]) for a, b in edges if a in into and b in into}
    return shown, sorted((a, b) for a, b in kept if a != b)
