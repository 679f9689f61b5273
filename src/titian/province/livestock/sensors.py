"""Sensor messages: tag reads, weighings, collar positions and camera counts, faults included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from titian.province.codes import codes
from titian.province.draws import chance
from titian.province.livestock.devices import Kind
from titian.province.livestock.herding import Herding
from titian.province.livestock.model import Exit
from titian.province.model import Flags, Floats, Ints

MESSAGE_KINDS = ("presence", "weight", "count", "position")
_WEIGHINGS_PER_DAY = 0.25
_FIX_HOURS = (2.0, 8.0, 14.0, 20.0)
_COUNT_HOURS = (6.5, 12.5, 18.5)
_COUNT_SEEN = (0.88, 0.94, 0.80)
_METRES_PER_DEGREE = 111_320.0
_NONE = -1


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages before they are written; `true_time` in days, NaN or -1 = not carried."""

    device: Ints
    kind: Ints
    animal: Ints
    true_time: Floats
    heads: Ints
    weight_kg: Floats
    lon: Floats
    lat: Floats


def sense(herding: Herding, head_end: Ints, stream: np.random.Generator) -> Messages:
    """All messages of the window in no particular order; `head_end` is (herds, days)."""
    parts = [
        _presence(herding, stream),
        _weighings(herding, stream),
        _counts(herding, head_end, stream),
        _positions(herding, stream),
    ]
    return Messages(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Messages.__slots__)
    )


def message_table(
    herding: Herding,
    messages: Messages,
    device_ids: pa.Array,
    tag_nos: pa.Array,
    prefix: str,
    stream: np.random.Generator,
) -> pa.Table:
    """Messages in the order they were received: device clocks, floods after outages, repeats.

    What would arrive after the window is not there yet. A repeat has the same `message_id`,
    as a broker that delivers at least once produces it.
    """
    size = len(messages.device)
    sent = messages.true_time + herding.devices.skew_s[messages.device] / 86_400
    arrival = _arrivals(herding, messages, stream)
    repeat = np.nonzero(chance(stream, herding.rates.duplicate_share, size))[0]
    rows = np.concatenate([np.arange(size), repeat])
    arrival = np.concatenate([arrival, arrival[repeat] + stream.exponential(0.01, len(repeat))])
    order = np.argsort(arrival, kind="stable")
    order = order[arrival[order] < herding.calendar.days]
    rows, arrival = rows[order], arrival[order]
    numbers = np.empty(size, dtype=np.int64)
    numbers[np.argsort(messages.true_time, kind="stable")] = np.arange(size)
    animal = messages.animal[rows]
    return pa.table(
        {
            "message_id": codes(prefix, numbers[rows], 9),
            "device_id": device_ids.take(pa.array(messages.device[rows])),
            "kind": pa.array(MESSAGE_KINDS).take(pa.array(messages.kind[rows])),
            "tag_no": tag_nos.take(pa.array(animal, mask=animal < 0)),
            "heads": pa.array(messages.heads[rows], mask=messages.heads[rows] < 0),
            "weight_kg": pa.array(np.round(messages.weight_kg[rows], 1), from_pandas=True),
            "lon": pa.array(np.round(messages.lon[rows], 6), from_pandas=True),
            "lat": pa.array(np.round(messages.lat[rows], 6), from_pandas=True),
            "sent_at": herding.calendar.at(sent[rows]),
            "received_at": herding.calendar.at(arrival),
        }
    )


def _arrivals(herding: Herding, messages: Messages, stream: np.random.Generator) -> Floats:
    size = len(messages.device)
    farm = herding.pens.farm[herding.devices.pen[messages.device]]
    cut = messages.true_time >= herding.outages.start[farm]
    cut &= messages.true_time < herding.outages.end[farm]
    flood = herding.outages.end[farm] + stream.uniform(0, 600, size) / 86_400
    return np.where(cut, flood, messages.true_time + stream.exponential(2.0, size) / 86_400)


def _presence(herding: Herding, stream: np.random.Generator) -> Messages:
    worn = np.nonzero(herding.tags.tagged)[0]
    reader = herding.devices.rows(Kind.READER)[herding.herds.pen[herding.animals.herd]]
    here = _days_here(herding, worn)
    seen = here & (stream.random(here.shape) < herding.tags.read_rate[worn, None])
    row, day = np.nonzero(seen)
    animal = worn[row]
    kept = herding.devices.lit(reader[animal], day) & (day < herding.tags.lost_day[animal])
    animal, day = animal[kept], day[kept]
    hour = np.where(chance(stream, 0.55, len(day)), 6.5, 17.0) + stream.normal(0, 0.6, len(day))
    return _messages(0, reader[animal], animal, day + hour / 24)


