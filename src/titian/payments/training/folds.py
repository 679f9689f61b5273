"""The published protocol of the card data: train a week, wait for labels, test a week.

Source: Le Borgne, Siblini, Lebichot, Bontempi, "Reproducible Machine Learning for Credit Card
Fraud Detection" (2022), chapters 5.2 and 5.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from titian.kernel.errors import InvalidInput
from titian.payments.training.dataset import History

_EPOCH = date(1970, 1, 1)
MAX_FOLDS = 52


@dataclass(frozen=True, slots=True)
class Protocol:
    """Days of a fold: training, waiting for labels, testing."""

    train_days: int = 7
    delay_days: int = 7
    test_days: int = 7


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to train on and to test on; customers already known as compromised are not tested."""

    start: date
    train: NDArray[np.bool_]
    test: NDArray[np.bool_]


def split(history: History, start: date, protocol: Protocol) -> Fold:
    """Cut one fold. Raises InvalidInput where the history does not reach or teaches nothing."""
    first = (start - _EPOCH).days
    after = first + protocol.train_days
    test_from = after + protocol.delay_days
    test_to = test_from + protocol.test_days
    _within(history, start, first, test_to)
    train = (history.day >= first) & (history.day < after)
    frauds = int(history.fraud[train].sum())
    if not 0 < frauds < int(train.sum()):
        raise InvalidInput(
            f"the {protocol.train_days} days from {start} hold {frauds} frauds",
            "Choose a --train-start whose days hold both frauds and honest payments.",
        )
    known = set(history.customer[train & (history.fraud == 1)].tolist())
    test = np.zeros_like(train)
    for day in range(test_from, test_to):
        visible = day - protocol.delay_days - 1
        if visible >= after - 1:
            seen = (history.day == visible) & (history.fraud == 1)
            known |= set(history.customer[seen].tolist())
        today = history.day == day
        test |= today & ~np.isin(history.customer, np.fromiter(known, np.int64, len(known)))
    if not 0 < int(history.fraud[test].sum()) < int(test.sum()):
        raise InvalidInput(
            f"the test days of the fold from {start} hold no fraud, or nothing else",
            "Choose another --train-start or more --test-days.",
        )
    return Fold(start, train, test)


def starts(start: date, folds: int, protocol: Protocol) -> list[date]:
    """Give the first days of folds that follow each other. Raises InvalidInput."""
    if not 1 <= folds <= MAX_FOLDS:
        raise InvalidInput(f"--folds is {folds}", f"Give 1 to {MAX_FOLDS}.")
    return [start + timedelta(days=number * protocol.train_days) for number in range(folds)]


def _within(history: History, start: date, first: int, end: int) -> None:
    begins, ends = int(history.day.min()), int(history.day.max()) + 1
    if first < begins or end > ends:
        last = _EPOCH + timedelta(days=ends - (end - first))
        raise InvalidInput(
            f"the fold from {start} needs {start} to {_EPOCH + timedelta(days=end - 1)}",
            f"The files reach from {_EPOCH + timedelta(days=begins)} to "
            f"{_EPOCH + timedelta(days=ends - 1)}: the last --train-start is {last}.",
        )
