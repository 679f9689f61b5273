"""The gates against statsmodels and against processes that must not pass."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from statsmodels.tsa.api import VAR
from statsmodels.tsa.stattools import kpss as their_kpss
from tests.payments.channels.test_fit import simulate, terms

from titian.payments.channels import gates
from titian.payments.channels.choose import Var, fit_var
from titian.payments.channels.model import Factor, Floats, SeriesId
from titian.payments.channels.regressors import rows
from titian.payments.model import Channel

IDS = tuple(SeriesId(Channel.MOBILE, factor) for factor in tuple(Factor)[:3])


def verdicts(scores: Floats, order: int) -> dict[str, gates.Gate]:
    exogenous = np.ones((len(scores), 1))
    model = fit_var(scores, exogenous, order, np.inf)
    return {gate.name: gate for gate in gates.check(model, IDS, scores, exogenous)}


def test_a_good_model_passes_all() -> None:
    found = verdicts(simulate(3_000), 2)
    assert [gate.holds for gate in found.values()] == [True, True, True]


def test_the_radius_is_that_of_the_companion() -> None:
    scores = simulate(800)
    model = fit_var(scores, terms(800), 2, np.inf)
    theirs = VAR(scores, exog=terms(800)[:, 1:]).fit(2, trend="c")
    assert gates.spectral_radius(model) == pytest.approx(1 / np.abs(theirs.roots).min())


def test_a_random_walk_is_neither_stable_nor_stationary() -> None:
    found = verdicts(np.cumsum(simulate(2_000), axis=0), 1)
    assert not found["stable"].holds
    assert "spectral radius" in found["stable"].why
    assert not found["stationary"].holds
    assert "mobile." in found["stationary"].why


def test_a_lag_that_was_left_out_shows_as_colour() -> None:
    scores = np.zeros((3_000, 3))
    noise = np.random.default_rng(0).normal(size=(3_000, 3))
    for row in range(3, 3_000):
        scores[row] = 0.6 * scores[row - 3] + noise[row]
    white = verdicts(scores, 1)["white"]
    assert not white.holds
    assert " 3 bins before" in white.why
    assert verdicts(scores, 3)["white"].holds


def test_whiteness_is_statsmodels_adjusted_portmanteau() -> None:
    scores = simulate(500)
    theirs = VAR(scores).fit(2).test_whiteness(nlags=8, adjusted=True)
    model = fit_var(scores, np.ones((500, 1)), 2, np.inf)
    x, y = rows(scores, np.ones((500, 1)), 2)
    found = gates.whiteness(y - x @ model.fitted.coefficients, 8, 2)
    assert found.statistic == pytest.approx(theirs.test_statistic, rel=1e-6)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-5)
    assert found.freedom == theirs.df


@pytest.mark.parametrize("wanders", [0.0, 0.05, 0.2])
def test_kpss_agrees_with_statsmodels_where_its_table_reaches(wanders: float) -> None:
    stream = np.random.default_rng(3)
    values = stream.normal(size=600) + np.cumsum(wanders * stream.normal(size=600))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, theirs, _, _ = their_kpss(values, nlags=int(12 * 6**0.25))
    assert np.clip(gates.kpss(values), 0.01, 0.1) == pytest.approx(theirs, abs=0.01)


def test_a_model_of_hidden_factors_has_a_radius_too() -> None:
    loadings = np.array([[1.0], [1.0], [1.0]]) / np.sqrt(3)
    walk = np.cumsum(np.random.default_rng(1).normal(size=(2_000, 1)), axis=0)
    scores = walk @ loadings.T + 0.1 * np.random.default_rng(2).normal(size=(2_000, 3))
    model: Var = fit_var(scores, np.ones((2_000, 1)), 1, np.inf, loadings)
    assert gates.spectral_radius(model) > gates.MAX_RADIUS
