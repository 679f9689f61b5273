"""What part of a picture a reader asks for, and what is drawn of it unless they say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from titian.web.flow.drawing import Box
from titian.web.flow.layering import Edge
from titian.web.flow.shrinking import Group, around, folded
from titian.web.i18n import Text, _, ngettext

LARGE = 60
LEAST_FOLDED = 3
ALL, FOLDED = "all", "folded"
STEPS = ("1", "2", "3")


@dataclass(frozen=True, slots=True)
class Ask:
    """What the address asks for: a box by name or label, how far around it, and open groups."""

    focus: str = ""
    hops: str = ""
    opened: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left of a picture; `hops` is what was done, `focus` the box it is about."""

    boxes: Sequence[Box]
    edges: Sequence[Edge]
    hops: str
    focus: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The form above a large picture: where it asks, what it keeps, what it offers.

    `opened` pairs groups that are open with the address that folds them again.
    """

    url: str
    kept: Mapping[str, str]
    typed: str
    hops: str
    choices: Sequence[tuple[str, Text]]
    names: Sequence[tuple[str, Text]]
    opened: Sequence[tuple[Text, str]] = ()
    missing: bool = False


def narrowed(
    boxes: Sequence[Box], edges: Collection[Edge], ask: Ask, look: Callable[[Group], Box]
) -> Narrowed:
    """Draw all of a small picture; of a large one what is near the box asked for, else groups."""
    here = found(boxes, ask.focus) or next((box.name for box in boxes if box.here), "")
    hops = _hops(ask, here, len(boxes))
    if here:
        boxes = [replace(box, here=True) if box.name == here else box for box in boxes]
    if hops in STEPS:
        near = around(edges, here, int(hops))
        boxes = [box for box in boxes if box.name in near]
    if hops == FOLDED:
        boxes, edges = folded(boxes, edges, look, opened=ask.opened, least=LEAST_FOLDED)
    return Narrowed(boxes, tuple(edges), hops, here)


def _hops(ask: Ask, here: str, many: int) -> str:
    if ask.hops in (ALL, FOLDED) or (ask.hops in STEPS and here):
        return ask.hops
    if many <= LARGE:
        return ALL
    return "2" if here else FOLDED


def found(boxes: Sequence[Box], words: str) -> str:
    """Name the box that some words mean: its name, its label, else the first that holds them."""
    low = words.strip().casefold()
    if not low:
        return ""
    for fits in (
        lambda box: low == box.name.casefold(),
        lambda box: low == str(box.label).casefold(),
        lambda box: low in f"{box.name} {box.label}".casefold(),
    ):
        name = next((box.name for box in boxes if fits(box)), "")
        if name:
            return name
    return ""


def choices(many: int, *, groups: bool) -> list[tuple[str, Text]]:
    """Offer how much to draw; `groups` where boxes can be folded."""
    steps = [(step, ngettext("%(num)s step around", "%(num)s steps around", int(step)))
             for step in STEPS]  # fmt: skip
    fold = [(FOLDED, _("folded into groups"))] if groups else []
    return [(ALL, _("everything (%(num)s)", num=many)), *fold, *steps]


_WORST = ("bad", "warn", "note", "calm", "good")


def worst(boxes: Sequence[Box]) -> tuple[str, Text, int]:
    """Give tone and word of the boxes that most need a look, and how many there are."""
    first = min(boxes, key=lambda box: _WORST.index(box.tone))
    return first.tone, first.word, sum(box.word == first.word for box in boxes)
