"""The learners: three kinds of trees whose odds are averaged, so that no one's whims decide.

Bagged and random trees keep average precision where frauds are few; boosting adds what they miss.
Each tree is taught on a share of the rows, which costs little and is several times as fast.
Averaging in log odds keeps a confident voice heard (logarithmic opinion pool, Genest and Zidek
1986).
"""

from __future__ import annotations

from typing import Final, Protocol

import lightgbm as lgb
import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from titian.payments.windows.layout import Bytes, Floats

SEED: Final = 20260217
_MISSING: Final = -1.0
_FLOOR: Final = 1e-4


class Learner(Protocol):
    """What scikit-learn and LightGBM agree on."""

    def fit(self, x: Floats, y: Bytes) -> object:
        """Learn from rows and labels."""

    def predict_proba(self, x: Floats) -> Floats:
        """Give the probability of each class."""


def learners(jobs: int) -> tuple[Learner, ...]:
    """Give the three learners, not yet taught."""
    return (
        RandomForestClassifier(
            300, min_samples_leaf=3, max_features="sqrt", max_samples=0.3,
            n_jobs=jobs, random_state=SEED,
        ),
        ExtraTreesClassifier(
            400, min_samples_leaf=2, max_features=0.3, bootstrap=True, max_samples=0.5,
            n_jobs=jobs, random_state=SEED,
        ),
        lgb.LGBMClassifier(
            n_estimators=150, learning_rate=0.03, num_leaves=15, min_child_samples=20,
            subsample=0.7, subsample_freq=1, colsample_bytree=0.5, reg_lambda=5.0,
            n_jobs=jobs, random_state=SEED, verbose=-1,
        ),
    )  # fmt: skip


def filled(features: Floats) -> Floats:
    """Mark what is unknown by a value that no feature takes."""
    return np.nan_to_num(features, nan=_MISSING)


def pooled(taught: tuple[Learner, ...], features: Floats) -> Floats:
    """Average the log probabilities of fraud [n]."""
    voices = [np.log(learner.predict_proba(features)[:, 1] + _FLOOR) for learner in taught]
    pool: Floats = np.mean(voices, axis=0)
    return pool
