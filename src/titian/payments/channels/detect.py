"""Statistics become alarms: conformal p-values, tested at levels that one online FDR hands out.

An alarm is the beginning of a run of rejections. Of a run only the first score is admitted to
calibration: beginnings come as often as the levels promise although statistics are correlated in
time, and an attack that lasts does not become the usual thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from titian.payments.channels.alarms import Alarm, Blame, Statistic
from titian.payments.channels.conformal import Rolling
from titian.payments.channels.fdr import DecayingFdr

SHARES: Final = {Statistic.SPIKE: 0.4, Statistic.SLOW: 0.4, Statistic.DRIFT: 0.2}
"""How the level of a bin is shared out."""


class Evidence(NamedTuple):
    """A statistic's score in a bin, and whom it blames if it comes to that."""

    statistic: Statistic
    score: float
    blamed: Callable[[], tuple[Blame, ...]]


class Found(NamedTuple):
    """What the tests of a bin came to; p-values only of statistics that are calibrated."""

    p_values: dict[Statistic, float]
    alarms: tuple[Alarm, ...]


@dataclass(slots=True)
class Watch:
    """One statistic: its calibration, the level saved for its next test, and its run.

    A run lasts until `calm` tests in a row reject nothing.
    """

    rolling: Rolling
    calm: int
    saved: float = 0.0
    quiet: int = 0
    running: bool = False


@dataclass(slots=True)
class Detector:
    """Tests each bin's evidence.

    `expected` and `observed` count alarms since the beginning; none are expected within runs.
    """

    fdr: DecayingFdr
    watches: dict[Statistic, Watch]
    expected: float = field(default=0.0)
    observed: int = field(default=0)

    @property
    def running(self) -> bool:
        """Whether any alarm is under way."""
        return any(one.running for one in self.watches.values())

    @property
    def calibrated(self) -> bool:
        """Whether spikes and slow attacks can be told from what is usual."""
        return all(
            self.watches[one].rolling.can_reach(self.fdr.floor * SHARES[one])
            for one in (Statistic.SPIKE, Statistic.SLOW)
        )

    def test(self, at_us: int, evidence: list[Evidence], *, frozen: bool) -> Found:
        """Test one bin. While `frozen` no score is admitted to calibration."""
        self._save()
        p_values, alarms = {}, []
        for one in evidence:
            watch = self.watches[one.statistic]
            level, watch.saved = watch.saved, 0.0
            if watch.rolling.can_reach(level):
                p_value = watch.rolling.p_value(one.score)
                p_values[one.statistic] = p_value
                self.expected += 0.0 if watch.running else level
                if _begins(watch, rejected=p_value <= level):
                    alarm = Alarm(at_us, one.statistic, one.score, p_value, level, one.blamed())
                    alarms.append(alarm)
            if not frozen:
                watch.rolling.admit(one.score)
        self.observed += len(alarms)
        self.fdr = self.fdr.after(len(alarms))
        return Found(p_values, tuple(alarms))

    def settle(self) -> None:
        """End all runs: what they are about is usual now."""
        for watch in self.watches.values():
            watch.running, watch.quiet = False, 0

    def _save(self) -> None:
        income = self.fdr.income
        for statistic, watch in self.watches.items():
            watch.saved = self.fdr.decay * watch.saved + SHARES[statistic] * income


def _begins(watch: Watch, *, rejected: bool) -> bool:
    begins = rejected and not watch.running
    watch.quiet = 0 if rejected else watch.quiet + 1
    watch.running = rejected or (watch.running and watch.quiet < watch.calm)
    return begins


def new_detector(
    alarms_per_day: float, bins_per_day: float, rate: float, window: int, calm: int
) -> Detector:
    """Make a detector that expects so many false alarms on a quiet day. Raises InvalidInput."""
    fdr = DecayingFdr(rate, rate * bins_per_day / alarms_per_day if alarms_per_day > 0 else 0.0)
    calms = {Statistic.SPIKE: calm, Statistic.SLOW: calm, Statistic.DRIFT: 1}
    return Detector(fdr, {one: Watch(Rolling(window), calms[one]) for one in Statistic})
