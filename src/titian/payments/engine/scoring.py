"""What a model, and what the state of channels, must offer the engine."""

from __future__ import annotations

from typing import Protocol

from titian.payments.windows.layout import Floats


class Scorer(Protocol):
    """A model over the features of the plan, in their order, amount, hour and channel behind."""

    @property
    def version(self) -> str:
        """What the journal calls it."""

    def score(self, features: Floats) -> Floats:
        """Give the probability of fraud [n] for features [n, w]; NaN = unknown feature."""


class ChannelState(Protocol):
    """What each channel is doing now; refreshed from outside, read once a batch."""

    def now(self) -> Floats:
        """Give the deviation of each channel, in the order of the channels' codes [6]."""
