"""Simulated channel behaviour with known truth."""

from __future__ import annotations

from itertools import product

import numpy as np

from titian.payments.channels.model import MINUTE_US, Factor, Floats, Series, SeriesId
from titian.payments.model import CHANNELS

MONDAY_US = 1_772_380_800_000_000  # 2026-03-02 00:00 in China
COUNTED = tuple(one for one in Factor if one is not Factor.LOG_AMOUNT)


def count_ids(number: int) -> tuple[SeriesId, ...]:
    return tuple(SeriesId(*pair) for pair in product(CHANNELS, COUNTED))[:number]


def mean_ids(number: int) -> tuple[SeriesId, ...]:
    return tuple(SeriesId(channel, Factor.LOG_AMOUNT) for channel in CHANNELS)[:number]


def day_shape(bins: int, bin_us: int) -> Floats:
    """A mean of 1 with a busy noon and a quiet night [bins]."""
    hour = np.arange(bins) * bin_us / 3_600_000_000 % 24
    shape: Floats = 1 + 0.8 * np.sin((hour - 7) / 24 * 2 * np.pi)
    return shape


def counted(values: Floats, bin_us: int = MINUTE_US) -> Series:
    ids = count_ids(values.shape[1])
    return Series(MONDAY_US, bin_us, ids, values.astype(float), np.ones(values.shape))


def averaged(values: Floats, bin_us: int = MINUTE_US) -> Series:
    ids = mean_ids(values.shape[1])
    return Series(MONDAY_US, bin_us, ids, values, np.ones(values.shape))


def gaussian(seed: int, bins: int, series: int, bin_us: int = MINUTE_US) -> Series:
    """A VAR(1) of normal innovations around a daily shape."""
    stream = np.random.default_rng(seed)
    noise = stream.normal(size=(bins, series))
    values = np.zeros((bins, series))
    for row in range(1, bins):
        values[row] = 0.3 * values[row - 1] + noise[row]
    return averaged(8 + day_shape(bins, bin_us)[:, None] + values, bin_us)


def negative_binomial(
    seed: int, bins: int, means: list[float], size: float = 3.0, bin_us: int = MINUTE_US
) -> Series:
    """Overdispersed counts around a daily shape."""
    stream = np.random.default_rng(seed)
    mean = day_shape(bins, bin_us)[:, None] * np.array(means)
    return counted(stream.poisson(stream.gamma(size, mean / size)), bin_us)


def zero_inflated(
    seed: int, bins: int, means: list[float], empty: float = 0.5, bin_us: int = MINUTE_US
) -> Series:
    """Counts of which a share are zero whatever the hour."""
    found = negative_binomial(seed, bins, means, 3.0, bin_us)
    keep = np.random.default_rng(seed + 1).random(found.values.shape) >= empty
    return counted(found.values * keep, bin_us)
