"""Fitting a series' usual level to calendar regressors, and its spread to that level."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import nnls

from titian.payments.channels.model import Floats

_RIDGE: Final = 1e-4  # of the weight of the data: holds dummies that never vary at zero
_ROUNDS: Final = 30
_TRIM: Final = 0.995
_LOWEST_LOG: Final = -14.0
_HIGHEST_LOG: Final = 14.0


def linear_level(design: Floats, values: Floats, weights: Floats) -> Floats:
    """Fit weighted least squares; returns coefficients [columns]. Weight 0 leaves a bin out."""
    return _ridge(design, np.where(weights > 0, values, 0.0), weights)


def log_level(design: Floats, counts: Floats, weights: Floats) -> Floats:
    """Fit a Poisson mean exp(design @ coefficients) by Newton steps; returns coefficients.

    Source: McCullagh and Nelder 1989, "Generalized Linear Models", §2.5.
    """
    counts = np.where(weights > 0, counts, 0.0)
    total = max(float(weights.sum()), 1.0)
    coefficients: Floats = np.zeros(design.shape[1])
    coefficients[0] = np.log((counts.sum() + 0.5) / total)
    for _ in range(_ROUNDS):
        mean = level_of_log(design, coefficients)
        working = design @ coefficients + (counts - mean) / mean
        target = _ridge(design, working, weights * mean, _log_ridge(counts.sum()))
        step = coefficients + np.clip(target - coefficients, -1.0, 1.0)
        moved = float(np.max(np.abs(step - coefficients)))
        coefficients = np.asarray(step, np.float64)
        if moved < 1e-6:  # noqa: PLR2004 - converged
            break
    return coefficients


def level_of_log(design: Floats, coefficients: Floats) -> Floats:
    """Give the means [bins] of a level fitted by `log_level`."""
    level: Floats = np.exp(np.clip(design @ coefficients, _LOWEST_LOG, _HIGHEST_LOG))
    return level


def spread(squares: Floats, driver: Floats) -> tuple[float, float]:
    """Fit the variance a + b * driver with a, b ≥ 0 to squared residuals; returns (a, b).

    The largest half percent is trimmed, so that attacks in the history do not widen the limits.
    """
    if not squares.size:
        return 1.0, 0.0
    top = np.quantile(squares, _TRIM)
    kept = squares <= top
    fitted, _ = nnls(np.column_stack([np.ones(kept.sum()), driver[kept]]), squares[kept])
    typical = float(fitted[0] + fitted[1] * driver.mean())
    if typical <= 0:
        return max(float(squares.mean()), 1e-12), 0.0
    scale = float(np.minimum(squares, top).mean()) / typical
    return max(float(fitted[0]) * scale, 1e-12), float(fitted[1]) * scale


def _log_ridge(events: float) -> float:
    return 0.5 if events < 1_000 else _RIDGE * events  # noqa: PLR2004 - few events: hold back


def _ridge(design: Floats, values: Floats, weights: Floats, ridge: float | None = None) -> Floats:
    weighted = design * weights[:, None]
    if ridge is None:
        ridge = _RIDGE * max(float(weights.sum()), 1e-9)
    hold = np.full(design.shape[1], ridge)
    hold[0] = 1e-12
    solved = np.linalg.solve(design.T @ weighted + np.diag(hold), weighted.T @ values)
    return np.asarray(solved, np.float64)
