"""Windows give what a plain look at all earlier events gives, whatever the order of times."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.window_oracle import (
    DAY,
    HOUR,
    SECOND,
    START,
    expected,
    inputs,
    part,
    plan,
    stream,
)

from titian.payments.windows import Limits, Windows

KEEPS_ALL = Limits(lateness_us=10**14)


@pytest.mark.parametrize("late", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(4))
def test_every_feature_of_every_event_is_exact(seed: int, late: float) -> None:
    chosen, events = plan(), stream(seed, 250, late=late)
    got, _ = Windows(chosen.shape, KEEPS_ALL).update(inputs(chosen, events))
    np.testing.assert_allclose(got, expected(chosen, events), rtol=1e-12)


@pytest.mark.parametrize("leap", [-30 * DAY, -HOUR, 3 * DAY, 400 * DAY])
def test_a_clock_that_jumps_and_comes_back_spoils_nothing(leap: int) -> None:
    chosen, events = plan(), stream(5, 60, keys=1)
    events[30] = {**events[30], "at_us": events[30]["at_us"] + leap}
    got, _ = Windows(chosen.shape, KEEPS_ALL).update(inputs(chosen, events))
    np.testing.assert_allclose(got, expected(chosen, events), rtol=1e-12)


def test_micro_batches_give_what_one_batch_gives() -> None:
    chosen, events = plan(), stream(6, 120, late=0.2)
    batch = inputs(chosen, events)
    whole, pieces = Windows(chosen.shape), Windows(chosen.shape)
    at_once, _ = whole.update(batch)
    cuts = [pieces.update(part(batch, i, i + 1))[0] for i in range(120)]
    np.testing.assert_array_equal(np.concatenate(cuts), at_once)
    assert pieces.state_hash() == whole.state_hash()


def test_late_and_too_late_events_are_told_and_counted() -> None:
    chosen = plan()
    seconds = (0, 1_000, 1_000, 700, 399, 1_000)
    events = [
        {
            "at_us": START + s * SECOND,
            "customer": "c",
            "payee": None,
            "device": "d",
            "amount_fen": 1,
        }
        for s in seconds
    ]
    windows = Windows(chosen.shape, Limits(lateness_us=600 * SECOND))
    got, flags = windows.update(inputs(chosen, events))
    assert flags.tolist() == [0, 0, 0, 1, 2, 0]
    assert (windows.health().late, windows.health().too_late) == (1, 1)
    counts = got[:, chosen.names.index("customer_count_24h")]
    assert counts.tolist() == [1, 2, 3, 2, 2, 6]
