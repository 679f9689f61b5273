"""What leads what, how a shock travels, and which risks move together: for analysts.

Sources: Lütkepohl 2005, §3.6 (Granger causality) and §3.7 with app. D (bootstrap); Newey and West
1987 (Econometrica 55); Pesaran and Shin 1998 (Economics Letters 58, generalised responses).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import chdtrc

from titian.kernel.errors import InvalidInput
from titian.payments.channels.choose import Var, fit_var
from titian.payments.channels.model import Floats, SeriesId
from titian.payments.channels.multiple import benjamini_hochberg
from titian.payments.channels.regressors import rows

MAX_REPEATS: Final = 2_000
MAX_HORIZON: Final = 200
MAX_CELLS: Final = 100_000_000
_NEARLY_FREE: Final = 10.0  # only holds columns that never vary, or vary together


class Lead(NamedTuple):
    """One series leads another: its past helps to predict it, given everything else's past."""

    cause: SeriesId
    effect: SeriesId
    statistic: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Responses:
    """Responses to a shock of one standard deviation [horizon + 1, effect, cause], with bands."""

    expected: Floats
    lower: Floats
    upper: Floats


def leads(
    ids: tuple[SeriesId, ...], scores: Floats, exogenous: Floats, order: int, rate: float = 0.05
) -> tuple[Lead, ...]:
    """Test every pair by Wald statistics robust to heteroskedasticity and autocorrelation.

    The fit is all but least squares on scores [bins, series]. Given are the discoveries at a false
    discovery rate over all pairs, strongest first. Raises InvalidInput for too few bins.
    """
    model = fit_var(scores, exogenous, order, _NEARLY_FREE)
    x, y = rows(scores, exogenous, order)
    innovations = y - x @ model.fitted.coefficients
    bread = np.linalg.inv(x.T @ x + np.diag(model.prior.precision))
    series = len(ids)
    tested = []
    for effect in range(series):
        covariance = bread @ _long_run(x * innovations[:, [effect]]) @ bread
        for cause in (one for one in range(series) if one != effect):
            places = exogenous.shape[1] + cause + series * np.arange(order)
            part = model.fitted.coefficients[places, effect]
            wald = float(part @ np.linalg.solve(covariance[np.ix_(places, places)], part))
            tested.append(Lead(ids[cause], ids[effect], wald, float(chdtrc(order, wald))))
    found = benjamini_hochberg(np.array([one.p_value for one in tested]), rate)
    kept = [one for one, discovered in zip(tested, found, strict=True) if discovered]
    return tuple(sorted(kept, key=lambda one: one.p_value))


def impulse(model: Var, horizon: int) -> Floats:
    """Give moving-average matrices [horizon + 1, effect, cause] (Lütkepohl 2005, eq. 2.1.22)."""
    if not 0 <= horizon <= MAX_HORIZON:
        raise InvalidInput(
            f"a horizon of {horizon} bins cannot be shown", f"Give 0 to {MAX_HORIZON}."
        )
    lags = model.lags
    responses = [np.eye(lags.shape[1])]
    for step in range(1, horizon + 1):
        back = range(1, min(step, model.order) + 1)
        responses.append(np.sum([responses[step - lag] @ lags[lag - 1] for lag in back], axis=0))
    return np.array(responses)


def generalised(model: Var, horizon: int) -> Floats:
    """Give generalised impulse responses [horizon + 1, effect, cause]: no order is imposed."""
    covariance = model.fitted.covariance
    responses: Floats = impulse(model, horizon) @ (covariance / np.sqrt(np.diag(covariance)))
    return responses


def generalised_with_bands(
    model: Var,
    scores: Floats,
    exogenous: Floats,
    horizon: int,
    repeats: int = 200,
    coverage: float = 0.9,
    seed: int = 0,
) -> Responses:
    """Give generalised responses with percentile bands of a residual bootstrap.

    Each repeat redraws innovations, rebuilds the scores from them and fits anew.
    """
    if not 1 <= repeats <= MAX_REPEATS or repeats * scores.size > MAX_CELLS:
        raise InvalidInput(
            f"{repeats} repeats of {scores.size:,} values cannot be drawn",
            f"Give 1 to {MAX_REPEATS} repeats and at most {MAX_CELLS:,} values over all.",
        )
    x, y = rows(scores, exogenous, model.order, model.loadings)
    innovations = y - x @ model.fitted.coefficients
    drawn = _rebuilt(model, scores, exogenous, innovations, repeats, seed)
    found = np.array([generalised(_refitted(model, one, exogenous), horizon) for one in drawn])
    tail = (1 - coverage) / 2
    lower, upper = np.quantile(found, [tail, 1 - tail], axis=0)
    return Responses(generalised(model, horizon), lower, upper)


def correlations(innovations: Floats) -> Floats:
    """Give correlations of innovations [series, series] for the heat map of shared risk."""
    whole = innovations[np.isfinite(innovations).all(axis=1)]
    found: Floats = np.atleast_2d(np.corrcoef(whole, rowvar=False))
    return found


def _long_run(moments: Floats) -> Floats:
    bins = len(moments)
    lags = int(4 * (bins / 100) ** (2 / 9))
    total: Floats = moments.T @ moments
    for lag in range(1, lags + 1):
        cross = moments[lag:].T @ moments[:-lag]
        total = total + (1 - lag / (lags + 1)) * (cross + cross.T)
    return total


def _refitted(model: Var, scores: Floats, exogenous: Floats) -> Var:
    return fit_var(scores, exogenous, model.order, model.tightness, model.loadings)


def _rebuilt(
    model: Var, scores: Floats, exogenous: Floats, innovations: Floats, repeats: int, seed: int
) -> Floats:
    """Draw histories [repeats, bins, series] that the model could have made."""
    stream = np.random.default_rng(seed)
    bins, series = scores.shape
    picked = stream.integers(0, len(innovations), (bins, repeats))
    centred = innovations - innovations.mean(axis=0)
    steady = exogenous @ model.fitted.coefficients[: model.exogenous]
    drawn = np.zeros((bins, repeats, series))
    drawn[: model.order] = np.nan_to_num(scores[: model.order])[:, None, :]
    for row in range(model.order, bins):
        drawn[row] = steady[row] + centred[picked[row]]
        for lag, matrix in enumerate(model.lags, 1):
            drawn[row] += drawn[row - lag] @ matrix.T
    return drawn.transpose(1, 0, 2)
