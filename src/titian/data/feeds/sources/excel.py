"""Excel workbooks (xlsx), read as a stream: one sheet, its first row the headings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from openpyxl import load_workbook

from titian.data.feeds.model import Contract
from titian.data.feeds.reasons import Code
from titian.data.feeds.sources.batch import Findings, Part, RawBatch, printable
from titian.data.feeds.sources.guard import Unsafe, inspect
from titian.data.feeds.sources.headings import MAX_COLUMNS, match_headings
from titian.data.feeds.sources.plain import NotPlain, digest_of, opened
from titian.data.feeds.sources.typed import column_of, in_batches, typed_batch

MAX_LINES = 1_048_576
"""The most rows a sheet has in Excel; the reader would make up those that a file leaves out."""
MAX_NAMED_SHEETS = 20


def read_excel(contract: Contract, parts: Sequence[Part], findings: Findings) -> Iterator[RawBatch]:
    """Read the rows of workbooks; a file that is none, or lacks the sheet, is noted."""
    for number, part in enumerate(parts):
        assert part.path is not None, "workbooks are files"
        try:
            with opened(part.path) as file:
                findings.sizes[number] = part.path.stat().st_size
                findings.digests[number] = digest_of(file)
                inspect(file)
                yield from _workbook(contract, number, part, file, findings)
        except Unsafe as unsafe:
            findings.refuse(number, unsafe.code, file=part.name, **unsafe.params)
        except NotPlain:
            findings.refuse(number, Code.NOT_A_FILE, file=part.name)
        except OSError:
            findings.refuse(number, Code.NO_WORKBOOK, file=part.name)


def _workbook(
    contract: Contract, number: int, part: Part, file: BinaryIO, findings: Findings
) -> Iterator[RawBatch]:
    book = _opened(file)
    try:
        if not book.sheetnames:
            raise Unsafe(Code.NO_WORKBOOK)
        name = contract.source.sheet or book.sheetnames[0]
        if name not in book.sheetnames:
            sheets = ", ".join(printable(one) for one in book.sheetnames[:MAX_NAMED_SHEETS])
            findings.refuse(number, Code.NO_SHEET, file=part.name, sheet=name, sheets=sheets)
            return
        sheet = book[name]
        sheet.reset_dimensions()
        yield from _rows(contract, number, part, sheet, findings)
    finally:
        book.close()


def _rows(
    contract: Contract, number: int, part: Part, sheet: Any, findings: Findings
) -> Iterator[RawBatch]:
    first = contract.source.skip_lines + 1
    layout: tuple[str, ...] | None = contract.headings
    width = len(contract.headings)
    if contract.source.header:
        cells = next(_cells(sheet, first, first, MAX_COLUMNS + 1), ())
        headings = ["" if cell is None else str(cell) for cell in cells]
        first += 1
        if any(headings):
            layout = match_headings(contract, number, part, headings, findings)
            width = len(layout or ())
    if layout is None:
        return
    places = [layout.index(name) for name in contract.headings]
    row = first
    for held in in_batches(_cells(sheet, first, None, width)):
        full = [
            (at, cells) for at, cells in enumerate(held, row) if any(c is not None for c in cells)
        ]
        row += len(held)
        if full:
            yield _batch(contract, number, places, full)


def _opened(file: BinaryIO) -> Any:
    try:
        return load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # the reader fails on odd files in many ways
        raise Unsafe(Code.NO_WORKBOOK) from error


def _cells(sheet: Any, first: int, last: int | None, width: int) -> Iterator[Sequence[object]]:
    """Give the cells of rows, none wider than asked for."""
    rows = sheet.iter_rows(min_row=first, max_row=last, max_col=width, values_only=True)
    for number in range(first, MAX_LINES + 2):
        try:
            row = next(rows, None)
        except Exception as error:  # the reader fails on odd files in many ways
            raise Unsafe(Code.NO_WORKBOOK) from error
        if row is None:
            return
        if number > MAX_LINES:
            raise Unsafe(Code.TOO_MANY_LINES, limit=MAX_LINES)
        yield row


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
