"""Animals: how each came in, how it grows, and how and when it leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from titian.province.draws import chance, rank_within
from titian.province.livestock.curves import weight_kg
from titian.province.livestock.farms import SPECIES, Farms, Herds, Pens
from titian.province.livestock.model import (
    BREEDS,
    HUSBANDRY,
    NEVER,
    Calendar,
    Entry,
    Exit,
    Rates,
)
from titian.province.model import Flags, Floats, Ints

_THEFT_HEADS = ((3, 15), (1, 4), (4, 20))
_SHOCK_DEATHS = 25.0
_BIRTH_SPREAD_DAYS = 15


@dataclass(frozen=True, slots=True)
class Animals:
    """One row per animal that is present on at least one day of the window."""

    herd: Ints
    male: Flags
    entry: Ints
    entry_day: Ints
    birth_day: Ints
    exit: Ints
    exit_day: Ints
    reported: Flags
    mature_factor: Floats
    rate_factor: Floats

    def __len__(self) -> int:
        return len(self.herd)

    def select(self, rows: Flags | Ints) -> Animals:
        """The animals of a mask or of row numbers (repeats allowed)."""
        return Animals(*(getattr(self, name)[rows] for name in self.__slots__))


def true_weight_kg(herds: Herds, animals: Animals, day: Ints | int) -> Floats:
    """True weight on a day for each animal (before entry: the curve's value all the same).

    A batch shock slows the growth clock by `shock_slow` while it lasts; it never turns it back.
    """
    herd, breed = animals.herd, herds.breed[animals.herd]
    ill_from = np.maximum(herds.shock_day[herd], animals.birth_day)
    ill_until = np.minimum(herds.shock_day[herd] + herds.shock_days[herd], day)
    lost = herds.shock_slow[herd] * np.maximum(ill_until - ill_from, 0)
    age = np.maximum(day - animals.birth_day, 0) - lost
    weight = np.zeros(len(animals))
    for number, kind in enumerate(BREEDS):
        rows = breed == number
        if not rows.any():
            continue
        male = np.where(animals.male[rows], kind.male_factor, 1.0)
        weight[rows] = weight_kg(
            kind.curve,
            np.maximum(age[rows], 0.0),
            mature_kg=kind.mature_kg * male * animals.mature_factor[rows],
            shape=kind.shape,
            rate=kind.rate * animals.rate_factor[rows],
            power=kind.power,
        )
    return weight


def populate(
    farms: Farms,
    pens: Pens,
    herds: Herds,
    calendar: Calendar,
    rates: Rates,
    stream: np.random.Generator,
) -> Animals:
    """Fill the herds with animals, then let them die, be stolen and be sold, heaviest first."""
    species = farms.species[pens.farm[herds.pen]]
    animals = _enter(herds, pens, rates, stream)
    animals = _die(herds, animals, species, stream)
    animals = _sell(herds, animals, species)
    animals = _steal(herds, animals, species, calendar, rates, stream)
    animals = _sell_secretly(herds, animals, calendar, rates, stream)
    hidden = (animals.exit == Exit.DEATH) & chance(stream, rates.unreported_death, len(animals))
    stolen_unnoticed = chance(stream, rates.unreported_theft, len(herds))
    hidden |= (animals.exit == Exit.THEFT) & stolen_unnoticed[animals.herd]
    animals = replace(animals, reported=animals.reported & ~hidden)
    present = (animals.entry_day < calendar.days) & (animals.exit_day >= 0)
    staying = animals.exit_day >= calendar.days
    animals = replace(
        animals,
        exit=np.where(staying, Exit.STAYS, animals.exit),
        exit_day=np.where(staying, NEVER, animals.exit_day),
    )
    return animals.select(present)


def _enter(herds: Herds, pens: Pens, rates: Rates, stream: np.random.Generator) -> Animals:
    herd = np.repeat(np.arange(len(herds)), herds.heads)
    size = len(herd)
    born = pens.born[herds.pen[herd]]
    entry_day = herds.entry_day[herd] + np.where(
        born, stream.integers(0, _BIRTH_SPREAD_DAYS, size), 0
    )
    age = np.where(born, 0, herds.entry_age[herd] + stream.integers(-3, 4, size))
    scatter = np.exp(stream.normal(0, rates.animal_spread, size))
    return Animals(
        herd=herd,
        male=chance(stream, 0.5, size),
        entry=np.where(born, Entry.BIRTH, Entry.PURCHASE).astype(np.int64),
        entry_day=entry_day,
        birth_day=entry_day - age,
        exit=np.full(size, Exit.STAYS, dtype=np.int64),
        exit_day=np.full(size, NEVER, dtype=np.int64),
        reported=np.ones(size, dtype=bool),
        mature_factor=herds.mature_factor[herd] * scatter,
        rate_factor=np.exp(stream.normal(0, rates.animal_spread * 0.6, size)),
    )


def _die(herds: Herds, animals: Animals, species: Ints, stream: np.random.Generator) -> Animals:
    herd = animals.herd
    base = np.array([HUSBANDRY[kind].death_hazard for kind in SPECIES])[species[herd]]
    before = np.maximum(herds.shock_day[herd] - animals.entry_day, 0)
    during = herds.shock_days[herd]
    hazard = stream.exponential(1.0, len(animals))
    calm, sick = before * base, during * base * _SHOCK_DEATHS
    lived = np.select(
        [hazard < calm, hazard < calm + sick],
        [hazard / base, before + (hazard - calm) / (base * _SHOCK_DEATHS)],
        before + during + (hazard - calm - sick) / base,
    )
    day = animals.entry_day + lived.astype(np.int64)
    return _leave(animals, day < NEVER, day, Exit.DEATH)


def _sell(herds: Herds, animals: Animals, species: Ints) -> Animals:
    last = herds.last_day[animals.herd]
    market = np.array([HUSBANDRY[kind].market_kg for kind in SPECIES])[species[animals.herd]]
    early = true_weight_kg(herds, animals, last - 16) >= market * 1.04
    middle = true_weight_kg(herds, animals, last - 7) >= market * 0.97
    day = np.select([early, middle], [last - 16, last - 7], last)
    return _leave(animals, np.ones(len(animals), dtype=bool), day, Exit.SALE)


def _steal(
    herds: Herds,
    animals: Animals,
    species: Ints,
    calendar: Calendar,
    rates: Rates,
    stream: np.random.Generator,
) -> Animals:
    size = len(herds)
    low, high = np.array(_THEFT_HEADS)[species].T.reshape(2, -1)
    heads = np.where(chance(stream, rates.theft_share, size), stream.integers(low, high + 1), 0)
    day = _day_in_window(herds, calendar, 0.25, stream)[animals.herd]
    here = (animals.entry_day < day) & (animals.exit_day > day)
    key = np.where(here, stream.random(len(animals)), 2.0)
    taken = here & (rank_within(animals.herd, key) < heads[animals.herd])
    return _leave(animals, taken, day, Exit.THEFT)


def _sell_secretly(
    herds: Herds, animals: Animals, calendar: Calendar, rates: Rates, stream: np.random.Generator
) -> Animals:
    size = len(herds)
    share = np.where(
        chance(stream, rates.hidden_sale_share, size), stream.uniform(0.15, 0.35, size), 0
    )
    day = _day_in_window(herds, calendar, 0.5, stream)[animals.herd]
    here = (animals.entry_day < day) & (animals.exit_day > day)
    key = np.where(here, -true_weight_kg(herds, animals, day), np.inf)
    heads = share[animals.herd] * herds.heads[animals.herd]
    taken = here & (rank_within(animals.herd, key) < heads)
    sold = _leave(animals, taken, day, Exit.SALE)
    return replace(sold, reported=sold.reported & ~taken)


def _day_in_window(
    herds: Herds, calendar: Calendar, grown_share: float, stream: np.random.Generator
) -> Ints:
    grown = herds.entry_day + (grown_share * (herds.last_day - herds.entry_day)).astype(np.int64)
    first = np.maximum(grown, 0)
    last = np.minimum(herds.last_day, calendar.days)
    day: Ints = first + (stream.random(len(herds)) * np.maximum(last - first, 1)).astype(np.int64)
    return day


def _leave(animals: Animals, which: Flags, day: Ints, kind: Exit) -> Animals:
    moves = which & (day < animals.exit_day)
    return replace(
        animals,
        exit=np.where(moves, kind, animals.exit),
        exit_day=np.where(moves, day, animals.exit_day),
    )


def headcount_ledger(animals: Animals, herds: int, calendar: Calendar) -> dict[str, Ints]:
    """True heads per herd and day: `start + births + purchases - sales - deaths - thefts = end`.

    Each value is an array of shape (herds, days). `hidden` counts the exits nobody reported.
    """
    entered = animals.entry_day >= 0

    def per_day(rows: Flags, day: Ints) -> Ints:
        cell = animals.herd[rows] * calendar.days + day[rows]
        counts = np.bincount(cell, minlength=herds * calendar.days)
        return counts.reshape(herds, calendar.days).astype(np.int64)

    left = animals.exit != Exit.STAYS
    ledger = {
        "births": per_day(entered & (animals.entry == Entry.BIRTH), animals.entry_day),
        "purchases": per_day(entered & (animals.entry == Entry.PURCHASE), animals.entry_day),
        "sales": per_day(animals.exit == Exit.SALE, animals.exit_day),
        "deaths": per_day(animals.exit == Exit.DEATH, animals.exit_day),
        "thefts": per_day(animals.exit == Exit.THEFT, animals.exit_day),
        "hidden": per_day(left & ~animals.reported, animals.exit_day),
    }
    opening = np.bincount(animals.herd[~entered], minlength=herds).astype(np.int64)
    change = ledger["births"] + ledger["purchases"]
    change = change - ledger["sales"] - ledger["deaths"] - ledger["thefts"]
    end = opening[:, None] + np.cumsum(change, axis=1)
    return {"start": end - change, **ledger, "end": end}


def animal_table(
    animals: Animals, herd_ids: pa.Array, ids: pa.Array, calendar: Calendar, tags: pa.Array
) -> pa.Table:
    """Animals as the register knows them: entry date and tag (null when untagged)."""
    return pa.table(
        {
            "animal_id": ids,
            "herd_id": herd_ids.take(pa.array(animals.herd)),
            "tag_no": tags,
            "sex": pa.array(["female", "male"]).take(pa.array(animals.male.astype(np.int64))),
            "entry_date": pa.array(calendar.on(animals.entry_day)),
        }
    )
