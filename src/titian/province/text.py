"""Columns as the bytes of an unload file, built whole columns at a time.

Every function returns an Arrow binary array; a missing value is null and is written as nothing.
Text is encoded in GB18030 once per distinct value, never per row.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from titian.province.model import Codes, Dates, Flags, Ints, Text, Times

ENCODING: Final = "gb18030"
DELIMITER: Final = b"|@|"
_FOUR: Final = np.array([b"%04d" % number for number in range(10_000)]).view(np.uint32)
_CLOCK: Final = (
    np.array([b"%02d%02d%02d" % (s // 3_600, s // 60 % 60, s % 60) for s in range(86_400)])
    .view(np.uint8)
    .reshape(-1, 6)
)
_HEX: Final = np.array([b"%04x" % number for number in range(65_536)]).view(np.uint32)
_HALVES: Final = pa.array([b"%d.%d" % divmod(n, 256) for n in range(65_536)], pa.binary())
_MIX: Final = 2_654_435_761


def ids(prefix: str, numbers: npt.NDArray[np.integer], width: int = 7) -> pa.Array:
    """Return `prefix` and each number padded to `width` digits; negative numbers are missing."""
    values = np.asarray(numbers, np.int64)
    head = np.frombuffer(prefix.encode(), np.uint8)
    cells = np.empty((len(values), len(head) + width), np.uint8)
    cells[:, : len(head)] = head
    cells[:, len(head) :] = _digits(np.maximum(values, 0), width)
    return _fixed(cells, values < 0)


def devices(bank_no: int, numbers: npt.NDArray[np.integer]) -> pa.Array:
    """Return opaque device numbers, DV and eight hexadecimal digits."""
    mixed = (np.asarray(numbers, np.uint64) * np.uint64(_MIX) + np.uint64(bank_no)) & np.uint64(
        0xFFFFFFFF
    )
    cells = np.empty((len(mixed), 10), np.uint8)
    cells[:, :2] = (ord("D"), ord("V"))
    cells[:, 2:6] = _HEX[mixed >> np.uint64(16)].view(np.uint8).reshape(-1, 4)
    cells[:, 6:] = _HEX[mixed & np.uint64(0xFFFF)].view(np.uint8).reshape(-1, 4)
    return _fixed(cells, np.asarray(numbers) < 0)


def addresses(numbers: npt.NDArray[np.uint32]) -> pa.Array:
    """Return dotted network addresses; 0 is missing."""
    high = _HALVES.take(pa.array(numbers >> np.uint32(16)))
    low = _HALVES.take(pa.array(numbers & np.uint32(0xFFFF)))
    joined = pc.binary_join_element_wise(high, low, b".")
    return _where(joined, numbers != 0)


def dates(days: Dates) -> pa.Array:
    """Return yyyymmdd; NaT is missing."""
    return _fixed(_day_cells(days), np.isnat(days))


def times(moments: Times) -> pa.Array:
    """Return yyyymmddHHMMSS; NaT is missing."""
    missing = np.isnat(moments)
    known = np.where(missing, np.datetime64(0, "s"), moments)
    day = known.astype("datetime64[D]")
    cells = np.empty((len(moments), 14), np.uint8)
    cells[:, :8] = _day_cells(day)
    cells[:, 8:] = _CLOCK[(known - day).astype(np.int64)]
    return _fixed(cells, missing)


def money(fen: Ints, known: Flags | None = None) -> pa.Array:
    """Return yuan with two decimals."""
    cents = np.ascontiguousarray(fen, np.int64)
    kind = pa.decimal64(18, 2)
    column = pa.Array.from_buffers(kind, len(cents), [None, pa.py_buffer(cents)])
    yuan = column.cast(pa.string()).cast(pa.binary())
    return yuan if known is None else _where(yuan, known)


def whole(numbers: npt.NDArray[np.integer], known: Flags | None = None) -> pa.Array:
    """Return whole numbers."""
    column = pa.array(numbers).cast(pa.string()).cast(pa.binary())
    return column if known is None else _where(column, known)


def rates(ppm: npt.NDArray[np.integer]) -> pa.Array:
    """Return parts per million as a fraction with six decimals."""
    millionths = np.ascontiguousarray(ppm, np.int64)
    kind = pa.decimal64(18, 6)
    column = pa.Array.from_buffers(kind, len(millionths), [None, pa.py_buffer(millionths)])
    return column.cast(pa.string()).cast(pa.binary())


def codes(numbers: Codes, width: int = 1) -> pa.Array:
    """Return codes padded to `width` digits; 0 is missing."""
    top = int(numbers.max(initial=0)) + 1
    table = pa.array([None, *(b"%0*d" % (width, code) for code in range(1, top))], pa.binary())
    return table.take(pa.array(numbers))


def flags(values: Flags) -> pa.Array:
    """Return Y and N."""
    return pa.array([b"N", b"Y"], pa.binary()).take(pa.array(values.astype(np.uint8)))


def words(values: Text) -> pa.Array:
    """Return texts in GB18030; empty texts are missing."""
    return pa.array([v.encode(ENCODING) or None for v in values.tolist()], pa.binary())


def take(table: pa.Array, rows: npt.NDArray[np.integer]) -> pa.Array:
    """Return rows of a column; -1 is missing."""
    index = pa.array(rows, mask=rows < 0) if rows.size and rows.min() < 0 else pa.array(rows)
    return table.take(index)


def join(*cells: pa.Array) -> pa.Array:
    """Return cells joined by the delimiter, missing ones empty."""
    return pc.binary_join_element_wise(
        *cells, DELIMITER, null_handling="replace", null_replacement=b""
    )


def _where(column: pa.Array, known: Flags) -> pa.Array:
    if known.all():
        return column
    return pc.if_else(pa.array(known), column, pa.scalar(None, pa.binary()))


def _day_cells(days: Dates) -> npt.NDArray[np.uint8]:
    numbers = days.astype("datetime64[D]").astype(np.int64)
    known = ~np.isnat(days)
    if not known.any():
        return np.zeros((len(days), 8), np.uint8)
    first, last = int(numbers[known].min()), int(numbers[known].max())
    span = np.arange(first, last + 1).astype("datetime64[D]")
    month = span.astype("datetime64[M]")
    year = span.astype("datetime64[Y]").astype(np.int64) + 1970
    day = (span - month).astype(np.int64) + 1
    figures = year * 10_000 + (month.astype(np.int64) % 12 + 1) * 100 + day
    cells: npt.NDArray[np.uint8] = _digits(figures, 8)[np.where(known, numbers - first, 0)]
    return cells


def _digits(numbers: Ints, width: int) -> npt.NDArray[np.uint8]:
    chunks = -(-width // 4)
    words_of_four = np.empty((len(numbers), chunks), np.uint32)
    rest = numbers
    for chunk in range(chunks - 1, 0, -1):
        rest, low = np.divmod(rest, 10_000)
        words_of_four[:, chunk] = _FOUR[low]
    words_of_four[:, 0] = _FOUR[rest]
    return words_of_four.view(np.uint8)[:, chunks * 4 - width :]


def _fixed(cells: npt.NDArray[np.uint8], missing: Flags) -> pa.Array:
    count, width = cells.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    validity: Any = None
    if missing.any():
        validity = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    data = pa.py_buffer(np.ascontiguousarray(cells))
    return pa.Array.from_buffers(pa.binary(), count, [validity, pa.py_buffer(offsets), data])
