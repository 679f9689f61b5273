"""Evaluation out of time: teach on a fold's training days, score its test days."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from titian.payments.training.config import Columns
from titian.payments.training.dataset import History, read_history
from titian.payments.training.folds import Protocol, split, starts
from titian.payments.training.models import filled, learners, pooled
from titian.payments.training.scoring import Figures, figures, mean
from titian.payments.windows.layout import Ints


def evaluate(
    files: Sequence[Path],
    columns: Columns,
    start: date,
    protocol: Protocol,
    folds: int,
    tell: Callable[[str], None],
) -> dict[str, object]:
    """Give the document of `titian payments evaluate`. Raises InvalidInput."""
    began = time.perf_counter()
    tell("reading and computing features")
    history = read_history(files, columns, protocol.delay_days)
    cuts = [split(history, day, protocol) for day in starts(start, folds, protocol)]
    found: list[Figures] = []
    for cut in cuts:
        tell(f"fold from {cut.start}")
        found.append(_fold(history, np.flatnonzero(cut.train), np.flatnonzero(cut.test)))
    return {
        "folds": [figure.as_json() for figure in found],
        "mean": mean(found).as_json(),
        "seconds": round(time.perf_counter() - began, 3),
    }


def _fold(history: History, train: Ints, test: Ints) -> Figures:
    taught = learners(os.cpu_count() or 1)
    known, unseen = filled(history.features[train]), filled(history.features[test])
    for learner in taught:
        learner.fit(known, history.fraud[train])
    return figures(history, test, pooled(taught, unseen))
