"""Recursive least squares with forgetting, in information form; winsorised, and it can be frozen.

The state is the moments of the regression and the last bins. The prior is added anew at each
solution, so forgetting never wears it out, and the state equals a batch refit with weights
forgetting^age. Sources: Ljung and Söderström 1983, "Theory and Practice of Recursive
Identification", §2.6; Maronna, Martin and Yohai 2006 on bounded influence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from scipy.special import chdtri

from titian.payments.channels.choose import Var
from titian.payments.channels.fit import Fitted, Moments, solve
from titian.payments.channels.model import Floats
from titian.payments.channels.regressors import rows

_TAIL: Final = 0.01  # winsorise what lies beyond 99 % of normal innovations


class Forecast(NamedTuple):
    """Regressors [columns] of a bin and its expected scores [series]."""

    x: Floats
    expected: Floats


@dataclass(frozen=True, slots=True)
class Online:
    """A model that learns bin by bin: `past` [order, lagged] are the last bins, newest first."""

    model: Var
    moments: Moments
    fitted: Fitted
    past: Floats
    forgetting: float

    @classmethod
    def begin(cls, model: Var, scores: Floats, exogenous: Floats, forgetting: float) -> Online:
        """Begin from a history: scores [bins, series] with exogenous terms [bins, terms]."""
        x, y = rows(scores, exogenous, model.order, model.loadings)
        moments = Moments.of(x, y, _weights(len(x), forgetting))
        last = np.nan_to_num(_lagged(model, scores[-model.order :]))[::-1]
        return cls(model, moments, solve(moments, model.prior), last, forgetting)

    def forecast(self, exogenous: Floats) -> Forecast:
        """Expect the next bin, given its exogenous terms [terms]."""
        x = np.r_[exogenous, self.past.ravel()]
        return Forecast(x, x @ self.fitted.coefficients)

    def learn(self, forecast: Forecast, scores: Floats, *, solved: bool = True) -> Online:
        """Take a bin in: it becomes the newest lag and, if `solved`, the coefficients move.

        Left unsolved, it moves them with the next bin that is.
        """
        moments = self.moments.after(forecast.x, scores, self.forgetting)
        fitted = solve(moments, self.model.prior) if solved else self.fitted
        return replace(self.passed(scores), moments=moments, fitted=fitted)

    def passed(self, scores: Floats) -> Online:
        """Let a bin pass: it becomes the newest lag, nothing is learnt."""
        newest = _lagged(self.model, scores[None, :])
        return replace(self, past=np.vstack([newest, self.past[:-1]]))

    def forgot_past(self) -> Online:
        """Begin the lags anew at their usual level, after a gap."""
        return replace(self, past=np.zeros_like(self.past))


def winsorise(innovation: Floats, distance: float) -> Floats:
    """Shrink an innovation [series] whose squared `distance` is beyond its 99 % normal bound."""
    bound = float(chdtri(len(innovation), _TAIL))
    return innovation if distance <= bound else innovation * np.sqrt(bound / distance)


def _lagged(model: Var, scores: Floats) -> Floats:
    return scores if model.loadings is None else scores @ model.loadings


def _weights(rows_: int, forgetting: float) -> Floats:
    return np.asarray(forgetting ** np.arange(rows_ - 1, -1, -1), np.float64)
