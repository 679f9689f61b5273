"""Tables go to Excel and back unchanged; what a workbook hides is refused."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from titian.decide import Label, Schema
from titian.decide.tables import HitPolicy, Table, compile_table
from titian.decide.tables.excel import MAX_BYTES, read_excel, write_excel
from titian.kernel.errors import InvalidInput


def test_there_and_back(credit: Table) -> None:
    assert read_excel(write_excel(credit)) == credit


def sheet(*rows: tuple[Any, ...]) -> bytes:
    book = Workbook()
    assert book.active is not None
    head = (
        ("t", "first", "表", "Table"),
        ("when", "when", "then", "reason"),
        ("amount_fen", "opened", "outcome", "zh"),
        ("", "", "结果", ""),
        ("", "", "pass < warn < block", ""),
    )
    for row in (*head, *rows):
        book.active.append(row)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def test_typed_cells_read_as_written(schema: Schema) -> None:
    opened = datetime.fromisoformat("2026-01-01")
    table = read_excel(sheet((5, opened, "block", "理由"), (None,) * 4, ("> 5", None, "warn", "")))
    assert [row.cells for row in table.rows] == [("5", "2026-01-01"), ("> 5", "")]
    assert table.rows[0].reason == Label("理由", "理由")
    assert table.hit is HitPolicy.FIRST
    made = compile_table(table, schema)
    assert made.decide({"amount_fen": 5, "opened": opened.date()}) == (0,)


@pytest.mark.parametrize("formula", ["=1+1", "=SUM(A1:A9)", '=WEBSERVICE("http://x")', "#REF!"])
def test_formulas_are_refused_with_their_place(formula: str) -> None:
    with pytest.raises(InvalidInput, match="A6"):
        read_excel(sheet((formula, None, "block", "")))


def test_a_cell_that_begins_with_a_sign_is_written_as_text(credit: Table) -> None:
    cell = load_workbook(BytesIO(write_excel(credit))).worksheets[0]["A6"]
    assert (cell.value, cell.data_type) == ("< 18", "s")


def test_merged_cells_are_refused() -> None:
    book = load_workbook(BytesIO(sheet(("> 5", None, "block", ""))))
    book.worksheets[0].merge_cells("A6:B6")
    made = BytesIO()
    book.save(made)
    with pytest.raises(InvalidInput, match="A6:B6"):
        read_excel(made.getvalue())


@pytest.mark.parametrize(
    "content", [b"", b"not a workbook", b"PK\x03\x04broken", b"x" * (MAX_BYTES + 1)]
)
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_excel(content)


def test_a_sheet_without_a_table_is_refused(credit: Table) -> None:
    with pytest.raises(InvalidInput, match="no decision table"):
        read_excel(sheet())
    book = load_workbook(BytesIO(sheet(("> 5", None, "block", ""))))
    book.worksheets[0]["B1"] = "unique"
    made = BytesIO()
    book.save(made)
    with pytest.raises(InvalidInput, match="B1"):
        read_excel(made.getvalue())
