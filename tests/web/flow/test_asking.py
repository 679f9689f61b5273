from __future__ import annotations

import pytest

from titian.web.flow import Box, Group
from titian.web.flow.asking import LARGE, Ask, found, narrowed, worst

FEW = [Box(f"core.n{at}", f"N {at}", group="core") for at in range(5)]
CHAIN = [(f"core.n{at}", f"core.n{at + 1}") for at in range(4)]
MANY = [Box(f"mart.m{at}", f"M {at}", group=f"g{at % 3}") for at in range(LARGE + 1)]
LONG = [(f"mart.m{at}", f"mart.m{at + 1}") for at in range(LARGE)]


def look(group: Group) -> Box:
    return Box(f"~{group.name}", group.name, many=True)


def test_a_small_picture_is_drawn_whole() -> None:
    part = narrowed(FEW, CHAIN, Ask(), look)
    assert (part.hops, part.focus, len(part.boxes)) == ("all", "", 5)


def test_a_large_picture_is_folded_until_a_box_is_asked_for() -> None:
    part = narrowed(MANY, LONG, Ask(), look)
    assert (part.hops, {box.name for box in part.boxes}) == ("folded", {"~g0", "~g1", "~g2"})
    part = narrowed(MANY, LONG, Ask(focus="mart.m9"), look)
    assert part.hops == "2"
    assert [box.name for box in part.boxes] == [f"mart.m{at}" for at in range(7, 12)]
    assert [box.name for box in part.boxes if box.here] == ["mart.m9"]
    part = narrowed(MANY, LONG, Ask(focus="mart.m9", hops="all"), look)
    assert len(part.boxes) == len(MANY)


def test_an_open_group_and_the_box_asked_for_stay() -> None:
    part = narrowed(MANY, LONG, Ask(focus="mart.m1", hops="folded", opened=("g0",)), look)
    names = {box.name for box in part.boxes}
    assert names == {*(box.name for box in MANY if box.group == "g0"), "mart.m1", "~g1", "~g2"}


@pytest.mark.parametrize("hops", ["", "2", "9", "everything"])
def test_steps_around_nothing_are_the_usual_picture(hops: str) -> None:
    assert narrowed(FEW, CHAIN, Ask(focus="nobody", hops=hops), look).hops == "all"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("core.n1", "core.n1"),
        ("CORE.N1", "core.n1"),
        ("n 3", "core.n3"),
        ("N 3", "core.n3"),
        ("n", "core.n0"),
        ("  ", ""),
        ("missing", ""),
    ],
)
def test_words_find_a_box(words: str, name: str) -> None:
    assert found(FEW, words) == name


def test_the_worst_of_a_group_speaks_for_it() -> None:
    boxes = [
        Box("a", "a", tone="good", word="Done"),
        Box("b", "b", tone="bad", word="Failed"),
        Box("c", "c", tone="bad", word="Failed"),
    ]
    assert worst(boxes) == ("bad", "Failed", 2)
