"""Alarms come as often as promised, attacks come sooner when larger, and none trains itself in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import stats
from tests.payments.channels import simulated

from titian.kernel.errors import InvalidInput
from titian.payments.channels.alarms import Alarm, Statistic, Status, Verdict
from titian.payments.channels.calendar import Calendar
from titian.payments.channels.model import DAY_US, Series
from titian.payments.channels.monitor import Monitor, Settings, begin
from titian.payments.channels.series import STRUCTURE_US

DAY = 96
HISTORY = 20 * DAY
QUICK = Settings(max_order=1, window=4_000, forgetting=0.999, block=24)
MEANS = [60.0, 8.0, 0.5]

WORLDS = {
    "gaussian": lambda seed, bins: simulated.gaussian(seed, bins, 3, STRUCTURE_US),
    "negative binomial": lambda seed, bins: simulated.negative_binomial(
        seed, bins, MEANS, bin_us=STRUCTURE_US
    ),
    "zero inflated": lambda seed, bins: simulated.zero_inflated(
        seed, bins, MEANS, bin_us=STRUCTURE_US
    ),
}


def monitored(history: Series, settings: Settings = QUICK) -> Monitor:
    return begin(history, Calendar(), settings)


def alarms_of(verdicts: Sequence[Verdict]) -> list[Alarm]:
    return [alarm for verdict in verdicts for alarm in verdict.alarms]


@pytest.mark.parametrize("world", WORLDS)
def test_quiet_days_alarm_as_often_as_promised(world: str) -> None:
    expected, observed = 0.0, 0
    for seed in range(3):
        series = WORLDS[world](seed, HISTORY + 30 * DAY)
        monitor = monitored(series.rows(0, HISTORY))
        before = monitor.detector.expected, monitor.detector.observed
        monitor.watch(series.rows(HISTORY, HISTORY + 30 * DAY))
        expected += monitor.detector.expected - before[0]
        observed += monitor.detector.observed - before[1]
    assert 60 < expected < 110
    low, high = stats.poisson.ppf([0.0005, 0.9995], expected)
    assert low / 1.3 <= observed <= high * 1.3  # runs in time widen the Poisson bounds


@pytest.mark.parametrize("world", WORLDS)
def test_p_values_of_spikes_hold_their_level(world: str) -> None:
    series = WORLDS[world](7, HISTORY + 40 * DAY)
    monitor = monitored(series.rows(0, HISTORY))
    verdicts = monitor.watch(series.rows(HISTORY, HISTORY + 40 * DAY))
    p_values = np.array([verdict.p_values[Statistic.SPIKE] for verdict in verdicts])
    for level in (0.01, 0.1):
        found = int((p_values <= level).sum())
        assert stats.binomtest(found, len(p_values), level).pvalue > 0.0005


@cache
def usual() -> Series:
    return simulated.negative_binomial(11, HISTORY + 6 * DAY, MEANS, bin_us=STRUCTURE_US)


def attacked(size: float, bins: int, *, ramp: bool = False) -> Series:
    """Multiply the second series from the second day after the history on."""
    series = usual()
    values = series.values.copy()
    start = HISTORY + DAY
    factor = 1 + (size - 1) * (np.linspace(0, 1, bins) if ramp else np.ones(bins))
    values[start : start + bins, 1] = np.round(values[start : start + bins, 1] * factor)
    return replace(series, values=values)


def delay(series: Series) -> int:
    """Bins until the first alarm of the attack blames its series (the end where none does)."""
    monitor = monitored(series.rows(0, HISTORY))
    monitor.watch(series.rows(HISTORY, HISTORY + DAY))
    monitor.accept()
    verdicts = monitor.watch(series.rows(HISTORY + DAY, HISTORY + 6 * DAY))
    for bin_, verdict in enumerate(verdicts):
        if any(alarm.blamed[0].series == series.ids[1] for alarm in verdict.alarms):
            return bin_
    return len(verdicts)


def test_spikes_are_found_at_once_when_large_and_not_when_tiny() -> None:
    assert delay(attacked(20.0, 2)) == 0
    assert delay(attacked(1.05, 2)) > 2


def test_slow_attacks_are_found_sooner_when_larger() -> None:
    delays = [delay(attacked(size, 5 * DAY)) for size in (1.3, 2.0, 4.0, 10.0)]
    assert delays == sorted(delays, reverse=True)
    assert delays[-1] <= 4 < delays[0]


def end_of_a_ramp(settings: Settings) -> tuple[float, float]:
    """Give MEWMA's p-value and what the series is expected at, on the last day of a slow attack."""
    series = attacked(2.2, 5 * DAY, ramp=True)
    monitor = monitored(series.rows(0, HISTORY), settings)
    last = monitor.watch(series.rows(HISTORY, HISTORY + 6 * DAY))[-DAY:]
    expected = np.mean([verdict.scores[1] - verdict.innovation[1] for verdict in last])
    surprise = np.median([verdict.p_values[Statistic.SLOW] for verdict in last])
    return float(surprise), float(expected)


