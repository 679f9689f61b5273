"""Weekly live-weight prices: a hidden true price per county, and quotes of it with errors.

Log price = level + multi-year cycle + season + mean-reverting weekly noise + county basis.
The spreads are of the size seen in published hog prices 2016-2019 (weekly sd about 3.6 %);
cattle and sheep move a third as much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from titian.province.codes import codes
from titian.province.livestock.model import (
    Calendar,
    Rates,
    Species,
)
from titian.province.model import Floats, Ints

HISTORY_WEEKS = 156
"""Weeks of quotes before the window begins."""
_SOURCES = ("wholesale_market", "agriculture_bureau", "broker_app")


@dataclass(frozen=True, slots=True)
class Market:
    """How one band of one species is priced; `level_fen` per kg of live weight."""

    species: Species
    band: str
    level_fen: int
    cycle: float
    cycle_weeks: int
    festival: float
    noise: float


MARKETS = (
    Market(Species.PIG, "finished", 1550, 0.26, 190, 0.07, 0.030),
    Market(Species.PIG, "young", 3100, 0.40, 190, 0.10, 0.045),
    Market(Species.CATTLE, "finished", 2650, 0.12, 310, 0.03, 0.010),
    Market(Species.CATTLE, "young", 3200, 0.16, 310, 0.03, 0.014),
    Market(Species.SHEEP, "finished", 2750, 0.12, 260, 0.06, 0.012),
    Market(Species.SHEEP, "young", 3300, 0.15, 260, 0.06, 0.016),
)


@dataclass(frozen=True, slots=True)
class Prices:
    """True prices in fen per kg, shape (markets, counties, weeks); weeks begin on Mondays."""

    counties: tuple[str, ...]
    monday: np.datetime64
    fen_per_kg: Ints

    def on(self, market: Ints, county: Ints, calendar: Calendar, day: Ints) -> Ints:
        """The price of the week each day number falls in."""
        week = (calendar.on(day) - self.monday).astype("int64") // 7
        found: Ints = self.fen_per_kg[
            market, county, np.clip(week, 0, self.fen_per_kg.shape[2] - 1)
        ]
        return found


def build_prices(
    counties: tuple[str, ...], calendar: Calendar, stream: np.random.Generator
) -> Prices:
    """Weekly true prices for every county: the window and three years before it."""
    last = np.datetime64(calendar.end, "D")
    monday = last - np.timedelta64((last.astype("int64") + 3) % 7, "D")
    weeks = np.arange(HISTORY_WEEKS + calendar.days // 7 + 1)
    first = monday - np.timedelta64(7 * (len(weeks) - 1), "D")
    mondays = first + weeks * np.timedelta64(7, "D")
    year_start = mondays.astype("datetime64[Y]").astype("datetime64[D]")
    year_day = (mondays - year_start).astype("int64")
    basis = stream.normal(0, 0.025, (len(MARKETS), len(counties), 1))
    phase = stream.uniform(0, 2 * np.pi)
    paths = np.stack([_path(market, weeks, year_day, phase, stream) for market in MARKETS])
    local = _reverting(stream.normal(0, 0.004, (len(MARKETS), len(counties), len(weeks))), 0.9)
    fen = np.round(np.exp(paths[:, None, :] + basis + local)).astype(np.int64)
    return Prices(counties, first, fen)


def _path(
    market: Market, weeks: Ints, year_day: Ints, phase: float, stream: np.random.Generator
) -> Floats:
    cycle = market.cycle * np.sin(2 * np.pi * weeks / market.cycle_weeks + phase)
    festival = np.cos(2 * np.pi * (year_day - 25) / 365.25)
    autumn = 0.4 * np.cos(4 * np.pi * (year_day - 60) / 365.25)
    noise = _reverting(stream.normal(0, market.noise, len(weeks)), 0.94)
    path: Floats = np.log(market.level_fen) + cycle + market.festival * (festival + autumn) + noise
    return path


def _reverting(steps: Floats, keep: float) -> Floats:
    values = np.empty_like(steps)
    state = np.zeros(steps.shape[:-1])
    for week in range(steps.shape[-1]):
        state = keep * state + steps[..., week]
        values[..., week] = state
    return values


def quote_table(prices: Prices, rates: Rates, stream: np.random.Generator) -> pa.Table:
    """Quotes of three sources: noisy, late, sometimes missing, rarely per jin instead of per kg."""
    shape = (len(_SOURCES), *prices.fen_per_kg.shape)
    noise = np.array([0.008, 0.012, 0.02])[:, None, None, None]
    quoted = prices.fen_per_kg * np.exp(stream.normal(0, 1, shape) * noise)
    quoted = np.where(stream.random(shape) < rates.quote_outlier_share, quoted / 2, quoted)
    source, market, county, week = np.nonzero(stream.random(shape) >= rates.quote_missing_share)
    monday = prices.monday + week * np.timedelta64(7, "D")
    late = stream.integers(1, 6, len(week)) * np.timedelta64(1, "D")
    return pa.table(
        {
            "quote_id": codes("Q", np.arange(len(week)), 8),
            "county": pa.array(prices.counties).take(pa.array(county)),
            "species": pa.array([item.species.value for item in MARKETS]).take(pa.array(market)),
            "band": pa.array([item.band for item in MARKETS]).take(pa.array(market)),
            "source": pa.array(_SOURCES).take(pa.array(source)),
            "week": pa.array(monday),
            "published_on": pa.array(monday + late),
            "price_fen_per_kg": np.round(quoted[source, market, county, week]).astype(np.int64),
        }
    )


def price_table(prices: Prices) -> pa.Table:
    """The hidden true prices behind the quotes."""
    market, county, week = (axis.ravel() for axis in np.indices(prices.fen_per_kg.shape))
    return pa.table(
        {
            "county": pa.array(prices.counties).take(pa.array(county)),
            "species": pa.array([item.species.value for item in MARKETS]).take(pa.array(market)),
            "band": pa.array([item.band for item in MARKETS]).take(pa.array(market)),
            "week": pa.array(prices.monday + week * np.timedelta64(7, "D")),
            "price_fen_per_kg": prices.fen_per_kg.ravel(),
        }
    )
