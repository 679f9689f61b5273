"""Lines between boxes: level through the columns they pass, bending only in the gaps between."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

from titian.web.flow.layering import Edge
from titian.web.flow.ordering import Item, Lanes

NARROW, WIDE = 48, 128
STEEP, CROWD = 8, 2
PORT_STEP = 7
PORTS = 30


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where things are: the left edge of each column, and the middle height of each item."""

    lefts: tuple[int, ...]
    width: int
    heights: Mapping[Item, int]


def spread(found: Lanes, heights: Mapping[Item, int], width: int, margin: int) -> Sheet:
    """Set columns apart, further where many lines run or climb far."""
    lefts = [margin]
    for links in found.links:
        climb = max((abs(heights[a] - heights[b]) for a, b in links), default=0)
        gap = min(WIDE, max(NARROW, climb // STEEP, len(links) * CROWD))
        lefts.append(lefts[-1] + width + gap)
    return Sheet(tuple(lefts[: len(found.columns)]), width, heights)


Path = tuple[tuple[int, int], ...]


def routes(
    found: Lanes, rank: Mapping[str, int], edges: Collection[Edge], sheet: Sheet
) -> dict[Edge, Path]:
    """Give the points of every line: pairs of a right side and the next column's left side."""
    ports = _ports(found, rank, sheet)
    paths: dict[Edge, Path] = {}
    for source, target in edges:
        points = []
        for column in range(rank[source], rank[target]):
            start = (source, column)
            last = column + 1 == rank[target]
            end = (target if last else source, column + 1)
            height = ports[start, end] if last else sheet.heights[end]
            points.append((sheet.lefts[column] + sheet.width, sheet.heights[start]))
            points.append((sheet.lefts[column + 1], height))
        paths[source, target] = tuple(points)
    return paths


def _ports(found: Lanes, rank: Mapping[str, int], sheet: Sheet) -> dict[tuple[Item, Item], int]:
    arriving: dict[Item, list[Item]] = {}
    for links in found.links:
        for left, right in links:
            if rank[right[0]] == right[1]:
                arriving.setdefault(right, []).append(left)
    ports: dict[tuple[Item, Item], int] = {}
    for box, lines in arriving.items():
        lines.sort(key=lambda item: sheet.heights[item])
        step = min(PORT_STEP, PORTS // max(len(lines) - 1, 1))
        top = sheet.heights[box] - step * (len(lines) - 1) // 2
        ports |= {(line, box): top + at * step for at, line in enumerate(lines)}
    return ports


def svg(path: Path, *, back: bool = False) -> str:
    """Write a line's points as an SVG path; `back` starts it at its right end."""
    ends = path[::-1] if back else path
    words = [f"M{ends[0][0]} {ends[0][1]}"]
    for (x1, y1), (x2, y2) in pairwise(ends):
        bend = (x2 - x1) // 2
        level = y1 == y2
        words.append(f"L{x2} {y2}" if level else f"C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}")
    return "".join(words)
