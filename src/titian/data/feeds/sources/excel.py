"""Excel workbooks (xlsx), read as a stream: one sheet, its first row the headings."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from titian.data.feeds.model import Contract
from titian.data.feeds.reasons import Code
from titian.data.feeds.sources.batch import Findings, Part, RawBatch
from titian.data.feeds.sources.headings import match_headings
from titian.data.feeds.sources.parquet import file_digest
from titian.data.feeds.sources.typed import BATCH_ROWS, column_of, in_batches, typed_batch

MAX_UNPACKED_BYTES = 4 << 30
MAX_COLUMNS = 1_000


def read_excel(contract: Contract, parts: Sequence[Part], findings: Findings) -> Iterator[RawBatch]:
    """Read the rows of workbooks; a file that is none, or lacks the sheet, is noted."""
    for number, part in enumerate(parts):
        assert part.path is not None, "workbooks are files"
        try:
            findings.sizes[number] = part.path.stat().st_size
            findings.digests[number] = file_digest(part.path)
            why = _too_big(part.path)
            if why:
                findings.refuse(number, Code.UNREADABLE, file=part.name, why=why)
                continue
            yield from _workbook(contract, number, part, part.path, findings)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile, InvalidFileException) as error:
            why = f"it is no xlsx workbook ({str(error)[:200]})"
            findings.refuse(number, Code.UNREADABLE, file=part.name, why=why)


def _too_big(path: Path) -> str:
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(item.file_size for item in packed.infolist())
    return f"it unpacks to over {MAX_UNPACKED_BYTES} bytes" if unpacked > MAX_UNPACKED_BYTES else ""


def _workbook(
    contract: Contract, number: int, part: Part, path: Path, findings: Findings
) -> Iterator[RawBatch]:
    book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        name = contract.source.sheet or book.sheetnames[0]
        if name not in book.sheetnames:
            sheets = ", ".join(book.sheetnames[:20])
            findings.refuse(
                number, Code.UNREADABLE, file=part.name, why=f"no sheet {name!r}, only {sheets}"
            )
            return
        sheet = book[name]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS)
        yield from _rows(
            contract, number, part, islice(rows, contract.source.skip_lines, None), findings
        )
    finally:
        book.close()


def _rows(
    contract: Contract,
    number: int,
    part: Part,
    rows: Iterator[Sequence[object]],
    findings: Findings,
) -> Iterator[RawBatch]:
    row = contract.source.skip_lines + 1
    layout: tuple[str, ...] | None = contract.headings
    if contract.source.header:
        headings = ["" if cell is None else str(cell) for cell in next(rows, ())]
        row += 1
        if headings:
            layout = match_headings(contract, number, part, headings, findings)
    if layout is None:
        return
    places = [layout.index(name) for name in contract.headings]
    for held in in_batches(rows, BATCH_ROWS):
        full = [
            (at, cells) for at, cells in enumerate(held, row) if any(c is not None for c in cells)
        ]
        row += len(held)
        if full:
            yield _batch(contract, number, places, full)


def _batch(
    contract: Contract,
    number: int,
    places: Sequence[int],
    full: Sequence[tuple[int, Sequence[object]]],
) -> RawBatch:
    columns = {
        name: column_of([_cell(cells, place) for _, cells in full])
        for name, place in zip(contract.headings, places, strict=True)
    }
    batch = typed_batch(columns, number, 1, len(full))
    batch.lines[:] = [at for at, _ in full]
    return batch


def _cell(cells: Sequence[object], place: int) -> object:
    value = cells[place] if place < len(cells) else None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
