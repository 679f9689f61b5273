"""Checks as a header states them, read strictly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import cast

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from titian.data.checks.model import Check, CheckKind, Literal, Severity
from titian.data.strict import Document, Place, nearest
from titian.kernel.labels import UNSAID

MAX_CHECKS = 100
MAX_VALUES = 1_000
_COMMON = ("severity", "label")
_DEFAULTS = {CheckKind.ROW_COUNT_DRIFT: Severity.WARNING, CheckKind.FRESHNESS: Severity.WARNING}

Fields = dict[str, object]


def parse_checks(
    document: Document, place: Place, table: str, columns: frozenset[str]
) -> tuple[Check, ...]:
    """Read the list of checks of a table at a place of a header.

    `columns` are the table's. Raises InvalidDefinition for anything that is not a known check.
    """
    value = _at(document.value, place)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise document.error(place, "checks must be a list", "Write one `- {…}` line per check.")
    if len(value) > MAX_CHECKS:
        raise document.error(place, f"there are over {MAX_CHECKS} checks", "Remove some.")
    return tuple(
        replace(_parse_one(document, item, (*place, at), columns), table=table)
        for at, item in enumerate(value)
    )


def _at(value: object, place: Place) -> object:
    for step in place:
        value = cast("dict[object, object]", value).get(step) if isinstance(value, dict) else None
    return value


def _parse_one(document: Document, item: object, place: Place, columns: frozenset[str]) -> Check:
    entry = document.mapping(item, place, "a check")
    document.known_keys(entry, (*CheckKind, *_COMMON), place)
    kinds = [key for key in entry if key not in _COMMON]
    if len(kinds) != 1:
        raise document.error(place, "a check states exactly one rule", "Split it in two lines.")
    kind = CheckKind(kinds[0])
    reader = _Reader(document, (*place, kind.value), columns)
    fields = _READERS[kind](reader, entry[kind.value])
    severity = entry.get("severity", _DEFAULTS.get(kind, Severity.ERROR).value)
    label = entry.get("label")
    return Check(
        kind=kind,
        severity=Severity(
            document.choice(severity, (*place, "severity"), "severity", list(Severity))
        ),
        label=document.label(label, (*place, "label"), "label") if label else UNSAID,
        line=document.line(place),
        **fields,  # type: ignore[arg-type]  # each reader gives the fields of its kind
    )


class _Reader:
    def __init__(self, document: Document, place: Place, columns: frozenset[str]) -> None:
        self.document = document
        self.place = place
        self.known = columns

    def fields(self, value: object, required: tuple[str, ...], optional: tuple[str, ...]) -> Fields:
        given = self.document.mapping(value, self.place, "the rule")
        self.document.known_keys(given, required + optional, self.place)
        for key in required:
            if key not in given:
                raise self.document.error(
                    self.place, f"the rule lacks {key!r}", f"It needs {', '.join(required)}."
                )
        return given

    def column(self, value: object, key: str | int) -> str:
        place = (*self.place, key)
        name = self.document.text(value, place, "a column")
        if name not in self.known:
            raise self.document.error(place, f"no column {name!r}", nearest(name, self.known))
        return name

    def columns(self, value: object, place: Place) -> tuple[str, ...]:
        names = self.document.texts(value, place, "columns")
        if not names:
            raise self.document.error(place, "no columns are named", "Name at least one.")
        for name in names:
            if name not in self.known:
                raise self.document.error(place, f"no column {name!r}", nearest(name, self.known))
        return names

    def literal(self, value: object, key: str) -> Literal:
        if isinstance(value, str | int | float | bool | date):
            return value
        raise self.document.error((*self.place, key), f"{key} must be a value", "Write one.")

    def number(self, value: object, key: str) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
        raise self.document.error(
            (*self.place, key), f"{key} must be a number from 0 on", "Write one, such as 0.5."
        )

    def table(self, value: object, key: str) -> str:
        name = self.document.text(value, (*self.place, key), "a table")
        layer, _, rest = name.partition(".")
        if layer not in ("raw", "core", "mart") or not rest:
            raise self.document.error(
                (*self.place, key), f"{name!r} is not a table", "Write layer.table, as core.party."
            )
        return name

    def expression(self, value: object, key: str, known: frozenset[str] | None) -> str:
        place = (*self.place, key) if key else self.place
        text = self.document.text(value, place, key or "the condition")
        try:
            tree = parse_one(text, dialect="duckdb")
        except SqlglotError:
            raise self.document.error(
                place, f"{text!r} is not an SQL expression", "Write it as after WHERE."
            ) from None
        if tree.find(exp.Query, exp.DML, exp.DDL, exp.Command) is not None:
            raise self.document.error(
                place, f"{text!r} holds a statement", "Write an expression over the columns."
            )
        for column in tree.find_all(exp.Column):
            if known is not None and column.name not in known:
                raise self.document.error(
                    place, f"no column {column.name!r}", nearest(column.name, known)
                )
        return text


def _columns_rule(reader: _Reader, value: object) -> Fields:
    return {"columns": reader.columns(value, reader.place)}


def _accepted(reader: _Reader, value: object) -> Fields:
    given = reader.fields(value, ("column", "values"), ())
    values = given["values"]
    if not isinstance(values, list) or not 0 < len(values) <= MAX_VALUES:
        raise reader.document.error(
            (*reader.place, "values"), "values must be a list", f"Name 1 to {MAX_VALUES} values."
        )
    accepted = tuple(reader.literal(item, "values") for item in values)
    return {"columns": (reader.column(given["column"], "column"),), "values": accepted}


def _range(reader: _Reader, value: object) -> Fields:
    given = reader.fields(value, ("column",), ("min", "max"))
    if "min" not in given and "max" not in given:
        raise reader.document.error(reader.place, "a range needs an end", "Write min, max or both.")
    return {
        "columns": (reader.column(given["column"], "column"),),
        "low": reader.literal(given["min"], "min") if "min" in given else None,
        "high": reader.literal(given["max"], "max") if "max" in given else None,
    }


def _row_count(reader: _Reader, value: object) -> Fields:
    given = reader.fields(value, (), ("min", "max"))
    if not given:
        raise reader.document.error(reader.place, "a range needs an end", "Write min, max or both.")
    return {
        "low": reader.number(given["min"], "min") if "min" in given else None,
        "high": reader.number(given["max"], "max") if "max" in given else None,
    }


def _reference(reader: _Reader, value: object) -> Fields:
    given = reader.fields(value, ("columns", "to"), ("to_columns",))
    columns = reader.columns(given["columns"], (*reader.place, "columns"))
    place = (*reader.place, "to_columns")
    to_columns = (
        reader.document.texts(given["to_columns"], place, "to_columns")
        if "to_columns" in given
        else columns
    )
    if len(to_columns) != len(columns):
        raise reader.document.error(
            place, "columns and to_columns differ in number", "Name them in pairs."
        )
    return {"columns": columns, "to": reader.table(given["to"], "to"), "to_columns": to_columns}


def _drift(reader: _Reader, value: object) -> Fields:
    given = reader.fields(value, ("max_ratio",), ())
    return {"tolerance": reader.number(given["max_ratio"], "max_ratio")}


def _freshness(reader: _Reader, value: object) -> Fields:
    given = reader.fields(value, ("column", "max_days"), ())
    days = reader.document.whole(given["max_days"], (*reader.place, "max_days"), "days", 0, 3_650)
    return {"columns": (reader.column(given["column"], "column"),), "max_days": days}


def _sum_equals(reader: _Reader, value: object) -> Fields:
    given = reader.fields(value, ("column", "feed"), ("total", "where", "tolerance"))
    column = reader.column(given["column"], "column")
    total = given.get("total", column)
    return {
        "columns": (column,),
        "to_columns": (reader.document.text(total, (*reader.place, "total"), "total"),),
        "theirs": reader.document.text(given["feed"], (*reader.place, "feed"), "feed"),
        "where": reader.expression(given["where"], "where", reader.known)
        if "where" in given
        else "",
        "tolerance": reader.number(given.get("tolerance", 0), "tolerance"),
    }


def _reconcile(reader: _Reader, value: object) -> Fields:
    given = reader.fields(value, ("ours", "to", "theirs"), ("by", "where", "to_where", "tolerance"))
    by = reader.columns(given["by"], (*reader.place, "by")) if "by" in given else ()
    known = reader.known
    return {
        "columns": by,
        "ours": reader.expression(given["ours"], "ours", known),
        "to": reader.table(given["to"], "to"),
        "theirs": reader.expression(given["theirs"], "theirs", None),
        "where": reader.expression(given["where"], "where", known) if "where" in given else "",
        "values": (reader.expression(given["to_where"], "to_where", None),)
        if "to_where" in given
        else (),
        "tolerance": reader.number(given.get("tolerance", 0), "tolerance"),
    }


def _condition(reader: _Reader, value: object) -> Fields:
    return {"where": reader.expression(value, "", reader.known)}


_READERS: Mapping[CheckKind, Callable[[_Reader, object], Fields]] = {
    CheckKind.NOT_NULL: _columns_rule,
    CheckKind.UNIQUE: _columns_rule,
    CheckKind.ACCEPTED: _accepted,
    CheckKind.RANGE: _range,
    CheckKind.REFERENCE: _reference,
    CheckKind.CONDITION: _condition,
    CheckKind.ROW_COUNT: _row_count,
    CheckKind.ROW_COUNT_DRIFT: _drift,
    CheckKind.FRESHNESS: _freshness,
    CheckKind.SUM_EQUALS: _sum_equals,
    CheckKind.RECONCILE: _reconcile,
}
