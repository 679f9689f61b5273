"""Farms, pens and the batches that fill them one after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from titian.province.draws import chance
from titian.province.livestock.model import (
    BREEDS,
    HUSBANDRY,
    NEVER,
    Calendar,
    Owners,
    Species,
)
from titian.province.model import Flags, Floats, Ints

SPECIES = tuple(Species)
_HOME_LON, _HOME_LAT = 108.6, 34.9
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Farms:
    """One row per farm; `species` indexes `SPECIES`, `owner` the owners' rows."""

    owner: Ints
    species: Ints
    heads: Ints
    lon: Floats
    lat: Floats

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True, slots=True)
class Pens:
    """One row per pen; `born` pens raise their own young, the others buy them in."""

    farm: Ints
    number: Ints
    capacity: Ints
    born: Flags
    lon: Floats
    lat: Floats
    width_m: Floats
    length_m: Floats

    def __len__(self) -> int:
        return len(self.farm)


@dataclass(frozen=True, slots=True)
class Herds:
    """One row per batch in a pen; days are day numbers of the window and may be negative."""

    pen: Ints
    breed: Ints
    entry_day: Ints
    last_day: Ints
    heads: Ints
    entry_age: Ints
    mature_factor: Floats
    shock_day: Ints
    shock_days: Ints
    shock_slow: Floats

    def __len__(self) -> int:
        return len(self.pen)


def build_farms(owners: Owners, stream: np.random.Generator) -> Farms:
    """One farm for each owner, near its county's invented centre."""
    size = len(owners)
    species = np.array(
        [SPECIES.index(Species(text)) for text in owners.industry.to_pylist()], dtype=np.int64
    )
    low, high = _by_species(species, 0), _by_species(species, 1)
    heads = np.exp(stream.uniform(np.log(low), np.log(high))).astype(np.int64)
    county = owners.county.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    angle = county * 2.399963
    reach = 0.35 * np.sqrt(county + 0.5)
    return Farms(
        owner=np.arange(size),
        species=species,
        heads=heads,
        lon=_HOME_LON + reach * np.cos(angle) + stream.normal(0, 0.08, size),
        lat=_HOME_LAT + 0.8 * reach * np.sin(angle) + stream.normal(0, 0.07, size),
    )


