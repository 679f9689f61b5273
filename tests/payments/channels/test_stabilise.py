"""Bins become standard normal scores at every hour, or are left out with a reason."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy import stats
from tests.payments.channels import simulated

from titian.kernel.errors import InvalidInput
from titian.payments.channels import rare
from titian.payments.channels.calendar import Calendar
from titian.payments.channels.draws import uniforms
from titian.payments.channels.model import DAY_US, Series
from titian.payments.channels.series import STRUCTURE_US
from titian.payments.channels.stabilise import Kind, fit_stabiliser

DAY = 96


def quarter_hours(days: int, means: list[float]) -> Series:
    return simulated.negative_binomial(1, days * DAY, means, bin_us=STRUCTURE_US)


def test_scores_are_standard_at_noon_and_at_night() -> None:
    series = quarter_hours(40, [200.0, 20.0, 0.4, 0.02])
    fitted = fit_stabiliser(series, Calendar())
    assert fitted.kinds == (Kind.COUNT, Kind.COUNT, Kind.RARE, Kind.RARE)
    scores, _ = fitted.prepare(series).history()
    quarter = np.arange(len(scores)) % DAY
    for part in (scores, scores[quarter < DAY // 2], scores[quarter >= DAY // 2]):
        assert part.mean(axis=0) == pytest.approx(np.zeros(4), abs=0.1)
        assert part.std(axis=0) == pytest.approx(np.ones(4), abs=0.15)


def test_the_randomised_score_is_exactly_normal_under_its_own_law() -> None:
    stream = np.random.default_rng(2)
    mean, size = np.full(20_000, 0.3), 0.7
    counts = stream.poisson(stream.gamma(size, mean / size)).astype(float)
    scores = rare.score(counts, mean, size, stream.random(20_000))
    assert stats.kstest(scores, "norm").pvalue > 0.001


def test_a_score_grows_with_its_count_up_to_the_bound() -> None:
    counts = np.array([0.0, 1.0, 5.0, 50.0, 5_000.0, np.nan])
    scores = rare.score(counts, np.full(6, 0.01), 10_000.0, np.full(6, 0.5))
    assert (np.diff(scores[:4]) > 0).all()
    assert scores[4] == rare.MAX_SCORE
    assert scores[5] == 0


def test_bin_by_bin_equals_the_whole_history() -> None:
    series = quarter_hours(4, [0.4, 0.1])
    counts = series.values[:, 0]
    level = np.full(len(counts), 0.4)
    seen = rare.Seen.nothing(1)
    ratios = []
    for count in counts:
        ratios.append(seen.ratio()[0])
        seen = seen.after(np.array([count]), np.array([0.4]), np.array([0.99]))
    assert ratios == pytest.approx(rare.past_ratio(counts, level, 0.99))


def test_what_cannot_be_modelled_is_left_out_and_named() -> None:
    series = quarter_hours(4, [5.0, 5.0, 5.0, 5.0])
    values = series.values.copy()
    values[:, 1], values[:, 2], values[7, 3] = 0.0, 3.0, -1.0
    fitted = fit_stabiliser(simulated.counted(values, STRUCTURE_US), Calendar())
    assert fitted.ids == series.ids[:1]
    assert [left.why for left in fitted.left_out] == [
        "too few bins in which anything happened",
        "constant",
        "impossible values",
    ]


def test_nothing_to_model_and_too_little_history_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no series varies"):
        fit_stabiliser(simulated.counted(np.zeros((3 * DAY, 2)), STRUCTURE_US), Calendar())
    with pytest.raises(InvalidInput, match="less than 2 days"):
        fit_stabiliser(quarter_hours(1, [5.0]), Calendar())


def test_a_value_that_is_missing_alone_says_nothing_and_a_missing_bin_says_so() -> None:
    series = quarter_hours(4, [5.0, 0.3])
    series.values[100, 0] = np.nan
    series.values[200] = np.nan
    fitted = fit_stabiliser(series, Calendar())
    scores, _ = fitted.prepare(series).history()
    assert scores[100, 0] == 0
    assert np.isnan(scores[200]).all()
    assert np.isfinite(np.delete(scores, 200, axis=0)).all()


def test_draws_repeat_and_are_uniform() -> None:
    at_us = simulated.MONDAY_US + np.arange(5_000) * STRUCTURE_US
    drawn = uniforms(at_us, ["a", "b"], 3)
    assert (drawn == uniforms(at_us, ["a", "b"], 3)).all()
    assert stats.kstest(drawn.ravel(), "uniform").pvalue > 0.001
    assert abs(stats.pearsonr(drawn[:, 0], drawn[:, 1]).statistic) < 0.05
    assert (drawn[1:] == uniforms(at_us[1:], ["a", "b"], 3)).all()


def test_the_calendar_speaks_bank_time() -> None:
    calendar = Calendar(holidays=frozenset({date(2026, 3, 2)}))
    starts = np.array([simulated.MONDAY_US - 1, simulated.MONDAY_US, simulated.MONDAY_US + DAY_US])
    design = dict(zip(calendar.names, calendar.design(starts).T, strict=True))
    assert design["holiday"].tolist() == [0, 1, 0]
    assert design["day_cos1"][1:] == pytest.approx([1, 1])
    assert design["week_cos1"][1] == pytest.approx(1)
    assert design["month_end"].tolist() == [0, 0, 0]
