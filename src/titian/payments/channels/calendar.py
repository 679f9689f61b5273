"""Time of day, day of week and special days as regressors.

Source: Lütkepohl 2005, "New Introduction to Multiple Time Series Analysis", §10 (deterministic
terms as exogenous regressors).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from titian.payments.channels.model import DAY_US, Floats, Ints

_BANK_OFFSET_US: Final = 8 * 3_600_000_000  # China keeps one time, UTC+8, without summer time
_MONDAY: Final = 4  # days from 1970-01-01, a Thursday, to the first Monday


@dataclass(frozen=True, slots=True)
class Calendar:
    """Fourier terms of the day and the week, and dummies of special days, in bank time.

    `holidays` are days off, `workdays` are weekends worked instead (调休).
    """

    daily: int = 4
    weekly: int = 3
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Name the columns of `design`, in order."""
        waves = [("day", self.daily), ("week", self.weekly)]
        fourier = [f"{of}_{wave}{k}" for of, top in waves for k in range(1, top + 1)
                   for wave in ("sin", "cos")]  # fmt: skip
        return ("constant", *fourier, "holiday", "workday", "month_end")

    def design(self, at_us: Ints) -> Floats:
        """Give the regressors [bins, columns] of bins that begin at `at_us`."""
        local = np.asarray(at_us, np.int64) + _BANK_OFFSET_US
        day = local // DAY_US
        week = (local - _MONDAY * DAY_US) % (7 * DAY_US) / (7 * DAY_US)
        columns = [
            np.ones(len(local)),
            *_waves(local % DAY_US / DAY_US, self.daily),
            *_waves(week, self.weekly),
            *self._dummies(day),
        ]
        return np.column_stack(columns)

    def _dummies(self, day: Ints) -> list[Floats]:
        each, which = np.unique(day, return_inverse=True)
        dates = [date(1970, 1, 1) + timedelta(int(one)) for one in each]
        marks = (
            [one in self.holidays for one in dates],
            [one in self.workdays for one in dates],
            [(one + timedelta(1)).day == 1 for one in dates],
        )
        return [np.array(mark, float)[which] for mark in marks]


def _waves(phase: Floats, top: int) -> list[Floats]:
    turns = [2 * np.pi * k * phase for k in range(1, top + 1)]
    return [wave(turn) for turn in turns for wave in (np.sin, np.cos)]
