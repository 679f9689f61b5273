from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from titian.data.tags.evaluate import evaluate, size
from titian.data.tags.plan import All, AnyOf, Step, Wears, Without
from titian.decide import Condition

PEOPLE = 40


@dataclass(frozen=True)
class Day:
    """Tags t0 to t4: tag t<n> is worn by everyone whose number has bit n."""

    @property
    def everyone(self) -> BitMap:
        return BitMap(range(PEOPLE))

    def wearing(self, tag: str, value: str) -> BitMap:
        assert value == "yes"
        return BitMap(n for n in range(PEOPLE) if n >> int(tag[1:]) & 1)

    def holding(self, condition: Condition) -> BitMap:
        raise NotImplementedError(condition.text)


leaves = st.integers(0, 4).map(lambda n: Wears(f"t{n}", ("yes",)))
steps: st.SearchStrategy[Step] = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Without, inner)
        | st.lists(inner, min_size=1, max_size=4).map(lambda many: All(tuple(many)))
        | st.lists(inner, min_size=1, max_size=4).map(lambda many: AnyOf(tuple(many)))
    ),
    max_leaves=9,
)


def truth(step: Step) -> set[int]:
    everyone = set(range(PEOPLE))
    if isinstance(step, Wears):
        return {n for n in everyone if n >> int(step.tag[1:]) & 1}
    if isinstance(step, Without):
        return everyone - truth(step.step)
    assert isinstance(step, All | AnyOf)
    parts = [truth(inner) for inner in step.steps]
    return set.intersection(*parts) if isinstance(step, All) else set.union(*parts)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(step=steps)
def test_members_and_their_count_are_those_of_plain_sets(step: Step) -> None:
    assert set(evaluate(step, Day())) == truth(step)
    assert size(step, Day()) == len(truth(step))


def test_working_in_place_never_touches_a_tag() -> None:
    day = Day()
    held = {f"t{n}": day.wearing(f"t{n}", "yes") for n in range(5)}
    before = {name: BitMap(members) for name, members in held.items()}

    class Kept(Day):
        def wearing(self, tag: str, value: str) -> BitMap:
            assert value == "yes"
            return held[tag]

    inside = tuple(Wears(f"t{n}", ("yes",)) for n in range(3))
    outside = (Without(Wears("t3", ("yes",))), Without(Wears("t4", ("yes",))))
    for step in (All((*inside, *outside)), AnyOf(inside), All(outside), AnyOf((All(inside),))):
        evaluate(step, Kept())
        size(step, Kept())
    assert held == before
