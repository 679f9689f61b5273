"""Numbers made of two numbers: a key of its bank, a pair of two keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

from titian.payments.windows.layout import NONE

if TYPE_CHECKING:
    from titian.payments.windows.layout import Ints

_MASK: Final = np.uint64((1 << 63) - 1)


@njit(cache=True, nogil=True, inline="always")
def _mixed(first: int, second: int) -> int:
    """Make one number of two (after Steele, Lea and Flood 2014); NONE where either is."""
    if first == NONE or second == NONE:  # noqa: PLR1714 - the compiler knows no `in` here
        return NONE
    mixed = np.uint64(first) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(second)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    number: int = np.int64((mixed ^ (mixed >> np.uint64(31))) & _MASK)  # type: ignore[assignment]
    return number


@njit(cache=True, nogil=True)
def scoped(banks: Ints, keys: Ints) -> Ints:
    """Make keys [k, n] belong to their banks [n]; give them as [n, k]."""
    made = np.empty((keys.shape[1], keys.shape[0]), np.int64)
    for event in range(keys.shape[1]):
        for key in range(keys.shape[0]):
            made[event, key] = _mixed(banks[event], keys[key, event])
    return made


@njit(cache=True, nogil=True)
def chosen(keys: Ints, parts: Ints) -> Ints:
    """Give of keys [n, k] those that `parts` [m, 2] name, one or a pair (NONE = no second)."""
    made = np.empty((keys.shape[0], parts.shape[0]), np.int64)
    for event in range(keys.shape[0]):
        for place in range(parts.shape[0]):
            first = keys[event, parts[place, 0]]
            second = parts[place, 1]
            made[event, place] = first if second == NONE else _mixed(first, keys[event, second])
    return made
