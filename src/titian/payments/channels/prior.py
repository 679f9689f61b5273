"""The Minnesota prior: its mean, and one precision for each regressor.

Sources: Bańbura, Giannone and Reichlin 2010, "Large Bayesian vector auto regressions", J. Applied
Econometrics 25, eq. 4–6 (the conjugate form, in closed form); Litterman 1986.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from titian.payments.channels.model import Floats

LOOSE: Final = 1e-2  # of exogenous terms: what the stabiliser left of the calendar is about zero
_HOLD: Final = 1.0


@dataclass(frozen=True, slots=True)
class Prior:
    """Coefficients are expected at `mean` [columns, series], with `precision` [columns].

    Precisions are in units of each equation's innovation; 0 says nothing.
    """

    mean: Floats
    precision: Floats


def minnesota(
    scores: Floats, exogenous: int, order: int, tightness: float, loadings: Floats | None = None
) -> Prior:
    """Give the prior for scores [bins, series] with so many exogenous terms.

    The coefficient of lag l has standard deviation tightness / (l * sd of the lagged variable);
    infinite tightness is no prior at all. Expected is what each series' own lags say of it alone,
    and nothing of others: scores are stationary, so the mean is not the random walk's.
    """
    lagged = scores if loadings is None else scores @ loadings
    variances = np.nanvar(lagged, axis=0)
    alone = own_lags(scores, order)
    own = [np.diag(one) if loadings is None else loadings.T * one for one in alone]
    mean = np.vstack([np.zeros((exogenous, scores.shape[1])), *own])
    lags = np.repeat(np.arange(1, order + 1), len(variances))
    held = np.r_[np.full(exogenous, LOOSE), lags**2 * np.tile(variances, order) / tightness**2]
    return Prior(mean, np.zeros(len(held)) if np.isinf(tightness) else held)


def own_lags(scores: Floats, order: int) -> Floats:
    """Regress each series of scores [bins, series] on its own lags alone [order, series]."""
    known = np.nan_to_num(scores - np.nanmean(scores, axis=0))
    bins = len(known)
    lags = np.stack([known[order - lag : bins - lag] for lag in range(1, order + 1)])
    squares = np.einsum("ltk,mtk->klm", lags, lags) + _HOLD * np.eye(order)
    products = np.einsum("ltk,tk->kl", lags, known[order:])
    return np.asarray(np.linalg.solve(squares, products[:, :, None])[:, :, 0].T, np.float64)