def _weighings(herding: Herding, stream: np.random.Generator) -> Messages:
    scale_of_pen = np.full(len(herding.pens), _NONE)
    scales = herding.devices.rows(Kind.SCALE)
    scale_of_pen[herding.devices.pen[scales]] = scales
    scale = scale_of_pen[herding.herds.pen[herding.animals.herd]]
    weighed = np.nonzero(scale >= 0)[0]
    here = _days_here(herding, weighed) & (
        stream.random((len(weighed), herding.calendar.days)) < _WEIGHINGS_PER_DAY
    )
    row, day = np.nonzero(here)
    animal = weighed[row]
    lit = herding.devices.lit(scale[animal], day)
    animal, day = animal[lit], day[lit]
    device = scale[animal]
    size = len(animal)
    weight = herding.weight_kg(animal, day)
    weight = weight * herding.devices.bias[device]
    weight = weight * np.exp(stream.normal(0, herding.rates.scale_error, size))
    weight = np.where(chance(stream, 0.02, size), weight * stream.uniform(1.6, 2.1, size), weight)
    since = day - herding.devices.stuck_day[device]
    stuck = (since >= 0) & (since < herding.devices.stuck_days[device])
    weight = np.where(stuck, 20.0 + device % 400, weight)
    worn = herding.tags.tagged[animal] & (day < herding.tags.lost_day[animal])
    named = np.where(worn & chance(stream, 0.96, size), animal, _NONE)
    time = day + stream.uniform(5.5, 19.0, size) / 24
    return _messages(1, device, named, time, weight_kg=weight)


def _counts(herding: Herding, head_end: Ints, stream: np.random.Generator) -> Messages:
    cameras = herding.devices.rows(Kind.CAMERA)
    in_pen = np.zeros((len(herding.pens), herding.calendar.days), dtype=np.int64)
    np.add.at(in_pen, herding.herds.pen, head_end)
    shape = (len(cameras), herding.calendar.days, len(_COUNT_HOURS))
    seen = np.clip(
        np.array(_COUNT_SEEN) * stream.uniform(0.92, 1.05, (len(cameras), 1, 1)), 0, 0.99
    )
    heads = stream.binomial(
        in_pen[herding.devices.pen[cameras]][:, :, None], np.broadcast_to(seen, shape)
    )
    camera, day, slot = (axis.ravel() for axis in np.indices(shape))
    lit = herding.devices.lit(cameras[camera], day)
    time = day + np.array(_COUNT_HOURS)[slot] / 24
    nobody = np.full(int(lit.sum()), _NONE)
    return _messages(2, cameras[camera][lit], nobody, time[lit], heads=heads.ravel()[lit])


def _positions(herding: Herding, stream: np.random.Generator) -> Messages:
    collars = herding.devices.rows(Kind.COLLAR)
    wearer = herding.devices.animal[collars]
    row, day = np.nonzero(_days_here(herding, wearer))
    row, day = np.repeat(row, len(_FIX_HOURS)), np.repeat(day, len(_FIX_HOURS))
    hour = np.tile(_FIX_HOURS, len(row) // len(_FIX_HOURS)) + stream.uniform(-0.2, 0.2, len(row))
    home = np.zeros(len(row))
    fled_row, fled_day, fled_hour, fled_km = _flights(herding, wearer, stream)
    row, day = np.concatenate([row, fled_row]), np.concatenate([day, fled_day])
    hour, away = np.concatenate([hour, fled_hour]), np.concatenate([home, fled_km])
    lit = herding.devices.lit(collars[row], day)
    row, day, hour, away = row[lit], day[lit], hour[lit], away[lit]
    pen = herding.devices.pen[collars[row]]
    jump = np.where(chance(stream, 0.005, len(row)), stream.uniform(200, 3_000, len(row)), 0.0)
    spread = 6.0 + jump
    bearing = 0.7 + wearer[row] % 7
    east = 1_000 * away * np.cos(bearing) + spread * stream.normal(0, 1, len(row))
    north = 1_000 * away * np.sin(bearing) + spread * stream.normal(0, 1, len(row))
    lon = herding.pens.lon[pen] + east / (_METRES_PER_DEGREE * 0.82)
    lat = herding.pens.lat[pen] + north / _METRES_PER_DEGREE
    return _messages(3, collars[row], wearer[row], day + hour / 24, lon=lon, lat=lat)


def _flights(
    herding: Herding, wearer: Ints, stream: np.random.Generator
) -> tuple[Ints, Ints, Floats, Floats]:
    stolen: Ints = np.nonzero(herding.animals.exit[wearer] == Exit.THEFT)[0]
    steps = 6
    row: Ints = np.repeat(stolen, steps)
    step = np.tile(np.arange(steps), len(stolen))
    speed_kmh = np.repeat(stream.uniform(15, 50, len(stolen)), steps)
    after = step.astype(np.float64) * 0.25
    return row, herding.animals.exit_day[wearer[row]], 1.0 + after, speed_kmh * after


def _days_here(herding: Herding, animal: Ints) -> Flags:
    day = np.arange(herding.calendar.days)
    entry, left = herding.animals.entry_day[animal, None], herding.animals.exit_day[animal, None]
    here: Flags = (day >= entry) & (day < left)
    return here


def _messages(
    kind: int,
    device: Ints,
    animal: Ints,
    true_time: Floats,
    *,
    heads: Ints | None = None,
    weight_kg: Floats | None = None,
    lon: Floats | None = None,
    lat: Floats | None = None,
) -> Messages:
    size = len(device)
    empty = np.full(size, np.nan)
    return Messages(
        device=device,
        kind=np.full(size, kind),
        animal=animal,
        true_time=true_time,
        heads=np.full(size, _NONE) if heads is None else heads,
        weight_kg=empty if weight_kg is None else weight_kg,
        lon=empty if lon is None else lon,
        lat=empty if lat is None else lat,
    )
