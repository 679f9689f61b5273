"""Parquet files, row group by row group."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from titian.data.feeds.model import Contract
from titian.data.feeds.reasons import Code
from titian.data.feeds.sources.batch import BrokenRow, Findings, Part, RawBatch, Whole, printable
from titian.data.feeds.sources.headings import match_headings
from titian.data.feeds.sources.plain import NotPlain, digest_of, opened
from titian.data.feeds.sources.typed import (
    BATCH_BYTES,
    BATCH_ROWS,
    note_types,
    plain,
    typed_batch,
)

MAX_FOOTER_BYTES = 16 << 20
MAX_VALUE_BYTES = 1 << 20
_MAGIC, _MAGIC_BYTES = b"PAR1", 8
_ENCODING = "utf-8"
_TEXTS: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
_VALUES: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_time,
)


class _Refused(Exception):
    def __init__(self, code: Code, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def read_parquet(
    contract: Contract, parts: Sequence[Part], findings: Findings
) -> Iterator[RawBatch]:
    """Read the contract's columns of Parquet files, by name; a file that is none is noted."""
    for number, part in enumerate(parts):
        assert part.path is not None, "Parquet parts are files"
        try:
            with opened(part.path) as source:
                findings.sizes[number] = part.path.stat().st_size
                findings.digests[number] = digest_of(source)
                _check_footer(source)
                yield from _file(contract, number, part, source, findings)
        except _Refused as refused:
            findings.refuse(number, refused.code, file=part.name, **refused.params)
        except NotPlain:
            findings.refuse(number, Code.NOT_A_FILE, file=part.name)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            why = printable(str(error).splitlines()[0])
            findings.refuse(number, Code.NO_PARQUET, file=part.name, why=why)


def _check_footer(source: BinaryIO) -> None:
    """Refuse a footer that is too large to be parsed: it takes many times its size in memory."""
    end = source.seek(0, 2)
    source.seek(max(0, end - _MAGIC_BYTES))
    tail = source.read(_MAGIC_BYTES)
    source.seek(0)
    size = (
        struct.unpack("<I", tail[:4])[0]
        if len(tail) == _MAGIC_BYTES and tail.endswith(_MAGIC)
        else 0
    )
    if size > MAX_FOOTER_BYTES:
        raise _Refused(Code.FOOTER_TOO_BIG, size=size, limit=MAX_FOOTER_BYTES)


def _file(
    contract: Contract, number: int, part: Part, source: BinaryIO, findings: Findings
) -> Iterator[RawBatch]:
    with pq.ParquetFile(source, pre_buffer=False) as file:
        schema = file.schema_arrow
        names = schema.names
    layout = match_headings(contract, number, part, names, findings)
    if layout is None:
        return
    own = dict(zip(layout, names, strict=False))
    types = {name: schema.field(own[name]).type for name in contract.headings}
    for name, kind in types.items():
        if not any(is_kind(_held(kind)) for is_kind in (*_TEXTS, *_VALUES)):
            raise _Refused(Code.COLUMN_TYPE, column=name, type=printable(str(kind)))
    note_types(findings, number, {name: str(kind) for name, kind in types.items()})
    texts = [own[name] for name, kind in types.items() if _is_text(kind)]
    # Repeated texts stay written once until it is known how much they come to.
    with pq.ParquetFile(source, pre_buffer=False, read_dictionary=texts) as file:
        row = 1
        wanted = [own[name] for name in contract.headings]
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted, use_threads=False):
            given = {name: batch.column(own[name]) for name in contract.headings}
            for columns, rows in _small(given, batch.num_rows):
                yield _batch(columns, number, row, rows)
                row += rows


def _held(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return any(is_kind(_held(kind)) for is_kind in _TEXTS)


def _small(columns: Mapping[str, pa.Array], rows: int) -> Iterator[tuple[dict[str, pa.Array], int]]:
    """Give rows in slices of at most BATCH_BYTES of text, its texts written out."""
    sizes = np.zeros(rows, np.int64)
    for name, column in columns.items():
        if _is_text(column.type):
            lengths = _lengths(column)
            if lengths.max(initial=0) > MAX_VALUE_BYTES:
                raise _Refused(Code.VALUE_TOO_LONG, column=name, limit=MAX_VALUE_BYTES)
            sizes += lengths
    first = 0
    ends = np.cumsum(sizes)
    while first < rows:
        before = ends[first - 1] if first else 0
        stop = max(first + 1, int(np.searchsorted(ends, before + BATCH_BYTES, side="right")))
        count = min(stop, rows) - first
        yield {name: _plain(column.slice(first, count)) for name, column in columns.items()}, count
        first += count


def _lengths(column: pa.Array) -> Whole:
    """Give the length of every text in bytes, without writing repeated ones out."""
    if not pa.types.is_dictionary(column.type):
        return np.asarray(_bytes_of(column).fill_null(0).to_numpy(zero_copy_only=False), np.int64)
    each = np.asarray(_bytes_of(column.dictionary).fill_null(0), np.int64)
    at = np.asarray(column.indices.fill_null(0).to_numpy(zero_copy_only=False), np.int64)
    if at.size and not 0 <= at.min() <= at.max() < max(each.size, 1):
        raise pa.ArrowInvalid("a page names texts that its dictionary does not have")
    return each[at] if each.size else np.zeros(len(column), np.int64)


def _bytes_of(texts: pa.Array) -> pa.Array:
    if pa.types.is_string_view(texts.type) or pa.types.is_binary_view(texts.type):
        texts = texts.cast(pa.large_binary())
    return pc.binary_length(texts)


def _plain(column: pa.Array) -> pa.Array:
    """Give texts as bytes, one by one, and anything else as it is."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary.take(column.indices)
    return column.cast(pa.binary()) if _is_text(column.type) else column


def _batch(columns: Mapping[str, pa.Array], number: int, first: int, rows: int) -> RawBatch:
    """Make a batch of rows, those aside whose texts are no UTF-8."""
    texts: dict[str, pa.Array] = {}
    torn: dict[int, str] = {}
    for name, column in columns.items():
        if pa.types.is_binary(column.type):
            try:
                texts[name] = column.cast(pa.string())
            except pa.ArrowInvalid:
                torn = dict.fromkeys(_torn(column), name) | torn
    if not torn:
        return typed_batch({**columns, **texts}, number, first, rows)
    keep = np.ones(rows, np.bool_)
    keep[list(torn)] = False
    whole = {name: column.filter(pa.array(keep)) for name, column in columns.items()}
    whole = {
        name: column.cast(pa.string()) if pa.types.is_binary(column.type) else column
        for name, column in whole.items()
    }
    batch = typed_batch(whole, number, 1, int(keep.sum()))
    batch.lines[:] = np.flatnonzero(keep) + first
    broken = [
        BrokenRow(
            number, first + at, Code.ENCODING, {"encoding": _ENCODING}, _raw(columns, at), name
        )
        for at, name in sorted(torn.items())
    ]
    return RawBatch(batch.columns, batch.parts, batch.lines, batch.raw, broken)


def _torn(column: pa.Array) -> Iterator[int]:
    for at, value in enumerate(column.to_pylist()):
        try:
            (value or b"").decode()
        except UnicodeDecodeError:
            yield at


def _raw(columns: Mapping[str, pa.Array], row: int) -> bytes:
    """Write a row as JSON as it is kept in quarantine; a byte that is no text stays that byte."""
    values = {name: column[row].as_py() for name, column in columns.items()}
    shown = {
        name: value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else plain(value)
        for name, value in values.items()
    }
    return json.dumps(shown, ensure_ascii=False).encode("utf-8", "surrogateescape")
