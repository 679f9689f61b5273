"""The checker's findings hold: every example does what the finding says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from titian.decide import Label, Schema, Type
from titian.decide.tables import (
    CompiledTable,
    Finding,
    HitPolicy,
    Input,
    Output,
    Table,
    TableRow,
    check,
    compile_table,
)
from titian.decide.tables.checker import Fault


def hits(made: CompiledTable, example: dict[str, Any]) -> list[int]:
    collecting = replace(made.table, hit=HitPolicy.COLLECT)
    return [row + 1 for row in replace(made, table=collecting).decide(example)]


def test_a_whole_table_has_no_gap(credit: Table, schema: Schema) -> None:
    findings = check(compile_table(credit, schema))
    assert findings.found == ()
    assert findings.complete


def test_gaps_come_with_values_that_no_row_decides(credit: Table, schema: Schema) -> None:
    made = compile_table(replace(credit, rows=credit.rows[:3]), schema)
    gaps = check(made).of(Fault.GAP)
    assert [gap.example["age_years"] for gap in gaps] == [61]
    unknown = check(made).of(Fault.UNKNOWN_GAP)
    assert {"age_years": None}.items() <= unknown[0].example.items()
    for finding in (*gaps, *unknown):
        assert hits(made, dict(finding.example)) == []
    assert "age_years = 61" in gaps[0].text("zh")


def test_rows_that_never_decide_are_named_with_those_before_them(
    credit: Table, schema: Schema
) -> None:
    rows = (
        *credit.rows[:3],
        TableRow(("BETWEEN 20 AND 30", "<> 7"), ("refer", "")),
        credit.rows[3],
    )
    made = compile_table(replace(credit, rows=rows), schema)
    (finding,) = check(made).of(Fault.SHADOWED)
    assert finding.rows[0] == 4
    assert hits(made, dict(finding.example))[0] in (2, 3)


def test_a_row_that_decides_where_a_value_is_unknown_is_not_shadowed(
    credit: Table, schema: Schema
) -> None:
    rows = (*credit.rows[:3], TableRow(("BETWEEN 20 AND 30", ""), ("refer", "")), credit.rows[3])
    made = compile_table(replace(credit, rows=rows), schema)
    assert made.decide({"age_years": 25, "amount_fen": None}) == (3,)
    assert check(made).of(Fault.SHADOWED) == ()


def test_overlaps_say_whether_the_results_differ(credit: Table, schema: Schema) -> None:
    rows = (
        TableRow(("< 18", ""), ("decline", "0")),
        TableRow(("<= 18", ""), ("refer", "0")),
        TableRow(("< 10", ""), ("decline", "0")),
    )
    made = compile_table(replace(credit, rows=rows), schema)
    found = {
        finding.rows: finding.fault for finding in check(made).of(Fault.OVERLAP, Fault.CONFLICT)
    }
    assert found == {(1, 2): Fault.CONFLICT, (1, 3): Fault.OVERLAP, (2, 3): Fault.CONFLICT}


def test_most_severe_shadows_by_severity(credit: Table, schema: Schema) -> None:
    rows = (TableRow(("< 10", ""), ("refer", "0")), TableRow(("< 18", ""), ("decline", "0")))
    made = compile_table(replace(credit, hit=HitPolicy.MOST_SEVERE, rows=rows), schema)
    (finding,) = check(made).of(Fault.SHADOWED)
    assert finding.rows == (1, 2)


@pytest.mark.parametrize(
    ("expression", "first", "second"),
    [
        ("rate", "< 0.05", "> 0.05"),
        ("score", "< 0.5", "> 0.5"),
        ("opened", "< '2026-01-01'", "> '2026-01-01'"),
        ("seen_at", "< '2026-01-01 08:00:00'", "> '2026-01-01 08:00:00'"),
        ("channel", "'card'", "'mobile'"),
        ("known", "TRUE", "IS NULL"),
        ("name", "LIKE '王%'", "LIKE '李%'"),
        ("amount_fen * 2", "<= 10", ">= 12"),
    ],
)
def test_the_smallest_gap_of_every_type_is_found(
    schema: Schema, expression: str, first: str, second: str
) -> None:
    made = compile_table(_one_column(expression, [first, second]), schema)
    gaps = check(made).of(Fault.GAP)
    assert gaps
    for gap in gaps:
        assert not any(part.cases for part in made.regions if gap.example[part.expression] is None)


def _one_column(expression: str, cells: list[str]) -> Table:
    return _table((expression,), [(cell,) for cell in cells])


def _table(expressions: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    output = Output("outcome", Type.of("string"), ranks=("pass", "warn", "block"))
    made = tuple(TableRow(row, (("warn", "block")[n % 2],)) for n, row in enumerate(rows))
    inputs = tuple(map(Input, expressions))
    return Table("t", Label("表", "Table"), HitPolicy.FIRST, inputs, (output,), made)


NUMBERS = st.sampled_from(["", ">= 3", "< 3", "BETWEEN 2 AND 5", "> 5", "IN (0, 7)", "<> 4"])
CHANNELS = st.sampled_from(["", "'card'", "<> 'card'", "IN ('mobile', 'online')"])
DOMAIN = [
    {"amount_fen": amount, "limit_fen": limit, "channel": channel}
    for amount in (None, *range(-1, 10))
    for limit in (None, *range(-1, 10))
    for channel in (None, "card", "mobile", "online")
]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS, CHANNELS), min_size=1, max_size=6))
def test_findings_are_those_of_trying_every_value(
    schema: Schema, rows: list[tuple[str, ...]]
) -> None:
    made = compile_table(_table(("amount_fen", "limit_fen", "channel"), rows), schema)
    findings = check(made)
    tried = [hits(made, row) for row in DOMAIN]
    known = [None not in row.values() for row in DOMAIN]
    gaps = [not found for found, sure in zip(tried, known, strict=True) if sure]
    assert bool(findings.of(Fault.GAP)) is any(gaps)
    asks_nothing = {n for n, row in enumerate(rows, 1) if row == ("", "", "")}
    pairs = {
        (a, b) for found in tried for a in found for b in found if a < b
    }  # fmt: skip
    overlapping = findings.of(Fault.OVERLAP, Fault.CONFLICT)
    assert {f.rows for f in overlapping} == {p for p in pairs if not asks_nothing & set(p)}
    deciding = {found[0] for found in tried if found}
    held = {row for found in tried for row in found}
    assert {f.rows[0] for f in findings.of(Fault.SHADOWED)} == held - deciding
    for finding in findings.found:
        _assert_example(made, finding)


def _assert_example(made: CompiledTable, finding: Finding) -> None:
    found = hits(made, dict(finding.example))
    if finding.fault in (Fault.GAP, Fault.UNKNOWN_GAP):
        assert found == []
    else:
        assert set(finding.rows) <= set(found)


def test_the_search_is_bounded(schema: Schema) -> None:
    cells = [tuple(f"<> {n * 7 + m}" for m in range(10)) for n in range(60)]
    expressions = tuple(f"amount_fen + {m}" for m in range(10))
    findings = check(compile_table(_table(expressions, cells), schema))
    assert not findings.complete
