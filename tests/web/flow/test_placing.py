from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titian.web.flow.placing import monotone

Lines = list[tuple[float, float]]
lines = st.lists(st.tuples(st.floats(-500, 500), st.floats(0.01, 9)), max_size=12)


def closed_form(wanted: Lines) -> list[float]:
    """Isotonic regression by its max-min formula (Robertson, Wright and Dykstra 1988, 1.4.4)."""

    def mean(first: int, last: int) -> float:
        part = wanted[first : last + 1]
        return sum(value * weight for value, weight in part) / sum(weight for _, weight in part)

    many = len(wanted)
    return [
        max(min(mean(first, last) for last in range(at, many)) for first in range(at + 1))
        for at in range(many)
    ]


@given(lines)
def test_values_rise_and_are_the_nearest(wanted: Lines) -> None:
    found = monotone([value for value, _ in wanted], [weight for _, weight in wanted])
    assert all(a <= b for a, b in pairwise(found))
    assert found == pytest.approx(closed_form(wanted), abs=1e-6)
