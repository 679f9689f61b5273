"""Who can act in a bank during the window, prepared once for all flows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from titian.province.flow import Clock, Rows, draw
from titian.province.model import (
    Channel,
    Flags,
    Floats,
    Industry,
    Ints,
    Occupation,
    PartyType,
    ProvinceConfig,
    Refs,
    World,
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A bank's parties as actors, row by row with People.

    `account` is the account a party lives on, `age` is in years (0 for firms), `market` the phase
    of the village's market (-1 in town), `farm` marks households living from land or animals.
    """

    config: ProvinceConfig
    clock: Clock
    world: World
    account: Refs
    income_fen: Floats
    age: Floats
    digital: Floats
    active: Flags
    person: Flags
    adult: Flags
    farm: Flags
    trader: Flags
    market: Ints

    def stream(self, part: str) -> np.random.Generator:
        """Return the random stream of one flow of this bank."""
        return self.config.stream(self.world.bank.no, f"entries.{part}")


def set_scene(config: ProvinceConfig, world: World) -> Scene:
    """Prepare the actors of a bank."""
    people, traits = world.people, world.traits
    person = people.kind == PartyType.PERSON
    age = np.where(person, (config.end_day - people.birth).astype(np.float64) / 365.25, 0.0)
    farm = (traits.industry >= Industry.CROP) & (traits.industry <= Industry.ORCHARD)
    phase = world.villages.market_phase[people.village].astype(np.int64)
    return Scene(
        config=config,
        clock=Clock.of(config),
        world=world,
        account=world.main_account,
        income_fen=people.income_fen.astype(np.float64),
        age=age,
        digital=traits.digital,
        active=~world.accounts.dormant[world.main_account],
        person=person,
        adult=person & (age >= 18),
        farm=farm,
        trader=person & (people.occupation == Occupation.TRADER),
        market=np.where(people.village >= 0, phase, -1),
    )


def registered(world: World, party: Rows, channel: npt.NDArray[np.integer]) -> Flags:
    """Tell whether each party uses the channel in its row."""
    bits: Flags = (world.traits.channels[party] >> channel.astype(np.uint16)) & 1 == 1
    return bits


def chosen_channels(
    stream: np.random.Generator,
    world: World,
    party: Rows,
    shares: dict[Channel, float],
    otherwise: Channel,
) -> npt.NDArray[np.uint8]:
    """Draw a channel for each row, falling back where the party does not use it."""
    kinds = np.array(list(shares), np.uint8)
    edges = (np.cumsum(list(shares.values())) / sum(shares.values()) * 65_536).astype(np.int64)
    table = np.repeat(kinds, np.diff(np.r_[0, edges]))
    drawn = draw(stream, table.astype(np.int64), len(party)).astype(np.uint8)
    return np.where(registered(world, party, drawn), drawn, np.uint8(otherwise))