@pytest.mark.parametrize("forgetting", [0.99, 0.995, 0.998])
def test_a_slow_attack_does_not_train_itself_in(forgetting: float) -> None:
    guarded = replace(QUICK, forgetting=forgetting)
    surprise, expected = end_of_a_ramp(guarded)
    dulled, learnt = end_of_a_ramp(replace(guarded, freeze=False, winsorise=False))
    assert surprise < 0.01 < dulled
    assert abs(expected) < 0.3 < learnt


def test_accepting_lets_it_learn_again() -> None:
    series = attacked(4.0, 5 * DAY)
    monitor = monitored(series.rows(0, HISTORY))
    monitor.watch(series.rows(HISTORY, HISTORY + DAY + 30))
    assert monitor.frozen
    before = monitor.online.moments.weight
    monitor.accept()
    assert not monitor.frozen
    monitor.watch(series.rows(HISTORY + DAY + 30, HISTORY + DAY + 31))
    assert monitor.online.moments.weight >= before * 0.99


def test_a_confirmed_attack_leaves_the_calibration() -> None:
    series = attacked(20.0, 2)
    monitor = monitored(series.rows(0, HISTORY))
    verdicts = monitor.watch(series.rows(HISTORY, HISTORY + DAY + 1))
    alarm = next(a for a in alarms_of(verdicts[-1:]) if a.statistic is Statistic.SPIKE)
    rolling = monitor.detector.watches[Statistic.SPIKE].rolling
    before = rolling.p_value(alarm.score)
    monitor.confirm(alarm)
    assert rolling.p_value(alarm.score) < before


def test_missing_bins_say_so_and_teach_nothing() -> None:
    series = usual()
    series = replace(series, values=series.values.copy())
    series.values[HISTORY : HISTORY + 5] = np.nan
    monitor = monitored(series.rows(0, HISTORY))
    weight = monitor.online.moments.weight
    verdicts = monitor.watch(series.rows(HISTORY, HISTORY + 5))
    assert {verdict.status for verdict in verdicts} == {Status.MISSING}
    assert monitor.online.moments.weight == weight
    assert monitor.watch(series.rows(HISTORY + 5, HISTORY + 6))[0].status is Status.WATCHING


def test_a_clock_that_goes_back_is_refused_and_a_gap_is_bridged() -> None:
    series = usual()
    monitor = monitored(series.rows(0, HISTORY))
    with pytest.raises(InvalidInput, match="do not follow the last"):
        monitor.watch(series.rows(HISTORY - 1, HISTORY + 1))
    with pytest.raises(InvalidInput, match="do not follow the last"):
        monitor.watch(replace(series.rows(HISTORY, HISTORY + 1), start_us=monitor.next_us + 1))
    with pytest.raises(InvalidInput, match="do not fit a monitor"):
        monitor.watch(replace(series.rows(HISTORY, HISTORY + 1), bin_us=STRUCTURE_US * 2))
    assert monitor.watch(series.rows(HISTORY + 4, HISTORY + 5))[0].status is Status.WATCHING
    far = replace(series.rows(HISTORY + 5, HISTORY + 6), start_us=monitor.next_us + 30 * DAY_US)
    assert monitor.watch(far)[0].status is Status.WATCHING
    assert monitor.next_us == far.start_us + STRUCTURE_US


def test_it_calibrates_before_it_alarms() -> None:
    series = usual()
    monitor = monitored(series.rows(0, 4 * DAY))
    verdicts = monitor.watch(series.rows(4 * DAY, 4 * DAY + 50))
    assert {verdict.status for verdict in verdicts} == {Status.CALIBRATING}
    assert not alarms_of(verdicts)


def test_the_same_history_gives_the_same_verdicts() -> None:
    series = usual()
    one, other = (monitored(series.rows(0, HISTORY)) for _ in range(2))
    whole = one.watch(series.rows(HISTORY, HISTORY + 20))
    for bin_ in range(20):
        alone = other.watch(series.rows(HISTORY + bin_, HISTORY + bin_ + 1))
        assert alone[0].p_values == whole[bin_].p_values
        assert alone[0].scores == pytest.approx(whole[bin_].scores, abs=1e-9)


def test_a_history_too_short_is_refused() -> None:
    with pytest.raises(InvalidInput, match="less than 2 days"):
        monitored(usual().rows(0, DAY))
