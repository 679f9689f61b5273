"""What windows must give, written plainly: look at everything that came before, every time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from titian.decide import Schema
from titian.payments.features import Plan, Source, Velocity, compile_plan, read_features
from titian.payments.features.columns import kernel_input
from titian.payments.windows.layout import Floats, Input, Measure

Happened = Mapping[str, Any]

SOURCE = Source(("customer", "payee", "device"), Schema([]))
SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
START = 1_700_000_000 * SECOND

_DECLARED = """
features:
  customer:
    key: customer
    spans: [10s, 1h, 24h]
    measures: [count, sum, max, distinct, since_last, since_first, since_oldest, times_mean]
    of: payee
  customer_known:
    key: customer
    delay: 1h
    spans: [1h]
    measures: [count, distinct, since_newest]
    of: payee
  customer_long:
    key: customer
    spans: [4d]
    measures: [count, sum, distinct]
    of: payee
  payee:
    key: payee
    spans: [1h]
    measures: [count, mean, distinct]
    of: customer
  customer_devices:
    key: customer
    spans: [1h]
    measures: [distinct]
    of: device
"""


def plan() -> Plan:
    """Give the features of these tests."""
    return compile_plan(read_features(_DECLARED, "oracle.yaml", SOURCE))


def stream(seed: int, count: int, keys: int = 3, late: float = 0.0) -> list[Happened]:
    """Make events of a few customers; some share a moment, some are late, some leap a day."""
    rng = np.random.default_rng(seed)
    steps = rng.choice([0, 1, SECOND, 7 * SECOND, 600 * SECOND, HOUR, 30 * HOUR], count,
                       p=[0.1, 0.1, 0.3, 0.2, 0.2, 0.08, 0.02])  # fmt: skip
    back = np.where(rng.random(count) < late, rng.integers(0, 500 * SECOND, count), 0)
    return [
        {
            "at_us": int(START + at - behind),
            "customer": f"c{rng.integers(keys)}",
            "payee": None if rng.random() < 0.1 else f"p{rng.integers(5)}",
            "device": f"d{rng.integers(4)}",
            "amount_fen": None if rng.random() < 0.1 else int(rng.integers(0, 1_000)),
        }
        for at, behind in zip(np.cumsum(steps), back, strict=True)
    ]


def inputs(chosen: Plan, events: Sequence[Happened]) -> Input:
    """Give events as the kernel takes them; keys keep their numbers within one call only."""
    columns = {name: [event[name] for event in events] for name in events[0]}
    types = {"at_us": pa.int64(), "amount_fen": pa.int64()}
    table = pa.table({n: pa.array(v, types.get(n, pa.string())) for n, v in columns.items()})
    return kernel_input(chosen, table)


def part(batch: Input, first: int, end: int) -> Input:
    """Give some events of a batch."""
    cut = slice(first, end)
    return Input(
        at_us=batch.at_us[cut],
        keys=batch.keys[cut],
        amounts=batch.amounts[cut],
        values=batch.values[cut],
        matches=batch.matches[cut],
    )


def expected(chosen: Plan, events: Sequence[Happened]) -> Floats:
    """Give every feature of every event [n, width]."""
    return np.array([
        [_feature(feature, events[:place], event) for feature in chosen.features]
        for place, event in enumerate(events)
    ])  # fmt: skip


def _feature(feature: Velocity, before: Sequence[Happened], event: Happened) -> float:
    (key,) = feature.key
    if event[key] is None:
        return math.nan
    same = [past for past in before if past[key] == event[key]]
    if feature.with_current:
        same.append(event)
    if feature.measure in (Measure.SINCE_LAST, Measure.SINCE_FIRST):
        inside = [past for past in same if past["at_us"] <= event["at_us"]]
    else:
        inside = [past for past in same if _holds(feature, past["at_us"], event["at_us"])]
    return float(_value(feature, inside, event))


def _holds(feature: Velocity, at_us: int, now: int) -> bool:
    begin, end = now - feature.delay_us - feature.span_us, now - feature.delay_us
    if feature.exact:
        return begin < at_us <= end
    return begin // HOUR <= at_us // HOUR <= end // HOUR


def _value(  # noqa: PLR0911 - one a measure
    feature: Velocity, inside: Sequence[Happened], event: Happened
) -> float:
    known = [past["amount_fen"] for past in inside if past["amount_fen"] is not None]
    ages = [(event["at_us"] - past["at_us"]) / SECOND for past in inside]
    mean = sum(known) / len(inside) if inside else math.nan
    match feature.measure:
        case Measure.COUNT:
            return len(inside)
        case Measure.SUM:
            return float(sum(known))
        case Measure.MEAN:
            return mean
        case Measure.MAX:
            return max(known, default=math.nan)
        case Measure.DISTINCT:
            return len({past[feature.of] for past in inside} - {None})
        case Measure.TIMES_MEAN:
            amount = event["amount_fen"]
            return float(amount / mean) if mean > 0 and amount is not None else math.nan
        case Measure.SINCE_LAST | Measure.SINCE_NEWEST:
            return min(ages, default=math.nan)
    return max(ages, default=math.nan)
