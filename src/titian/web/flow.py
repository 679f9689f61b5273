"""Pictures of what feeds what: boxes in columns from left to right, with lines between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from titian.web.i18n import Text

BOX_WIDTH = 184
BOX_HEIGHT = 44
GAP_ACROSS = 72
GAP_DOWN = 14
MARGIN = 8
MAX_BOXES = 400
SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Box:
    """One thing: its id, two lines of text, a tone (calm good note warn bad) and an address."""

    name: str
    label: Text
    note: Text = ""
    tone: str = "calm"
    url: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A box and where its upper left corner is, in pixels."""

    box: Box
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line from the right side of one box to the left side of another, as an SVG path."""

    source: str
    target: str
    path: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes and lines laid out on a sheet of `width` by `height` pixels."""

    title: Text
    boxes: tuple[Placed, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def draw(title: Text, boxes: Sequence[Box], edges: Iterable[tuple[str, str]]) -> Picture:
    """Lay out boxes so that every line runs to the right; edges of a cycle are left out.

    At most MAX_BOXES boxes are drawn. Cost grows with boxes times sweeps plus edges.
    """
    shown = {box.name: box for box in boxes[:MAX_BOXES]}
    kept = sorted({(a, b) for a, b in edges if a in shown and b in shown and a != b})
    sources: dict[str, list[str]] = defaultdict(list)
    targets: dict[str, list[str]] = defaultdict(list)
    for source, target in kept:
        sources[target].append(source)
        targets[source].append(target)
    ranks = _ranks(list(shown), sources)
    columns = _ordered(ranks, sources, targets)
    placed = _placed(shown, columns)
    places = {one.box.name: one for one in placed}
    lines = tuple(Line(a, b, _curve(places[a], places[b])) for a, b in kept if ranks[a] < ranks[b])
    width = max((one.x for one in placed), default=0) + BOX_WIDTH + MARGIN
    height = max((one.y for one in placed), default=0) + BOX_HEIGHT + MARGIN
    return Picture(title, placed, lines, width, height)


def _ranks(names: Sequence[str], sources: Mapping[str, list[str]]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for name in names:
        _rank(name, sources, ranks)
    return ranks


def _rank(name: str, sources: Mapping[str, list[str]], ranks: dict[str, int]) -> None:
    waiting, open_names = [name], set[str]()
    while waiting:
        at = waiting[-1]
        missing = [
            source
            for source in sources.get(at, ())
            if source not in ranks and source not in open_names
        ]
        if at not in ranks and missing and at not in open_names:
            open_names.add(at)
            waiting.extend(missing)
            continue
        waiting.pop()
        known = (ranks[source] for source in sources.get(at, ()) if source in ranks)
        ranks.setdefault(at, max(known, default=-1) + 1)


def _ordered(
    ranks: Mapping[str, int],
    sources: Mapping[str, list[str]],
    targets: Mapping[str, list[str]],
) -> list[list[str]]:
    columns: list[list[str]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name, rank in ranks.items():
        columns[rank].append(name)
    for sweep in range(SWEEPS):
        neighbours = sources if sweep % 2 == 0 else targets
        at = {name: place for column in columns for place, name in enumerate(column)}
        for column in columns:
            column.sort(key=lambda name: _middle(name, neighbours, at))
    return columns


def _middle(name: str, neighbours: Mapping[str, list[str]], at: Mapping[str, int]) -> float:
    places = [at[other] for other in neighbours.get(name, ())]
    return sum(places) / len(places) if places else float(at[name])


def _placed(shown: Mapping[str, Box], columns: Sequence[Sequence[str]]) -> tuple[Placed, ...]:
    step = BOX_HEIGHT + GAP_DOWN
    tallest = max((len(column) for column in columns), default=0)
    return tuple(
        Placed(
            shown[name],
            MARGIN + across * (BOX_WIDTH + GAP_ACROSS),
            MARGIN + down * step + (tallest - len(column)) * step // 2,
        )
        for across, column in enumerate(columns)
        for down, name in enumerate(column)
    )


def _curve(source: Placed, target: Placed) -> str:
    x1, y1 = source.x + BOX_WIDTH, source.y + BOX_HEIGHT // 2
    x2, y2 = target.x, target.y + BOX_HEIGHT // 2
    bend = max((x2 - x1) // 2, GAP_ACROSS // 2)
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
