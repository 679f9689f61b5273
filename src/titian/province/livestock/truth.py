"""Truth tables of the farms: heads, animals, weights and exits as they really were."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from titian.province.livestock.devices import Outages, Tags
from titian.province.livestock.farms import Herds
from titian.province.livestock.model import BREEDS, NEVER, Calendar, Exit
from titian.province.livestock.population import Animals, true_weight_kg
from titian.province.model import Ints

_WEEK = 7


def headcount_table(ledger: dict[str, Ints], herd_ids: pa.Array, calendar: Calendar) -> pa.Table:
    """True heads per herd and day, for the days on which the herd existed.

    In every row `start + births + purchases - sales - deaths - thefts = end`; `hidden` counts
    the exits of the day that nobody reports.
    """
    moved = ledger["start"] + ledger["births"] + ledger["purchases"]
    herd, day = np.nonzero(moved > 0)
    columns = {name: pa.array(values[herd, day]) for name, values in ledger.items()}
    dates = pa.array(calendar.on(day))
    return pa.table({"herd_id": herd_ids.take(pa.array(herd)), "date": dates, **columns})


def animal_truth(
    herds: Herds,
    animals: Animals,
    tags: Tags,
    animal_ids: pa.Array,
    calendar: Calendar,
) -> pa.Table:
    """Each animal's curve, birth and end; `final_kg` is its weight on its last observed day."""
    stays = animals.exit == Exit.STAYS
    last = np.where(stays, calendar.days - 1, animals.exit_day)
    breed = herds.breed[animals.herd]
    fell = tags.tagged & (tags.lost_day < np.minimum(last, calendar.days))
    mature = np.array([kind.mature_kg for kind in BREEDS])[breed] * animals.mature_factor
    male = np.array([kind.male_factor for kind in BREEDS])[breed]
    return pa.table(
        {
            "animal_id": animal_ids,
            "breed": pa.array([kind.name for kind in BREEDS]).take(pa.array(breed)),
            "curve": pa.array([kind.curve.value for kind in BREEDS]).take(pa.array(breed)),
            "mature_kg": mature * np.where(animals.male, male, 1.0),
            "rate_per_day": np.array([kind.rate for kind in BREEDS])[breed] * animals.rate_factor,
            "birth_date": pa.array(calendar.on(animals.birth_day)),
            "tag_read_rate": pa.array(tags.read_rate, mask=~tags.tagged),
            "tag_lost_on": pa.array(calendar.on(np.where(fell, tags.lost_day, 0)), mask=~fell),
            "exit": pa.array([kind.name.lower() for kind in Exit]).take(pa.array(animals.exit)),
            "exit_date": pa.array(calendar.on(np.where(stays, 0, last)), mask=stays),
            "reported": pa.array(animals.reported, mask=stays),
            "final_kg": np.round(true_weight_kg(herds, animals, last), 3),
        }
    )


def weight_table(
    herds: Herds, animals: Animals, herd_ids: pa.Array, calendar: Calendar
) -> pa.Table:
    """True heads and total weight of every herd, every seventh day and on the last."""
    days = np.unique(np.append(np.arange(0, calendar.days, _WEEK), calendar.days - 1))
    present = animals.entry_day[:, None] <= days
    present &= days < animals.exit_day[:, None]
    animal, week = np.nonzero(present)
    weight = true_weight_kg(herds, animals.select(animal), days[week])
    cell = animals.herd[animal] * len(days) + week
    cells, group, heads = np.unique(cell, return_inverse=True, return_counts=True)
    herd, week = np.divmod(cells, len(days))
    total = np.bincount(group, weights=weight, minlength=len(cells))
    return pa.table(
        {
            "herd_id": herd_ids.take(pa.array(herd)),
            "date": pa.array(calendar.on(days[week])),
            "heads": heads,
            "total_kg": np.round(total, 2),
        }
    )


def loss_table(animals: Animals, herd_ids: pa.Array, calendar: Calendar) -> pa.Table:
    """Thefts and secret sales: one row per herd, day and kind, and whether it was reported."""
    secret = (animals.exit == Exit.SALE) & ~animals.reported
    rows = np.nonzero((animals.exit == Exit.THEFT) | secret)[0]
    cell = (animals.herd[rows] * calendar.days + animals.exit_day[rows]) * 2
    cell = cell + (animals.exit[rows] == Exit.THEFT)
    cells, first, heads = np.unique(cell, return_index=True, return_counts=True)
    herd, day = np.divmod(cells // 2, calendar.days)
    return pa.table(
        {
            "herd_id": herd_ids.take(pa.array(herd)),
            "date": pa.array(calendar.on(day)),
            "kind": pa.array(["secret_sale", "theft"]).take(pa.array(cells % 2)),
            "heads": heads,
            "reported": animals.reported[rows][first],
        }
    )


def shock_table(herds: Herds, herd_ids: pa.Array, calendar: Calendar) -> pa.Table:
    """Batch shocks: from when, for how long, and by how much growth slowed."""
    ill = np.nonzero(herds.shock_day < NEVER)[0]
    return pa.table(
        {
            "herd_id": herd_ids.take(pa.array(ill)),
            "from_date": pa.array(calendar.on(herds.shock_day[ill])),
            "days": herds.shock_days[ill],
            "growth_lost": np.round(herds.shock_slow[ill], 4),
        }
    )


def outage_table(outages: Outages, farm_ids: pa.Array, calendar: Calendar) -> pa.Table:
    """Network outages per farm; what was sent meanwhile arrived after the end."""
    hit = np.nonzero(outages.start < NEVER)[0]
    return pa.table(
        {
            "farm_id": farm_ids.take(pa.array(hit)),
            "cut_from": pa.array(calendar.at(outages.start[hit])),
            "cut_until": pa.array(calendar.at(outages.end[hit])),
        }
    )
