"""The words of channel monitoring: factors, series and their bins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from titian.kernel.errors import InvalidInput
from titian.payments.model import Channel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MINUTE_US: Final = 60_000_000
DAY_US: Final = 1_440 * MINUTE_US
MAX_BINS: Final = 200_000
MAX_SERIES: Final = 200


class Factor(StrEnum):
    """What is counted, or averaged, of a channel in a bin."""

    ATTEMPTS = "attempts"
    DECLINES = "declines"
    LOG_AMOUNT = "log_amount"
    PAYEES = "payees"
    FAILED_LOGINS = "failed_logins"
    NEW_DEVICE_LOGINS = "new_device_logins"
    FIRST_PAYEE_TRANSFERS = "first_payee_transfers"


class SeriesId(NamedTuple):
    """One factor of one channel."""

    channel: Channel
    factor: Factor

    def __str__(self) -> str:
        return f"{self.channel}.{self.factor}"


@dataclass(frozen=True, slots=True)
class Series:
    """Bins of behaviour: bin i covers `bin_us` microseconds from `start_us + i * bin_us` (UTC).

    `values` [bins, series] are counts, or a mean of log fen; NaN where a whole bin is missing.
    `weights` [bins, series] say how many attempts stand behind a mean (0: none); 1 for counts.
    Raises InvalidInput when shapes do not fit or a limit is passed.
    """

    start_us: int
    bin_us: int
    ids: tuple[SeriesId, ...]
    values: Floats
    weights: Floats

    def __post_init__(self) -> None:
        fits = self.values.shape == self.weights.shape and self.values.ndim == 2  # noqa: PLR2004
        if not fits or self.values.shape[1] != len(self.ids) or self.bin_us <= 0:
            raise InvalidInput(
                f"values {self.values.shape} and weights {self.weights.shape} do not fit"
                f" {len(self.ids)} series",
                "Give one column a series and bins of positive length.",
            )
        if len(self.values) > MAX_BINS or len(self.ids) > MAX_SERIES:
            raise InvalidInput(
                f"{len(self.values):,} bins of {len(self.ids)} series are too many",
                f"Give at most {MAX_BINS:,} bins of {MAX_SERIES} series.",
            )

    @property
    def at_us(self) -> Ints:
        """When each bin begins [bins], in microseconds since 1970 UTC."""
        return self.start_us + self.bin_us * np.arange(len(self.values), dtype=np.int64)

    def rows(self, begin: int, end: int) -> Series:
        """Give the bins from `begin` up to `end`."""
        return replace(
            self,
            start_us=self.start_us + begin * self.bin_us,
            values=self.values[begin:end],
            weights=self.weights[begin:end],
        )

    def columns(self, kept: tuple[SeriesId, ...]) -> Series:
        """Give some of the series, in the order asked for."""
        places = [self.ids.index(one) for one in kept]
        return replace(
            self, ids=kept, values=self.values[:, places], weights=self.weights[:, places]
        )
