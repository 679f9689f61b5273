"""Columns for the boxes: every line runs to the right, and lines are short.

Sugiyama, Tagawa and Toda (1981), first step: cycles are broken by turning some edges round, then
a box stands one column behind the last of those it comes from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

Edge = tuple[str, str]


def neighbours(edges: Collection[Edge]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Give who each box comes from, and who comes from it."""
    sources: dict[str, list[str]] = {}
    targets: dict[str, list[str]] = {}
    for source, target in edges:
        sources.setdefault(target, []).append(source)
        targets.setdefault(source, []).append(target)
    return sources, targets


def acyclic(
    names: Sequence[str], edges: Sequence[Edge]
) -> tuple[tuple[Edge, ...], frozenset[Edge]]:
    """Turn round the edges that close a cycle; gives all edges, and those turned as they were."""
    sources, targets = neighbours(edges)
    ordered = [name for name in names if name not in sources]
    ordered += [name for name in names if name in sources]
    turned = frozenset(_closing(ordered, targets))
    forward = {(b, a) if (a, b) in turned else (a, b) for a, b in edges}
    return tuple(sorted(forward)), turned


def _closing(names: Sequence[str], targets: Mapping[str, Sequence[str]]) -> list[Edge]:
    found: list[Edge] = []
    done: set[str] = set()
    for start in names:
        path: dict[str, int] = {} if start in done else {start: 0}
        while path:
            name = next(reversed(path))
            following = targets.get(name, ())
            if path[name] == len(following):
                done.add(name)
                del path[name]
                continue
            target = following[path[name]]
            path[name] += 1
            if target in path:
                found.append((name, target))
            elif target not in done:
                path[target] = 0
    return found


def ranks(
    names: Sequence[str], edges: Collection[Edge], first: Collection[str] = ()
) -> dict[str, int]:
    """Give each box its column, from 0; those in `first` stay as far left as they can.

    `edges` have no cycle. A box with more lines out than in moves right, to where they end.
    """
    sources, targets = neighbours(edges)
    ordered = _topological(names, sources, targets)
    rank: dict[str, int] = {}
    for name in ordered:
        rank[name] = max((rank[source] + 1 for source in sources.get(name, ())), default=0)
    for name in reversed(ordered):
        ends = targets.get(name, ())
        if name not in first and len(ends) > len(sources.get(name, ())):
            rank[name] = min(rank[end] for end in ends) - 1
    return rank


def _topological(
    names: Sequence[str],
    sources: Mapping[str, Sequence[str]],
    targets: Mapping[str, Sequence[str]],
) -> list[str]:
    missing = {name: len(sources.get(name, ())) for name in names}
    ready = [name for name in names if not missing[name]]
    for name in ready:
        for target in targets.get(name, ()):
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    assert len(ready) == len(names), "the edges have no cycle"
    return ready
