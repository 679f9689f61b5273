"""The model against statsmodels, against simulated truth, and the recursion against the batch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.api import VAR

from titian.kernel.errors import InvalidInput
from titian.payments.channels.choose import MAX_LAGGED, choose_var, factors, fit_var
from titian.payments.channels.fit import Moments, solve
from titian.payments.channels.model import Floats
from titian.payments.channels.online import Online, winsorise
from titian.payments.channels.regressors import rows
from titian.payments.channels.structure import impulse

TRUTH = np.array(
    [
        [[0.4, 0.2, 0.0], [0.0, 0.3, 0.0], [0.1, 0.0, 0.5]],
        [[-0.2, 0.0, 0.1], [0.1, 0.2, 0.0], [0.0, 0.0, -0.1]],
    ]
)
NOISE = np.array([[1.0, 0.4, 0.0], [0.4, 1.0, 0.2], [0.0, 0.2, 1.0]])


def simulate(bins: int, seed: int = 0, lags: Floats = TRUTH) -> Floats:
    stream = np.random.default_rng(seed)
    noise = stream.multivariate_normal(np.zeros(3), NOISE, bins)
    values = np.zeros((bins, 3))
    for row in range(bins):
        past = [matrix @ values[row - lag] for lag, matrix in enumerate(lags, 1) if row >= lag]
        values[row] = noise[row] + np.sum(past, axis=0)
    return values


def terms(bins: int) -> Floats:
    phase = 2 * np.pi * np.arange(bins) / 24
    return np.column_stack([np.ones(bins), np.sin(phase), np.cos(phase)])


def test_without_prior_it_is_what_statsmodels_fits() -> None:
    scores, exogenous = simulate(400) + 2.0, terms(400)
    ours = fit_var(scores, exogenous, 2, np.inf)
    theirs = VAR(scores, exog=exogenous[:, 1:]).fit(2, trend="c")
    assert ours.fitted.coefficients == pytest.approx(np.asarray(theirs.params), abs=1e-9)
    assert ours.fitted.covariance == pytest.approx(np.asarray(theirs.sigma_u), abs=1e-9)
    assert ours.lags == pytest.approx(theirs.coefs, abs=1e-9)
    assert impulse(ours, 10) == pytest.approx(theirs.ma_rep(10), abs=1e-9)


def test_the_truth_is_recovered() -> None:
    fitted = choose_var(simulate(8_000), terms(8_000))
    assert fitted.order >= 2
    assert fitted.lags[:2] == pytest.approx(TRUTH, abs=0.05)
    assert fitted.fitted.covariance == pytest.approx(NOISE, abs=0.06)


def test_the_order_is_chosen_by_prediction() -> None:
    chosen = [choose_var(simulate(3_000, seed, TRUTH[:1]), terms(3_000)) for seed in range(3)]
    assert all(np.abs(one.lags[1:]).max(initial=0.0) < 0.1 for one in chosen)
    assert chosen[0].log_score == pytest.approx(-4.0, abs=0.3)


def test_a_tight_prior_leaves_each_series_to_its_own_lags() -> None:
    scores = simulate(2_000) + 5.0
    free = fit_var(scores, terms(2_000), 2, np.inf)
    tight = fit_var(scores, terms(2_000), 2, 1e-4)
    others = ~np.eye(3, dtype=bool)
    assert np.abs(tight.lags[:, others]).max() < 0.01 < np.abs(free.lags[:, others]).max()
    alone = fit_var(scores[:, :1], terms(2_000), 2, np.inf)
    assert tight.lags[:, 0, 0] == pytest.approx(alone.lags[:, 0, 0], abs=0.02)


def test_through_factors_a_tight_prior_still_knows_own_lags() -> None:
    stream = np.random.default_rng(6)
    scores = np.zeros((2_000, 30))
    for row in range(1, 2_000):
        scores[row] = 0.6 * scores[row - 1] + stream.normal(size=30)
    loadings = factors(scores)
    tight = fit_var(scores, np.ones((2_000, 1)), 1, 1e-4, loadings)
    innovations = scores[1:] - scores[:-1] @ tight.lags[0].T
    assert innovations.var() < 0.8 * scores.var()


@pytest.mark.parametrize("forgetting", [1.0, 0.99])
@pytest.mark.parametrize("tightness", [np.inf, 0.2])
def test_the_recursion_is_the_batch_refit(forgetting: float, tightness: float) -> None:
    scores, exogenous = simulate(500), terms(500)
    model = fit_var(scores[:300], exogenous[:300], 2, tightness)
    online = Online.begin(model, scores[:300], exogenous[:300], forgetting)
    for row in range(300, 500):
        online = online.learn(online.forecast(exogenous[row]), scores[row])
    x, y = rows(scores, exogenous, 2)
    weights = np.power(forgetting, np.arange(len(x) - 1, -1, -1.0))
    again = solve(Moments.of(x, y, weights), model.prior)
    assert online.fitted.coefficients == pytest.approx(again.coefficients, abs=1e-9)
    assert online.fitted.covariance == pytest.approx(again.covariance, abs=1e-9)
    if forgetting == 1.0 and np.isinf(tightness):
        theirs = VAR(scores, exog=exogenous[:, 1:]).fit(2, trend="c")
        assert online.fitted.coefficients == pytest.approx(np.asarray(theirs.params), abs=1e-9)


def test_forgetting_follows_what_changes() -> None:
    scores = np.vstack([simulate(1_500), simulate(1_500, 1, -TRUTH)])
    exogenous = np.ones((3_000, 1))
    model = fit_var(scores[:1_500], exogenous[:1_500], 2, np.inf)
    online = Online.begin(model, scores[:1_500], exogenous[:1_500], 0.995)
    for row in range(1_500, 3_000):
        online = online.learn(online.forecast(exogenous[row]), scores[row])
    found = online.fitted.coefficients[1:4].T
    assert found == pytest.approx(-TRUTH[0], abs=0.3)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 30), st.floats(0.5, 1.0))
def test_moments_row_by_row_are_moments_at_once(
    columns: int, series: int, bins: int, forgetting: float
) -> None:
    stream = np.random.default_rng(bins)
    x, y = stream.normal(size=(bins, columns)), stream.normal(size=(bins, series))
    moments = Moments.of(x[:0], y[:0])
    for row in range(bins):
        moments = moments.after(x[row], y[row], forgetting)
    weights = np.power(forgetting, np.arange(bins - 1, -1, -1.0))
    whole = Moments.of(x, y, weights)
    assert moments.xx == pytest.approx(whole.xx)
    assert moments.xy == pytest.approx(whole.xy)
    assert moments.yy == pytest.approx(whole.yy)
    assert moments.weight == pytest.approx(whole.weight)


def test_missing_bins_are_left_out_of_the_fit() -> None:
    scores = simulate(4_000)
    scores[1_000:1_010] = np.nan
    found = fit_var(scores, np.ones((4_000, 1)), 2, np.inf)
    assert found.lags == pytest.approx(TRUTH, abs=0.06)


def test_many_series_go_through_their_factors() -> None:
    stream = np.random.default_rng(4)
    hidden = simulate(2_000)[:, :2]
    loads = stream.normal(size=(2, 30))
    scores = hidden @ loads + 0.2 * stream.normal(size=(2_000, 30))
    loadings = factors(scores)
    assert loadings is not None
    assert loadings.shape == (30, 2)
    chosen = choose_var(scores, np.ones((2_000, 1)), 2)
    assert chosen.fitted.coefficients.shape == (1 + 2 * chosen.order, 30)
    assert chosen.lags.shape == (chosen.order, 30, 30)
    alone = np.trace(np.cov(scores, rowvar=False))
    assert np.trace(chosen.fitted.covariance) < 0.9 * alone
    assert factors(scores[:, :MAX_LAGGED]) is None


def test_winsorising_keeps_the_direction_and_bounds_the_length() -> None:
    innovation = np.array([30.0, 40.0])
    clean = winsorise(innovation, 2_500.0)
    assert clean[1] / clean[0] == pytest.approx(4 / 3)
    assert clean @ clean == pytest.approx(9.21, abs=0.01)  # the 99 % point of χ² with 2 freedoms
    assert (winsorise(innovation, 9.0) == innovation).all()


def test_what_cannot_be_fitted_says_why() -> None:
    scores = simulate(60)
    with pytest.raises(InvalidInput, match="too few"):
        fit_var(scores[:15], terms(15), 3, np.inf)
    with pytest.raises(InvalidInput, match="depend on each other"):
        fit_var(scores, np.zeros((60, 1)), 1, np.inf)
    with pytest.raises(InvalidInput, match="order 7"):
        fit_var(scores, terms(60), 7, 0.1)
