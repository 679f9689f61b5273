"""The small vocabulary that entries are generated with: one flow of entries, or a pair of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from titian.province import calendar
from titian.province.model import (
    NOBODY,
    Channel,
    Dates,
    Direction,
    Entries,
    Floats,
    Ints,
    ProvinceConfig,
    Summary,
)

Rows = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Clock:
    """The window as numbers: `first` is its first day since 1970, `days` how many there are."""

    first: int
    days: int

    @classmethod
    def of(cls, config: ProvinceConfig) -> Clock:
        """Return the clock of a configuration."""
        return cls(int(config.start_day.astype(np.int64)), config.days)

    @property
    def dates(self) -> Dates:
        """Every day of the window."""
        return np.arange(self.first, self.first + self.days).astype("datetime64[D]")


def flow(
    account: Rows,
    seconds: Ints,
    direction: Direction,
    amount_fen: Ints,
    channel: Rows | Channel,
    summary: Summary,
    counterparty: Rows | int = NOBODY,
) -> Entries:
    """Return honest entries; `seconds` are bank-local seconds since 1970."""
    count = len(account)
    return Entries(
        account=account.astype(np.int32),
        at=seconds.astype("datetime64[s]"),
        direction=np.full(count, direction, np.int8),
        amount_fen=amount_fen.astype(np.int64),
        channel=_column(channel, count),
        summary=np.full(count, summary, np.uint8),
        counterparty=np.broadcast_to(np.asarray(counterparty, np.int32), (count,)),
        label=np.zeros(count, np.int32),
    )


def pair(
    payer: Rows,
    payee: Rows,
    seconds: Ints,
    amount_fen: Ints,
    channel: Rows | Channel,
    summary: Summary,
) -> list[Entries]:
    """Return both sides of payments between accounts of the bank (rows of Accounts)."""
    return [
        flow(payer, seconds, Direction.DEBIT, amount_fen, channel, summary, payee),
        flow(payee, seconds, Direction.CREDIT, amount_fen, channel, summary, payer),
    ]


def amounts(
    stream: np.random.Generator, mean_fen: Floats | float, sigma: float, count: int
) -> Ints:
    """Draw log-normal amounts of a given mean; half of them whole yuan, never below 1 yuan."""
    noise = stream.standard_normal(count, np.float32)
    fen = np.exp(noise * np.float32(sigma)) * (
        np.asarray(mean_fen, np.float32) * np.float32(np.exp(-sigma * sigma / 2))
    )
    step = np.array([1, 10, 100, 100, 500, 1_000])[stream.integers(0, 6, count, np.uint8)]
    whole = fen.astype(np.int64) // step * step
    fen_amounts: Ints = np.maximum(whole, 100)
    return fen_amounts


def draw(stream: np.random.Generator, table: Ints, count: int) -> Ints:
    """Draw from a table of 65,536 quantiles."""
    drawn: Ints = table[stream.integers(0, len(table), count, np.uint16)]
    return drawn


def seconds_of(stream: np.random.Generator, day: Ints, profile: str) -> Ints:
    """Return seconds since 1970 on the given days, at hours drawn from a profile."""
    return day * calendar.SECONDS_PER_DAY + draw(stream, calendar.hours_table(profile), len(day))


def repeated(stream: np.random.Generator, rows: Rows, mean: Floats) -> Rows:
    """Repeat each row a Poisson number of times with the given mean."""
    return np.repeat(rows, stream.poisson(mean))


def _column(value: Rows | Channel, count: int) -> npt.NDArray[np.uint8]:
    return np.broadcast_to(np.asarray(value, np.uint8), (count,))
