"""Loan officers' visits: a head count per herd and the girth tape on a few animals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from titian.province.codes import codes
from titian.province.draws import chance
from titian.province.livestock.farms import SPECIES
from titian.province.livestock.herding import Herding
from titian.province.livestock.model import Species
from titian.province.model import Floats, Ints

_EVERY_DAYS = 21
_VISITED_SHARE = 0.7
_MISCOUNT_SHARE = 0.15
_SAMPLE_HEADS = 5
_GIRTH_FACTOR = {Species.PIG: 20.0, Species.CATTLE: 19.75, Species.SHEEP: 20.8}
_GIRTH_POWER = 0.36


@dataclass(frozen=True, slots=True)
class Visits:
    """One row per herd looked at; `moment` in days of the window with a fraction."""

    herd: Ints
    moment: Floats
    counted: Ints


def plan_visits(herding: Herding, head_end: Ints, stream: np.random.Generator) -> Visits:
    """Visit every farm about every three weeks and count most herds there.

    `head_end` is the true count, shape (herds, days); about one count in seven is off by a few.
    """
    days = herding.calendar.days
    rounds = days // _EVERY_DAYS + 1
    first = stream.integers(0, _EVERY_DAYS, len(herding.farms))
    visit = first[:, None] + _EVERY_DAYS * np.arange(rounds)
    visit = visit + stream.integers(-3, 4, visit.shape)
    day = visit[herding.farm_of(np.arange(len(herding.herds)))]
    herd, turn = np.nonzero((day >= 0) & (day < days))
    day = day[herd, turn]
    chosen = (head_end[herd, day] > 0) & chance(stream, _VISITED_SHARE, len(herd))
    herd, day = herd[chosen], day[chosen]
    heads = head_end[herd, day]
    wrong = chance(stream, _MISCOUNT_SHARE, len(herd))
    slip = np.round(heads * stream.normal(0, 0.015, len(herd))).astype(np.int64)
    moment = day + stream.uniform(17.6, 19.5, len(herd)) / 24
    return Visits(herd, moment, np.maximum(heads + np.where(wrong, slip, 0), 0))


def visit_table(
    herding: Herding,
    visits: Visits,
    ids: pa.Array,
    herd_ids: pa.Array,
    officers: pa.Array,
    stream: np.random.Generator,
) -> pa.Table:
    """Inspections as written down, with the phone's position; `officers` is one per farm."""
    farm, size = herding.farm_of(visits.herd), len(visits.herd)
    return pa.table(
        {
            "inspection_id": ids,
            "herd_id": herd_ids.take(pa.array(visits.herd)),
            "officer_id": officers.take(pa.array(farm)),
            "inspected_at": pa.array(herding.calendar.at(visits.moment)),
            "counted_heads": visits.counted,
            "lon": np.round(herding.farms.lon[farm] + stream.normal(0, 1.5e-4, size), 6),
            "lat": np.round(herding.farms.lat[farm] + stream.normal(0, 1.5e-4, size), 6),
        }
    )


def weighing_table(
    herding: Herding,
    visits: Visits,
    ids: pa.Array,
    tag_nos: pa.Array,
    stream: np.random.Generator,
) -> pa.Table:
    """Girth-tape weighings at the visits; the weight read off the tape errs by `tape_error`."""
    visit, animal = _samples(herding, visits, stream)
    day = visits.moment[visit].astype(np.int64)
    error = np.exp(stream.normal(0, herding.rates.tape_error, len(animal)))
    tape_kg = herding.weight_kg(animal, day) * error
    species = herding.species_of(visits.herd[visit])
    factor = np.array([_GIRTH_FACTOR[kind] for kind in SPECIES])[species]
    return pa.table(
        {
            "inspection_id": ids.take(pa.array(visit)),
            "tag_no": tag_nos.take(pa.array(animal)),
            "girth_cm": np.round(factor * tape_kg**_GIRTH_POWER, 1),
            "tape_kg": np.round(tape_kg, 1),
        }
    )


def visit_ids(visits: Visits, prefix: str) -> pa.Array:
    """The inspections' ids."""
    return codes(prefix, np.arange(len(visits.herd)), 6)


def _samples(herding: Herding, visits: Visits, stream: np.random.Generator) -> tuple[Ints, Ints]:
    animals = herding.animals
    first = np.searchsorted(animals.herd, visits.herd)
    count = np.searchsorted(animals.herd, visits.herd, side="right") - first
    visit = np.repeat(np.arange(len(visits.herd)), _SAMPLE_HEADS * 2)
    animal = first[visit] + (stream.random(len(visit)) * count[visit]).astype(np.int64)
    day = visits.moment[visit].astype(np.int64)
    here = (animals.entry_day[animal] <= day) & (day < animals.exit_day[animal])
    pair = np.unique(np.stack([visit[here], animal[here]], axis=1), axis=0)
    nth = np.arange(len(pair)) - np.searchsorted(pair[:, 0], pair[:, 0])
    kept = nth < _SAMPLE_HEADS
    return pair[kept, 0], pair[kept, 1]
