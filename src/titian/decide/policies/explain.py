"""Why a policy decided as it did, and what single change would have been milder.

A change is only named after it was tried: the policy is run again on the row with that one value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from titian.decide.conditions import python, tree, words
from titian.decide.conditions.fields import Field
from titian.decide.conditions.tree import Call, Node, Ref, Value
from titian.decide.policies.compiled import MILDEST, CompiledPolicy, Reason
from titian.decide.tables.regions import examples
from titian.kernel.labels import Label

MAX_TRIED = 200


@dataclass(frozen=True, slots=True)
class Held:
    """One condition that held, in words, with the values it read."""

    words: Label
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Because:
    """One reason, with the conditions that all held; `score` is that of a typology."""

    reason: Reason
    held: tuple[Held, ...]
    score: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """A value of one actionable field that alone would have led to a milder outcome."""

    field: Field
    value: Value
    outcome: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """An outcome's severity, its reasons, most severe first, and the changes that help most."""

    outcome: int
    because: tuple[Because, ...]
    changes: tuple[Change, ...]


def explain(compiled: CompiledPolicy, row: python.Row) -> Explanation:
    """Explain the decision on a row, as `CompiledPolicy.decide_row` takes it."""
    outcome, hits = compiled.decide_row(row)
    scores = compiled.scores(frozenset(hits))
    because = [
        Because(reason, _held(reason, row), scores.get(number))
        for number in hits
        for reason in (compiled.reasons[number],)
    ]
    because.sort(key=lambda one: -one.reason.severity)
    changes = () if outcome == MILDEST else tuple(_changes(compiled, row, outcome))
    return Explanation(outcome, tuple(because), changes)


def _held(reason: Reason, row: python.Row) -> tuple[Held, ...]:
    if reason.test is None:
        return ()
    return tuple(
        Held(
            Label(words.explain(part, "zh"), words.explain(part, "en")),
            {name: row[name] for name in sorted(tree.fields(part))},
        )
        for part in _conjuncts(reason.test)
    )


def _conjuncts(node: Node) -> list[Node]:
    if isinstance(node, Call) and node.op == "and":
        return [part for arg in node.args for part in _conjuncts(arg)]
    return [node]


def _changes(compiled: CompiledPolicy, row: python.Row, outcome: int) -> list[Change]:
    found = []
    for name in compiled.policy.actionable:
        field = compiled.schema[name]
        tried = _candidates(compiled, field, row[name])
        milder = [
            Change(field, value, severity)
            for value in tried
            if (severity := compiled.decide_row({**row, name: value})[0]) < outcome
        ]
        if milder:
            found.append(min(milder, key=lambda change: change.outcome))
    return sorted(found, key=lambda change: change.outcome)


def _candidates(compiled: CompiledPolicy, field: Field, given: Value) -> list[Value]:
    """Give the values at which some condition on the field changes, nearest first."""
    compared = [
        node
        for reason in compiled.reasons
        if reason.test is not None
        for node in tree.walk(reason.test)
        if isinstance(node, Call) and any(_reads(arg, field) for arg in node.args)
    ]
    if not compared:
        return []
    found = examples(field.type, list(field.values) if field.values else None, compared)
    near = sorted((value for value in found if value != given), key=lambda v: _distance(v, given))
    return near[:MAX_TRIED]


def _reads(node: Node, field: Field) -> bool:
    if isinstance(node, Call) and node.op == "cast":
        node = node.args[0]
    return isinstance(node, Ref) and node.field.name == field.name


def _distance(value: Any, given: Any) -> float:
    if isinstance(value, int | float | Decimal) and isinstance(given, int | float | Decimal):
        return abs(float(value) - float(given))
    if isinstance(value, date) and isinstance(given, date):
        return abs((value - given).total_seconds())
    return 0.0
