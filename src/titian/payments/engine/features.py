"""From events to what windows and rules read: columns of numbers, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from titian.decide import Condition, Field, Schema, Type
from titian.kernel.errors import InvalidInput
from titian.kernel.labels import Label
from titian.payments.engine.interning import Interner
from titian.payments.engine.mixing import chosen, scoped
from titian.payments.features import Plan, Source
from titian.payments.model import CHANNELS, EVENT_TYPES, KEYS, RESULTS, Event
from titian.payments.windows.layout import NONE, Bytes, Input, Ints

_US: Final = 1_000_000
_STRING: Final = Type.of("string")
CLOSED: Final = ("channel", "event_type", "result")
"""Fields of few values; which events a feature counts may depend on them alone."""

SOURCE: Final = Source(
    KEYS,
    Schema(
        [
            Field("channel", _STRING, Label("渠道", "channel"), {c: Label(c, c) for c in CHANNELS}),
            Field("event_type", _STRING, Label("事件类型", "event type"),
                  {t: Label(t, t) for t in EVENT_TYPES}),
            Field("result", _STRING, Label("结果", "result"), {r: Label(r, r) for r in RESULTS}),
        ]
    ),
)  # fmt: skip
"""What the declarations of live features may name."""

_CHANNEL_CODE: Final = {value: code for code, value in enumerate(CHANNELS)}
_TYPE_CODE: Final = {value: code for code, value in enumerate(EVENT_TYPES)}
_FIELDS: Final = attrgetter(
    "occurred_at", "amount_fen", "channel", "event_type", "result", "bank", *KEYS
)
_RESULT_CODE: Final = {value: code for code, value in enumerate(RESULTS)}


class Columns(NamedTuple):
    """Events as columns [n]: codes follow the order of the enums, keys [n, 9] that of `KEYS`."""

    at_us: Ints
    amount_fen: Ints
    channel: Ints
    event_type: Ints
    result: Ints
    keys: Ints


def columns(events: Sequence[Event], interner: Interner) -> Columns:
    """Turn events into columns; a key is a number of its text and its bank."""
    happened, amounts, channels, types, results, banks, *texts = zip(
        *map(_FIELDS, events), strict=True
    )
    keys = np.array([interner.numbers(column) for column in texts], np.int64)
    bank = np.array(interner.numbers(banks), np.int64)
    return Columns(
        at_us=np.array([round(moment.timestamp() * _US) for moment in happened], np.int64),
        amount_fen=np.array([NONE if fen is None else fen for fen in amounts], np.int64),
        channel=np.array([_CHANNEL_CODE[channel] for channel in channels], np.int64),
        event_type=np.array([_TYPE_CODE[kind] for kind in types], np.int64),
        result=np.array([_RESULT_CODE[result] for result in results], np.int64),
        keys=scoped(bank, keys),
    )


class InputMaker:
    """Columns of events to the kernel's input, for one plan."""

    def __init__(self, plan: Plan) -> None:
        pairs = [[KEYS.index(name) for name in key] for key in plan.keys]
        self._keys = np.array([(*key, NONE)[:2] for key in pairs], np.int64)
        self._values = [KEYS.index(name) for name in plan.values]
        self._counts = np.column_stack([_table(where) for where in plan.wheres])

    def input(self, made: Columns) -> Input:
        """Give the kernel's input for n events."""
        code = (made.channel * len(EVENT_TYPES) + made.event_type) * len(RESULTS) + made.result
        return Input(
            at_us=made.at_us,
            keys=chosen(made.keys, self._keys),
            amounts=made.amount_fen,
            values=np.ascontiguousarray(made.keys[:, self._values]),
            matches=np.ascontiguousarray(self._counts[code]),
        )


def _table(where: Condition | None) -> Bytes:
    """Tell for each combination of closed fields whether it counts."""
    rows = [dict(zip(CLOSED, row, strict=True)) for row in product(CHANNELS, EVENT_TYPES, RESULTS)]
    if where is None:
        return np.ones(len(rows), np.uint8)
    if not where.fields <= set(CLOSED):
        raise InvalidInput(
            f"the condition {where.text} of a live feature reads {', '.join(sorted(where.fields))}",
            f"Use {', '.join(CLOSED)} alone.",
        )
    holds = where.row()
    answers: NDArray[np.uint8] = np.array([holds(row) is True for row in rows], np.uint8)
    return answers
