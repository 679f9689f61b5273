"""The whole line, bin by bin: scores, forecast, statistics, alarms, learning.

During an alarm nothing is learnt: neither coefficients, nor rare counts, nor calibration. Outside
alarms innovations are winsorised before they are learnt, so that an attack cannot train itself in.
Distances keep the covariance of the last whole fit: learning only from bins beyond suspicion would
shrink it, and alarms would grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from titian.kernel.errors import InvalidInput
from titian.payments.channels import statistics
from titian.payments.channels.alarms import (
    Alarm,
    Statistic,
    Status,
    Verdict,
    blame,
    blame_terms,
)
from titian.payments.channels.calendar import Calendar
from titian.payments.channels.choose import MAX_ORDER, choose_var
from titian.payments.channels.conformal import Rolling
from titian.payments.channels.detect import Detector, Evidence, Found, new_detector
from titian.payments.channels.model import DAY_US, Floats, Series
from titian.payments.channels.online import Online, winsorise
from titian.payments.channels.rare import Seen
from titian.payments.channels.stabilise import Prepared, Stabiliser, fit_stabiliser
from titian.payments.channels.threads import one_thread
from titian.payments.model import CHANNELS

MAX_GAP_US: Final = DAY_US
FIT_SHARE: Final = 0.6
"""The part of a history that is fitted; the rest calibrates."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a monitor watches. `alarms_per_day` are false alarms expected of a quiet day.

    `false_share` is the share of false alarms aimed at; `window` scores calibrate; `forgetting` is
    per bin; `calm` bins without rejection end an alarm; `block` bins make one test for drift;
    every `refresh` bins what was learnt moves the coefficients. A bin with a p-value of `suspect`
    or less is not learnt even without alarm. `freeze` and `winsorise` keep attacks from being
    learnt: leave them on but to show why.
    """

    alarms_per_day: float = 1.0
    false_share: float = 0.1
    window: int = 20_160
    forgetting: float = 0.9998
    max_order: int = MAX_ORDER
    calm: int = 5
    block: int = 60
    refresh: int = 4
    suspect: float = 0.02
    freeze: bool = True
    winsorise: bool = True
    seed: int = 0


@dataclass(slots=True)
class Monitor:
    """Watches bins of one length. Make it with `begin`, feed it with `watch`.

    `smooth` [series] is the MEWMA; `block` holds pairs of last scores and standard innovations
    [series] for the next test of drift; `last` [series] are the scores of the last bin.
    """

    stabiliser: Stabiliser
    online: Online
    seen: Seen
    next_us: int
    settings: Settings
    detector: Detector
    pressures: tuple[Rolling, ...]
    smooth: Floats
    last: Floats
    block: list[tuple[Floats, Floats]]

    @property
    def frozen(self) -> bool:
        """Whether an alarm is under way, so that nothing is learnt."""
        return self.settings.freeze and self.detector.running

    def watch(self, series: Series) -> list[Verdict]:
        """Judge bins that follow the last one seen. Raises InvalidInput for a clock that jumps.

        A gap of up to a day counts as missing bins; after a longer one the lags begin anew.
        """
        if series.bin_us != self.stabiliser.bin_us:
            raise InvalidInput(
                f"bins of {series.bin_us} µs do not fit a monitor of {self.stabiliser.bin_us} µs",
                "Bin the events as the monitor was fitted.",
            )
        self._bridge(series.start_us)
        with one_thread():
            prepared = self.stabiliser.prepare(series)
            return [self._bin(int(at), prepared, row) for row, at in enumerate(series.at_us)]

    def confirm(self, alarm: Alarm) -> None:
        """Take an attack out of calibration: someone said that the alarm was right."""
        self.detector.watches[alarm.statistic].rolling.drop(alarm.score)

    def accept(self) -> None:
        """End the alarms under way: what they are about is usual now, and is learnt again."""
        self.detector.settle()
        self.smooth = np.zeros_like(self.smooth)

    def _bridge(self, start_us: int) -> None:
        gap = start_us - self.next_us
        if gap < 0 or gap % self.stabiliser.bin_us:
            raise InvalidInput(
                f"bins from {start_us} do not follow the last, which ends at {self.next_us}",
                "Give the next bins in order; if a clock was set back, correct the times first.",
            )
        if gap > MAX_GAP_US:
            self.online, self.smooth = self.online.forgot_past(), np.zeros_like(self.smooth)
            return
        bins = gap // self.stabiliser.bin_us
        starts = self.next_us + self.stabiliser.bin_us * np.arange(bins, dtype=np.int64)
        for exogenous in self.stabiliser.calendar.design(starts):
            self.online = self.online.passed(self.online.forecast(exogenous).expected)

    def _bin(self, at_us: int, prepared: Prepared, row: int) -> Verdict:
        self.next_us = at_us + self.stabiliser.bin_us
        scores = prepared.at(row, self.seen)
        forecast = self.online.forecast(prepared.exogenous[row])
        innovation = scores - forecast.expected
        if not np.isfinite(innovation).all():
            self.online = self.online.passed(forecast.expected)
            return Verdict.missing(at_us, innovation, frozen=self.frozen)
        covariance = statistics.shrunk(self.online.model.fitted.covariance)
        frozen = self.frozen
        spike = statistics.distance(innovation, covariance)
        clean = winsorise(innovation, spike) if self.settings.winsorise else innovation
        self.smooth = statistics.mewma(self.smooth, clean)
        evidence = self._evidence(innovation, spike, covariance)
        found = self.detector.test(at_us, evidence, frozen=frozen)
        pressure = self._pressure(innovation, covariance, frozen=frozen)
        self._learn(prepared, row, forecast.expected + clean, suspect=self._suspects(found))
        self.last = scores
        return self._verdict(at_us, scores, innovation, pressure, found)

    def _evidence(self, innovation: Floats, spike: float, covariance: Floats) -> list[Evidence]:
        ids = self.stabiliser.ids
        smooth, settled = self.smooth, statistics.mewma_covariance(covariance)
        slow = statistics.distance(smooth, settled)
        evidence = [
            Evidence(Statistic.SPIKE, spike, lambda: blame(ids, innovation, covariance)),
            Evidence(Statistic.SLOW, slow, lambda: blame(ids, smooth, settled)),
        ]
        self.block.append((self.last, innovation / np.sqrt(np.diag(covariance))))
        if len(self.block) >= self.settings.block:
            past, standard = (np.array(side) for side in zip(*self.block, strict=True))
            self.block = []
            terms, mean = statistics.drift(past, standard), standard.mean(axis=0)
            score = float(terms.sum())
            evidence.append(Evidence(Statistic.DRIFT, score, lambda: blame_terms(ids, terms, mean)))
        return evidence

    def _pressure(self, innovation: Floats, covariance: Floats, *, frozen: bool) -> Floats:
        deviation = np.sqrt(np.diag(covariance))
        more = np.maximum(innovation / deviation, 0.0) ** 2
        settled = np.sqrt(np.diag(statistics.mewma_covariance(covariance)))
        more = more + np.maximum(self.smooth / settled, 0.0) ** 2
        found = np.ones(len(CHANNELS))
        for code, (channel, rolling) in enumerate(zip(CHANNELS, self.pressures, strict=True)):
            of = [at for at, one in enumerate(self.stabiliser.ids) if one.channel is channel]
            if of:
                score = float(more[of].sum())
                found[code] = rolling.p_value(score)
                if not frozen:
                    rolling.admit(score)
        return found

    def _suspects(self, found: Found) -> bool:
        settings = self.settings
        return settings.freeze and min(found.p_values.values(), default=1.0) <= settings.suspect

    def _learn(self, prepared: Prepared, row: int, clean: Floats, *, suspect: bool) -> None:
        forecast = self.online.forecast(prepared.exogenous[row])
        if self.frozen or suspect:
            self.online = self.online.passed(clean)
            return
        solved = (self.next_us // self.stabiliser.bin_us) % self.settings.refresh == 0
        self.online = self.online.learn(forecast, clean, solved=solved)
        self.seen = prepared.seen_after(row, self.seen)

    def _verdict(
        self, at_us: int, scores: Floats, innovation: Floats, pressure: Floats, found: Found
    ) -> Verdict:
        status = Status.WATCHING if self.detector.calibrated else Status.CALIBRATING
        return Verdict(
            at_us, status, scores, innovation, found.p_values, pressure, found.alarms, self.frozen
        )


def begin(series: Series, calendar: Calendar, settings: Settings | None = None) -> Monitor:
    """Fit a monitor to the first three fifths of a history and calibrate it on the rest.

    Calibration must not use bins that were fitted: there, innovations are too small. Raises
    InvalidInput when the history is too short or nothing in it varies.
    """
    with one_thread():
        return _begin(series, calendar, settings or Settings())


def _begin(series: Series, calendar: Calendar, settings: Settings) -> Monitor:
    split = int(len(series.values) * FIT_SHARE)
    fitted = series.rows(0, split)
    stabiliser = fit_stabiliser(fitted, calendar, settings.seed)
    prepared = stabiliser.prepare(fitted)
    scores, seen = prepared.history()
    model = choose_var(scores, prepared.exogenous, settings.max_order)
    monitor = Monitor(
        stabiliser=stabiliser,
        online=Online.begin(model, scores, prepared.exogenous, settings.forgetting),
        seen=seen,
        next_us=series.start_us + split * series.bin_us,
        settings=settings,
        detector=new_detector(
            settings.alarms_per_day, DAY_US / series.bin_us, settings.false_share,
            settings.window, settings.calm,
        ),
        pressures=tuple(Rolling(settings.window) for _ in CHANNELS),
        smooth=np.zeros(len(stabiliser.ids)),
        last=np.nan_to_num(scores[-1]),
        block=[],
    )  # fmt: skip
    monitor.watch(series.rows(split, len(series.values)))
    return monitor
