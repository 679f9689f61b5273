"""Uniform draws that depend only on bin, series and seed, so that a replay draws the same."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from titian.payments.channels.model import Floats, Ints


def uniforms(at_us: Ints, names: Sequence[str], seed: int) -> Floats:
    """Draw from (0, 1) for each bin and name [bins, names], by SplitMix64 (Steele et al. 2014)."""
    rows = np.asarray(at_us, np.int64).astype(np.uint64)[:, None]
    salts = np.array([zlib.crc32(name.encode()) for name in names], np.uint64)[None, :]
    mixed = _mixed(_mixed(rows + np.uint64(seed)) ^ (salts << np.uint64(16)))
    return (mixed >> np.uint64(11)).astype(float) / 2.0**53 + 2.0**-54


def _mixed(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        word = word + np.uint64(0x9E3779B97F4A7C15)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))
