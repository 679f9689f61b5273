"""Customers' days against their own past and their cohort's, from simulated truth."""

from __future__ import annotations

import numpy as np
import pytest

from titian.kernel.errors import InvalidInput
from titian.payments.channels.cohort import Cohort, fit_cohort, shrunk_variances
from titian.payments.channels.model import Floats

DYNAMICS = np.array([[0.5, 0.1], [0.0, 0.3]])


def behaviour(customers: int, days: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Behaviour [customers, days, 2] around own means [customers, 2]."""
    stream = np.random.default_rng(seed)
    means = stream.normal([3.0, 1.0], [1.0, 0.5], (customers, 2))
    spread = np.sqrt(10 / stream.chisquare(10, (customers, 1)))
    state = np.zeros((customers, 2))
    seen = []
    for _ in range(days + 20):
        state = state @ DYNAMICS.T + spread * stream.normal(size=(customers, 2))
        seen.append(means + state)
    return np.stack(seen[20:], axis=1), means


def test_the_shared_dynamics_are_recovered() -> None:
    fitted = fit_cohort(behaviour(400, 120)[0])
    assert fitted.dynamics == pytest.approx(DYNAMICS, abs=0.05)


def test_shrunk_means_are_nearer_the_truth_than_own_means() -> None:
    days, means = behaviour(300, 10)
    fitted = fit_cohort(days)
    own = days[:, :8].mean(axis=1)
    assert ((fitted.means - means) ** 2).mean() < 0.85 * ((own - means) ** 2).mean()


def test_shrunk_variances_are_nearer_the_truth_than_own_variances() -> None:
    stream = np.random.default_rng(0)
    truth = 12 / stream.chisquare(12, 500)
    freedom = stream.integers(2, 8, 500)
    squares = truth * stream.chisquare(freedom)
    drawn = shrunk_variances(squares, freedom)
    assert ((drawn - truth) ** 2).mean() < 0.6 * ((squares / freedom - truth) ** 2).mean()


def test_equal_variances_are_drawn_together() -> None:
    stream = np.random.default_rng(1)
    freedom = np.full(2_000, 10)
    drawn = shrunk_variances(4.0 * stream.chisquare(10, 2_000), freedom)
    assert drawn == pytest.approx(np.full(2_000, 4.0), rel=0.25)


@pytest.fixture(scope="module")
def fitted() -> tuple[Cohort, Floats]:
    days, _ = behaviour(400, 60, 3)
    return fit_cohort(days[:, :58]), days


def test_usual_days_deviate_as_seldom_as_the_score_says(fitted: tuple[Cohort, Floats]) -> None:
    cohort, days = fitted
    scores = cohort.deviation(days[:, 57], days[:, 58])
    assert 0.04 < (scores >= 1).mean() < 0.18  # a score of 1 is one day in ten
    assert (scores >= 2).mean() < 0.035


def test_an_unusual_day_deviates_and_an_unknown_one_does_not(
    fitted: tuple[Cohort, Floats],
) -> None:
    cohort, days = fitted
    today = days[:, 58].copy()
    today[0] += 8
    today[1] = np.nan
    scores = cohort.deviation(days[:, 57], today)
    assert scores[0] > 2.5
    assert scores[1] == 0


def test_a_customer_without_history_is_judged_as_the_cohort() -> None:
    days, _ = behaviour(100, 30, 5)
    days[0] = np.nan
    cohort = fit_cohort(days)
    assert cohort.means[0] == pytest.approx(cohort.means[1:].mean(axis=0), abs=0.1)
    assert np.isfinite(cohort.variances[0])


@pytest.mark.parametrize("shape", [(10, 30, 2), (100, 5, 2), (100, 30)])
def test_what_is_no_cohort_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match=r"not customers by days|do not make a cohort"):
        fit_cohort(np.zeros(shape))
