"""Order and tightness by out-of-sample log score, and factors where there are many series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np

from titian.kernel.errors import InvalidInput
from titian.payments.channels.fit import Fitted, Moments, solve
from titian.payments.channels.model import Floats
from titian.payments.channels.prior import Prior, minnesota
from titian.payments.channels.regressors import rows

MAX_ORDER: Final = 6
MAX_LAGGED: Final = 24
"""More series than this are lagged through their factors."""

TIGHTNESS: Final = (0.02, 0.1, 0.5)
_HELD_OUT: Final = 0.25
_EXPLAINED: Final = 0.9


@dataclass(frozen=True, slots=True)
class Var:
    """A fitted VAR(order): score = exogenous terms + lags (of factors, if `loadings`) + innovation.

    `log_score` is the mean one-step log density held out, in nats
    a bin (NaN when it was not measured).
    """

    order: int
    exogenous: int
    fitted: Fitted
    prior: Prior
    loadings: Floats | None = None
    tightness: float = np.inf
    log_score: float = np.nan

    @property
    def lags(self) -> Floats:
        """Give the lag matrices [order, series, series]: effect of column j on row i."""
        series = self.fitted.coefficients.shape[1]
        blocks = self.fitted.coefficients[self.exogenous :].reshape(self.order, -1, series)
        if self.loadings is not None:
            blocks = self.loadings @ blocks
        return np.ascontiguousarray(blocks.transpose(0, 2, 1))


def fit_var(
    scores: Floats, exogenous: Floats, order: int, tightness: float, loadings: Floats | None = None
) -> Var:
    """Fit scores [bins, series] on exogenous terms [bins, terms]. Raises InvalidInput."""
    if not 1 <= order <= MAX_ORDER or not tightness > 0:
        raise InvalidInput(
            f"order {order} with tightness {tightness} cannot be fitted",
            f"Give an order of 1 to {MAX_ORDER} and a tightness above 0.",
        )
    x, y = rows(scores, exogenous, order, loadings)
    prior = minnesota(scores, exogenous.shape[1], order, tightness, loadings)
    fitted = solve(Moments.of(x, y), prior)
    return Var(order, exogenous.shape[1], fitted, prior, loadings, tightness)


def choose_var(scores: Floats, exogenous: Floats, max_order: int = MAX_ORDER) -> Var:
    """Fit the order and tightness that best predict the last quarter, on all bins.

    Source: Geweke and Amisano 2010 (Int. J. Forecasting 26, predictive likelihood).
    """
    loadings = factors(scores)
    best, reached = (1, TIGHTNESS[0]), -np.inf
    for order, tightness, score in _candidates(scores, exogenous, max_order, loadings):
        if score > reached:
            best, reached = (order, tightness), score
    chosen = fit_var(scores, exogenous, *best, loadings)
    return replace(chosen, log_score=reached)


def factors(scores: Floats) -> Floats | None:
    """Give loadings [series, factors] of the leading principal components; None for few series.

    Source: Stock and Watson 2002 (JASA 97, diffusion indexes).
    """
    if scores.shape[1] <= MAX_LAGGED:
        return None
    whole = scores[np.isfinite(scores).all(axis=1)]
    values, vectors = np.linalg.eigh(np.cov(whole, rowvar=False))
    share = np.cumsum(values[::-1]) / values.sum()
    kept = min(MAX_LAGGED, int(np.searchsorted(share, _EXPLAINED)) + 1)
    return np.ascontiguousarray(vectors[:, ::-1][:, :kept])


def _candidates(
    scores: Floats, exogenous: Floats, max_order: int, loadings: Floats | None
) -> Iterator[tuple[int, float, float]]:
    """Score each candidate on the same held-out bins."""
    terms = exogenous.shape[1]
    x, y = rows(scores, exogenous, max_order, loadings)
    split = int(len(x) * (1 - _HELD_OUT))
    width = (x.shape[1] - terms) // max_order
    for order, tightness in product(range(1, max_order + 1), TIGHTNESS):
        part = x[:, : terms + order * width]
        prior = minnesota(scores[:split], terms, order, tightness, loadings)
        fitted = solve(Moments.of(part[:split], y[:split]), prior)
        yield order, tightness, log_score(y[split:] - part[split:] @ fitted.coefficients, fitted)


def log_score(innovations: Floats, fitted: Fitted) -> float:
    """Give the mean log density of innovations [bins, series] under a fit, in nats a bin."""
    lower = np.linalg.cholesky(fitted.covariance)
    white = np.linalg.solve(lower, innovations.T)
    constant = innovations.shape[1] * np.log(2 * np.pi) + 2 * np.log(np.diag(lower)).sum()
    return float(-(constant + (white**2).sum(axis=0).mean()) / 2)
