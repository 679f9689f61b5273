from __future__ import annotations

import pytest

from titian.web.flow import Box, Group, around, folded

CHAIN = [("a", "b"), ("b", "c"), ("c", "d"), ("x", "c"), ("b", "y")]


@pytest.mark.parametrize(
    ("hops", "names"), [(0, "c"), (1, "bcdx"), (2, "abcdx"), (9, "abcdx")], ids=str
)
def test_around_goes_up_and_down_but_never_round_a_corner(hops: int, names: str) -> None:
    assert around(CHAIN, "c", hops) == frozenset(names)


def test_around_an_unknown_box_is_the_box() -> None:
    assert around(CHAIN, "nobody", 3) == {"nobody"}


def look(group: Group) -> Box:
    return Box(f"~{group.name}", group.name, str(len(group.boxes)), many=True)


BOXES = [
    Box("a", "a", group="raw"),
    Box("b", "b", group="raw"),
    Box("c", "c", group="core"),
    Box("d", "d", group="core"),
    Box("e", "e", group="mart"),
    Box("f", "f"),
]
EDGES = [("a", "c"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f")]


def test_groups_become_one_box_each() -> None:
    boxes, edges = folded(BOXES, EDGES, look)
    assert [box.name for box in boxes] == ["e", "f", "~raw", "~core"]
    assert edges == [("e", "f"), ("~core", "e"), ("~raw", "~core")]


def test_an_opened_group_and_the_box_one_is_at_stay() -> None:
    here = [Box("c", "c", group="core", here=True) if box.name == "c" else box for box in BOXES]
    boxes, edges = folded(here, EDGES, look, opened={"raw"}, least=1)
    assert [box.name for box in boxes] == ["a", "b", "c", "f", "~core", "~mart"]
    assert ("a", "c") in edges
    assert ("c", "~core") in edges
