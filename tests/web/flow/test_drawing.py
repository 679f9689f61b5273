"""Whatever the graph: boxes do not overlap, no line passes through one, the same drawing again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from titian.web.flow import Box, Picture, draw, drawing
from titian.web.flow.drawing import BOX_HEIGHT, BOX_WIDTH, MAX_BOXES, TEXT_WIDTH, fitted, wide

Graph = tuple[list[str], list[tuple[str, str]]]
STEPS = 24


@st.composite
def graphs(draw_: st.DrawFn) -> Graph:
    names = [f"n{at}" for at in range(draw_(st.integers(1, 14)))]
    pair = st.tuples(st.sampled_from(names), st.sampled_from(names))
    return names, draw_(st.lists(pair, max_size=40))


def picture(graph: Graph, first: int = 0) -> Picture:
    names, edges = graph
    boxes = [Box(name, name, first=at < first) for at, name in enumerate(names)]
    return draw("x", boxes, edges)


def points(path: str) -> Iterator[tuple[float, float]]:
    """Walk along an SVG path of M, L and C."""
    at = (0.0, 0.0)
    for kind, numbers in re.findall(r"([MLC])([-\d ]+)", path):
        values = [float(number) for number in numbers.split()]
        ends = [*zip(values[::2], values[1::2], strict=True)]
        if kind == "C":
            (x1, y1), (x2, y2), (x3, y3) = ends
            for step in range(STEPS + 1):
                t = step / STEPS
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                yield a * at[0] + b * x1 + c * x2 + d * x3, a * at[1] + b * y1 + c * y2 + d * y3
        elif kind == "L":
            for step in range(STEPS + 1):
                t = step / STEPS
                yield at[0] + t * (ends[0][0] - at[0]), at[1] + t * (ends[0][1] - at[1])
        at = ends[-1]


@given(graphs(), st.integers(0, 4))
def test_no_two_boxes_overlap(graph: Graph, first: int) -> None:
    drawn = picture(graph, first)
    assert {one.box.name for one in drawn.boxes} == set(graph[0])
    for one, other in combinations(drawn.boxes, 2):
        apart_across = abs(one.x - other.x) >= BOX_WIDTH
        apart_down = abs(one.y - other.y) >= BOX_HEIGHT
        assert apart_across or apart_down, (one, other)


@given(graphs())
def test_all_is_on_the_sheet(graph: Graph) -> None:
    drawn = picture(graph)
    for one in drawn.boxes:
        assert 0 <= one.x <= drawn.width - BOX_WIDTH
        assert 0 <= one.y <= drawn.height - BOX_HEIGHT


@settings(max_examples=60)
@given(graphs(), st.integers(0, 4))
def test_no_line_passes_through_a_box(graph: Graph, first: int) -> None:
    drawn = picture(graph, first)
    for line in drawn.lines:
        for x, y in points(line.path):
            for one in drawn.boxes:
                inside = one.x < x < one.x + BOX_WIDTH and one.y < y < one.y + BOX_HEIGHT
                assert not inside, (line, one)


@given(graphs())
def test_every_edge_is_a_line_from_its_source_to_its_target(graph: Graph) -> None:
    drawn = picture(graph)
    at = {one.box.name: one for one in drawn.boxes}
    wanted = {(a, b) for a, b in graph[1] if a != b}
    assert {(line.source, line.target) for line in drawn.lines} == wanted
    for line in drawn.lines:
        walked = list(points(line.path))
        left, right = (walked[-1], walked[0]) if line.back else (walked[0], walked[-1])
        start, end = (line.target, line.source) if line.back else (line.source, line.target)
        assert left[0] == at[start].x + BOX_WIDTH
        assert right[0] == at[end].x
        assert at[start].y < left[1] < at[start].y + BOX_HEIGHT
        assert at[end].y <= right[1] <= at[end].y + BOX_HEIGHT
        assert at[start].column < at[end].column


@given(graphs(), st.randoms())
def test_the_same_graph_gives_the_same_picture(graph: Graph, chance: object) -> None:
    names, edges = graph
    drawn = picture(graph)
    drawing._laid_out.cache_clear()
    shuffled = list(edges)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert picture((names, shuffled)) == drawn


def test_feeds_stay_at_the_left_and_others_come_close() -> None:
    edges = [("a", "b"), ("b", "c"), ("feed", "c"), ("late", "c")]
    boxes = [Box(name, name, first=name == "feed") for name in ("a", "b", "c", "feed", "late")]
    columns = {one.box.name: one.column for one in draw("x", boxes, edges).boxes}
    assert columns == {"a": 0, "b": 1, "c": 2, "feed": 0, "late": 1}


def test_a_circle_has_one_line_back() -> None:
    drawn = picture((["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")]))
    assert [(line.source, line.target) for line in drawn.lines if line.back] == [("c", "a")]


def test_both_ways_between_two_boxes() -> None:
    drawn = picture((["a", "b"], [("a", "b"), ("b", "a")]))
    assert [(line.source, line.target, line.back) for line in drawn.lines] == [
        ("a", "b", False),
        ("b", "a", True),
    ]


def test_a_tangle_that_can_be_undone_is_undone() -> None:
    names = [f"{side}{at}" for side in "ab" for at in range(6)]
    drawn = picture((names, [(f"a{at}", f"b{5 - at}") for at in range(6)]))
    height = {one.box.name: one.y for one in drawn.boxes}
    assert all(height[f"a{at}"] == height[f"b{5 - at}"] for at in range(6))


def test_a_chain_is_level() -> None:
    names = [f"n{at}" for at in range(6)]
    drawn = picture((names, [(f"n{at}", f"n{at + 1}") for at in range(5)]))
    assert len({one.y for one in drawn.boxes}) == 1


def test_nothing_to_draw() -> None:
    drawn = draw("x", [], [])
    assert (drawn.boxes, drawn.lines) == ((), ())
    assert drawn.width > 0
    assert drawn.height > 0


def test_too_many_boxes_are_counted() -> None:
    boxes = [Box(f"n{at}", "n") for at in range(MAX_BOXES + 3)]
    drawn = draw("x", boxes, [("n0", f"n{MAX_BOXES}")])
    assert (len(drawn.boxes), drawn.left_out, drawn.lines) == (MAX_BOXES, 3, ())


def test_states_change_without_a_new_layout() -> None:
    edges = [("a", "b")]
    draw("x", [Box("a", "A"), Box("b", "B")], edges)
    before = drawing._laid_out.cache_info().hits
    again = draw("x", [Box("a", "A", tone="bad", word="Failed"), Box("b", "B")], edges)
    assert drawing._laid_out.cache_info().hits == before + 1
    assert again.boxes[0].box.tone == "bad"


@given(st.text(max_size=60), st.integers(8, 16))
def test_a_text_is_cut_to_fit(text: str, size: int) -> None:
    shown = fitted(text, size)
    assert wide(shown, size) <= TEXT_WIDTH
    assert shown == text or shown.endswith("…")


def test_a_note_leaves_room_for_the_state() -> None:
    box = Box("a", "客户主体", "mart.indicator_operations", word="被上游阻塞")
    assert box.note_shown.endswith("…")
    assert Box("a", "客户主体", "mart.indicator").note_shown == "mart.indicator"
