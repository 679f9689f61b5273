"""A monitor run over a history: what the channels did lately, and whether to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from titian.kernel.errors import InvalidInput
from titian.payments.channels import gates
from titian.payments.channels.alarms import Alarm, Verdict
from titian.payments.channels.calendar import Calendar
from titian.payments.channels.gates import Gate
from titian.payments.channels.model import DAY_US, Series
from titian.payments.channels.monitor import FIT_SHARE, Monitor, Settings, begin
from titian.payments.channels.state import ChannelState, state_of, under_way
from titian.payments.channels.structure import Lead, leads

LEAD_BINS: Final = 2
"""How many bins back one series may lead another."""


@dataclass(frozen=True, slots=True)
class Report:
    """The last days, watched by a monitor that was made of the days before.

    `expected` and `observed` are alarms of the days watched; none are expected within alarms.
    """

    monitor: Monitor
    gates: tuple[Gate, ...]
    leads: tuple[Lead, ...]
    verdicts: Sequence[Verdict]
    state: ChannelState
    expected: float
    observed: int
    days: float

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Give the alarms of the days watched, oldest first."""
        return tuple(alarm for verdict in self.verdicts for alarm in verdict.alarms)


def report(
    series: Series,
    watched: int,
    calendar: Calendar,
    settings: Settings,
    *,
    leading: bool = False,
) -> Report:
    """Make a monitor of all but the last `watched` bins and watch those.

    `leading` also tests which series lead which. Raises InvalidInput.
    """
    split = len(series.values) - watched
    if watched < 1 or split < 1:
        raise InvalidInput(
            f"{watched:,} of {len(series.values):,} bins cannot be watched",
            "Leave more days to learn from than are watched.",
        )
    history = series.rows(0, split)
    monitor = begin(history, calendar, settings)
    stabiliser = monitor.stabiliser
    prepared = stabiliser.prepare(history.rows(0, int(split * FIT_SHARE)))
    scores, _ = prepared.history()
    exogenous = prepared.exogenous
    held = gates.check(monitor.online.model, stabiliser.ids, scores, exogenous)
    before = monitor.detector.expected, monitor.detector.observed
    verdicts = monitor.watch(series.rows(split, len(series.values)))
    return Report(
        monitor=monitor,
        gates=held,
        leads=leads(stabiliser.ids, scores, exogenous, LEAD_BINS) if leading else (),
        verdicts=verdicts,
        state=state_of(verdicts[-1], held, under_way(verdicts)),
        expected=monitor.detector.expected - before[0],
        observed=monitor.detector.observed - before[1],
        days=watched * series.bin_us / DAY_US,
    )
