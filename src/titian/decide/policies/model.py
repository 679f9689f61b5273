"""A policy as it is written: steps in order, outcomes mildest first, and scenarios to test it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date

import msgspec

from titian.decide.conditions.fields import Type
from titian.decide.tables.model import HitPolicy, Input, Output, Table, TableRow
from titian.kernel.labels import UNSAID, Label

MAX_STEPS = 500
MAX_REASONS = 2_000
MAX_MEMBERS = 100
MAX_SCENARIOS = 2_000
MAX_OUTCOMES = 20
MAX_WEIGHT = 10_000


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every part of a policy is: unchangeable, and without words of its own invention."""


class Rule(_Part, frozen=True, kw_only=True, tag_field="kind", tag="rule"):
    """A condition with an outcome."""

    name: str
    when: str
    outcome: str
    reason: Label


class Heading(_Part, frozen=True, kw_only=True):
    """An output of a table: `type` as a condition's type, or `ranks`, mildest first."""

    name: str
    type: str = "string"
    label: Label = UNSAID
    ranks: tuple[str, ...] = ()


class Asked(_Part, frozen=True, kw_only=True):
    """An input of a table."""

    expression: str
    label: Label = UNSAID


class Line(_Part, frozen=True, kw_only=True):
    """A row of a table."""

    cells: tuple[str, ...]
    outputs: tuple[str, ...]
    reason: Label = UNSAID


class TableStep(_Part, frozen=True, kw_only=True, tag_field="kind", tag="table"):
    """A decision table whose one ranked output is an outcome of the policy."""

    name: str
    label: Label
    hit: HitPolicy
    inputs: tuple[Asked, ...]
    outputs: tuple[Heading, ...]
    rows: tuple[Line, ...]

    def table(self) -> Table:
        """Give the table. Raises InvalidInput for an unknown type."""
        outputs = tuple(
            Output(head.name, Type.of(head.type), head.label, head.ranks) for head in self.outputs
        )
        inputs = tuple(Input(asked.expression, asked.label) for asked in self.inputs)
        rows = tuple(TableRow(line.cells, line.outputs, line.reason) for line in self.rows)
        return Table(self.name, self.label, self.hit, inputs, outputs, rows)


class Member(_Part, frozen=True, kw_only=True):
    """A condition that adds its weight to a typology's score."""

    name: str
    when: str
    weight: int
    reason: Label


class Threshold(_Part, frozen=True, kw_only=True):
    """From which score on a typology leads to which outcome."""

    score: int
    outcome: str


class Typology(_Part, frozen=True, kw_only=True, tag_field="kind", tag="typology"):
    """A weighted group of conditions, with one score from which people look and one that stops."""

    name: str
    reason: Label
    investigate: Threshold
    block: Threshold
    rules: tuple[Member, ...]


class Scenario(_Part, frozen=True, kw_only=True):
    """An example: written values by field (others are unknown), and what must come of them.

    `hits` are reasons that must be among those given.
    """

    name: str
    values: Mapping[str, str]
    outcome: str
    hits: tuple[str, ...] = ()


class Effective(_Part, frozen=True, kw_only=True, rename={"first": "from", "last": "until"}):
    """The days a policy is meant for, both included."""

    first: date
    last: date | None = None

    def holds(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day and (self.last is None or day <= self.last)


Step = Rule | TableStep | Typology


class Policy(_Part, frozen=True, kw_only=True):
    """A whole policy. `actionable` fields are those its customers could change."""

    policy: str
    label: Label
    author: str
    effective: Effective
    outcomes: tuple[str, ...]
    steps: tuple[Step, ...]
    actionable: tuple[str, ...] = ()
    scenarios: tuple[Scenario, ...] = ()


def content_hash(policy: Policy) -> str:
    """Give the SHA-256 of everything a policy says, in hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(policy, order="deterministic")).hexdigest()
