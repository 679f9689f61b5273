"""Rows with every kind of trouble, and learners taught on them."""

from __future__ import annotations

import numpy as np
import pytest

from titian.decide.trees.model import Floats

WIDTH = 6


@pytest.fixture(scope="session")
def rows() -> Floats:
    dice = np.random.default_rng(20260217)
    made = dice.normal(size=(1500, WIDTH))
    made[:, 0] = np.round(made[:, 0] * 3)
    made[:, 1] *= dice.random(1500) < 0.5
    made[:, 2] *= 1e-35
    made[dice.random(made.shape) < 0.15] = np.nan
    return made


@pytest.fixture(scope="session")
def labels(rows: Floats) -> Floats:
    seen = np.nan_to_num(rows)
    return (seen[:, 0] + np.isnan(rows[:, 3]) + seen[:, 4] * seen[:, 1] > 0.5).astype(float)


@pytest.fixture(scope="session")
def extremes() -> Floats:
    zero = 1.0000000180025095e-35
    values = [0.0, -0.0, zero, -zero, 1e-36, 5e-324, 1e300, -1e300, 1.7e308, np.inf, -np.inf]
    dice = np.random.default_rng(7)
    return dice.choice([*values, np.nan, 1.0, 2.0, -1.0, 0.5], size=(2000, WIDTH))
