"""Everything about one bank's herds that the sensors, the reports and the truth look at."""

from __future__ import annotations

from dataclasses import dataclass

from titian.province.livestock.devices import Devices, Outages, Tags
from titian.province.livestock.farms import Farms, Herds, Pens
from titian.province.livestock.model import Calendar, Rates
from titian.province.livestock.population import Animals, true_weight_kg
from titian.province.model import Floats, Ints


@dataclass(frozen=True, slots=True)
class Herding:
    """Farms, pens, batches, animals, tags, devices and the observed window."""

    farms: Farms
    pens: Pens
    herds: Herds
    animals: Animals
    tags: Tags
    devices: Devices
    outages: Outages
    calendar: Calendar
    rates: Rates

    def farm_of(self, herd: Ints) -> Ints:
        """The farm of each herd."""
        farm: Ints = self.pens.farm[self.herds.pen[herd]]
        return farm

    def species_of(self, herd: Ints) -> Ints:
        """The species of each herd, as an index of `SPECIES`."""
        species: Ints = self.farms.species[self.farm_of(herd)]
        return species

    def weight_kg(self, animal: Ints, day: Ints) -> Floats:
        """The true weight of each animal on each day."""
        return true_weight_kg(self.herds, self.animals.select(animal), day)
