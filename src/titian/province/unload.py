"""Writes the nightly unload of a bank: one folder a date, a file a feed, and the control file.

Lines are built a block of rows at a time, straight into the bytes of the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from titian.province import text
from titian.province.flaws import Spoilt, rows_to_spoil, spoil
from titian.province.model import Bank, Ints, ProvinceConfig
from titian.province.sheets import Flaw, Sheet

ROWS_PER_BLOCK: Final = 50_000


@dataclass(frozen=True, slots=True)
class Written:
    """What an unload came to."""

    files: int
    rows: dict[str, int]
    size_bytes: int
    spoilt: list[Spoilt]


def write_unload(
    config: ProvinceConfig,
    bank: Bank,
    sheets: Sequence[Sheet],
    out: Path,
    progress: Callable[[int], None],
) -> Written:
    """Write every file of a bank under `out/<bank>/<yyyymmdd>/`; the control file comes last."""
    stamps = [f"{date:%Y%m%d}" for date in config.dates]
    folders = [out / bank.bank / stamp for stamp in stamps]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    control: list[list[str]] = [[] for _ in folders]
    spoilt: list[Spoilt] = []
    size_bytes = 0
    for sheet in sheets:
        bad = _bad_lines(config, bank, sheet)
        totals = _totals(sheet, bad)
        for day, content in _contents(sheet, bad):
            name = f"{sheet.feed.upper()}_{stamps[day]}.dat"
            (folders[day] / name).write_bytes(content)
            count = int(sheet.starts[day + 1] - sheet.starts[day])
            control[day].append(_control_line(name, count, totals, day))
            size_bytes += len(content)
        spoilt += [row for _, row in bad]
        progress(len(folders))
    for folder, stamp, lines in zip(folders, stamps, control, strict=True):
        (folder / f"CONTROL_{stamp}.ctl").write_text("".join(lines), text.ENCODING)
    rows = {sheet.feed: int(sheet.starts[-1]) for sheet in sheets}
    return Written((len(sheets) + 1) * len(folders), rows, size_bytes, spoilt)


def lines_of(sheet: Sheet, low: int, high: int) -> tuple[Ints, memoryview]:
    """Return where each line of a range of rows begins (one more than rows), and the bytes."""
    *front, last = sheet.cells(low, high)
    ended = _ended(last)
    lines = text.join(*front, ended)
    _, offsets, data = lines.buffers()
    begin = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + high - low + 1]
    return begin.astype(np.int64), memoryview(data if data is not None else b"")


def _ended(cell: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(
        cell, pa.scalar(b"\n", pa.binary()), b"", null_handling="replace", null_replacement=b""
    )


def _contents(sheet: Sheet, bad: list[tuple[int, Spoilt]]) -> Iterator[tuple[int, bytes]]:
    days = len(sheet.starts) - 1
    day = 0
    while day < days:
        last = _block_end(sheet.starts, day)
        low, high = int(sheet.starts[day]), int(sheet.starts[last])
        begin, data = lines_of(sheet, low, high) if high > low else (np.zeros(1, np.int64), b"")
        for number in range(day, last):
            first, end = int(sheet.starts[number]) - low, int(sheet.starts[number + 1]) - low
            inside = [(row - low, s) for row, s in bad if first <= row - low < end]
            yield number, _spliced(data, begin, first, end, inside)
        day = last


def _block_end(starts: Ints, day: int) -> int:
    end = int(np.searchsorted(starts, starts[day] + ROWS_PER_BLOCK, side="right")) - 1
    return min(max(end, day + 1), len(starts) - 1)


def _spliced(
    data: memoryview | bytes, begin: Ints, first: int, end: int, bad: list[tuple[int, Spoilt]]
) -> bytes:
    pieces: list[memoryview | bytes] = []
    at = int(begin[first])
    for row, spoilt in bad:
        pieces += [data[at : int(begin[row])], spoilt.written]
        at = int(begin[row + 1])
    pieces.append(data[at : int(begin[end])])
    return b"".join(pieces)


def _bad_lines(config: ProvinceConfig, bank: Bank, sheet: Sheet) -> list[tuple[int, Spoilt]]:
    def line(row: int) -> tuple[int, bytes]:
        begin, data = lines_of(sheet, row, row + 1)
        return row, bytes(data[int(begin[0]) : int(begin[1])])

    rows = rows_to_spoil(config, bank.no, sheet)
    return spoil(config, bank.no, sheet, (line(int(row)) for row in rows))


def _totals(sheet: Sheet, bad: list[tuple[int, Spoilt]]) -> dict[str, Ints]:
    totals = {}
    for column, fen in sheet.totals.items():
        running = np.r_[0, np.cumsum(fen)].astype(np.int64)
        totals[column] = running[sheet.starts[1:]] - running[sheet.starts[:-1]]
    for row, spoilt in bad:
        if spoilt.flaw is Flaw.IMPOSSIBLE_AMOUNT and spoilt.field in totals:
            # The control file describes the file as it is written.
            original = int(sheet.totals[spoilt.field][row])
            totals[spoilt.field][spoilt.day] -= 2 * original if original else 100
    return totals


def _control_line(name: str, rows: int, totals: dict[str, Ints], day: int) -> str:
    sums = ";".join(f"{column}={_yuan(int(fen[day]))}" for column, fen in totals.items())
    return f"{name}|@|{rows}|@|{sums}\n"


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
