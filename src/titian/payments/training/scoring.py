"""Figures of a fold: AUC, average precision, card precision at 100."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from titian.payments.training.dataset import History
from titian.payments.windows.layout import Floats, Ints

CARDS = 100


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares between 0 and 1."""

    auc: float
    average_precision: float
    card_precision_at_100: float

    def as_json(self) -> dict[str, float]:
        """Give the figures for a JSON document."""
        return asdict(self)


def figures(history: History, rows: Ints, scores: Floats) -> Figures:
    """Score the tested rows [n] by their model's scores [n]."""
    fraud = history.fraud[rows]
    return Figures(
        float(roc_auc_score(fraud, scores)),
        float(average_precision_score(fraud, scores)),
        card_precision(history.day[rows], history.customer[rows], fraud == 1, scores),
    )


def card_precision(day: Ints, customer: Ints, fraud: Ints, scores: Floats) -> float:
    """Mean over days of the share of compromised among the customers scored highest.

    A customer's score of a day is the highest of the day's payments; customers found on one day
    leave the later days.
    """
    found: set[int] = set()
    shares = []
    for today in np.unique(day):
        rows = np.flatnonzero(day == today)
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        ranked = [c for c in dict.fromkeys(customer[rows].tolist()) if c not in found][:CARDS]
        hit = set(customer[rows][fraud[rows].astype(bool)].tolist()) & set(ranked)
        shares.append(len(hit) / CARDS)
        found |= hit
    return float(np.mean(shares))


def mean(of: list[Figures]) -> Figures:
    """Average the figures of folds."""
    return Figures(*(float(np.mean(column)) for column in zip(*[
        (f.auc, f.average_precision, f.card_precision_at_100) for f in of
    ], strict=True)))  # fmt: skip
