"""Rows made to fit a declaration exactly, or refused with the columns named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from titian.kernel.errors import InvalidInput
from titian.lake.schema import BUSINESS_DATE, Column, Table

MAX_NAMED = 8


def check_columns(table: Table, given: pa.Schema, *, with_date: bool) -> None:
    """Raise InvalidInput unless the columns are those declared, in any order, of fitting types.

    Fitting is what loses nothing: a narrower number into a wider one, whole numbers of any width
    into `integer` (each value is checked), any precision of time into `timestamp`.
    """
    names = [name for name in given.names if name != BUSINESS_DATE]
    declared = [column.name for column in table.columns]
    missing = [name for name in declared if name not in names]
    undeclared = [name for name in names if name not in declared]
    twice = sorted({name for name in names if names.count(name) > 1})
    wrong = [
        f"{column.name} is {given.field(column.name).type}, declared {column.type}"
        for column in table.columns
        if names.count(column.name) == 1 and not _fits(given.field(column.name).type, column.arrow)
    ]
    parts = [
        _listed("it lacks", missing),
        _listed("it has undeclared", undeclared),
        _listed("it has twice", twice),
        _listed("of another type:", wrong),
    ]
    if with_date and BUSINESS_DATE not in given.names:
        parts.append("it lacks business_date")
    problems = "; ".join(part for part in parts if part)
    if problems:
        raise InvalidInput(
            f"rows for {table.qualified} do not match its declaration: {problems}",
            "Change the declaration, or select and cast the columns it names.",
        )


def conform(table: Table, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Reorder and cast each batch as declared, without its business date.

    Raises InvalidInput naming the column when a value does not fit or a required one is missing.
    """
    schema = table.arrow_schema()
    for batch in batches:
        if batch.num_rows:
            columns = [_cast(table, batch, position) for position in range(len(schema))]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def check_date(table: Table, batch: pa.RecordBatch, business_date: date) -> pa.RecordBatch:
    """Give the batch if it names no business date or only this one. Raises InvalidInput."""
    if BUSINESS_DATE in batch.schema.names and batch.num_rows:
        found = pc.min_max(dates_of(table, batch)).as_py()
        if found["min"] != business_date or found["max"] != business_date:
            raise InvalidInput(
                f"rows for {table.qualified} name business dates {found['min']} to {found['max']}, "
                f"and {business_date} is being written",
                "Leave the column business_date out, or write the dates it names.",
            )
    return batch


def check_file(table: Table, path: Path) -> int:
    """Give the rows of a Parquet file written elsewhere for a table.

    Raises InvalidInput unless its columns are exactly the declared ones, the required filled.
    """
    file = pq.ParquetFile(path)
    found, expected = file.schema_arrow, table.arrow_schema()
    wrong = [
        f"{field.name} is {found.field(field.name).type}"
        if field.name in found.names
        else f"{field.name} is missing"
        for field in expected
        if field.name not in found.names or found.field(field.name).type != field.type
    ]
    if wrong or len(found) != len(expected):
        raise InvalidInput(
            f"a file for {table.qualified} does not match its declaration: {_listed('', wrong)}",
            "Cast the columns as declared, and write no others.",
        )
    required = [column.name for column in table.columns if column.required or column.key]
    for batch in file.iter_batches(columns=required) if required else ():
        for column in table.columns:
            if column.name in required:
                _refuse_nulls(table, column, batch.column(column.name))
    return int(file.metadata.num_rows)


def dates_of(table: Table, batch: pa.RecordBatch) -> pa.Array:
    """Give the business dates of a batch as `date`. Raises InvalidInput when one is missing."""
    column = batch.column(batch.schema.get_field_index(BUSINESS_DATE))
    if not pa.types.is_date(column.type) or column.null_count:
        problem = f"is {column.type}" if not column.null_count else "is empty in some rows"
        raise InvalidInput(
            f"business_date of rows for {table.qualified} {problem}", "Give a date in every row."
        )
    return column.cast(pa.date32())


def _cast(table: Table, batch: pa.RecordBatch, position: int) -> pa.Array:
    declared = table.columns[position]
    values = batch.column(batch.schema.get_field_index(declared.name))
    _refuse_nulls(table, declared, values)
    if values.type == declared.arrow:
        return values
    try:
        return values.cast(declared.arrow, safe=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InvalidInput(
            f"a value of {declared.name} in rows for {table.qualified} does not fit "
            f"{declared.type}: it comes as {values.type}",
            "Cast or round it in the feed or job, or declare a wider type.",
        ) from None


def _refuse_nulls(table: Table, declared: Column, values: pa.Array) -> None:
    if (declared.required or declared.key) and values.null_count:
        raise InvalidInput(
            f"{values.null_count} rows for {table.qualified} have no {declared.name}, "
            f"which is {'a key' if declared.key else 'required'}",
            "Fill it in, send the rows to quarantine, or declare the column optional.",
        )


def _whole(given: pa.DataType) -> bool:
    return bool(pa.types.is_integer(given) or (pa.types.is_decimal(given) and given.scale == 0))


_SOURCES: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.DataType], bool]], ...] = (
    (pa.types.is_string, lambda t: pa.types.is_large_string(t) or pa.types.is_string_view(t)),
    (pa.types.is_binary, lambda t: pa.types.is_large_binary(t) or pa.types.is_binary_view(t)),
    (pa.types.is_integer, _whole),
    (
        pa.types.is_floating,
        lambda t: _whole(t) or pa.types.is_floating(t) or pa.types.is_decimal(t),
    ),
    (pa.types.is_decimal, lambda t: _whole(t) or pa.types.is_decimal(t)),
    (pa.types.is_date, pa.types.is_date),
    (pa.types.is_timestamp, lambda t: pa.types.is_timestamp(t) and t.tz is None),
)


def _fits(given: pa.DataType, declared: pa.DataType) -> bool:
    if pa.types.is_dictionary(given):
        given = given.value_type
    if given == declared or pa.types.is_null(given):
        return True
    return any(is_target(declared) and is_source(given) for is_target, is_source in _SOURCES)


def _listed(words: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{words} {', '.join(names[:MAX_NAMED])}{more}"
