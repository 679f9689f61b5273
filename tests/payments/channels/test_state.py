"""What decisions read: features and a bounded shift, and nothing that could block alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titian.kernel.errors import Corrupt
from titian.payments.channels.alarms import Alarm, Blame, Statistic, Status, Verdict
from titian.payments.channels.gates import Gate
from titian.payments.channels.model import Factor, SeriesId
from titian.payments.channels.state import (
    LOWEST_SHARE,
    UNKNOWN,
    ChannelState,
    state_of,
    under_way,
)
from titian.payments.model import CHANNELS, Channel

GOOD = Gate("stable", holds=True, why="fine")
BAD = Gate("white", holds=False, why="coloured")
BLAME = (Blame(SeriesId(Channel.MOBILE, Factor.DECLINES), 0.9, 7.0),)
ALARM = Alarm(5, Statistic.SPIKE, 99.0, 1e-4, 1e-3, BLAME)


def verdict(p_value: float, status: Status = Status.WATCHING) -> Verdict:
    pressure = np.ones(len(CHANNELS))
    pressure[1] = p_value
    nothing = np.zeros(1)
    return Verdict(5, status, nothing, nothing, {}, pressure, (ALARM,), frozen=True)


def test_a_surprising_channel_lowers_its_own_threshold_only() -> None:
    state = state_of(verdict(1e-4), [GOOD], [ALARM])
    assert state.trusted
    assert state.factors.tolist() == pytest.approx([1, LOWEST_SHARE, 1, 1, 1, 1])
    assert state.features[1].tolist() == pytest.approx([4.0, 1.0])
    assert state.features[0].tolist() == [0, 0]


@given(st.floats(1e-12, 1.0))
def test_no_surprise_lowers_a_threshold_further_than_is_stated(p_value: float) -> None:
    factors = state_of(verdict(p_value), [GOOD]).factors
    assert ((factors >= LOWEST_SHARE - 1e-12) & (factors <= 1)).all()
    usual = p_value > 0.011
    assert (not usual) or (factors == 1).all()


@pytest.mark.parametrize(
    ("status", "gates", "why"),
    [
        (Status.WATCHING, [GOOD, BAD], "white: coloured"),
        (Status.CALIBRATING, [GOOD], "the last bin is calibrating"),
        (Status.MISSING, [GOOD], "the last bin is missing"),
    ],
)
def test_a_model_that_is_not_trusted_shifts_nothing_and_says_why(
    status: Status, gates: list[Gate], why: str
) -> None:
    state = state_of(verdict(1e-6, status), gates)
    assert (state.factors == 1).all()
    assert state.why == (why,)


def test_before_the_first_bin_nothing_is_known() -> None:
    assert not UNKNOWN.trusted
    assert (UNKNOWN.factors == 1).all()
    assert (UNKNOWN.features == 0).all()


def test_alarms_are_under_way_while_the_monitor_is_frozen() -> None:
    assert under_way([verdict(0.5)]) == (ALARM,)
    assert under_way([verdict(0.5), replace(verdict(0.5), alarms=(), frozen=False)]) == ()
    assert under_way([]) == ()


def test_it_goes_to_json_and_back() -> None:
    state = state_of(verdict(1e-4), [GOOD, BAD], [ALARM])
    assert ChannelState.from_json(state.to_json()) == state


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"at_us": 1, "trusted": true, "why": [], "pressure": [0], "alarmed": []}',
        '{"at_us": 1, "trusted": true, "why": [], "pressure": [0,0,0,0,0,0], "alarmed": ["fax"]}',
        '{"at_us": 1, "trusted": true, "why": [], "pressure": [NaN,0,0,0,0,0], "alarmed": []}',
    ],
)
def test_what_is_not_a_state_is_refused(text: str) -> None:
    with pytest.raises(Corrupt):
        ChannelState.from_json(text)
