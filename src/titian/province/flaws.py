"""Bad rows: a few lines of the files are spoilt on purpose, and the truth says which and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from titian.province.model import Ints, ProvinceConfig
from titian.province.sheets import Flaw, Sheet
from titian.province.text import DELIMITER, ENCODING

SMALLEST_FILE_ROWS: Final = 100
LARGEST_SHARE_OF_FILE: Final = 0.02
BAD_DATE: Final = b"20260231"
BAD_CODE: Final = b"Z9"
BROKEN: Final = b"\xff"


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A row that was spoilt; `line` counts from 1 within the file of its day."""

    feed: str
    day: int
    line: int
    flaw: Flaw
    field: str
    original: bytes
    written: bytes

    @property
    def original_text(self) -> str:
        """The good line."""
        return self.original.decode(ENCODING)


def rows_to_spoil(config: ProvinceConfig, bank_no: int, sheet: Sheet) -> Ints:
    """Choose rows at random; files under 100 rows are spared, none loses over 2 %."""
    sizes = np.diff(sheet.starts)
    if not sheet.flaws:
        return np.zeros(0, np.int64)
    stream = config.stream(bank_no, f"flaws.{sheet.feed}")
    counts = stream.binomial(sizes, config.bad_row_share)
    counts = np.minimum(counts, (sizes * LARGEST_SHARE_OF_FILE).astype(np.int64))
    counts = np.where(sizes < SMALLEST_FILE_ROWS, 0, counts)
    day = np.repeat(np.arange(len(sizes)), counts)
    rows = sheet.starts[day] + (stream.random(len(day)) * sizes[day]).astype(np.int64)
    return np.unique(rows)


def spoil(stream: np.random.Generator, sheet: Sheet, row: int, line: bytes) -> Spoilt:
    """Spoil a row in one way of its feed; the line ends with a line feed."""
    kinds = list(sheet.flaws)
    kind = kinds[int(stream.integers(len(kinds)))]
    names = sheet.flaws[kind]
    name = names[int(stream.integers(len(names)))] if names else ""
    day = int(np.searchsorted(sheet.starts, row, side="right")) - 1
    good = line.rstrip(b"\n")
    number = row - int(sheet.starts[day]) + 1
    bad = _spoilt(sheet, good, kind, name)
    return Spoilt(sheet.feed, day, number, kind, name, good, bad + b"\n")


def _spoilt(sheet: Sheet, line: bytes, kind: Flaw, name: str) -> bytes:
    if kind is Flaw.EXTRA_FIELD:
        return line + DELIMITER + b"?"
    parts = _split(line)
    at = sheet.fields.index(name)
    value = parts[at]
    match kind:
        case Flaw.WRONG_CODE:
            parts[at] = BAD_CODE
        case Flaw.BAD_DATE:
            parts[at] = BAD_DATE + value[len(BAD_DATE) :]
        case Flaw.MISSING_REQUIRED:
            parts[at] = b""
        case Flaw.IMPOSSIBLE_AMOUNT:
            parts[at] = b"-" + value if value.strip(b"0.") else b"-1.00"
        case Flaw.BROKEN_ENCODING:
            parts[at] = value + BROKEN
    return DELIMITER.join(parts)


def _split(line: bytes) -> list[bytes]:
    # A second byte of a character may equal a byte of the delimiter, so decode first.
    delimiter = DELIMITER.decode()
    return [part.encode(ENCODING) for part in line.decode(ENCODING).split(delimiter)]
