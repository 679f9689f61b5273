"""A batch of split rows against its contract: typed good rows, and each bad row with its reasons.

Everything is done a column at a time. Only bad rows are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds.limits import Fault, faults
from titian.data.feeds.model import Contract, Field
from titian.data.feeds.reasons import Code, Problem
from titian.data.feeds.sources.batch import RawBatch, Whole
from titian.data.feeds.values import Parsed, decode
from titian.data.feeds.values.parsed import Mask, text_bytes, to_mask
from titian.kernel import clock


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that may not enter the table; its bytes, and everything wrong with it."""

    part: int
    line: int
    raw: bytes
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a batch came to: `rows` holds the good rows, `parts` and `lines` where each is from.

    `decoded` holds every decoded column before bad rows were taken out, by column name, and
    `all_parts` the part of each of those rows.
    """

    rows: pa.Table
    parts: Whole
    lines: Whole
    bad: Sequence[BadRow]
    decoded: Mapping[str, Parsed]
    all_parts: Whole


def check(contract: Contract, batch: RawBatch) -> Checked:
    """Decode and test every column of a batch."""
    found: list[Fault] = []
    decoded: dict[str, Parsed] = {}
    for field in contract.fields:
        found += _nul(field, batch.columns[field.source])
        parsed = decode(field, batch.columns[field.source])
        decoded[field.name] = parsed
        found += _faults_of(field, parsed)
    if contract.business_date_from is not None:
        found += _not_come(contract.business_date_from, decoded)
    rows = pa.table(
        [parsed.values for parsed in decoded.values()], schema=contract.table.arrow_schema()
    )
    columns = {field.source: field.name for field in reversed(contract.fields)}
    bad = [
        BadRow(b.part, b.line, b.raw, (Problem(columns.get(b.heading, ""), b.code, b.params),))
        for b in batch.broken
    ]
    parts, lines = batch.parts, batch.lines
    if found:
        wrong = np.logical_or.reduce([fault.mask for fault in found])
        bad += _bad_rows(batch, found, np.flatnonzero(wrong).tolist())
        rows = rows.filter(pa.array(~wrong))
        parts, lines = parts[~wrong], lines[~wrong]
    return Checked(rows, parts, lines, bad, decoded, batch.parts)


def _faults_of(field: Field, parsed: Parsed) -> list[Fault]:
    found = []
    if parsed.bad is not None and parsed.bad.any():
        code = Code.CODE if field.codes is not None else Code.TYPE
        kind = described_type(field)
        found.append(Fault(parsed.bad, field.name, code, lambda _: {"type": kind}))
    if field.column.required and parsed.values.null_count:
        absent = _absent(parsed)
        if absent.any():
            found.append(Fault(absent, field.name, Code.REQUIRED, lambda _: {}))
    found += faults(field, parsed.values)
    return found


def _nul(field: Field, given: pa.Array) -> list[Fault]:
    """Find texts with a NUL in them, the mark of a torn transfer; hardly ever are there any."""
    if not pa.types.is_string(given.type):
        return []
    data = text_bytes(given)
    if not data.size or int(data.min()):
        return []
    return [Fault(to_mask(pc.match_substring(given, "\0")), field.name, Code.NUL, lambda _: {})]


def _not_come(column: str, decoded: Mapping[str, Parsed]) -> list[Fault]:
    """Find rows whose business date is still to come."""
    today = clock.today()
    days = decoded[column].values.cast(pa.date32(), safe=False)
    wrong = to_mask(pc.greater(days, pa.scalar(today, pa.date32())))
    params = {"today": today.isoformat()}
    return [Fault(wrong, column, Code.FUTURE, lambda _: params)] if wrong.any() else []


def _absent(parsed: Parsed) -> Mask:
    nulls = to_mask(pc.is_null(parsed.values))
    return nulls if parsed.bad is None else nulls & ~parsed.bad


def described_type(field: Field) -> str:
    """Name the type a field's text must have, with the decoder that reads it."""
    return f"{field.column.type} ({field.decoder})" if field.decoder else field.column.type


def _bad_rows(batch: RawBatch, found: Sequence[Fault], rows: Sequence[int]) -> list[BadRow]:
    return [
        BadRow(
            int(batch.parts[row]),
            int(batch.lines[row]),
            batch.raw(row),
            tuple(
                Problem(fault.column, fault.code, fault.params(row))
                for fault in found
                if fault.mask[row]
            ),
        )
        for row in rows
    ]
