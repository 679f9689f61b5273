"""What a policy must offer the engine, and a plain one: rules whose most severe hit decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from titian.decide import Field, Schema, Type, parse
from titian.decide.conditions.columns import Column
from titian.kernel.labels import Label
from titian.payments.engine.decision import Rule
from titian.payments.engine.features import SOURCE
from titian.payments.features import Plan
from titian.payments.model import Outcome
from titian.payments.windows.layout import Bytes

_DOUBLE: Final = Type.of("double")


class Judged(NamedTuple):
    """The outcome of each event [n], and which rules hit it [n, rules]."""

    outcomes: Bytes
    hits: NDArray[np.bool_]


class Policy(Protocol):
    """Rules compiled once and swapped whole. It must not keep what it is given."""

    @property
    def version(self) -> str:
        """The digest of what it holds."""

    @property
    def fields(self) -> frozenset[str]:
        """The fields it reads; it is given no others."""

    @property
    def rules(self) -> Sequence[Rule]:
        """Its rules, in the order of the columns of hits."""

    def decide(self, columns: Mapping[str, Column], n: int) -> Judged:
        """Judge n events by the fields of `judging_schema`."""

    def decide_rows(self, rows: Sequence[Mapping[str, object]]) -> Judged:
        """Judge the same, of few events; None is unknown."""


def judging_schema(plan: Plan) -> Schema:
    """Give the fields a rule may use: the event's, every feature, the score, the channel's state.

    `deviation` is how far the event's channel is from normal; it must never block alone.
    """
    return SOURCE.schema.extended(
        [
            Field("amount_fen", Type.of("integer"), Label("金额", "amount"), unit="fen"),
            Field("hour", Type.of("integer"), Label("时点", "hour of the day"), unit="hours"),
            Field("score", _DOUBLE, Label("模型分", "model score")),
            Field("deviation", _DOUBLE, Label("渠道偏离", "deviation of the channel")),
            *(Field(f.name, _DOUBLE, f.label) for f in plan.features),
        ]
    )


class RulePolicy:
    """A list of rules. Raises ConditionError for a condition that does not fit the schema."""

    def __init__(self, rules: Sequence[Rule], schema: Schema) -> None:
        self.rules = tuple(rules)
        self.version = blake2b(repr(self.rules).encode(), digest_size=8).hexdigest()
        parsed = [parse(rule.condition, schema) for rule in rules]
        self.fields = frozenset[str]().union(*(condition.fields for condition in parsed))
        self._batches = [condition.batch() for condition in parsed]
        self._rows = [condition.row() for condition in parsed]
        self._severity = np.array([rule.outcome for rule in rules], np.uint8)

    def decide(self, columns: Mapping[str, Column], n: int) -> Judged:
        """Judge n events: the most severe rule that holds decides, none means PASS."""
        hits = np.zeros((n, len(self.rules)), np.bool_)
        for place, holds in enumerate(self._batches):
            hits[:, place] = holds(columns, n).values
        return self._judged(hits)

    def decide_rows(self, rows: Sequence[Mapping[str, object]]) -> Judged:
        """Judge the same, of few events."""
        held = [[holds(row) is True for holds in self._rows] for row in rows]
        return self._judged(np.array(held, np.bool_).reshape(len(rows), len(self.rules)))

    def _judged(self, hits: NDArray[np.bool_]) -> Judged:
        outcomes = (hits * self._severity).max(axis=1, initial=int(Outcome.PASS))
        return Judged(outcomes.astype(np.uint8), hits)
