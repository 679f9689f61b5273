"""A list as a file: CSV or Excel, safe to open, marked with who took it and audited."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from titian.kernel import audit, clock
from titian.kernel.clock import BANK_TZ
from titian.kernel.money import yuan
from titian.web.i18n import _, formats, lazy
from titian.web.listing.table import Column, Kind, Query, Table

if TYPE_CHECKING:
    from titian.web.context import Context

# Spreadsheets in Chinese and Japanese take the wide signs for formulas, too.
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_MEMORY_BYTES = 8 * 2**20
_WIDTHS = {Kind.TEXT: 24, Kind.LIST: 30, Kind.MOMENT: 18, Kind.DATE: 12, Kind.CODE: 20}
_NUMBERS = {Kind.NUMBER: "#,##0.######", Kind.MONEY: "#,##0.00", Kind.PERCENT: "0.0%"}


def harmless(text: str) -> str:
    """Give a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def value_of(column: Column[Any], row: Any) -> object:
    """Give a row's value for a file: money in yuan, moments in bank time, codes as words."""
    value = column.read(row)
    if value is None or isinstance(value, bool):
        return value
    if column.kind is Kind.MONEY:
        return yuan(cast("int", value))
    if isinstance(value, datetime):
        local = value.astimezone(BANK_TZ) if value.tzinfo else value
        return local.replace(tzinfo=None, microsecond=0)
    if column.kind is Kind.LIST:
        return ", ".join(_word(column, item) for item in cast("Sequence[object]", value))
    if isinstance(value, (int, float, Decimal, date)):
        return value
    return _word(column, value)


def heading_of(column: Column[Any]) -> str:
    """Give a column's heading in a file, with the unit of its bare numbers."""
    label = str(column.label)
    match column.kind:
        case Kind.SECONDS:
            return _("%(column)s (seconds)", column=label)
        case Kind.SIZE:
            return _("%(column)s (bytes)", column=label)
        case Kind.MONEY:
            return _("%(column)s (yuan)", column=label)
    return label


def _in_files(table: Table[Any]) -> list[Column[Any]]:
    found: list[Column[Any]] = []
    for column in table.columns:
        if column.export:
            found += [column, _behind(column)] if column.raw else [column]
    return found


def _behind(column: Column[Any]) -> Column[Any]:
    label = lazy("%(column)s (code)", column=column.label)
    return Column(f"{column.name}_code", label, Kind.CODE, value=column.raw)


def _word(column: Column[Any], value: object) -> str:
    state = column.states.get(value)
    return str(state.label) if state else str(value)


def as_csv(table: Table[Any], rows: Sequence[Any]) -> Iterator[bytes]:
    """Write rows as CSV in UTF-8 with a mark that Excel understands."""
    columns = _in_files(table)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield b"\xef\xbb\xbf"
    writer.writerow([harmless(heading_of(column)) for column in columns])
    for row in rows:
        values = (value_of(column, row) for column in columns)
        writer.writerow([harmless(v) if isinstance(v, str) else v for v in values])
        if buffer.tell() > 2**16:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def as_xlsx(ctx: Context, table: Table[Any], title: str, rows: Sequence[Any]) -> IO[bytes]:
    """Write rows as an Excel file whose second sheet says who took it, when and from where."""
    book = Workbook(write_only=True)
    book.properties.creator = f"Titian: {ctx.user.user_id}"
    sheet = cast("Worksheet", book.create_sheet(_sheet_name(title)))
    columns = _in_files(table)
    for index, column in enumerate(columns, 1):
        width = _WIDTHS.get(column.kind, 14)
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = "A2"
    sheet.append([_head(sheet, heading_of(column)) for column in columns])
    for row in rows:
        sheet.append([_cell(sheet, column, value_of(column, row)) for column in columns])
    _about(book, ctx, title, len(rows))
    file = cast("IO[bytes]", SpooledTemporaryFile(max_size=_MEMORY_BYTES))  # noqa: SIM115
    book.save(file)
    file.seek(0)
    return file


def _sheet_name(title: str) -> str:
    return "".join(c for c in title if c not in "[]:*?/\\")[:31] or "Titian"


def _head(sheet: Worksheet, text: str) -> Cell:
    cell = _text(sheet, text)
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor="2F6B57")
    cell.alignment = Alignment(vertical="center")
    return cell


def _text(sheet: Worksheet, text: str) -> Cell:
    cell: Cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


def _cell(sheet: Worksheet, column: Column[Any], value: object) -> object:
    if isinstance(value, str):
        return _text(sheet, value)
    form = _NUMBERS.get(column.kind)
    if form is None or value is None:
        return value
    cell: Cell = WriteOnlyCell(sheet, value=cast("float", value))
    cell.number_format = form
    return cell


def _about(book: Workbook, ctx: Context, title: str, count: int) -> None:
    sheet = cast("Worksheet", book.create_sheet(_("About this file")))
    sheet.column_dimensions["A"].width = 18
    sheet.column_dimensions["B"].width = 60
    for label, value in (
        (_("List"), title),
        (_("Place"), ctx.place_name),
        (_("Rows"), formats.number(count)),
        (_("Taken by"), f"{ctx.user.display_name} ({ctx.user.user_id})"),
        (_("Taken at"), formats.moment(clock.now(), seconds=True)),
        (_("Address"), str(ctx.request.url.path)),
    ):
        sheet.append([_text(sheet, label), _text(sheet, value)])


def remember(ctx: Context, table: Table[Any], form: str, query: Query, count: int) -> None:
    """Put the export into the audit log: which list, how many rows, which filters were set."""
    detail = {"form": form, "rows": count, "filters": sorted(query.filters)}
    audit.record(ctx.scope, "list.export", table.name, detail)
