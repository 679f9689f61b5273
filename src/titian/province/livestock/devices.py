"""Devices on the farms, and the hidden truth of how and when each of them fails."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa

from titian.province.draws import chance
from titian.province.livestock.farms import SPECIES, Farms, Herds, Pens
from titian.province.livestock.model import HUSBANDRY, NEVER, Calendar, Rates
from titian.province.livestock.population import Animals
from titian.province.model import Flags, Floats, Ints

_CAMERA_SHARE = 0.45
_FLOOD_SHARE = 0.4
_STUCK_SHARE = 0.06
_TIME_ZONE_SLIP_S = -28_800


class Kind(IntEnum):
    """What a device is; indexes `KINDS`."""

    READER = 0
    SCALE = 1
    CAMERA = 2
    COLLAR = 3


KINDS = tuple(kind.name.lower() for kind in Kind)


@dataclass(frozen=True, slots=True)
class Devices:
    """One row per device; `animal` is -1 except for collars.

    Hidden: dark from `dark_day` for `dark_days`; clock wrong by `skew_s` (device minus true);
    a scale weighs `bias` times too much and is stuck from `stuck_day` on for `stuck_days`.
    """

    pen: Ints
    kind: Ints
    animal: Ints
    dark_day: Ints
    dark_days: Ints
    skew_s: Ints
    bias: Floats
    stuck_day: Ints
    stuck_days: Ints

    def __len__(self) -> int:
        return len(self.pen)

    def rows(self, kind: Kind) -> Ints:
        """Row numbers of one kind of device."""
        return np.nonzero(self.kind == kind)[0]

    def lit(self, device: Ints, day: Ints) -> Flags:
        """Whether each device is working on each day."""
        since = day - self.dark_day[device]
        return ~((since >= 0) & (since < self.dark_days[device]))


@dataclass(frozen=True, slots=True)
class Tags:
    """Which animals wear an ear tag, how often it is read, and the day it falls off."""

    tagged: Flags
    read_rate: Floats
    lost_day: Ints


@dataclass(frozen=True, slots=True)
class Outages:
    """One network outage per farm at most: messages of those hours arrive in a flood afterwards.

    Hours are days with a fraction; `NEVER` begins an outage that does not happen.
    """

    start: Floats
    end: Floats


def build_tags(
    farms: Farms,
    pens: Pens,
    herds: Herds,
    animals: Animals,
    rates: Rates,
    stream: np.random.Generator,
) -> Tags:
    """Tag the share of animals their species is tagged at; reads depend on animal and pen."""
    pen = herds.pen[animals.herd]
    share = np.array([HUSBANDRY[kind].tagged_share for kind in SPECIES])[farms.species[pens.farm]]
    pen_factor = stream.uniform(0.93, 1.0, len(pens))
    worn = stream.exponential(1 / rates.tag_loss_hazard, len(animals)).astype(np.int64)
    return Tags(
        tagged=chance(stream, share[pen], len(animals)),
        read_rate=stream.beta(45, 3, len(animals)) * pen_factor[pen],
        lost_day=np.maximum(animals.entry_day, 0) + worn,
    )


def build_devices(
    farms: Farms,
    pens: Pens,
    herds: Herds,
    animals: Animals,
    calendar: Calendar,
    rates: Rates,
    stream: np.random.Generator,
) -> Devices:
    """A reader in every pen, scales, cameras and collars in some, each with its faults."""
    species = farms.species[pens.farm]
    scale = np.array([HUSBANDRY[kind].scale_share for kind in SPECIES])[species]
    collar = np.array([HUSBANDRY[kind].collar_share for kind in SPECIES])[species]
    every = np.arange(len(pens))
    scales = every[chance(stream, scale, len(pens))]
    cameras = every[chance(stream, _CAMERA_SHARE, len(pens))]
    wearer = herds.pen[animals.herd]
    collared = np.nonzero(chance(stream, collar[wearer], len(animals)))[0]
    pen = np.concatenate([every, scales, cameras, wearer[collared]])
    groups = [len(every), len(scales), len(cameras), len(collared)]
    size = len(pen)
    dark = chance(stream, rates.reader_dark_share, size)
    stuck = chance(stream, _STUCK_SHARE, size)
    return Devices(
        pen=pen,
        kind=np.repeat(np.arange(len(Kind)), groups),
        animal=np.concatenate([np.full(size - len(collared), -1), collared]).astype(np.int64),
        dark_day=np.where(dark, stream.integers(0, calendar.days, size), NEVER),
        dark_days=stream.integers(1, 10, size),
        skew_s=_skews(size, rates.skewed_device_share, stream),
        bias=np.exp(stream.normal(0, 0.008, size)),
        stuck_day=np.where(stuck, stream.integers(0, calendar.days, size), NEVER),
        stuck_days=stream.integers(3, 15, size),
    )


def build_outages(farms: int, calendar: Calendar, stream: np.random.Generator) -> Outages:
    """Give some farms one outage of two hours to two days."""
    hit = stream.random(farms) < _FLOOD_SHARE
    start = np.where(hit, stream.uniform(0, calendar.days, farms), float(NEVER))
    return Outages(start, start + stream.uniform(2 / 24, 2.0, farms))


def _skews(size: int, share: float, stream: np.random.Generator) -> Ints:
    small = stream.integers(-2, 3, size)
    drift = stream.integers(-1_800, 1_801, size)
    wrong = chance(stream, share, size)
    slipped = wrong & chance(stream, 0.25, size)
    skew: Ints = np.where(slipped, _TIME_ZONE_SLIP_S, np.where(wrong, drift, small))
    return skew


def device_table(devices: Devices, pen_ids: pa.Array, ids: pa.Array, tag_nos: pa.Array) -> pa.Table:
    """Devices as they are registered; a collar names the tag number of its animal."""
    wearer = pa.array(devices.animal, mask=devices.animal < 0)
    return pa.table(
        {
            "device_id": ids,
            "pen_id": pen_ids.take(pa.array(devices.pen)),
            "kind": pa.array(KINDS).take(pa.array(devices.kind)),
            "tag_no": tag_nos.take(wearer),
        }
    )


def fault_table(devices: Devices, ids: pa.Array, calendar: Calendar) -> pa.Table:
    """Truth: every device with its clock error and the intervals in which it was dark or stuck."""
    dark, stuck = devices.dark_day < NEVER, devices.stuck_day < NEVER
    stuck &= devices.kind == Kind.SCALE
    return pa.table(
        {
            "device_id": ids,
            "kind": pa.array(KINDS).take(pa.array(devices.kind)),
            "clock_skew_s": devices.skew_s,
            "scale_bias": np.where(devices.kind == Kind.SCALE, devices.bias, 1.0),
            "dark_from": _dates(devices.dark_day, dark, calendar),
            "dark_until": _dates(devices.dark_day + devices.dark_days - 1, dark, calendar),
            "stuck_from": _dates(devices.stuck_day, stuck, calendar),
            "stuck_until": _dates(devices.stuck_day + devices.stuck_days - 1, stuck, calendar),
        }
    )


def _dates(day: Ints, valid: Flags, calendar: Calendar) -> pa.Array:
    return pa.array(calendar.on(np.where(valid, day, 0)), mask=~valid)
