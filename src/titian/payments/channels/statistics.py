"""Statistics of innovations: T² for spikes, MEWMA for slow attacks, a score for changed dynamics.

Sources: Jarrett and Pan 2007 (CSDA 51, T² of VAR residuals); Lowry, Woodall, Champ and Rigdon 1992
(Technometrics 34, MEWMA). None is compared with its textbook limit: see `conformal`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.payments.channels.model import Floats

SMOOTHING: Final = 0.1
"""The weight of the newest bin in MEWMA."""

SHRINKAGE: Final = 0.2
"""How far covariances are drawn towards independence."""


def shrunk(covariance: Floats) -> Floats:
    """Draw a covariance [series, series] towards its diagonal (Ledoit and Wolf 2004).

    Attempts and distinct payees nearly coincide in quiet bins: without this, one payee more or
    less in such a direction outweighs an attack. Calibration makes any choice valid.
    """
    diagonal = np.diag(np.diag(covariance))
    drawn: Floats = (1 - SHRINKAGE) * covariance + SHRINKAGE * diagonal
    return drawn


def distance(vector: Floats, covariance: Floats) -> float:
    """Give the squared Mahalanobis length of a vector [series] (Hotelling's T²)."""
    return float(vector @ np.linalg.solve(covariance, vector))


def mewma(before: Floats, innovation: Floats, smoothing: float = SMOOTHING) -> Floats:
    """Smooth innovations [series] exponentially (Lowry et al. 1992, eq. 2.2)."""
    after: Floats = smoothing * innovation + (1 - smoothing) * before
    return after


def mewma_covariance(covariance: Floats, smoothing: float = SMOOTHING) -> Floats:
    """Give the covariance of `mewma` after many bins (Lowry et al. 1992, eq. 2.4)."""
    settled: Floats = covariance * (smoothing / (2 - smoothing))
    return settled


def drift(past: Floats, standard: Floats) -> Floats:
    """Score a block of bins for a change of each series' own first lag or level [series].

    `past` [bins, series] are the scores before, `standard` [bins, series] innovations over their
    standard deviation. With unchanged coefficients the two are uncorrelated and `standard` has
    mean zero; the terms are squared normalised sums, those of a Lagrange-multiplier test
    (Lütkepohl 2005, §4.6).
    """
    spread = np.sqrt((past**2).mean(axis=0)) + 1e-9
    dynamics = (past * standard).sum(axis=0) / spread
    terms: Floats = (dynamics**2 + standard.sum(axis=0) ** 2) / len(standard)
    return terms
