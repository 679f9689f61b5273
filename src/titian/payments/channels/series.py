"""Events become binned series: one for each factor of each channel."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from itertools import product
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from titian.kernel.errors import InvalidInput
from titian.payments.channels.model import (
    MAX_BINS,
    MINUTE_US,
    Factor,
    Floats,
    Series,
    SeriesId,
)
from titian.payments.model import CHANNELS, Channel

ALERT_US: Final = MINUTE_US
"""Bins of one minute raise alarms."""

STRUCTURE_US: Final = 15 * MINUTE_US
"""Bins of a quarter of an hour show structure."""

COLUMNS: Final = (
    "at_us",
    "channel",
    "event_type",
    "result",
    "amount_fen",
    "party_id",
    "device_id",
    "payee_account",
)


def bin_events(
    events: pa.Table,
    start_us: int,
    end_us: int,
    bin_us: int = ALERT_US,
    outages: Sequence[tuple[int, int]] = (),
) -> Series:
    """Count events [COLUMNS] in bins from `start_us` up to `end_us` (microseconds since 1970 UTC).

    Events before `start_us` only tell which devices and payees are new. Bins touched by an outage
    (from, to) are missing: an empty bin means that nobody came, not that nothing was heard.
    Raises InvalidInput.
    """
    bins = _bins(start_us, end_us, bin_us)
    missing = [name for name in COLUMNS if name not in events.column_names]
    if missing:
        raise InvalidInput(
            f"the events have no column {', '.join(missing)}",
            f"Give {', '.join(COLUMNS)}; null where unknown.",
        )
    counted = _counted(events, start_us, start_us + bins * bin_us, bin_us)
    ids = tuple(SeriesId(*pair) for pair in product(CHANNELS, Factor))
    values, weights = _laid_out(counted, bins, ids)
    for first, last in outages:
        low = max(0, (first - start_us) // bin_us)
        values[low : max(0, -((start_us - last) // bin_us))] = np.nan
    return Series(start_us, bin_us, ids, values, weights)


def _bins(start_us: int, end_us: int, bin_us: int) -> int:
    bins = (end_us - start_us) // bin_us if bin_us > 0 else 0
    if not 0 < bins <= MAX_BINS:
        raise InvalidInput(
            f"{bins:,} whole bins lie between start and end",
            f"Ask for 1 to {MAX_BINS:,}: move an end, or take longer bins.",
        )
    return bins


def _counted(events: pa.Table, start_us: int, end_us: int, bin_us: int) -> pa.Table:
    text = resources.files("titian.payments.channels").joinpath("bins.sql").read_text("utf-8")
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        connection.register("events", events.select(list(COLUMNS)))
        asked = {"start_us": start_us, "end_us": end_us, "bin_us": bin_us}
        return connection.sql(text, params=asked).to_arrow_table()


def _laid_out(counted: pa.Table, bins: int, ids: tuple[SeriesId, ...]) -> tuple[Floats, Floats]:
    values = np.zeros((bins, len(ids)))
    weights = np.ones((bins, len(ids)))
    place = {name: code for code, name in enumerate(CHANNELS)}
    code = np.array([place.get(name, -1) for name in counted["channel"].to_pylist()], np.int64)
    rows = counted["bin"].to_numpy().astype(np.int64)
    for column, (channel, factor) in enumerate(ids):
        of = code == place[Channel(channel)]
        values[rows[of], column] = _filled(counted, factor)[of]
        if factor is Factor.LOG_AMOUNT:
            weights[:, column] = 0
            weights[rows[of], column] = counted["amounts"].to_numpy()[of]
    return values, weights


def _filled(counted: pa.Table, factor: Factor) -> Floats:
    column: Floats = counted[factor.value].cast(pa.float64()).to_numpy()
    return np.nan_to_num(column)
