"""A vector autoregression with exogenous terms from its moments, in closed form.

Sources: Lütkepohl 2005, §3.2 and §5.4; Bańbura, Giannone and Reichlin 2010, eq. 5. With precision
0 and equal weights it is ordinary least squares, as statsmodels fits it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from titian.kernel.errors import InvalidInput
from titian.payments.channels.model import Floats
from titian.payments.channels.prior import Prior


@dataclass(frozen=True, slots=True)
class Moments:
    """Weighted sums over rows: xx [columns, columns], xy [columns, series], yy [series, series]."""

    xx: Floats
    xy: Floats
    yy: Floats
    weight: float

    @classmethod
    def of(cls, x: Floats, y: Floats, weights: Floats | None = None) -> Moments:
        """Sum rows x [rows, columns], y [rows, series], each with its weight (1 by default)."""
        weights = np.ones(len(x)) if weights is None else weights
        heavy = x * weights[:, None]
        return cls(heavy.T @ x, heavy.T @ y, (y * weights[:, None]).T @ y, float(weights.sum()))

    def after(self, x: Floats, y: Floats, forgetting: float) -> Moments:
        """Fade everything once and add one row x [columns], y [series]."""
        return Moments(
            forgetting * self.xx + np.outer(x, x),
            forgetting * self.xy + np.outer(x, y),
            forgetting * self.yy + np.outer(y, y),
            forgetting * self.weight + 1.0,
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """Coefficients [columns, series] and the covariance of innovations [series, series]."""

    coefficients: Floats
    covariance: Floats


def solve(moments: Moments, prior: Prior) -> Fitted:
    """Give the posterior mean of the coefficients and the covariance of innovations.

    The covariance has the rows' weight less the coefficients in use as its divisor. Raises
    InvalidInput when rows are too few or regressors depend on each other.
    """
    try:
        factor = cho_factor(moments.xx + np.diag(prior.precision), check_finite=False)
    except LinAlgError:
        raise _dependent() from None
    drawn = moments.xy + prior.precision[:, None] * prior.mean
    coefficients = cho_solve(factor, drawn, check_finite=False)
    in_use = float(np.trace(cho_solve(factor, moments.xx, check_finite=False)))
    freedom = moments.weight - in_use
    if freedom < 1 or not np.isfinite(coefficients).all():
        raise InvalidInput(
            f"{moments.weight:.0f} bins are too few for {in_use:.0f} coefficients",
            "Give more bins, fewer lags or a tighter prior.",
        )
    half = coefficients.T @ moments.xy
    squares = moments.yy - half - half.T + coefficients.T @ moments.xx @ coefficients
    return Fitted(coefficients, _positive((squares + squares.T) / 2 / freedom))


def _dependent() -> InvalidInput:
    return InvalidInput(
        "the regressors depend on each other",
        "Leave out a column that never varies, or give a prior.",
    )


def _positive(covariance: Floats) -> Floats:
    """Lift directions without variance, so that a distance by it is finite."""
    floor = 1e-8 * max(float(np.trace(covariance)), 1e-8)
    if _is_above(covariance, floor):
        return covariance
    values, vectors = np.linalg.eigh(covariance)
    lifted: Floats = (vectors * np.maximum(values, floor)) @ vectors.T
    return lifted


def _is_above(covariance: Floats, floor: float) -> bool:
    try:
        np.linalg.cholesky(covariance - floor * np.eye(len(covariance)))
    except np.linalg.LinAlgError:
        return False
    return True
