"""A state taken up from a snapshot goes on as if it had never stopped."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.window_oracle import inputs, part, plan, stream

from titian.payments.windows import Limits, Windows

ROOMY = Limits()
TIGHT = Limits(slots=30, entries=600, distinct_values=40, entries_of_one_key=64)


@pytest.mark.parametrize("limits", [ROOMY, TIGHT], ids=["roomy", "tight"])
@pytest.mark.parametrize("stop", [0, 1, 137, 399])
def test_restored_equals_never_stopped(limits: Limits, stop: int) -> None:
    chosen = plan()
    batch = inputs(chosen, stream(11, 400, keys=12, late=0.1))
    steady, first, second = (Windows(chosen.shape, limits) for _ in range(3))
    steady.update(part(batch, 0, stop))
    first.update(part(batch, 0, stop))
    second.restore(first.snapshot())
    assert second.state_hash() == steady.state_hash()
    wanted, _ = steady.update(part(batch, stop, 400))
    got, _ = second.update(part(batch, stop, 400))
    np.testing.assert_array_equal(got, wanted)
    assert second.state_hash() == steady.state_hash()
    assert second.health() == steady.health()
    assert (steady.health().forgotten_keys > 0) == (limits is TIGHT)


def test_one_event_more_or_another_amount_changes_the_hash() -> None:
    chosen, events = plan(), stream(12, 40)
    other = [*events[:-1], {**events[-1], "amount_fen": 77_777}]
    hashes = set()
    for stream_ in (events, events[:-1], other):
        windows = Windows(chosen.shape)
        windows.update(inputs(chosen, stream_))
        hashes.add(windows.state_hash())
    assert len(hashes) == 3
