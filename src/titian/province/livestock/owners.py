"""Chooses who keeps animals: cooperatives and firms of the trade first, then farm households."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from titian.province.codes import party_ids
from titian.province.livestock.model import Owners
from titian.province.model import Industry, Ints, PartyType, ProvinceConfig, World, size
from titian.province.sheets import ids_of

CUSTOMERS_PER_FARM: Final = 220
MIN_FARMS: Final = 3
MAX_FARMS: Final = 60
_SPECIES: Final = {Industry.PIG: "pig", Industry.CATTLE: "cattle", Industry.SHEEP: "sheep"}


def owners_of(config: ProvinceConfig, world: World) -> Owners:
    """The owners of a bank's farms, in turn of pigs, cattle and sheep while there are any."""
    people = world.people
    wanted = int(np.clip(size(people) // CUSTOMERS_PER_FARM, MIN_FARMS, MAX_FARMS))
    party = _candidates(config, world)[:wanted]
    species = [_SPECIES[Industry(code)] for code in world.traits.industry[party].tolist()]
    officer = ids_of(world).officer.cast(pa.string())
    township = np.where(
        people.village[party] >= 0,
        world.villages.township[people.village[party]],
        world.orgs.township[0],
    )
    name = pa.array(people.name[party].tolist(), pa.string())
    person = pa.array(people.kind[party] == PartyType.PERSON)
    farm = pc.binary_join_element_wise(name, pa.scalar("家庭养殖场"), "")
    return Owners(
        bank=pa.array([world.bank.bank] * len(party), pa.string()),
        party_id=party_ids(world, party),
        name=pc.if_else(person, farm, name),
        county=pa.array([world.bank.county] * len(party), pa.string()),
        township=pa.array(township.tolist(), pa.string()),
        officer_id=officer.take(pa.array(people.officer[party])),
        industry=pa.array(species, pa.string()),
    )


def _candidates(config: ProvinceConfig, world: World) -> Ints:
    people, industry = world.people, world.traits.industry
    head = np.zeros(size(people), bool)
    head[world.households.head] = True
    firm = people.kind != PartyType.PERSON
    keeps = np.isin(industry, list(_SPECIES)) & (firm | head)
    keeps &= people.open_date < config.start_day
    party = np.flatnonzero(keeps)
    stream = config.stream(world.bank.no, "livestock.owners")
    luck = stream.random(len(party)) - firm[party]
    kind = industry[party].astype(np.int64)
    order = np.lexsort((luck, kind))
    nth = np.empty(len(party), np.int64)
    nth[order] = np.arange(len(party)) - np.searchsorted(kind[order], kind[order])
    chosen: Ints = party[np.lexsort((kind, nth))].astype(np.int64)
    return chosen
