from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from titian.web.flow.layering import acyclic, ranks

Graph = tuple[list[str], list[tuple[str, str]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    names = [f"n{at}" for at in range(draw(st.integers(1, 12)))]
    pair = st.tuples(st.sampled_from(names), st.sampled_from(names))
    edges = draw(st.lists(pair.filter(lambda two: two[0] != two[1]), max_size=30, unique=True))
    return names, sorted(edges)


@given(graphs())
def test_every_edge_rises_once_circles_are_broken(graph: Graph) -> None:
    names, edges = graph
    forward, turned = acyclic(names, edges)
    assert {(b, a) if (a, b) in turned else (a, b) for a, b in edges} == set(forward)
    rank = ranks(names, forward)
    assert set(rank) == set(names)
    assert all(rank[a] < rank[b] for a, b in forward)
    assert min(rank.values()) >= 0


@given(graphs())
def test_no_edge_is_turned_without_a_circle(graph: Graph) -> None:
    names, edges = graph
    downhill = [(a, b) for a, b in edges if names.index(a) < names.index(b)]
    assert acyclic(names, downhill)[1] == frozenset()


def test_long_ways_set_the_columns() -> None:
    edges = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")]
    assert ranks(list("abcd"), edges) == {"a": 0, "b": 1, "c": 2, "d": 3}
