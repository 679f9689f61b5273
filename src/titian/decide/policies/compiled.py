"""A policy, checked and compiled once, that decides rows and batches. It never changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from titian.decide.conditions import python, tree
from titian.decide.conditions.columns import Array, Columns
from titian.decide.conditions.fields import Schema
from titian.decide.conditions.tree import Node
from titian.decide.policies.model import Policy
from titian.decide.tables import CompiledTable, HitPolicy
from titian.kernel.labels import Label

MILDEST = 0


class Decided(NamedTuple):
    """The severity of each event's outcome [n] (int8, 0 the mildest), and its reasons [n, r]."""

    outcomes: Array
    hits: Array


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that may hold of an event: `severity` is the outcome it leads to by itself.

    `test` is its condition; a typology's threshold has none but the `score` it begins at.
    """

    name: str
    severity: int
    label: Label
    test: Node | None
    score: int | None = None


@dataclass(frozen=True, slots=True)
class TableReasons:
    """A table whose rows are the reasons from number `start` on."""

    start: int
    compiled: CompiledTable


@dataclass(frozen=True, slots=True)
class Scoring:
    """A typology: the numbers and weights of its members, and of its thresholds."""

    members: tuple[int, ...]
    weights: tuple[int, ...]
    thresholds: tuple[tuple[int, int], ...]  # (number of the reason, score from which it holds)


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPolicy:
    """A policy ready to decide; the most severe of all reasons that hold is the outcome."""

    policy: Policy
    schema: Schema
    hash: str
    reasons: tuple[Reason, ...]
    _tested: tuple[int, ...] = field(repr=False)
    _tables: tuple[TableReasons, ...] = field(repr=False)
    _typologies: tuple[Scoring, ...] = field(repr=False)
    _severities: Array = field(repr=False)
    _truths: Callable[[Columns], list[Array]] = field(repr=False)
    _held: Callable[[python.Row], list[int]] = field(repr=False)

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields it reads."""
        tests = (reason.test for reason in self.reasons if reason.test is not None)
        return frozenset().union(*map(tree.fields, tests))

    def decide(self, columns: Columns, n: int) -> Decided:
        """Decide n events given as columns."""
        hits = np.zeros((n, len(self.reasons)), np.bool_, order="F")
        for number, truth in zip(self._tested, self._truths(columns), strict=True):
            hits[:, number] = truth
        for table in self._tables:
            _table_hits(table, columns, hits)
        for typology in self._typologies:
            scores = hits[:, typology.members] @ np.array(typology.weights, np.int64)
            for number, score in typology.thresholds:
                hits[:, number] = scores >= score
        outcomes = (hits.T * self._severities[:, None]).max(axis=0, initial=MILDEST)
        return Decided(outcomes, hits)

    def decide_row(self, row: python.Row) -> tuple[int, tuple[int, ...]]:
        """Decide one event: its outcome's severity, and the numbers of the reasons that hold."""
        held = {self._tested[number] for number in self._held(row)}
        for table in self._tables:
            held.update(table.start + number for number in table.compiled.decide(row))
        for typology in self._typologies:
            score = typology_score(typology.members, typology.weights, held)
            held.update(number for number, least in typology.thresholds if score >= least)
        outcome = max((self.reasons[number].severity for number in held), default=MILDEST)
        return outcome, tuple(sorted(held))

    def scores(self, held: frozenset[int]) -> Mapping[int, int]:
        """Give the typology score behind each threshold reason, of the reasons that hold."""
        return {
            number: typology_score(typology.members, typology.weights, held)
            for typology in self._typologies
            for number, _ in typology.thresholds
        }


def typology_score(
    members: tuple[int, ...], weights: tuple[int, ...], held: set[int] | frozenset[int]
) -> int:
    """Add up the weights of the members that hold."""
    return sum(weight for member, weight in zip(members, weights, strict=True) if member in held)


def _table_hits(table: TableReasons, columns: Columns, hits: Array) -> None:
    rows, start = len(table.compiled.tests), table.start
    if table.compiled.table.hit is HitPolicy.COLLECT:
        hits[:, start : start + rows] = table.compiled.holds_batch(columns, len(hits))
        return
    decided = table.compiled.decide_batch(columns, len(hits))
    events = np.flatnonzero(decided >= 0)
    hits[events, start + decided[events]] = True
