"""Distances, their decomposition, conformal p-values and the spending of levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from titian.kernel.errors import InvalidInput
from titian.payments.channels import statistics
from titian.payments.channels.conformal import Rolling
from titian.payments.channels.contributions import decompose
from titian.payments.channels.fdr import DecayingFdr
from titian.payments.channels.model import Floats
from titian.payments.channels.multiple import benjamini_hochberg


def covariance(seed: int, series: int) -> Floats:
    half = np.random.default_rng(seed).normal(size=(series, 2 * series))
    found: Floats = half @ half.T / series
    return found


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(0, 1_000))
def test_contributions_add_up_and_are_conditional(series: int, seed: int) -> None:
    spread = covariance(seed, series)
    vector = np.random.default_rng(seed + 1).normal(size=series)
    terms = decompose(vector, spread)
    assert sorted(term.place for term in terms) == list(range(series))
    assert sum(term.value for term in terms) == pytest.approx(
        statistics.distance(vector, spread), rel=1e-6
    )
    for term in terms:
        rest = [at for at in range(series) if at != term.place]
        whole = statistics.distance(vector, spread)
        without = statistics.distance(vector[rest], spread[np.ix_(rest, rest)]) if rest else 0.0
        assert term.given_rest == pytest.approx(whole - without, abs=1e-6 * (1 + whole))
        assert term.alone == pytest.approx(vector[term.place] ** 2 / spread[term.place, term.place])


def test_the_series_that_broke_a_correlation_is_named_first() -> None:
    spread = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert decompose(np.array([0.2, 0.1, 4.0]), spread)[0].place == 2
    assert decompose(np.array([2.5, -1.0, 0.0]), spread)[0].place == 0


def test_mewma_has_the_covariance_that_is_promised() -> None:
    spread = covariance(1, 3)
    stream = np.random.default_rng(0)
    smooth, seen = np.zeros(3), []
    for innovation in stream.multivariate_normal(np.zeros(3), spread, 40_000):
        smooth = statistics.mewma(smooth, innovation)
        seen.append(smooth)
    assert np.cov(np.array(seen).T) == pytest.approx(statistics.mewma_covariance(spread), abs=0.005)


def test_drift_grows_with_changed_dynamics() -> None:
    stream = np.random.default_rng(0)
    past, noise = stream.normal(size=(60, 4)), stream.normal(size=(60, 4))
    usual = statistics.drift(past, noise).sum()
    changed = statistics.drift(past, noise + np.array([0.0, 0.8, 0.0, 0.0]) * past)
    assert changed.sum() > 3 * usual
    assert int(np.argmax(changed)) == 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 10), st.integers(0, 5))
def test_rolling_ranks_are_those_of_the_last_scores(
    scores: list[int], size: int, asked: int
) -> None:
    rolling = Rolling(size)
    for score in scores:
        rolling.admit(score)
    kept = scores[-size:]
    assert rolling.scores().tolist() == kept
    at_least = sum(one >= asked for one in kept)
    assert rolling.p_value(asked) == (1 + at_least) / (1 + len(kept))


def test_a_dropped_score_no_longer_hides_the_next() -> None:
    rolling = Rolling(100)
    for score in (*range(50), 1_000):
        rolling.admit(score)
    assert rolling.p_value(900) == pytest.approx(2 / 52)
    rolling.drop(1_000)
    rolling.drop(12_345)
    assert rolling.p_value(900) == pytest.approx(1 / 51)


def test_p_values_of_exchangeable_scores_hold_their_level() -> None:
    stream = np.random.default_rng(0)
    rolling, p_values = Rolling(500), []
    for score in stream.standard_t(3, 20_000) ** 2:
        p_values.append(rolling.p_value(score))
        rolling.admit(score)
    found = int((np.array(p_values[500:]) <= 0.01).sum())
    assert stats.binomtest(found, 19_500, 0.01).pvalue > 0.001


def test_a_window_without_measure_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cannot be kept"):
        Rolling(0)


@settings(deadline=None, max_examples=40)
@given(st.floats(0.01, 0.5), st.floats(5.0, 300.0), st.lists(st.integers(0, 3), max_size=80))
def test_spent_levels_never_exceed_the_promise(
    rate: float, memory: float, discoveries: list[int]
) -> None:
    fdr = DecayingFdr(rate, memory)
    spent = found = 0.0
    for number in discoveries:
        income = fdr.income
        assert income >= fdr.floor
        spent = fdr.decay * spent + income
        found = fdr.decay * found + number
        fdr = fdr.after(number)
        assert spent <= rate * (found + 1) + 1e-9


def test_levels_do_not_die_away() -> None:
    fdr = DecayingFdr(0.1, 100.0).after(1)
    assert fdr.income > 10 * fdr.floor
    for _ in range(2_000):
        fdr = fdr.after(0)
    assert fdr.income == pytest.approx(0.001)


@pytest.mark.parametrize(("rate", "memory"), [(0.0, 10.0), (1.0, 10.0), (0.1, 1.0)])
def test_levels_without_meaning_are_refused(rate: float, memory: float) -> None:
    with pytest.raises(InvalidInput, match="has no meaning"):
        DecayingFdr(rate, memory)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.floats(0.01, 0.5))
def test_benjamini_hochberg_is_scipys(p_values: list[float], rate: float) -> None:
    adjusted = stats.false_discovery_control(p_values)
    ours = benjamini_hochberg(np.array(p_values), rate)
    clear = np.abs(adjusted - rate) > 1e-9
    assert (ours == (adjusted <= rate))[clear].all()
