from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from titian.web.flow.layering import acyclic, ranks
from titian.web.flow.ordering import Lanes, crossings, lanes, untangled


@st.composite
def found(draw: st.DrawFn) -> Lanes:
    names = [f"n{at}" for at in range(draw(st.integers(2, 12)))]
    pair = st.tuples(st.sampled_from(names), st.sampled_from(names))
    edges = draw(st.lists(pair.filter(lambda two: two[0] != two[1]), max_size=30, unique=True))
    forward, _turned = acyclic(names, sorted(edges))
    return lanes(ranks(names, forward), forward)


def counted(of: Lanes) -> int:
    """Count crossings pair by pair."""
    at = {item: place for column in of.columns for place, item in enumerate(column)}
    return sum(
        (at[a] - at[c]) * (at[b] - at[d]) < 0
        for links in of.links
        for (a, b), (c, d) in combinations(links, 2)
    )


@given(found())
def test_crossings_are_counted(of: Lanes) -> None:
    assert crossings(of) == counted(of)


@given(found())
def test_ordering_never_adds_crossings_and_loses_nothing(of: Lanes) -> None:
    done = untangled(of)
    assert counted(done) <= counted(of)
    assert [set(column) for column in done.columns] == [set(column) for column in of.columns]
    assert done.links == of.links


def test_lines_of_one_box_share_their_bends() -> None:
    rank = {"a": 0, "b": 1, "c": 2, "d": 3, "e": 3}
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("a", "e")]
    of = lanes(rank, edges)
    assert of.columns[1] == (("a", 1), ("b", 1))
    assert of.links[2] == (
        (("a", 2), ("d", 3)),
        (("a", 2), ("e", 3)),
        (("c", 2), ("d", 3)),
    )
