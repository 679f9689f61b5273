"""Where each number of the window state stands: columns of the integer arrays.

Times are microseconds since 1970 UTC; amounts fen. `ABS` positions count entries of a ring since
its beginning, so `position & (capacity - 1)` is the cell within the ring's block.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

NONE: Final = -1
NEVER: Final = -(2**62)
"""A time before every event."""

FOREVER: Final = 2**62
"""A time after every event."""


class Measure(IntEnum):
    """What is read from a window; times are in seconds, money in fen."""

    COUNT = 0
    SUM = 1
    MEAN = 2
    MAX = 3
    DISTINCT = 4
    SINCE_LAST = 5
    SINCE_FIRST = 6
    SINCE_OLDEST = 7
    SINCE_NEWEST = 8
    TIMES_MEAN = 9
    TIMES_MAX = 10


# A row of `series`.
S_KEY: Final = 0
S_RESOLUTION: Final = 1
S_SPANS: Final = 2
S_KEEPS_MAX: Final = 3
S_DISTINCT: Final = 4
S_REACH: Final = 5
S_FEATURES_FROM: Final = 6
S_FEATURES_WITH: Final = 7
S_FEATURES_TO: Final = 8
SERIES_WIDTH: Final = 9
"""Features read before the event counts come first; from S_FEATURES_WITH on, it counts."""

# A row of `spans`: [series, span] -> length, delay, whether distinct values are counted.
P_LENGTH: Final = 0
P_DELAY: Final = 1
P_DISTINCT: Final = 2
SPAN_SPEC_WIDTH: Final = 3

# A row of `features`.
F_SPAN: Final = 0
F_MEASURE: Final = 1
F_DISTINCT: Final = 2
F_OUT: Final = 3
FEATURE_WIDTH: Final = 4

# A row of `slots`: what is known of one key in one series, then one group of numbers per span.
K_KEY: Final = 0
K_SERIES: Final = 1
K_BLOCK: Final = 2
K_CAPACITY: Final = 3
K_START: Final = 4
K_END: Final = 5
K_NOW: Final = 6
K_LAST: Final = 7
K_FIRST: Final = 8
K_TOP: Final = 9
K_TOUCHED: Final = 10
K_DROPPED: Final = 11
SLOT_HEAD: Final = 12

W_TAIL: Final = 0
W_FRONT: Final = 1
W_COUNT: Final = 2
W_SUM: Final = 3
W_MAX: Final = 4
W_OLDEST: Final = 5
WINDOW_HEAD: Final = 6
"""Within a span's group; the counts of distinct values follow."""

# A row of `entries`; a group of numbers per distinct column follows.
E_AT: Final = 0
E_COUNT: Final = 1
E_SUM: Final = 2
E_MAX: Final = 3
E_UP: Final = 4
E_DOWN: Final = 5
ENTRY_HEAD: Final = 6

D_VALUE: Final = 0
D_PREVIOUS: Final = 1
D_NEXT: Final = 2
DISTINCT_WIDTH: Final = 3
"""Within a distinct column's group: the value and the positions of its neighbours in the ring."""

# Counters and heads of free lists.
C_SLOTS: Final = 0
C_ENTRIES: Final = 1
C_PAIRS: Final = 2
C_ARRIVALS: Final = 3
C_LATE: Final = 4
C_TOO_LATE: Final = 5
C_EVICTED: Final = 6
C_FREE_SLOT: Final = 7
C_SHORTENED: Final = 8
C_LARGEST_BLOCK: Final = 9
C_KEEP_US: Final = 10
C_MOST_PAIRS: Final = 11
C_FREE_BLOCKS: Final = 16
COUNTERS: Final = 64

SMALLEST_BLOCK: Final = 4


class Shape(NamedTuple):
    """What the kernel computes: read-only tables compiled from the declarations."""

    series: Ints
    spans: Ints
    features: Ints
    distinct: Ints


class Store(NamedTuple):
    """The whole state: arrays of integers, of which the first `counters[...]` rows are in use."""

    counters: Ints
    slots: Ints
    entries: Ints
    keys: Ints
    pairs: Ints


class Input(NamedTuple):
    """A batch as the kernel takes it: times, key columns, amounts, values, and who counts where."""

    at_us: Ints
    keys: Ints
    amounts: Ints
    values: Ints
    matches: Bytes
