"""The words of the synthetic farms: species, breeds, owners, sizes and error rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import Final

import numpy as np
import pyarrow as pa

from titian.province.livestock.curves import Curve, shape_from_birth
from titian.province.model import Dates, Floats, Ints, Times

NEVER: Final = 1_000_000
"""A day number beyond every horizon: the event does not happen."""


class Species(StrEnum):
    """The species a bank takes as living collateral here."""

    PIG = "pig"
    CATTLE = "cattle"
    SHEEP = "sheep"


class Entry(IntEnum):
    """How an animal came into its herd."""

    PURCHASE = 0
    BIRTH = 1


class Exit(IntEnum):
    """How an animal left its herd; `STAYS` means it is still there on the last day."""

    STAYS = 0
    SALE = 1
    DEATH = 2
    THEFT = 3


@dataclass(frozen=True, slots=True)
class Breed:
    """A breed's true growth curve and how much its animals scatter around it."""

    name: str
    species: Species
    curve: Curve
    mature_kg: float
    birth_kg: float
    rate: float
    male_factor: float
    power: float = 1.0

    @property
    def shape(self) -> float:
        """The curve's integration constant, from the birth weight."""
        return shape_from_birth(self.curve, self.birth_kg / self.mature_kg, self.power)


@dataclass(frozen=True, slots=True)
class Husbandry:
    """How a species is kept: ages and weights at entry and sale, hazards, and farm sizes.

    Ages in days, weights in kg, hazards per animal and day, thefts per herd and day.
    """

    species: Species
    farm_heads: tuple[int, int]
    pen_heads: int
    entry_age: tuple[int, int]
    stay_days: int
    empty_days: int
    market_kg: float
    birth_share: float
    death_hazard: float
    tagged_share: float
    collar_share: float
    scale_share: float


BREEDS: Final = (
    Breed("duroc_cross", Species.PIG, Curve.GOMPERTZ, 235.0, 1.5, 0.0122, 1.05),
    Breed("guanzhong_black", Species.PIG, Curve.GOMPERTZ, 205.0, 1.3, 0.0116, 1.04),
    Breed("simmental_cross", Species.CATTLE, Curve.BERTALANFFY, 900.0, 40.0, 0.0030, 1.12),
    Breed("angus", Species.CATTLE, Curve.BRODY, 800.0, 35.0, 0.0022, 1.12),
    Breed("qinchuan", Species.CATTLE, Curve.LOGISTIC, 620.0, 30.0, 0.0075, 1.14),
    Breed("hu_cross", Species.SHEEP, Curve.RICHARDS, 78.0, 4.0, 0.0112, 1.15, 2.0),
    Breed("tan", Species.SHEEP, Curve.LOGISTIC, 56.0, 3.6, 0.0160, 1.12),
)

HUSBANDRY: Final = {
    Species.PIG: Husbandry(
        Species.PIG, (180, 720), 120, (60, 75), 105, 10, 118.0, 0.45, 3.0e-4, 0.25, 0.0, 0.5
    ),
    Species.CATTLE: Husbandry(
        Species.CATTLE, (24, 96), 24, (170, 260), 330, 20, 560.0, 0.35, 6.0e-5, 1.0, 0.25, 0.5
    ),
    Species.SHEEP: Husbandry(
        Species.SHEEP, (90, 330), 60, (60, 100), 150, 12, 46.0, 0.60, 1.8e-4, 1.0, 0.06, 0.3
    ),
}


@dataclass(frozen=True, slots=True)
class Rates:
    """Shocks, thefts and errors; shares are probabilities, spreads are log standard deviations."""

    batch_spread: float = 0.05
    animal_spread: float = 0.06
    shock_share: float = 0.18
    theft_share: float = 0.05
    hidden_sale_share: float = 0.03
    unreported_death: float = 0.12
    unreported_theft: float = 0.30
    tag_loss_hazard: float = 4.0e-4
    duplicate_share: float = 0.015
    reader_dark_share: float = 0.35
    skewed_device_share: float = 0.12
    scale_error: float = 0.01
    tape_error: float = 0.055
    insured_share: float = 0.82
    quote_missing_share: float = 0.08
    quote_outlier_share: float = 0.01


@dataclass(frozen=True, slots=True)
class Owners:
    """Candidate farm owners as parallel arrays of text, one row each.

    `industry` is `pig`, `cattle` or `sheep`; `officer_id` inspects the farm.
    """

    bank: pa.Array
    party_id: pa.Array
    name: pa.Array
    county: pa.Array
    township: pa.Array
    officer_id: pa.Array
    industry: pa.Array

    def __len__(self) -> int:
        return len(self.party_id)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The observed window; day 0 is `first`, the last day is `days - 1`."""

    end: date
    days: int

    @property
    def first(self) -> np.datetime64:
        """The first observed day."""
        return np.datetime64(self.end, "D") - np.timedelta64(self.days - 1, "D")

    def at(self, day: Ints | Floats) -> Times:
        """Bank-local moments (whole seconds) for day numbers that may have a fraction."""
        seconds = np.round(np.asarray(day, dtype=np.float64) * 86_400).astype("int64")
        moments: Times = self.first.astype("datetime64[s]") + seconds.astype("timedelta64[s]")
        return moments

    def on(self, day: Ints) -> Dates:
        """Calendar dates for whole day numbers."""
        dates: Dates = self.first + np.asarray(day).astype("timedelta64[D]")
        return dates
