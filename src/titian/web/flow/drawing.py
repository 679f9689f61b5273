"""Boxes and lines laid out on a sheet, ready to be written as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import east_asian_width

from titian.web.flow.layering import Edge, acyclic, neighbours, ranks
from titian.web.flow.ordering import lanes, untangled
from titian.web.flow.placing import Room, placed
from titian.web.flow.routing import routes, spread, svg
from titian.web.i18n import Text

BOX_WIDTH = 168
BOX_HEIGHT = 44
ROOM = Room(box=BOX_HEIGHT, gap=14, bend=9)
MARGIN = 12
MAX_BOXES = 1_200
LABEL_PX, NOTE_PX = 13, 11
TEXT_WIDTH = 134
NARROW = 0.53


@dataclass(frozen=True, slots=True)
class Box:
    """One thing: its id, two lines of text, a tone (calm good note warn bad) and an address.

    `word` says its state; `how` how it is made, for the list and the card; `near` leads to a
    picture of what is around it; `group` names what it is folded into; `many` stands for several
    things folded into one; `first` keeps it at the far left.
    """

    name: str
    label: Text
    note: Text = ""
    tone: str = "calm"
    url: str = ""
    here: bool = False
    word: Text = ""
    how: Text = ""
    near: str = ""
    group: str = ""
    many: bool = False
    first: bool = False

    @property
    def label_shown(self) -> str:
        """The label, as much as fits."""
        return fitted(str(self.label), LABEL_PX)

    @property
    def note_shown(self) -> str:
        """The note, as much as fits behind the state's word."""
        word = str(self.word)
        return fitted(str(self.note), NOTE_PX, TEXT_WIDTH - wide(f"{word}  " if word else "", 11))


@dataclass(frozen=True, slots=True)
class Placed:
    """A box, its column, its upper left corner in pixels, and what its lines come from."""

    box: Box
    column: int
    x: int
    y: int
    sources: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line from one box to another, as an SVG path; `back` when it runs to the left."""

    source: str
    target: str
    path: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes (by column, from top to bottom) and lines on a sheet of `width` by `height` pixels.

    `left_out` counts the boxes beyond MAX_BOXES.
    """

    title: Text
    boxes: tuple[Placed, ...]
    lines: tuple[Line, ...]
    width: int
    height: int
    left_out: int = 0

    @property
    def words(self) -> dict[Text, str]:
        """The states in the picture, each with its tone."""
        return {one.box.word: one.box.tone for one in self.boxes if one.box.word}

    @property
    def told(self) -> bool:
        """Whether any box says how it is made."""
        return any(one.box.how for one in self.boxes)


def draw(title: Text, boxes: Sequence[Box], edges: Iterable[Edge]) -> Picture:
    """Lay out boxes in columns, so that lines run to the right and pass behind no box.

    At most MAX_BOXES boxes are drawn. The layout of the same boxes and edges is remembered:
    states and words may change without a new one. About 20 ms for 40 boxes, 350 ms for 500.
    """
    shown = {box.name: box for box in boxes[:MAX_BOXES]}
    kept = tuple(sorted({(a, b) for a, b in edges if a in shown and b in shown and a != b}))
    first = frozenset(box.name for box in shown.values() if box.first)
    laid = _laid_out(tuple(shown), kept, first)
    sources, _targets = neighbours(kept)
    placed_boxes = (
        Placed(shown[name], column, x, y, tuple(shown[one] for one in sources.get(name, ())))
        for name, (column, x, y) in laid.boxes
    )
    return Picture(
        title, tuple(placed_boxes), laid.lines, laid.width, laid.height, len(boxes) - len(shown)
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    boxes: tuple[tuple[str, tuple[int, int, int]], ...]
    lines: tuple[Line, ...]
    width: int
    height: int


@lru_cache(maxsize=64)
def _laid_out(names: tuple[str, ...], edges: tuple[Edge, ...], first: frozenset[str]) -> _Layout:
    forward, turned = acyclic(names, edges)
    rank = ranks(names, forward, first)
    found = untangled(lanes(rank, forward))
    middles = placed(found, rank, ROOM)
    heights = {item: MARGIN + BOX_HEIGHT // 2 + middle for item, middle in middles.items()}
    sheet = spread(found, heights, BOX_WIDTH, MARGIN)
    paths = routes(found, rank, forward, sheet)
    boxes = tuple(
        (name, (at, sheet.lefts[at], heights[name, at] - BOX_HEIGHT // 2))
        for column in found.columns
        for name, at in column
        if rank[name] == at
    )
    lines = tuple(
        Line(a, b, svg(paths[b, a], back=True), back=True)
        if (a, b) in turned
        else Line(a, b, svg(paths[a, b]))
        for a, b in edges
    )
    width = (sheet.lefts[-1] if sheet.lefts else 0) + BOX_WIDTH + MARGIN
    lowest = max(heights.values(), default=0)
    return _Layout(boxes, lines, width, lowest + BOX_HEIGHT // 2 + MARGIN)


def wide(text: str, size: int) -> int:
    """Estimate the width of a text in pixels: wide characters take `size`, others half and more."""
    many = sum(east_asian_width(sign) in "WF" for sign in text)
    return round(size * (many + NARROW * (len(text) - many)))


def fitted(text: str, size: int, room: int = TEXT_WIDTH) -> str:
    """Cut a text to a width in pixels, with an ellipsis where something is missing."""
    if wide(text, size) <= room:
        return text
    kept = text
    while kept and wide(f"{kept}…", size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
