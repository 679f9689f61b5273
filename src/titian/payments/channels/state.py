"""What decisions read of the channels: features, and a bounded shift of the model's threshold.

A channel's state never blocks: it is a p-value turned into features, and it can lower the
threshold of a decision that the payment's own score must still reach, to no less than
`LOWEST_SHARE` of it. A model that is not calibrated or fails a gate shifts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from titian.kernel.errors import Corrupt
from titian.payments.channels.alarms import Alarm, Statistic, Status, Verdict
from titian.payments.channels.gates import Gate
from titian.payments.channels.model import Floats
from titian.payments.model import CHANNELS, Channel

LOWEST_SHARE: Final = 0.7
"""A threshold is lowered to this share of itself at most."""

FEATURES: Final = ("pressure", "alarm")
"""The columns of `ChannelState.features`: surprise in powers of ten, and an alarm under way."""

_SLACK: Final = 2.0  # a channel shifts nothing until its p-value is below 1 %
_FULL: Final = 4.0  # and all that it may at 0.01 %


@dataclass(frozen=True, slots=True)
class ChannelState:
    """The channels at the end of a bin. `pressure` is -log10 of each channel's p-value [6].

    `trusted` says that the monitor is calibrated and its gates hold; `why` names what does not.
    `alarmed` names the channels that alarms under way blame.
    """

    at_us: int
    trusted: bool
    why: tuple[str, ...]
    pressure: tuple[float, ...]
    alarmed: frozenset[Channel]

    @property
    def features(self) -> Floats:
        """Give FEATURES of each channel [6, 2], in the order of the channels' codes."""
        alarms = [float(channel in self.alarmed) for channel in CHANNELS]
        return np.column_stack([np.array(self.pressure), np.array(alarms)])

    @property
    def factors(self) -> Floats:
        """Give what each channel's threshold is multiplied by [6], from LOWEST_SHARE to 1."""
        if not self.trusted:
            return np.ones(len(CHANNELS))
        reach = (np.array(self.pressure) - _SLACK) / (_FULL - _SLACK)
        found: Floats = 1 - (1 - LOWEST_SHARE) * np.clip(reach, 0.0, 1.0)
        return found

    def to_json(self) -> str:
        """Write the state as one JSON object."""
        return json.dumps({**asdict(self), "alarmed": sorted(self.alarmed)})

    @classmethod
    def from_json(cls, text: str) -> ChannelState:
        """Read what `to_json` wrote. Raises Corrupt."""
        try:
            found = json.loads(text)
            state = cls(
                at_us=int(found["at_us"]),
                trusted=bool(found["trusted"]),
                why=tuple(map(str, found["why"])),
                pressure=tuple(map(float, found["pressure"])),
                alarmed=frozenset(map(Channel, found["alarmed"])),
            )
        except (KeyError, TypeError, ValueError):
            raise _corrupt() from None
        if len(state.pressure) != len(CHANNELS) or not np.isfinite(state.pressure).all():
            raise _corrupt()
        return state


UNKNOWN: Final = ChannelState(0, False, ("no bin was seen",), (0.0,) * len(CHANNELS), frozenset())
"""What decisions read before the first bin: nothing."""


def state_of(
    verdict: Verdict, gates: Sequence[Gate], under_way: Sequence[Alarm] = ()
) -> ChannelState:
    """Sum up the newest verdict, the model's gates and the alarms under way."""
    why = [f"{gate.name}: {gate.why}" for gate in gates if not gate.holds]
    if verdict.status is not Status.WATCHING:
        why.append(f"the last bin is {verdict.status.value}")
    return ChannelState(
        at_us=verdict.at_us,
        trusted=not why,
        why=tuple(why),
        pressure=tuple(float(one) for one in -np.log10(verdict.pressure)),
        alarmed=frozenset(alarm.blamed[0].series.channel for alarm in under_way if alarm.blamed),
    )


def under_way(verdicts: Sequence[Verdict]) -> tuple[Alarm, ...]:
    """Give the newest alarm of each statistic while the monitor still stands in alarm."""
    if not verdicts or not verdicts[-1].frozen:
        return ()
    newest: dict[Statistic, Alarm] = {}
    for verdict in verdicts:
        newest.update({alarm.statistic: alarm for alarm in verdict.alarms})
    return tuple(newest.values())


def _corrupt() -> Corrupt:
    return Corrupt(
        "the stored state of the channels cannot be read",
        "Write it anew: the next bin of the monitor does.",
    )
