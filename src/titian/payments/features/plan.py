"""Compiling declarations to the tables of the windows kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from titian.decide import Condition
from titian.payments.features.model import EVER, HOUR_US, NEEDS_MAX, Velocity
from titian.payments.windows.layout import NONE, SERIES_WIDTH, Measure, Shape

_Series = tuple[tuple[str, ...], str, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """The kernel's tables, and the columns it wants in their order.

    `keys` are the key columns or pairs, `values` the columns whose distinct values are counted,
    `wheres` one condition a series (None = every event counts).
    """

    features: tuple[Velocity, ...]
    shape: Shape
    keys: tuple[tuple[str, ...], ...]
    values: tuple[str, ...]
    wheres: tuple[Condition | None, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the kernel's columns."""
        return tuple(feature.name for feature in self.features)


def compile_plan(features: Sequence[Velocity]) -> Plan:
    """Group features into series (key, which events count, resolution) and lay out the tables."""
    groups: dict[_Series, list[int]] = {}
    for number, feature in enumerate(features):
        where = feature.where.text if feature.where else ""
        groups.setdefault((feature.key, where, feature.resolution_us), []).append(number)
    keys = tuple(dict.fromkeys(feature.key for feature in features))
    values = tuple(dict.fromkeys(feature.of for feature in features if feature.of))
    layout = _Layout(features, keys, values, list(groups.values()))
    return Plan(tuple(features), layout.shape(), keys, values, layout.wheres())


class _Layout:
    def __init__(
        self,
        features: Sequence[Velocity],
        keys: tuple[tuple[str, ...], ...],
        values: tuple[str, ...],
        groups: list[list[int]],
    ) -> None:
        self.features, self.keys, self.values, self.groups = features, keys, values, groups
        self.spans = [self._spans(group) for group in groups]
        self.columns = [self._columns(group) for group in groups]

    def wheres(self) -> tuple[Condition | None, ...]:
        return tuple(self.features[group[0]].where for group in self.groups)

    def shape(self) -> Shape:
        count = len(self.groups)
        series = np.zeros((count, SERIES_WIDTH), np.int64)
        spans = np.zeros((count, max(1, *map(len, self.spans)), 3), np.int64)
        distinct = np.full((count, max(map(len, self.columns))), NONE, np.int64)
        rows: list[tuple[int, ...]] = []
        for number, group in enumerate(self.groups):
            first = len(rows)
            ordered = sorted(group, key=lambda n: self.features[n].with_current)
            rows += [self._row(number, feature) for feature in ordered]
            before = sum(not self.features[n].with_current for n in group)
            series[number] = self._series(number, first, first + before, len(rows))
            for place, (length, delay, counted) in enumerate(self.spans[number]):
                spans[number, place] = (length, delay, counted)
            for place, column in enumerate(self.columns[number]):
                distinct[number, place] = self.values.index(column)
        return Shape(series, spans, np.array(rows, np.int64), distinct)

    def _spans(self, group: list[int]) -> list[tuple[int, int, bool]]:
        found: dict[tuple[int, int], bool] = {}
        for feature in (self.features[number] for number in group):
            if feature.measure not in EVER:
                edge = (feature.span_us, feature.delay_us)
                counted = feature.measure is Measure.DISTINCT
                found[edge] = found.get(edge, False) or counted
        return [(length, delay, counted) for (length, delay), counted in found.items()]

    def _columns(self, group: list[int]) -> list[str]:
        return list(dict.fromkeys(self.features[n].of for n in group if self.features[n].of))

    def _series(self, number: int, first: int, counted: int, end: int) -> tuple[int, ...]:
        members = [self.features[n] for n in self.groups[number]]
        resolution = members[0].resolution_us
        reach = max(feature.span_us + feature.delay_us for feature in members)
        return (
            self.keys.index(members[0].key),
            resolution,
            len(self.spans[number]),
            any(feature.measure in NEEDS_MAX for feature in members),
            len(self.columns[number]),
            reach + (HOUR_US if resolution > 1 else 0),
            first,
            counted,
            end,
        )

    def _row(self, number: int, feature_no: int) -> tuple[int, ...]:
        feature = self.features[feature_no]
        span = 0
        if feature.measure not in EVER:
            edges = [(length, delay) for length, delay, _ in self.spans[number]]
            span = edges.index((feature.span_us, feature.delay_us))
        column = self.columns[number].index(feature.of) if feature.of else 0
        return (span, int(feature.measure), column, feature_no)
