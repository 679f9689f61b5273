"""From entries to typed parts: sources, atomics and modifiers checked against declared tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from titian.data.indicators.expressions import parse_measure
from titian.data.indicators.model import (
    Aggregation,
    Atomic,
    Expression,
    Modifier,
    Source,
    Timing,
    Unit,
)
from titian.data.indicators.reading import Book, Entry, Section, unknown
from titian.decide import Condition, ConditionError, Field, Label, Schema, Type, parse
from titian.kernel.errors import InvalidInput
from titian.lake.schema import BUSINESS_DATE, Column, Table

_DATE = Type.of("date")
_MEASURED = (
    Aggregation.SUM,
    Aggregation.AVG,
    Aggregation.RATIO,
    Aggregation.MIN,
    Aggregation.MAX,
    Aggregation.PERCENTILE,
)
EVERY = "*"


@dataclass(slots=True)
class Linker:
    """Builds each part once from the book's entries, against the tables of a bank."""

    book: Book
    tables: Mapping[str, Table]
    modifiers: dict[str, Modifier] = field(default_factory=dict)
    families: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _labels: dict[tuple[str, str], dict[str, Label]] = field(default_factory=dict)
    _schemas: dict[str, Schema] = field(default_factory=dict)
    _sources: dict[str, Source] = field(default_factory=dict)
    _atomics: dict[str, Atomic] = field(default_factory=dict)
    _conditions: dict[tuple[str, str], Condition] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for entry in self.book.named[Section.DIMENSIONS].values():
            self._dimension(entry)
        for entry in self.book.named[Section.MODIFIERS].values():
            if entry.name in self.modifiers:
                other = self.modifiers[entry.name].origin
                raise entry.error(
                    f"modifier {entry.name} is defined twice (also in {other.file}:{other.line})",
                    "Rename one of them.",
                )
            text = entry.text("where")
            self.modifiers[entry.name] = Modifier(entry.name, entry.label, text, entry.origin)

    def source(self, name: str) -> Source:
        """Give a source by name; the name must exist."""
        if name not in self._sources:
            self._sources[name] = self._source(self.book.named[Section.SOURCES][name])
        return self._sources[name]

    def atomic(self, name: str) -> Atomic:
        """Give an atomic by name; the name must exist."""
        if name not in self._atomics:
            self._atomics[name] = self._atomic(self.book.named[Section.ATOMICS][name])
        return self._atomics[name]

    def narrowed(
        self, entry: Entry, atomic: Atomic, modifiers: list[Modifier]
    ) -> tuple[Condition, ...]:
        """Give every condition of an atomic under modifiers. Raises InvalidDefinition."""
        found = [atomic.source.where, atomic.where]
        for modifier in modifiers:
            key = (modifier.text, atomic.source.table.qualified)
            if key not in self._conditions:
                self._conditions[key] = self._modified(entry, atomic, modifier)
            found.append(self._conditions[key])
        return tuple(condition for condition in found if condition is not None)

    def check_all(self) -> None:
        """Build what nothing uses yet too, so that a wrong definition never lies in wait."""
        for name in self.book.named[Section.SOURCES]:
            self.source(name)
        for name in self.book.named[Section.ATOMICS]:
            self.atomic(name)

    def _dimension(self, entry: Entry) -> None:
        column, table = entry.text("column"), entry.optional("table") or ""
        if table and table not in self.tables:
            raise unknown(entry, "table", table, list(self.tables), "table")
        values = entry.document.mapping(entry.need("values"), (*entry.place, "values"), "values")
        names = []
        for value, spec in values.items():
            label = entry.document.label(spec, (*entry.place, "values", value), value)
            name = f"{entry.name}_{value}"
            if name in self.modifiers:
                raise entry.error(f"modifier {name} exists already", "Rename it.", "values", value)
            text = f"\"{column}\" = '{value.replace(chr(39), chr(39) * 2)}'"
            self.modifiers[name] = Modifier(name, label, text, entry.origin)
            self._labels.setdefault((table, column), {})[value] = label
            names.append(name)
        self.families[entry.name] = tuple(names)

    def _schema(self, table: Table) -> Schema:
        if table.qualified not in self._schemas:
            fields = [self._field(table, c) for c in table.columns if c.type != "binary"]
            date = Field(BUSINESS_DATE, _DATE, Label("业务日期", "business date"))
            self._schemas[table.qualified] = Schema([*fields, date])
        return self._schemas[table.qualified]

    def _field(self, table: Table, column: Column) -> Field:
        labels = self._labels.get((table.qualified, column.name))
        labels = labels or self._labels.get(("", column.name))
        unit = "fen" if column.name.endswith("_fen") else ""
        label = Label(column.zh, column.en[:1].lower() + column.en[1:])
        return Field(column.name, Type.of(column.type), label, labels, unit)

    def _source(self, entry: Entry) -> Source:
        name = entry.text("table")
        if name not in self.tables:
            raise unknown(entry, "table", name, list(self.tables), "table")
        table = self.tables[name]
        timing = Timing(entry.choice("timing", list(Timing)))
        date = entry.optional("date") or BUSINESS_DATE
        self._column(entry, table, date, "date", kind="date")
        if timing is Timing.STOCK and date != BUSINESS_DATE:
            raise entry.error(
                "a stock is taken at its business date", "Remove `date`, or make it a flow.", "date"
            )
        org = entry.optional("org") or "org_id"
        self._column(entry, table, org, "org", kind="string")
        rows = entry.texts("rows") or tuple(column.name for column in table.columns)
        for column in rows:
            self._column(entry, table, column, "rows")
        where = self._condition(entry, table, "where")
        return Source(entry.name, entry.label, table, timing, date, org, rows, where)

    def _column(
        self, entry: Entry, table: Table, name: str, key: str, kind: str | None = None
    ) -> None:
        schema = self._schema(table)
        if name not in schema:
            known = [known.name for known in schema]
            raise unknown(entry, f"column in {table.qualified} called", name, known, key)
        if kind is not None and str(schema[name].type) != kind:
            raise entry.error(
                f"{key} column {name} is {schema[name].type}", f"It must be {kind}.", key
            )

    def _atomic(self, entry: Entry) -> Atomic:
        sources = self.book.named[Section.SOURCES]
        source_name = entry.text("source")
        if source_name not in sources:
            raise unknown(entry, "source", source_name, list(sources), "source")
        source = self.source(source_name)
        aggregation = Aggregation(entry.choice("aggregation", list(Aggregation)))
        measure = self._measure(entry, source.table, "measure")
        denominator = self._measure(entry, source.table, "denominator")
        _check_measures(entry, aggregation, measure, denominator)
        return Atomic(
            name=entry.name,
            label=entry.label,
            source=source,
            aggregation=aggregation,
            measure=measure,
            denominator=denominator,
            share=_share(entry, aggregation),
            where=self._condition(entry, source.table, "where"),
            unit=Unit(entry.choice("unit", list(Unit))),
            origin=entry.origin,
        )

    def _measure(self, entry: Entry, table: Table, key: str) -> Expression | None:
        text = entry.optional(key)
        if text is None:
            return None
        try:
            return parse_measure(text, self._schema(table))
        except ConditionError as error:
            raise _placed(entry, error, key) from None

    def _condition(self, entry: Entry, table: Table, key: str) -> Condition | None:
        text = entry.optional(key)
        if text is None:
            return None
        try:
            return parse(text, self._schema(table))
        except ConditionError as error:
            raise _placed(entry, error, key) from None

    def _modified(self, entry: Entry, atomic: Atomic, modifier: Modifier) -> Condition:
        table = atomic.source.table
        try:
            return parse(modifier.text, self._schema(table))
        except ConditionError as error:
            problem = error.problems[0]
            there = f"{modifier.origin.file}:{modifier.origin.line}"
            raise entry.error(
                f"modifier {modifier.name} ({there}) does not fit {table.qualified}: "
                f"{problem.message.en}",
                problem.remedy.en,
                "modifiers",
            ) from None


