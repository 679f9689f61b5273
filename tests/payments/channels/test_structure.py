"""Who leads whom, how shocks travel, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest
from tests.payments.channels.test_fit import NOISE, TRUTH, simulate, terms
from tests.payments.channels.test_gates import IDS

from titian.kernel.errors import InvalidInput
from titian.payments.channels import structure
from titian.payments.channels.choose import Var, fit_var
from titian.payments.channels.fit import Fitted
from titian.payments.channels.prior import Prior


def truth(horizon: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    coefficients = TRUTH.transpose(0, 2, 1).reshape(6, 3)
    model = Var(2, 0, Fitted(coefficients, NOISE), Prior(np.zeros((6, 3)), np.zeros(6)))
    return structure.generalised(model, horizon)


def test_planted_leads_are_found_and_no_others() -> None:
    found = structure.leads(IDS, simulate(4_000), terms(4_000), 2)
    pairs = {(lead.cause, lead.effect) for lead in found}
    planted = {(IDS[1], IDS[0]), (IDS[0], IDS[2]), (IDS[2], IDS[0]), (IDS[0], IDS[1])}
    assert pairs == planted
    assert found[0].p_value <= found[-1].p_value


def test_without_leads_the_discovery_rate_holds_in_spite_of_uneven_variance() -> None:
    discoveries = 0
    for seed in range(40):
        stream = np.random.default_rng(seed)
        spread = np.exp(np.sin(np.arange(800) / 30))[:, None]
        scores = stream.normal(size=(800, 3)) * spread
        discoveries += bool(structure.leads(IDS, scores, np.ones((800, 1)), 1))
    assert discoveries <= 7  # P(Binomial(40, 0.05) > 7) = 0.001


def test_generalised_responses_start_at_the_correlation_of_shocks() -> None:
    responses = truth(0)
    assert responses[0] == pytest.approx(NOISE)


def test_bands_cover_the_truth() -> None:
    expected = truth(6)
    covered = []
    for seed in range(6):
        scores = simulate(500, seed)
        model = fit_var(scores, np.ones((500, 1)), 2, np.inf)
        bands = structure.generalised_with_bands(model, scores, np.ones((500, 1)), 6, 100)
        assert (bands.lower <= bands.upper).all()
        covered.append((bands.lower <= expected) & (expected <= bands.upper))
    assert 0.8 < np.mean(covered) < 0.98


def test_the_heat_map_shows_what_moves_together() -> None:
    innovations = np.random.default_rng(0).multivariate_normal(np.zeros(3), NOISE, 5_000)
    innovations[7] = np.nan
    assert structure.correlations(innovations) == pytest.approx(NOISE, abs=0.05)


def test_limits_are_stated() -> None:
    scores = simulate(100)
    model = fit_var(scores, np.ones((100, 1)), 1, np.inf)
    with pytest.raises(InvalidInput, match="horizon"):
        structure.impulse(model, 201)
    with pytest.raises(InvalidInput, match="repeats"):
        structure.generalised_with_bands(model, scores, np.ones((100, 1)), 5, 0)
