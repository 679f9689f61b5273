"""The Minnesota prior as one precision for each regressor.

Sources: Bańbura, Giannone and Reichlin 2010, "Large Bayesian vector auto regressions", J. Applied
Econometrics 25, eq. 4–6 (the conjugate form, in closed form); Litterman 1986.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.payments.channels.model import Floats

LOOSE: Final = 1e-2  # of exogenous terms: what the stabiliser left of the calendar is about zero


def minnesota(exogenous: int, variances: Floats, order: int, tightness: float) -> Floats:
    """Give precisions [exogenous + order * lagged] of coefficients that are expected at zero.

    `variances` [lagged] are those of the lagged variables. The coefficient of lag l has standard
    deviation tightness / (l * sd), in units of the equation's innovation; infinite tightness is no
    prior at all. Scores are stationary, so that even the own first lag is expected at zero.
    """
    if np.isinf(tightness):
        return np.zeros(exogenous + order * len(variances))
    lags = np.repeat(np.arange(1, order + 1), len(variances))
    lagged = lags**2 * np.tile(variances, order) / tightness**2
    precisions: Floats = np.r_[np.full(exogenous, LOOSE), lagged]
    return precisions
