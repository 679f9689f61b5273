"""Decision tables in workbooks: one sheet, every cell kept as text.

    when        when              then                          reason
    age_years   product           outcome                       zh          en
    年龄/Age    产品/Product      结果/Outcome
                                  approve < refer < decline
    < 18                          decline                       未成年      under age

Formulas are never worked out and never believed: a cell that holds one is refused, as is a merged
cell, whose empty rest would read as "any". Above the table stand its name and hit policy.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from titian.decide.conditions.fields import STRING, Type
from titian.decide.tables import model
from titian.decide.tables.model import HitPolicy, Input, Output, Table, TableRow
from titian.kernel.errors import InvalidInput
from titian.kernel.ids import valid_name
from titian.kernel.labels import UNSAID, Label

MAX_BYTES = 4 << 20
MAX_UNPACKED_BYTES = 64 << 20
_HEAD = 5
_WHEN, _THEN, _REASON = "when", "then", "reason"
_BETWEEN_RANKS = " < "
_TEXT_FORMAT = "@"


def write_excel(table: Table) -> bytes:
    """Give a table as a workbook."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = table.name[:31]
    kinds = [*([_WHEN] * len(table.inputs)), *([_THEN] * len(table.outputs)), _REASON, _REASON]
    heads = [*(i.expression for i in table.inputs), *(o.name for o in table.outputs), "zh", "en"]
    labels = [*(_label(i.label) for i in table.inputs), *(_label(o.label) for o in table.outputs)]
    types = [*([""] * len(table.inputs)), *map(_type, table.outputs)]
    lines: list[Sequence[str]] = [
        (table.name, table.hit.value, table.label.zh, table.label.en), kinds, heads, labels, types,
        *((*row.cells, *row.outputs, row.reason.zh, row.reason.en) for row in table.rows),
    ]  # fmt: skip
    for number, line in enumerate(lines, 1):
        for column, text in enumerate(line, 1):
            _put(sheet.cell(number, column), text, bold=number <= _HEAD)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def _put(cell: Any, text: str, *, bold: bool) -> None:
    if text:
        cell.value = text
        cell.data_type = "s"  # "= 5" is a cell of ours, not a formula
    cell.number_format = _TEXT_FORMAT
    if bold:
        cell.font = Font(bold=True)


def _label(label: Label) -> str:
    return f"{label.zh}/{label.en}" if label else ""


def _type(output: Output) -> str:
    return _BETWEEN_RANKS.join(output.ranks) if output.ranks else str(output.type)


def read_excel(content: bytes) -> Table:
    """Read a table from a workbook's first sheet. Raises InvalidInput naming the cell at fault."""
    sheet = _sheet(content)
    lines = _lines(sheet)
    if len(lines) <= _HEAD:
        raise InvalidInput(
            "the sheet has no decision table",
            "Begin with name and hit policy, then kind, heading, label and type of each column, "
            "then the rows.",
        )
    name, hit = lines[0][0], lines[0][1] if len(lines[0]) > 1 else ""
    if hit not in set(HitPolicy):
        raise InvalidInput(
            f"cell B1 holds {hit[:40]!r}, which is not a hit policy",
            "Write first, collect or most_severe.",
        )
    whens, thens, reasons = _kinds(lines[1])
    return Table(
        name=valid_name(name, "table name"),
        label=Label(*(lines[0][2:4] if len(lines[0]) > 3 else ("", ""))),  # noqa: PLR2004
        hit=HitPolicy(hit),
        inputs=tuple(Input(lines[2][at], _read_label(lines[3][at])) for at in whens),
        outputs=tuple(_output(lines, at) for at in thens),
        rows=tuple(_row(line, whens, thens, reasons) for line in lines[_HEAD:] if any(line)),
    )


def _sheet(content: bytes) -> Worksheet:
    if len(content) > MAX_BYTES:
        raise InvalidInput(
            f"the workbook is larger than {MAX_BYTES >> 20} MB", "Keep only the table in it."
        )
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise InvalidInput(
                    f"the workbook unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB",
                    "Keep only the table in it.",
                )
        sheet = load_workbook(BytesIO(content), data_only=False, keep_links=False).worksheets[0]
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, IndexError, TypeError) as error:
        raise InvalidInput(
            "the file is not a workbook that can be read", "Save it as .xlsx and try again."
        ) from error
    if sheet.merged_cells.ranges:
        raise InvalidInput(
            f"cells {next(iter(sheet.merged_cells.ranges))} are merged",
            "Unmerge them and fill in every cell: an empty one means any.",
        )
    return sheet


def _lines(sheet: Worksheet) -> list[list[str]]:
    rows, columns = sheet.max_row, sheet.max_column
    widest = model.MAX_INPUTS + model.MAX_OUTPUTS + 2
    if rows > model.MAX_ROWS + _HEAD or columns > widest:
        raise InvalidInput(
            f"the sheet has {rows} rows and {columns} columns",
            f"A table has at most {model.MAX_ROWS} rows and {widest} columns.",
        )
    return [[_text(cell) for cell in line] for line in sheet.iter_rows()]


def _text(cell: Cell | Any) -> str:
    if cell.data_type in ("f", "e"):
        raise InvalidInput(
            f"cell {cell.coordinate} holds a formula or an error",
            "Paste its value: formulas are not worked out.",
        )
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        at_midnight = value.time() == datetime.min.time()
        return value.date().isoformat() if at_midnight else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _kinds(line: Sequence[str]) -> tuple[list[int], list[int], list[int]]:
    found: dict[str, list[int]] = {_WHEN: [], _THEN: [], _REASON: []}
    for at, kind in enumerate(line):
        if kind not in found:
            raise InvalidInput(
                f"row 2, column {at + 1} holds {kind[:40]!r}", "Write when, then or reason."
            )
        found[kind].append(at)
    return found[_WHEN], found[_THEN], found[_REASON]


def _read_label(text: str) -> Label:
    zh, _, en = text.partition("/")
    return Label(zh, en or zh) if text else UNSAID


def _output(lines: Sequence[Sequence[str]], at: int) -> Output:
    name, written = valid_name(lines[2][at], "output name"), lines[4][at]
    ranks = tuple(part.strip() for part in written.split("<")) if "<" in written else ()
    return Output(name, STRING if ranks else Type.of(written), _read_label(lines[3][at]), ranks)


def _row(
    line: Sequence[str], whens: Sequence[int], thens: Sequence[int], reasons: Sequence[int]
) -> TableRow:
    said = [line[at] for at in reasons]
    reason = Label(said[0], said[1] if len(said) > 1 else said[0]) if any(said) else UNSAID
    return TableRow(tuple(line[at] for at in whens), tuple(line[at] for at in thens), reason)
