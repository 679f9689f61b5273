"""Scores and calendar become the rows of a regression."""

from __future__ import annotations

import numpy as np

from titian.payments.channels.model import Floats


def rows(
    scores: Floats, exogenous: Floats, order: int, loadings: Floats | None = None
) -> tuple[Floats, Floats]:
    """Give regressors [bins - order, columns] and targets [bins - order, series].

    A row is its exogenous terms, then lags 1 to `order` of the scores (or of their factors,
    `scores @ loadings`). Rows that touch a missing (NaN) bin are left out.
    """
    lagged = scores if loadings is None else scores @ loadings
    bins = len(scores)
    lags = [lagged[order - lag : bins - lag] for lag in range(1, order + 1)]
    x, y = np.column_stack([exogenous[order:], *lags]), scores[order:]
    whole = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    return x[whole], y[whole]
