"""One row by itself: its raw bytes into fields, its fields against the contract."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from titian.data.feeds.model import Contract, Format
from titian.data.feeds.reasons import Code, Problem
from titian.data.feeds.sources.batch import RawBatch
from titian.data.feeds.sources.quotes import split
from titian.data.feeds.validation import Checked, check

MAX_ROW_CHARACTERS = 1 << 20
_SURROGATE = re.compile("[\udc80-\udcff]")
_SURROGATE_BASE = 0xDC00
Fields = Mapping[str, str | None]


def fields_of(contract: Contract, raw: bytes) -> dict[str, str | None] | None:
    """Split a row's bytes, as kept in quarantine, into fields by heading; None if impossible.

    A byte that does not decode stays in its field as a lone surrogate: see `torn`.
    """
    return fields_of_text(contract, raw.decode(contract.source.encoding, "surrogateescape"))


def torn(fields: Fields) -> list[str]:
    """Name the fields that hold bytes which are no text."""
    return [name for name, value in fields.items() if value and _SURROGATE.search(value)]


def shown(text: str) -> str:
    r"""Write bytes that are no text as \xNN."""
    return _SURROGATE.sub(lambda found: f"\\x{ord(found[0]) - _SURROGATE_BASE:02x}", text)


def fields_of_text(contract: Contract, text: str) -> dict[str, str | None] | None:
    """Split a row's text into fields by heading; None if it does not have the contract's fields."""
    match contract.source.format:
        case Format.CSV:
            return _delimited(contract, text)
        case Format.FIXED:
            return _fixed(contract, text)
        case _:
            return _json(contract, text)


def _delimited(contract: Contract, text: str) -> dict[str, str | None] | None:
    try:
        values = split(text.rstrip("\r\n"), contract.source.delimiter, contract.source.quote)
    except ValueError:
        return None
    headings = contract.headings
    if len(values) == len(headings) + 1 and values[-1] == "":
        values.pop()
    if len(values) != len(headings):
        return None
    return {name: value or None for name, value in zip(headings, values, strict=True)}


def _fixed(contract: Contract, text: str) -> dict[str, str | None] | None:
    spec = contract.source
    if spec.slots_in_bytes:
        try:
            data = text.encode(spec.encoding)
        except UnicodeEncodeError:
            return None
        if len(data) != spec.slots[-1].stop:
            return None
        pieces = [data[s.start : s.stop].decode(spec.encoding, "replace") for s in spec.slots]
    else:
        if len(text) != spec.slots[-1].stop:
            return None
        pieces = [text[slot.start : slot.stop] for slot in spec.slots]
    return {
        slot.source: piece.strip() or None for slot, piece in zip(spec.slots, pieces, strict=True)
    }


def _json(contract: Contract, text: str) -> dict[str, str | None] | None:
    try:
        values = json.loads(text)
    except ValueError:
        return None
    if not isinstance(values, dict):
        return None
    return {name: _as_text(values.get(name)) for name in contract.headings}


def _as_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def check_fields(contract: Contract, fields: Sequence[Fields]) -> Checked:
    """Hold rows' fields against the contract; a row's line is its place in the list."""
    columns = {
        name: pa.array([row.get(name) for row in fields], pa.string()) for name in contract.headings
    }
    lines = np.arange(len(fields))
    return check(contract, RawBatch(columns, np.zeros(len(fields), np.int64), lines, _no_raw))


def problems_of(contract: Contract, fields: Fields | None) -> tuple[Problem, ...]:
    """Say everything that is wrong with one row; None is a row that cannot be split."""
    if fields is None:
        expected = len(contract.headings)
        return (Problem("", Code.FIELD_COUNT, {"actual": "?", "expected": expected}),)
    broken = torn(fields)
    if broken:
        columns = {field.source: field.name for field in reversed(contract.fields)}
        params = {"encoding": contract.source.encoding}
        return tuple(Problem(columns[name], Code.ENCODING, params) for name in broken)
    bad = check_fields(contract, [fields]).bad
    return bad[0].problems if bad else ()


def _no_raw(_row: int) -> bytes:
    return b""
