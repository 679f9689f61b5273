"""Tables decide rows and batches alike, and refuse what is wrong at its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from titian.decide import Label, Schema, Type, column, parse
from titian.decide.tables import (
    HitPolicy,
    Input,
    Output,
    Table,
    TableError,
    TableProblem,
    TableRow,
    compile_table,
)


def test_it_works(credit: Table, schema: Schema) -> None:
    made = compile_table(credit, schema)
    assert made.decide({"age_years": 17, "amount_fen": 1}) == (0,)
    assert made.decide({"age_years": 18, "amount_fen": 5_000_000}) == (1,)
    assert made.decide({"age_years": 60, "amount_fen": 5_000_001}) == (2,)
    assert made.decide({"age_years": None, "amount_fen": 1}) == (3,)
    assert made.outputs[1] == ("approve", 5_000_000)
    assert made.outputs[2] == ("refer", None)
    assert made.fields == {"age_years", "amount_fen"}


def table(
    rows: Sequence[tuple[tuple[str, ...], str]], inputs: tuple[str, ...], hit: HitPolicy
) -> Table:
    return Table(
        name="t",
        label=Label("表", "Table"),
        hit=hit,
        inputs=tuple(map(Input, inputs)),
        outputs=(Output("outcome", Type.of("string"), ranks=("pass", "warn", "block")),),
        rows=tuple(TableRow(cells, (outcome,)) for cells, outcome in rows),
    )


def test_the_most_severe_row_wins_wherever_it_stands(schema: Schema) -> None:
    rows = [(("> 0",), "warn"), (("> 10",), "block"), (("> 5",), "warn")]
    given_rows = [{"amount_fen": amount} for amount in (0, 1, 6, 11)]
    made = compile_table(table(rows, ("amount_fen",), HitPolicy.MOST_SEVERE), schema)
    assert [made.decide(row) for row in given_rows] == [(), (0,), (0,), (1,)]
    columns = {"amount_fen": column([0, 1, 6, 11], Type.of("integer"))}
    assert made.decide_batch(columns, 4).tolist() == [-1, 0, 0, 1]


def test_collect_gives_every_row_that_holds(schema: Schema) -> None:
    rows = [(("> 0",), "warn"), (("> 10",), "block"), (("> 5",), "warn")]
    made = compile_table(table(rows, ("amount_fen",), HitPolicy.COLLECT), schema)
    assert made.decide({"amount_fen": 11}) == (0, 1, 2)
    columns = {"amount_fen": column([6, None], Type.of("integer"))}
    assert made.holds_batch(columns, 2).tolist() == [[True, False, True], [False] * 3]


CELLS = {
    "amount_fen": ["", ">= 10", "< 5", "BETWEEN 3 AND 12", "IN (1, 7)", "<> 4", "IS NULL", "9"],
    "channel": ["", "'card'", "IN ('mobile', 'online')", "<> 'card'", "IS NOT NULL"],
    "amount_fen / limit_fen": ["", "> 0.5", "<= 1.5"],
    "known": ["-", "TRUE", "FALSE"],
    "name": ["", "LIKE '王%'", "NOT IN ('李', '王二')"],
}
INPUTS = tuple(CELLS)
cells = st.tuples(*(st.sampled_from(listed) for listed in CELLS.values()))
values = st.fixed_dictionaries(
    {
        "amount_fen": st.none() | st.integers(0, 15),
        "limit_fen": st.none() | st.integers(0, 15),
        "channel": st.sampled_from([None, "card", "mobile", "online"]),
        "known": st.sampled_from([None, True, False]),
        "name": st.sampled_from([None, "王二", "李", "张"]),
    }
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    rows=st.lists(cells, min_size=1, max_size=8),
    given_rows=st.lists(values, min_size=1, max_size=6),
    hit=st.sampled_from(list(HitPolicy)),
)
def test_rows_and_batches_decide_as_each_cell_says(
    schema: Schema, rows: list[tuple[str, ...]], given_rows: list[dict[str, Any]], hit: HitPolicy
) -> None:
    outcomes = ("warn", "block")
    written = [(row, outcomes[number % 2]) for number, row in enumerate(rows)]
    made = compile_table(table(written, INPUTS, hit), schema)
    columns = {n: column([row[n] for row in given_rows], schema[n].type) for n in made.fields}
    held = made.holds_batch(columns, len(given_rows)).tolist()
    decided = made.decide_batch(columns, len(given_rows)).tolist()
    for row, holds, first in zip(given_rows, held, decided, strict=True):
        truth = [
            all(_cell(n, c, schema, row) for n, c in zip(INPUTS, r, strict=True)) for r in rows
        ]
        assert holds == truth
        hits = [number for number in made.order if truth[number]]
        assert made.decide(row) == tuple(hits if hit is HitPolicy.COLLECT else hits[:1])
        assert first == (hits[0] if hits else -1)


def _cell(expression: str, cell: str, schema: Schema, row: dict[str, Any]) -> bool:
    if cell in ("", "-"):
        return True
    plain = cell[0] in "<>BINL" or cell.startswith("NOT")
    return parse(f"({expression}) {'' if plain else '='} {cell}", schema).holds()(row)


def test_outputs_have_their_types(credit: Table, schema: Schema) -> None:
    types = ("integer", "decimal(5,2)", "double", "boolean", "date", "string")
    outputs = tuple(Output(f"o{n}", Type.of(type_)) for n, type_ in enumerate(types))
    row = TableRow(("", ""), ("-7", "123.45", "0.1", "true", "2026-03-31", "x"))
    made = compile_table(replace(credit, outputs=outputs, rows=(row,)), schema)
    assert made.outputs == ((-7, Decimal("123.45"), 0.1, True, date(2026, 3, 31), "x"),)


def problems(given_table: Table, schema: Schema) -> tuple[TableProblem, ...]:
    with pytest.raises(TableError) as caught:
        compile_table(given_table, schema)
    assert "row" in caught.value.what or "headings" in caught.value.what
    assert caught.value.remedy
    assert caught.value.text("zh")
    return caught.value.problems


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (">= ", "cannot be read"),
        (">= 5 OR 1 = 1", "not a cell"),
        (">= 5) OR (1 = 1", "cannot be read"),
        ("> limit_fen", "not a cell"),
        ("> 'x'", "compared"),
        ("> wam(5)", "wam"),
        ("＞ 5", "full-width"),
        ("> (SELECT 1)", "not"),
        ("=SUM(A1)", "aggregate SUM"),
        ("x" * 501, "too long"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(
    credit: Table, schema: Schema, cell: str, said: str
) -> None:
    rows = (*credit.rows[:1], TableRow(("", cell), ("decline", "0")), *credit.rows[1:])
    (fault,) = problems(replace(credit, rows=rows), schema)
    assert (fault.row, fault.column) == (2, "amount_fen")
    assert said in fault.message.en
    assert fault.remedy.en
    assert fault.remedy.zh


def test_a_text_without_quotes_is_told_how_to_write_it(credit: Table, schema: Schema) -> None:
    rows = (TableRow(("card", ""), ("decline", "0")),)
    (fault,) = problems(replace(credit, inputs=(Input("name"), Input("known")), rows=rows), schema)
    assert "'card'" in fault.remedy.en


@pytest.mark.parametrize(
    ("outputs", "column_name"),
    [(("maybe", "0"), "outcome"), (("", "0"), "outcome"), (("decline", "1.5"), "limit_fen"),
     (("decline", "9" * 20), "limit_fen")],
)  # fmt: skip
def test_a_bad_output_is_named(
    credit: Table, schema: Schema, outputs: tuple[str, str], column_name: str
) -> None:
    (fault,) = problems(replace(credit, rows=(TableRow(("< 5", ""), outputs),)), schema)
    assert (fault.row, fault.column) == (1, column_name)


@pytest.mark.parametrize(
    "row",
    [
        ("", ""),
        ("-", ""),
        ("IS NOT NULL", ""),
        ("<= 9223372036854775807", ""),
    ],
)
def test_what_catches_everything_never_approves(
    credit: Table, schema: Schema, row: tuple[str, str]
) -> None:
    rows = (*credit.rows[:3], TableRow(row, ("approve", "1")))
    (fault,) = problems(replace(credit, rows=rows), schema)
    assert fault.row == 4
    stricter = replace(credit, rows=(*credit.rows[:3], TableRow(row, ("refer", "1"))))
    assert compile_table(stricter, schema).decide({"age_years": 99, "amount_fen": 1}) == (3,)


def test_headings_and_shape_are_checked(credit: Table, schema: Schema) -> None:
    assert problems(replace(credit, rows=()), schema)[0].row == 0
    assert problems(replace(credit, inputs=()), schema)
    assert problems(replace(credit, outputs=()), schema)
    narrow = replace(credit, rows=(TableRow(("< 5",), ("decline", "0")),))
    assert problems(narrow, schema)[0].row == 1
    unknown = replace(credit, inputs=(Input("age_year"), Input("amount_fen")))
    assert "age_years" in problems(unknown, schema)[0].remedy.en
    twice = replace(credit, outputs=(credit.outputs[1], credit.outputs[1]))
    assert problems(twice, schema)[0].column == "limit_fen"
    unranked = replace(credit, hit=HitPolicy.MOST_SEVERE, outputs=(credit.outputs[1],) * 1)
    assert problems(unranked, schema)
    many = replace(credit, rows=credit.rows * 501)
    assert "2000" in problems(many, schema)[0].message.en


def test_every_fault_is_found_at_once(credit: Table, schema: Schema) -> None:
    rows = (TableRow(("> 'a'", "> 'b'"), ("maybe", "x")), TableRow(("nope", ""), ("decline", "")))
    assert len(problems(replace(credit, rows=rows), schema)) == 5
