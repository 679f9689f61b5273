"""What farmers and insurers report: the herd register, events with their delay, policies."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from titian.province.codes import codes
from titian.province.draws import chance
from titian.province.livestock.farms import SPECIES
from titian.province.livestock.herding import Herding
from titian.province.livestock.model import BREEDS, Entry, Exit, Species
from titian.province.livestock.prices import MARKETS, Prices
from titian.province.model import Floats, Ints


class Report(IntEnum):
    """Kinds of farm event."""

    BIRTH = 0
    PURCHASE = 1
    SALE = 2
    DEATH = 3
    THEFT = 4
    VACCINATION = 5


_OF_ENTRY = {Entry.PURCHASE: Report.PURCHASE, Entry.BIRTH: Report.BIRTH}
_OF_EXIT = {Exit.SALE: Report.SALE, Exit.DEATH: Report.DEATH, Exit.THEFT: Report.THEFT}
_MEAN_DELAY_DAYS = (2.0, 0.6, 0.6, 1.5, 2.0, 0.3)
_VACCINATED_AFTER_DAYS = (14, 28)
_END_OF_WORK = 0.75
_OVERSTATED_SHARE = 0.05
_UNDERINSURED_SHARE = 0.2
_LAPSED_SHARE = 0.06
_SUM_INSURED_FEN = {Species.PIG: 120_000, Species.CATTLE: 1_200_000, Species.SHEEP: 100_000}
_PREMIUM_PERCENT = 5
_INSURERS = ("青禾农业保险", "远山财产保险", "安穗互助保险")


def herd_table(
    herding: Herding, ids: pa.Array, pen_ids: pa.Array, stream: np.random.Generator
) -> pa.Table:
    """Batches as declared by the farmer: one in twenty overstates its heads."""
    herds, animals = herding.herds, herding.animals
    size = len(herds)
    overstates = chance(stream, _OVERSTATED_SHARE, size)
    factor = np.where(overstates, stream.uniform(1.04, 1.15, size), 1.0)
    weight = herding.weight_kg(np.arange(len(animals)), animals.entry_day)
    total = np.bincount(animals.herd, weights=weight, minlength=size)
    heads = np.bincount(animals.herd, minlength=size)
    mean = total / np.maximum(heads, 1) * stream.normal(1.0, 0.03, size)
    born = herding.pens.born[herds.pen].astype(np.int64)
    species = herding.species_of(np.arange(size))
    return pa.table(
        {
            "herd_id": ids,
            "pen_id": pen_ids.take(pa.array(herds.pen)),
            "species": pa.array([kind.value for kind in SPECIES]).take(pa.array(species)),
            "breed": pa.array([breed.name for breed in BREEDS]).take(pa.array(herds.breed)),
            "source": pa.array(["purchase", "birth"]).take(pa.array(born)),
            "entry_date": pa.array(herding.calendar.on(herds.entry_day)),
            "entry_age_days": herds.entry_age,
            "declared_heads": np.round(herds.heads * factor).astype(np.int64),
            "declared_mean_kg": pa.array(np.round(mean, 1), mask=heads == 0),
        }
    )


def event_table(
    herding: Herding,
    prices: Prices,
    county: Ints,
    herd_ids: pa.Array,
    prefix: str,
    stream: np.random.Generator,
) -> pa.Table:
    """Farmers' reports known by the end of the window: one row per herd, day and kind.

    `county` numbers each farm's county. Hidden exits are missing; `amount_fen` is filled for
    purchases and sales only.
    """
    moved, vaccinated = _movements(herding), _vaccinations(herding)
    herd, kind, day, heads = (
        np.concatenate([a, b]) for a, b in zip(moved[:4], vaccinated, strict=True)
    )
    weight = np.concatenate([moved[4], np.full(len(vaccinated[0]), np.nan)])
    young = (kind == Report.PURCHASE).astype(np.int64)
    market = np.array([_finished(item) for item in SPECIES])[herding.species_of(herd)] + young
    price = prices.on(market, county[herding.farm_of(herd)], herding.calendar, day)
    traded = (kind == Report.PURCHASE) | (kind == Report.SALE)
    haggled = price * stream.normal(1.0, 0.02, len(herd))
    amount = np.where(traded, weight, 0.0) * haggled
    told = day + _END_OF_WORK + stream.exponential(np.array(_MEAN_DELAY_DAYS)[kind])
    order = np.argsort(told, kind="stable")
    order = order[told[order] < herding.calendar.days]
    table = pa.table(
        {
            "herd_id": herd_ids.take(pa.array(herd)),
            "event_type": pa.array([item.name.lower() for item in Report]).take(pa.array(kind)),
            "heads": heads,
            "total_kg": pa.array(np.round(weight, 1), from_pandas=True),
            "amount_fen": pa.array(np.round(amount).astype(np.int64), mask=~traded),
            "occurred_on": pa.array(herding.calendar.on(day)),
            "reported_at": pa.array(herding.calendar.at(told)),
        }
    ).take(pa.array(order))
    return table.add_column(0, "farm_event_id", codes(prefix, np.arange(len(order)), 7))


def insurance_table(
    herding: Herding, herd_ids: pa.Array, prefix: str, stream: np.random.Generator
) -> pa.Table:
    """Policies: most herds insured, some for fewer heads than they hold, some lapsing early."""
    herds = herding.herds
    herd = np.nonzero(chance(stream, herding.rates.insured_share, len(herds)))[0]
    size = len(herd)
    under = chance(stream, _UNDERINSURED_SHARE, size)
    heads = herds.heads[herd] * np.where(under, stream.uniform(0.6, 0.95, size), 1.0)
    begin = herds.entry_day[herd] + stream.integers(1, 20, size)
    lapsed = chance(stream, _LAPSED_SHARE, size)
    until = np.where(lapsed, begin + 30, herds.last_day[herd] + 15)
    each = np.array([_SUM_INSURED_FEN[kind] for kind in SPECIES])[herding.species_of(herd)]
    insured = np.round(heads).astype(np.int64)
    insurer = stream.integers(0, len(_INSURERS), size)
    return pa.table(
        {
            "policy_id": codes(prefix, np.arange(size), 6),
            "herd_id": herd_ids.take(pa.array(herd)),
            "insurer": pa.array(_INSURERS).take(pa.array(insurer)),
            "insured_heads": insured,
            "sum_insured_fen": insured * each,
            "premium_fen": insured * each * _PREMIUM_PERCENT // 100,
            "valid_from": pa.array(herding.calendar.on(begin)),
            "valid_until": pa.array(herding.calendar.on(until)),
        }
    )


def _movements(herding: Herding) -> tuple[Ints, Ints, Ints, Ints, Floats]:
    animals, days = herding.animals, herding.calendar.days
    came = np.nonzero(animals.entry_day >= 0)[0]
    left = np.nonzero((animals.exit != Exit.STAYS) & animals.reported)[0]
    of_entry = np.array([_OF_ENTRY[kind] for kind in Entry])[animals.entry[came]]
    of_exit = np.array([_OF_EXIT.get(kind, Report.SALE) for kind in Exit])[animals.exit[left]]
    kind = np.concatenate([of_entry, of_exit])
    animal = np.concatenate([came, left])
    day = np.concatenate([animals.entry_day[came], animals.exit_day[left]])
    cell = (animals.herd[animal] * len(Report) + kind) * days + day
    cells, group, heads = np.unique(cell, return_inverse=True, return_counts=True)
    weights = herding.weight_kg(animal, day)
    total = np.bincount(group, weights=weights, minlength=len(cells)).astype(np.float64)
    herd_kind, on = np.divmod(cells, days)
    herd, which = np.divmod(herd_kind, len(Report))
    return _int64(herd), _int64(which), _int64(on), _int64(heads), total


def _int64(values: npt.NDArray[np.integer]) -> Ints:
    return values.astype(np.int64)


def _vaccinations(herding: Herding) -> tuple[Ints, Ints, Ints, Ints]:
    days = herding.herds.entry_day[:, None] + np.array(_VACCINATED_AFTER_DAYS)
    herd, turn = np.nonzero((days >= 0) & (days < herding.calendar.days))
    kind = np.full(len(herd), Report.VACCINATION)
    return herd, kind, days[herd, turn], herding.herds.heads[herd]


def _finished(species: Species) -> int:
    return next(n for n, item in enumerate(MARKETS) if item.species is species)