def build_pens(farms: Farms, stream: np.random.Generator) -> Pens:
    """Enough pens for each farm's size, laid out in a row 40 m apart."""
    room = np.array([HUSBANDRY[kind].pen_heads for kind in SPECIES])[farms.species]
    count = -(-farms.heads // room)
    farm = np.repeat(np.arange(len(farms)), count)
    number = np.arange(len(farm)) - np.repeat(np.cumsum(count) - count, count)
    capacity = -(-farms.heads[farm] // count[farm])
    birth = np.array([HUSBANDRY[kind].birth_share for kind in SPECIES])[farms.species[farm]]
    per_head = np.array([1.2, 8.0, 2.0])[farms.species[farm]]
    width = np.full(len(farm), 18.0)
    return Pens(
        farm=farm,
        number=number + 1,
        capacity=capacity,
        born=chance(stream, birth, len(farm)),
        lon=farms.lon[farm] + 40.0 * number / (_METRES_PER_DEGREE * 0.82),
        lat=farms.lat[farm],
        width_m=width,
        length_m=np.round(capacity * per_head / width + 4.0, 1),
    )


def build_herds(
    farms: Farms,
    pens: Pens,
    calendar: Calendar,
    shock_share: float,
    batch_spread: float,
    stream: np.random.Generator,
) -> Herds:
    """Every batch that overlaps the window, cycle after cycle in each pen, with its shock."""
    species = farms.species[pens.farm]
    young, old, stay, empty = (_husbandry(species, i) for i in range(4))
    length = stay + np.where(pens.born, (young + old) // 2, 0)
    cycle = length + empty
    turns = int(calendar.days // (cycle.min() if len(cycle) else 1)) + 3
    phase = stream.integers(0, np.maximum(cycle, 1))
    starts = (phase - cycle)[:, None] + cycle[:, None] * np.arange(turns)
    starts = starts + stream.integers(0, np.maximum(empty // 2, 1)[:, None], size=starts.shape)
    kept = (starts < calendar.days) & (starts + length[:, None] > 0)
    pen, turn = np.nonzero(kept)
    size = len(pen)
    entry = starts[pen, turn]
    shocked = chance(stream, shock_share, size)
    into = stream.uniform(0.1, 0.8, size)
    return Herds(
        pen=pen,
        breed=_breeds(species[pen], farms.owner[pens.farm[pen]]),
        entry_day=entry,
        last_day=entry + length[pen],
        heads=np.maximum(
            (pens.capacity[pen] * stream.uniform(0.78, 1.0, size)).astype(np.int64), 2
        ),
        entry_age=np.where(pens.born[pen], 0, stream.integers(young[pen], old[pen] + 1)),
        mature_factor=np.exp(stream.normal(0, batch_spread, size)),
        shock_day=np.where(shocked, entry + (length[pen] * into).astype(np.int64), NEVER),
        shock_days=stream.integers(8, 21, size),
        shock_slow=stream.uniform(0.3, 0.9, size),
    )


def farm_table(farms: Farms, owners: Owners, ids: pa.Array) -> pa.Table:
    """Farms as the bank registers them."""
    return pa.table(
        {
            "farm_id": ids,
            "bank": owners.bank,
            "party_id": owners.party_id,
            "farm_name": owners.name,
            "county": owners.county,
            "township": owners.township,
            "species": _names(farms.species),
            "capacity_heads": farms.heads,
            "lon": np.round(farms.lon, 6),
            "lat": np.round(farms.lat, 6),
            "officer_id": owners.officer_id,
        }
    )


def pen_table(pens: Pens, farm_ids: pa.Array, ids: pa.Array) -> pa.Table:
    """Pens with their area and the fence as a WKT polygon (WGS 84)."""
    half_x = pens.width_m / 2 / (_METRES_PER_DEGREE * 0.82)
    half_y = pens.length_m / 2 / _METRES_PER_DEGREE
    west, east = pens.lon - half_x, pens.lon + half_x
    south, north = pens.lat - half_y, pens.lat + half_y
    corners = np.stack([west, south, east, south, east, north, west, north, west, south], axis=1)
    fences = [
        "POLYGON((" + ", ".join(f"{x:.7f} {y:.7f}" for x, y in ring.reshape(5, 2)) + "))"
        for ring in corners
    ]
    return pa.table(
        {
            "pen_id": ids,
            "farm_id": farm_ids.take(pa.array(pens.farm)),
            "pen_no": pens.number,
            "capacity_heads": pens.capacity,
            "area_m2": np.round(pens.width_m * pens.length_m, 1),
            "fence_wkt": pa.array(fences, pa.string()),
        }
    )


def _by_species(species: Ints, bound: int) -> Ints:
    result: Ints = np.array([HUSBANDRY[kind].farm_heads[bound] for kind in SPECIES])[species]
    return result


def _husbandry(species: Ints, column: int) -> Ints:
    rows = [
        (*HUSBANDRY[kind].entry_age, HUSBANDRY[kind].stay_days, HUSBANDRY[kind].empty_days)
        for kind in SPECIES
    ]
    result: Ints = np.array(rows, dtype=np.int64)[species, column]
    return result


def _breeds(species: Ints, choice: Ints) -> Ints:
    options = [
        np.array([i for i, breed in enumerate(BREEDS) if breed.species is kind]) for kind in SPECIES
    ]
    first = np.array([group[0] for group in options])
    count = np.array([len(group) for group in options])
    result: Ints = first[species] + choice % count[species]
    return result


def _names(species: Ints) -> pa.Array:
    return pa.array([kind.value for kind in SPECIES]).take(pa.array(species))
