"""What the channels' state is worth: the same number of payments stopped, with and without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats
from tests.payments.channels import simulated
from tests.payments.channels.test_monitor import DAY, HISTORY, QUICK, monitored

from titian.payments.channels.gates import Gate
from titian.payments.channels.model import Floats, Series
from titian.payments.channels.series import STRUCTURE_US
from titian.payments.channels.state import UNKNOWN, state_of
from titian.payments.model import CHANNELS, Channel

HOLDS = (Gate("stable", holds=True, why=""),)
WATCHED = 10 * DAY
CODE = CHANNELS.index(Channel.ONLINE)  # the first six simulated series are of the first channel
BEGINS = range(HISTORY + 50, HISTORY + WATCHED, DAY + 17)
LASTS, MORE = 8, (25.0, 12.0)


def world() -> tuple[Series, Floats]:
    """Attempts and declines with attacks of two hours, and how many frauds are in each bin."""
    series = simulated.negative_binomial(
        21, HISTORY + WATCHED, [60.0, 4.0], size=8.0, bin_us=STRUCTURE_US
    )
    values, frauds = series.values.copy(), np.zeros(HISTORY + WATCHED)
    for begin in BEGINS:
        values[begin : begin + LASTS] += MORE
        frauds[begin : begin + LASTS] = MORE[0]
    return replace(series, values=values), frauds


def payments(series: Series, frauds: Floats) -> tuple[Floats, Floats, Floats]:
    """Give each payment's bin, model score in (0, 1) and label; the model alone is mediocre."""
    stream = np.random.default_rng(3)
    count = series.values[HISTORY:, 0].astype(int)
    fraud = frauds[HISTORY:].astype(int)
    bins = np.repeat(np.arange(WATCHED), count)
    label = np.concatenate([np.arange(n) < f for n, f in zip(count, fraud, strict=True)])
    logit = stream.normal(np.where(label, -0.6, -3.0), 1.1)
    return bins.astype(float), 1 / (1 + np.exp(-logit)), label.astype(float)


def test_at_the_same_number_stopped_the_state_finds_more() -> None:
    series, frauds = world()
    monitor = monitored(series.rows(0, HISTORY), QUICK)
    verdicts = monitor.watch(series.rows(HISTORY, HISTORY + WATCHED))
    known = [UNKNOWN, *(state_of(verdict, HOLDS) for verdict in verdicts)]  # of the bin before
    factors = np.array([state.factors[CODE] for state in known[:-1]])
    bins, score, label = payments(series, frauds)
    shifted = score >= 0.5 * factors[bins.astype(int)]
    plain = np.zeros(len(score), bool)
    plain[np.argsort(-score)[: shifted.sum()]] = True
    fraud = label > 0
    gained, lost = int((fraud & shifted & ~plain).sum()), int((fraud & plain & ~shifted).sum())
    assert gained > lost
    assert stats.binomtest(gained, gained + lost).pvalue < 0.001  # McNemar's, on frauds alone
    assert (score[shifted] >= 0.35).all()
