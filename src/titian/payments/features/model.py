"""What a velocity feature declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from titian.decide import Condition, Schema
from titian.kernel.labels import Label
from titian.payments.windows.layout import Measure

SECOND_US: Final = 1_000_000
HOUR_US: Final = 3_600 * SECOND_US
EXACT_US: Final = 72 * HOUR_US
"""Spans up to this are exact to the microsecond; longer ones begin with a whole hour."""

MEASURES: Final = {
    "count": Measure.COUNT,
    "sum": Measure.SUM,
    "mean": Measure.MEAN,
    "max": Measure.MAX,
    "distinct": Measure.DISTINCT,
    "since_last": Measure.SINCE_LAST,
    "since_first": Measure.SINCE_FIRST,
    "since_oldest": Measure.SINCE_OLDEST,
    "since_newest": Measure.SINCE_NEWEST,
    "times_mean": Measure.TIMES_MEAN,
    "times_max": Measure.TIMES_MAX,
}
EVER: Final = frozenset({Measure.SINCE_LAST, Measure.SINCE_FIRST})
"""Measures over everything ever seen of a key, not over a span."""

BEFORE: Final = EVER | {Measure.SINCE_NEWEST, Measure.TIMES_MEAN, Measure.TIMES_MAX}
"""Measures that compare the event with what came before it, so never count it."""

NEEDS_MAX: Final = frozenset({Measure.MAX, Measure.TIMES_MAX})


@dataclass(frozen=True, slots=True)
class Source:
    """What events bring: key columns, and the fields that conditions may use."""

    keys: tuple[str, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Velocity:
    """One number about the recent past of a key (or of a pair of keys).

    `span_us` is the length of the window and `delay_us` how long ago it ends; a label that comes
    late has a delay. `of` names the key column whose distinct values are counted.
    """

    name: str
    label: Label
    key: tuple[str, ...]
    measure: Measure
    span_us: int = 0
    delay_us: int = 0
    of: str = ""
    where: Condition | None = None
    with_current: bool = True

    @property
    def resolution_us(self) -> int:
        """One microsecond for an exact window, one hour beyond `EXACT_US`."""
        return 1 if self.span_us + self.delay_us <= EXACT_US else HOUR_US

    @property
    def exact(self) -> bool:
        """Whether the window's edges are exact to the microsecond."""
        return self.resolution_us == 1
