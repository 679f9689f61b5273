"""What a policy is asked about a micro-batch: the fields it reads, as columns or as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from titian.decide.conditions.columns import Column
from titian.payments.engine.features import Columns
from titian.payments.model import CHANNELS, EVENT_TYPES, RESULTS
from titian.payments.windows.layout import NONE, Floats, Ints

_HOUR_US: Final = 3_600_000_000
_BANK_HOURS: Final = 8
_CHANNEL_NAMES: Final = np.array(CHANNELS, object)
_TYPE_NAMES: Final = np.array(EVENT_TYPES, object)
_RESULT_NAMES: Final = np.array(RESULTS, object)


@dataclass(frozen=True, slots=True)
class Asked:
    """Events [n], their features [n, w] named by `names`, scores [n], the channels' state [6]."""

    fields: frozenset[str]
    names: Sequence[str]
    made: Columns
    features: Floats
    score: Floats | None
    state: Floats

    def columns(self) -> dict[str, Column]:
        """Give the columns of `judging_schema` that are read; NaN is unknown."""
        made = self.made
        columns = {
            name: _doubles(np.ascontiguousarray(self.features[:, place]))
            for place, name in enumerate(self.names)
            if name in self.fields
        }
        columns["channel"] = Column(_CHANNEL_NAMES[made.channel])
        columns["event_type"] = Column(_TYPE_NAMES[made.event_type])
        columns["result"] = Column(_RESULT_NAMES[made.result])
        columns["amount_fen"] = Column(made.amount_fen, made.amount_fen != NONE)
        columns["hour"] = Column(_hours(made.at_us))
        columns["score"] = _doubles(self._scores())
        columns["deviation"] = _doubles(self.state[made.channel])
        return columns

    def rows(self) -> list[Mapping[str, object]]:
        """Give the same as rows; None is unknown."""
        made, fields = self.made, self.fields
        plain = zip(
            made.channel.tolist(), made.event_type.tolist(), made.result.tolist(),
            made.amount_fen.tolist(), _hours(made.at_us).tolist(), self._scores().tolist(),
            self.features.tolist(), strict=True,
        )  # fmt: skip
        rows: list[Mapping[str, object]] = []
        for channel, event_type, result, amount, hour, score, features in plain:
            row: dict[str, object] = {
                name: _known(value)
                for name, value in zip(self.names, features, strict=True)
                if name in fields
            }
            row["channel"], row["event_type"] = CHANNELS[channel], EVENT_TYPES[event_type]
            row["result"], row["hour"] = RESULTS[result], hour
            row["amount_fen"] = None if amount == NONE else amount
            row["score"], row["deviation"] = _known(score), _known(float(self.state[channel]))
            rows.append(row)
        return rows

    def _scores(self) -> Floats:
        return np.full(len(self.features), np.nan) if self.score is None else self.score


def _hours(at_us: Ints) -> Ints:
    hours: Ints = (at_us // _HOUR_US + _BANK_HOURS) % 24
    return hours


def _doubles(values: Floats) -> Column:
    return Column(values, ~np.isnan(values))


def _known(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - NaN
