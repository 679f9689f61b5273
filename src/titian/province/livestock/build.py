"""One bank's farms from owners to messages: the order in which the parts are made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from titian.province.codes import codes
from titian.province.livestock import devices as dev
from titian.province.livestock import farms as farming
from titian.province.livestock import inspections, population, reports, sensors, truth
from titian.province.livestock.herding import Herding
from titian.province.livestock.model import Calendar, Owners, Rates
from titian.province.livestock.prices import Prices
from titian.province.model import Ints


@dataclass(frozen=True, slots=True)
class Stock:
    """A bank's farms as the world sees them (`tables`) and as they are (`truth`)."""

    tables: dict[str, pa.Table]
    truth: dict[str, pa.Table]


@dataclass(frozen=True, slots=True)
class _Ids:
    farm: pa.Array
    pen: pa.Array
    herd: pa.Array
    animal: pa.Array
    tag: pa.Array
    device: pa.Array


def build_stock(
    owners: Owners,
    prices: Prices,
    calendar: Calendar,
    rates: Rates,
    prefix: str,
    stream: np.random.Generator,
) -> Stock:
    """Farms, batches, sensors and reports of one bank; every id starts with `prefix`."""
    layout, chance, faults, told = stream.spawn(4)
    farms = farming.build_farms(owners, layout)
    pens = farming.build_pens(farms, layout)
    herds = farming.build_herds(
        farms, pens, calendar, rates.shock_share, rates.batch_spread, layout
    )
    animals = population.populate(farms, pens, herds, calendar, rates, chance)
    tags = dev.build_tags(farms, pens, herds, animals, rates, faults)
    devices = dev.build_devices(farms, pens, herds, animals, calendar, rates, faults)
    outages = dev.build_outages(len(farms), calendar, faults)
    herding = Herding(farms, pens, herds, animals, tags, devices, outages, calendar, rates)
    ids = _name(herding, prefix)
    ledger = population.headcount_ledger(animals, len(herds), calendar)
    tables = _register(herding, owners, ids)
    messages = sensors.sense(herding, ledger["end"], faults)
    tables["message"] = sensors.message_table(
        herding, messages, ids.device, ids.tag, f"M{prefix}", faults
    )
    tables |= _reports(herding, owners, prices, ledger["end"], ids, prefix, told)
    return Stock(tables, _truth(herding, ledger, ids))


def _name(herding: Herding, prefix: str) -> _Ids:
    animals = herding.animals
    tags = codes(f"T{prefix}", np.arange(len(animals)), 7)
    return _Ids(
        farm=codes(f"F{prefix}", np.arange(len(herding.farms)), 4),
        pen=codes(f"P{prefix}", np.arange(len(herding.pens)), 5),
        herd=codes(f"H{prefix}", np.arange(len(herding.herds)), 6),
        animal=codes(f"A{prefix}", np.arange(len(animals)), 7),
        tag=tags.take(pa.array(np.arange(len(animals)), mask=~herding.tags.tagged)),
        device=codes(f"D{prefix}", np.arange(len(herding.devices)), 6),
    )


def _register(herding: Herding, owners: Owners, ids: _Ids) -> dict[str, pa.Table]:
    return {
        "farm": farming.farm_table(herding.farms, owners, ids.farm),
        "pen": farming.pen_table(herding.pens, ids.farm, ids.pen),
        "animal": population.animal_table(
            herding.animals, ids.herd, ids.animal, herding.calendar, ids.tag
        ),
        "device": dev.device_table(herding.devices, ids.pen, ids.device, ids.tag),
    }


def _reports(
    herding: Herding,
    owners: Owners,
    prices: Prices,
    head_end: Ints,
    ids: _Ids,
    prefix: str,
    stream: np.random.Generator,
) -> dict[str, pa.Table]:
    county = np.array([prices.counties.index(name) for name in owners.county.to_pylist()], int)
    visits = inspections.plan_visits(herding, head_end, stream)
    visit_ids = inspections.visit_ids(visits, f"I{prefix}")
    return {
        "herd": reports.herd_table(herding, ids.herd, ids.pen, stream),
        "farm_event": reports.event_table(herding, prices, county, ids.herd, f"E{prefix}", stream),
        "inspection": inspections.visit_table(
            herding, visits, visit_ids, ids.herd, owners.officer_id, stream
        ),
        "weighing": inspections.weighing_table(herding, visits, visit_ids, ids.tag, stream),
        "policy": reports.insurance_table(herding, ids.herd, f"N{prefix}", stream),
    }


def _truth(herding: Herding, ledger: dict[str, Ints], ids: _Ids) -> dict[str, pa.Table]:
    herds, animals, calendar = herding.herds, herding.animals, herding.calendar
    tables = {
        "headcount": truth.headcount_table(ledger, ids.herd, calendar),
        "animal": truth.animal_truth(herds, animals, herding.tags, ids.animal, calendar),
        "weight": truth.weight_table(herds, animals, ids.herd, calendar),
        "loss": truth.loss_table(animals, ids.herd, calendar),
        "shock": truth.shock_table(herds, ids.herd, calendar),
        "device_fault": dev.fault_table(herding.devices, ids.device, calendar),
        "outage": truth.outage_table(herding.outages, ids.farm, calendar),
    }
    return {f"livestock_{name}": table for name, table in tables.items()}