def _placed(entry: Entry, error: ConditionError, key: str) -> InvalidInput:
    problem = error.problems[0]
    what = f"{key} {error.source!r}, column {problem.start + 1}: {problem.message.en}"
    return entry.error(what, problem.remedy.en, key)


def _check_measures(
    entry: Entry,
    aggregation: Aggregation,
    measure: Expression | None,
    denominator: Expression | None,
) -> None:
    if aggregation is not Aggregation.COUNT and measure is None:
        raise entry.error(f"{aggregation} needs a measure", "Add `measure: column`.")
    if (denominator is not None) != (aggregation is Aggregation.RATIO):
        raise entry.error(
            "a denominator belongs to aggregation ratio, and only there",
            "Add `denominator: column`, or remove it.",
            "denominator",
        )
    for key, part in (("measure", measure), ("denominator", denominator)):
        if part is not None and aggregation in _MEASURED and not part.tree.type.is_number:
            raise entry.error(
                f"{aggregation} of {part.text!r}, which is {part.tree.type}",
                "Measure a number, or use count or count_distinct.",
                key,
            )


def _share(entry: Entry, aggregation: Aggregation) -> float:
    value = entry.get("share")
    if aggregation is not Aggregation.PERCENTILE:
        if value is not None:
            raise entry.error("share belongs to percentile", "Remove it.", "share")
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise entry.error("percentile needs a share from 0 to 1", "Add `share: 0.5`.", "share")
    return float(cast("float", value))
