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

ROWS_PER_BLOCK: Final = 20_000


@dataclass(frozen=True, slots=True)
class Written:
    """What an unload came to."""

    files: int
    rows: dict[str, int]
    size_bytes: int
    spoilt: list[Spoilt]


@dataclass(frozen=True, slots=True)
class _Block:
    # Lines of the rows from `low` on: line n lies in data[begin[n]:begin[n + 1]].
    low: int
    begin: Ints
    data: memoryview

    def lines(self, first: int, end: int) -> memoryview:
        return self.data[int(self.begin[first - self.low]) : int(self.begin[end - self.low])]


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
        names = [f"{sheet.feed.upper()}_{stamp}.dat" for stamp in stamps]
        bad: list[Spoilt] = []
        for day, content, planted in _contents(config, bank, sheet):
            (folders[day] / names[day]).write_bytes(content)
            size_bytes += len(content)
            bad += planted
        for day, line in enumerate(_control_lines(sheet, names, bad)):
            control[day].append(line)
        spoilt += bad
        progress(1)
    for folder, stamp, lines in zip(folders, stamps, control, strict=True):
        (folder / f"CONTROL_{stamp}.ctl").write_text("".join(lines), text.ENCODING)
    rows = {sheet.feed: int(sheet.starts[-1]) for sheet in sheets}
    return Written((len(sheets) + 1) * len(folders), rows, size_bytes, spoilt)


def _contents(
    config: ProvinceConfig, bank: Bank, sheet: Sheet
) -> Iterator[tuple[int, bytes, list[Spoilt]]]:
    days = len(sheet.starts) - 1
    chosen = rows_to_spoil(config, bank.no, sheet)
    stream = config.stream(bank.no, f"spoil.{sheet.feed}")
    day = 0
    while day < days:
        last = _block_end(sheet.starts, day)
        block = _block(sheet, int(sheet.starts[day]), int(sheet.starts[last]))
        for number in range(day, last):
            first, end = int(sheet.starts[number]), int(sheet.starts[number + 1])
            low, high = np.searchsorted(chosen, [first, end])
            bad = {
                row: spoil(stream, sheet, row, bytes(block.lines(row, row + 1)))
                for row in chosen[low:high].tolist()
            }
            yield number, _spliced(block, first, end, bad), list(bad.values())
        day = last


def _block_end(starts: Ints, day: int) -> int:
    end = int(np.searchsorted(starts, starts[day] + ROWS_PER_BLOCK, side="right")) - 1
    return min(max(end, day + 1), len(starts) - 1)


def _block(sheet: Sheet, low: int, high: int) -> _Block:
    if low == high:
        return _Block(low, np.zeros(1, np.int64), memoryview(b""))
    *front, last = sheet.cells(low, high)
    lines = text.join(*front, _ended(last))
    _, offsets, data = lines.buffers()
    begin = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + high - low + 1]
    return _Block(low, begin.astype(np.int64), memoryview(data))


def _ended(cell: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(
        cell, pa.scalar(b"\n", pa.binary()), b"", null_handling="replace", null_replacement=b""
    )


def _spliced(block: _Block, first: int, end: int, bad: dict[int, Spoilt]) -> bytes:
    pieces: list[memoryview | bytes] = []
    for row, spoilt in bad.items():
        pieces += [block.lines(first, row), spoilt.written]
        first = row + 1
    pieces.append(block.lines(first, end))
    return b"".join(pieces)


def _control_lines(sheet: Sheet, names: list[str], bad: list[Spoilt]) -> Iterator[str]:
    totals = _totals(sheet, bad)
    counts = np.diff(sheet.starts).tolist()
    for day, (name, rows) in enumerate(zip(names, counts, strict=True)):
        sums = ";".join(f"{column}={_yuan(int(fen[day]))}" for column, fen in totals.items())
        yield f"{name}|@|{rows}|@|{sums}\n"


def _totals(sheet: Sheet, bad: list[Spoilt]) -> dict[str, Ints]:
    totals: dict[str, Ints] = {}
    for column, fen in sheet.totals.items():
        running = np.r_[0, np.cumsum(fen)].astype(np.int64)
        totals[column] = running[sheet.starts[1:]] - running[sheet.starts[:-1]]
    for spoilt in bad:
        if spoilt.flaw is Flaw.IMPOSSIBLE_AMOUNT and spoilt.field in totals:
            # The control file describes the file as it is written.
            row = int(sheet.starts[spoilt.day]) + spoilt.line - 1
            original = int(sheet.totals[spoilt.field][row])
            totals[spoilt.field][spoilt.day] -= 2 * original if original else 100
    return totals


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
