"""Whether the model may be believed: stable, white, stationary; and if not, why.

With thousands of bins every test rejects something that does not matter, so whiteness and
stationarity fail only when they are both significant and large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import chdtrc, kv

from titian.payments.channels.choose import Var
from titian.payments.channels.model import Floats, SeriesId
from titian.payments.channels.multiple import benjamini_hochberg
from titian.payments.channels.regressors import rows

MAX_RADIUS: Final = 0.98
MAX_CORRELATION: Final = 0.15
SIGNIFICANCE: Final = 0.01
MAX_SHIFT: Final = 0.5
"""The change of level between halves, in standard deviations, that is large."""

_LAGS_BEYOND: Final = 6


class Gate(NamedTuple):
    """A condition of the model: its name, whether it holds, and what was measured."""

    name: str
    holds: bool
    why: str


@dataclass(frozen=True, slots=True)
class Whiteness:
    """Hosking's portmanteau: statistic, degrees of freedom, p-value; the largest correlation."""

    statistic: float
    freedom: int
    p_value: float
    largest: float
    lag: int
    pair: tuple[int, int]


def check(
    model: Var, ids: tuple[SeriesId, ...], scores: Floats, exogenous: Floats
) -> tuple[Gate, ...]:
    """Check a model on scores [bins, series] that it was fitted to."""
    x, y = rows(scores, exogenous, model.order, model.loadings)
    innovations = y - x @ model.fitted.coefficients
    return (
        _stable(spectral_radius(model)),
        _white(ids, whiteness(innovations, model.order + _LAGS_BEYOND, model.order)),
        _stationary(ids, y),
    )


def spectral_radius(model: Var) -> float:
    """Give the largest modulus among the companion matrix's eigenvalues (Lütkepohl 2005, §2.1)."""
    order, series, _ = model.lags.shape
    companion = np.zeros((order * series, order * series))
    companion[:series] = np.hstack(list(model.lags))
    companion[series:, :-series] = np.eye((order - 1) * series)
    return float(np.abs(np.linalg.eigvals(companion)).max())


def whiteness(innovations: Floats, lags: int, order: int) -> Whiteness:
    """Test innovations [bins, series] for correlation up to `lags` bins apart.

    Source: Hosking 1980 (JASA 75), the adjusted statistic; Lütkepohl 2005, eq. 4.4.23.
    """
    bins, series = innovations.shape
    centred = innovations - innovations.mean(axis=0)
    covariance = centred.T @ centred / bins
    inverse = np.linalg.inv(covariance)
    deviation = np.sqrt(np.diag(covariance))
    statistic, largest, at, pair = 0.0, 0.0, 1, (0, 0)
    for lag in range(1, lags + 1):
        cross = centred[lag:].T @ centred[:-lag] / bins
        statistic += float(np.trace(cross.T @ inverse @ cross @ inverse)) / (bins - lag)
        found = np.abs(cross / np.outer(deviation, deviation))
        if found.max() > largest:
            largest, at = float(found.max()), lag
            pair = (int(found.argmax()) // series, int(found.argmax()) % series)
    statistic *= bins**2
    freedom = series**2 * (lags - order)
    return Whiteness(statistic, freedom, float(chdtrc(freedom, statistic)), largest, at, pair)


def kpss(values: Floats) -> float:
    """Give the p-value of a level-stationary series [bins] (small: it wanders).

    Source: Kwiatkowski, Phillips, Schmidt and Shin 1992 (J. Econometrics 54), Bartlett weights of
    ⌊12 (T/100)^¼⌋ lags; the limit is the Cramér–von Mises law (Csörgő and Faraway 1996, eq. 1.3).
    """
    bins = len(values)
    centred = values - values.mean()
    lags = int(12 * (bins / 100) ** 0.25)
    variance = centred @ centred / bins
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * (centred[lag:] @ centred[:-lag]) / bins
    statistic = float((np.cumsum(centred) ** 2).sum() / bins**2 / max(float(variance), 1e-12))
    return 1.0 - _cramer_von_mises(statistic)


def _cramer_von_mises(x: float) -> float:
    if x <= 0:
        return 0.0
    total, weight = 0.0, 1.0
    for k in range(20):
        spread = (4 * k + 1) ** 2 / (16 * x)
        total += weight * np.sqrt(4 * k + 1) * np.exp(-spread) * kv(0.25, spread)
        weight *= (k + 0.5) / (k + 1)
    return float(np.clip(total / (np.pi * np.sqrt(x)), 0.0, 1.0))


def _stable(radius: float) -> Gate:
    holds = radius < MAX_RADIUS
    return Gate("stable", holds, f"spectral radius {radius:.3f}, limit {MAX_RADIUS}")


def _white(ids: tuple[SeriesId, ...], found: Whiteness) -> Gate:
    holds = found.p_value >= SIGNIFICANCE or found.largest <= MAX_CORRELATION
    why = (
        f"innovations of {ids[found.pair[0]]} follow those of {ids[found.pair[1]]} {found.lag}"
        f" bins before with correlation {found.largest:.2f}, limit {MAX_CORRELATION};"
        f" portmanteau p = {found.p_value:.2g}"
    )
    return Gate("white", holds, why)


def _stationary(ids: tuple[SeriesId, ...], scores: Floats) -> Gate:
    wanders = benjamini_hochberg(np.array([kpss(one) for one in scores.T]), SIGNIFICANCE)
    half = len(scores) // 2
    shift = np.abs(scores[half:].mean(axis=0) - scores[:half].mean(axis=0))
    shift /= scores.std(axis=0) + 1e-12
    failing = np.flatnonzero(wanders & (shift > MAX_SHIFT))
    if not failing.size:
        return Gate("stationary", holds=True, why=f"largest shift of level {shift.max():.2f} sd")
    names = ", ".join(f"{ids[at]} by {shift[at]:.2f} sd" for at in failing[:5])
    return Gate("stationary", holds=False, why=f"the level moves: {names}, limit {MAX_SHIFT} sd")
