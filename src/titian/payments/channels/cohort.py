"""Customers: how far a day is from what the customer, and customers like them, usually do.

A cohort shares one VAR(1) around each customer's own mean; means and innovation variances are
drawn towards the cohort's by empirical Bayes. Sources: Efron and Morris 1973 (JASA 68, means);
Smyth 2004 (Stat. Appl. Genetics Mol. Biology 3, variances); Nickell 1981
(Econometrica 49): own means bias the dynamics down by about (1 + a) / days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import digamma, polygamma

from titian.kernel.errors import InvalidInput
from titian.payments.channels.model import Floats, Ints

MIN_CUSTOMERS: Final = 20
MIN_DAYS: Final = 5
MAX_VALUES: Final = 200_000_000
_RIDGE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Cohort:
    """A fitted cohort: `dynamics` [measures, measures]: yesterday's column moves today's row.

    `means` [customers, measures] and `variances` [customers] (of whitened innovations, 1 is the
    cohort's) are shrunk; `covariance` [measures, measures] is the cohort's.
    """

    dynamics: Floats
    covariance: Floats
    means: Floats
    variances: Floats
    mean_weights: Floats
    calibration: Floats

    def score(self, yesterday: Floats, today: Floats) -> Floats:
        """Give the squared distance of `today` from expectation [customers] (NaN: not known)."""
        innovation = (today - self.means) - (yesterday - self.means) @ self.dynamics.T
        white = np.linalg.solve(np.linalg.cholesky(self.covariance), innovation.T)
        distances: Floats = (white**2).sum(axis=0) / self.variances
        return distances

    def deviation(self, yesterday: Floats, today: Floats) -> Floats:
        """Give the behaviour-deviation score [customers]: -log10 of a conformal p-value.

        0 is usual and where nothing is known; compared with days held out of the fit.
        """
        scores = self.score(yesterday, today)
        rank = np.searchsorted(self.calibration, np.nan_to_num(scores, nan=-1.0), side="left")
        above = len(self.calibration) - rank
        deviation: Floats = -np.log10((1 + above) / (1 + len(self.calibration)))
        return deviation


def fit_cohort(behaviour: Floats, held_out: int = 2) -> Cohort:
    """Fit behaviour [customers, days, measures]; NaN where a customer was not there.

    The last `held_out` days calibrate. Raises InvalidInput for too few customers or days.
    """
    customers, days, measures = _checked(behaviour, held_out)
    history = behaviour[:, : days - held_out]
    means, mean_weights = _shrunk_means(history)
    centred = history - means[:, None, :]
    dynamics = _dynamics(centred)
    innovation = centred[:, 1:] - centred[:, :-1] @ dynamics.T
    known = np.isfinite(innovation).all(axis=2)
    covariance = np.atleast_2d(np.cov(innovation[known], rowvar=False)) + 1e-9 * np.eye(measures)
    white = np.linalg.solve(
        np.linalg.cholesky(covariance), np.nan_to_num(innovation).reshape(-1, measures).T
    )
    squares = (white.T.reshape(customers, -1, measures) ** 2).sum(axis=2) * known
    variances = shrunk_variances(squares.sum(axis=1), known.sum(axis=1) * measures)
    fitted = Cohort(dynamics, covariance, means, variances, mean_weights, np.empty(0))
    calibration = _calibration(fitted, behaviour[:, days - held_out - 1 :])
    return Cohort(dynamics, covariance, means, variances, mean_weights, calibration)


def shrunk_variances(squares: Floats, freedom: Ints) -> Floats:
    """Draw variances (sums of squares [customers] over freedom) towards a common one.

    Source: Smyth 2004, §6.2: prior freedom and scale by moments of log variances.
    """
    known = freedom > 0
    half = freedom[known] / 2
    log = np.log(np.maximum(squares[known] / freedom[known], 1e-12)) - digamma(half) + np.log(half)
    excess = max(float(log.var(ddof=1) - polygamma(1, half).mean()), 1e-6)
    prior = 2 * _inverse_trigamma(excess)
    scale = float(np.exp(log.mean() + digamma(prior / 2) - np.log(prior / 2)))
    drawn: Floats = (prior * scale + squares) / (prior + freedom)
    return drawn


def _checked(behaviour: Floats, held_out: int) -> tuple[int, int, int]:
    if behaviour.ndim != 3 or behaviour.size > MAX_VALUES:  # noqa: PLR2004 - by definition
        raise InvalidInput(
            f"behaviour {behaviour.shape} is not customers by days by measures",
            f"Give three axes and at most {MAX_VALUES:,} values.",
        )
    customers, days, measures = behaviour.shape
    if customers < MIN_CUSTOMERS or held_out < 1 or days - held_out < MIN_DAYS:
        raise InvalidInput(
            f"{customers} customers over {days} days do not make a cohort",
            f"Give at least {MIN_CUSTOMERS} customers and {MIN_DAYS} days beside those held out.",
        )
    return customers, days, measures


def _shrunk_means(history: Floats) -> tuple[Floats, Floats]:
    """Draw each customer's mean to the cohort's by what their days say of it [.., measures]."""
    known = np.isfinite(history)
    count = known.sum(axis=1)
    own = np.where(known, history, 0.0).sum(axis=1) / np.maximum(count, 1)
    squares = np.where(known, (history - own[:, None, :]) ** 2, 0.0).sum(axis=(0, 1))
    within = squares / np.maximum((count - 1).clip(0).sum(axis=0), 1)
    seen = count > 0
    centre = np.array([own[seen[:, at], at].mean() for at in range(own.shape[1])])
    noise = within / np.maximum(count, 1)
    spread = np.where(seen, (own - centre) ** 2 - noise, 0.0).sum(axis=0)
    between = np.maximum(spread / np.maximum(seen.sum(axis=0) - 1, 1), 1e-9)
    weight = np.where(seen, between / (between + noise), 0.0)
    return centre + weight * (own - centre), weight


def _dynamics(centred: Floats) -> Floats:
    before, after = centred[:, :-1], centred[:, 1:]
    known = np.isfinite(before).all(axis=2) & np.isfinite(after).all(axis=2)
    x, y = before[known], after[known]
    solved = np.linalg.solve(x.T @ x + _RIDGE * np.eye(x.shape[1]), x.T @ y)
    return np.asarray(solved.T, np.float64)


def _calibration(fitted: Cohort, days: Floats) -> Floats:
    scores = [fitted.score(days[:, at - 1], days[:, at]) for at in range(1, days.shape[1])]
    whole = np.concatenate(scores)
    return np.sort(whole[np.isfinite(whole)])


def _inverse_trigamma(value: float) -> float:
    """Solve trigamma(x) = value by Newton steps (Smyth 2004, appendix)."""
    guess = 0.5 + 1 / value
    for _ in range(50):
        found = float(polygamma(1, guess))
        guess += found * (1 - found / value) / float(polygamma(2, guess))
    return guess
