from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decide.conditions.conftest import schema  # noqa: F401  # the same fields
from tests.decide.conditions.test_properties import Pair, conditions, facts  # noqa: F401

from titian.decide import ConditionError, Schema, parse
from titian.decide.outline import (
    Group,
    Join,
    Op,
    Part,
    Row,
    Text,
    checked,
    operators,
    outline,
    values_needed,
    write,
)

ALL, ANY, NONE = Join.ALL, Join.ANY, Join.NONE


def rewritten(text: str, fields: Schema) -> str:
    return write(outline(text, fields), fields).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("opt_out", Group(ALL, (Row("opt_out", Op.YES),))),
        ("NOT opt_out", Group(NONE, (Row("opt_out", Op.YES),))),
        ("opt_out = FALSE", Group(ALL, (Row("opt_out", Op.NO),))),
        ("gender = '男'", Group(ALL, (Row("gender", Op.IN, ("male",)),))),
        ("gender IN ('male', 'female')", Group(ALL, (Row("gender", Op.IN, ("male", "female")),))),
        ("gender NOT IN ('male')", Group(ALL, (Row("gender", Op.NOT_IN, ("male",)),))),
        ("gender <> 'male'", Group(ALL, (Row("gender", Op.NOT_IN, ("male",)),))),
        ("name IS NULL", Group(ALL, (Row("name", Op.UNKNOWN),))),
        ("name IS NOT NULL", Group(ALL, (Row("name", Op.KNOWN),))),
        ("starts_with(name, '王')", Group(ALL, (Row("name", Op.STARTS_WITH, ("王",)),))),
        ("balance_fen >= wan(10)", Group(ALL, (Row("balance_fen", Op.GE, ("100000",)),))),
        ("balance_fen < 12345", Group(ALL, (Row("balance_fen", Op.LT, ("123.45",)),))),
        ("rate BETWEEN 0.01 AND 0.05", Group(ALL, (Row("rate", Op.BETWEEN, ("0.01", "0.05")),))),
        ("score > 2", Group(ALL, (Row("score", Op.GT, ("2",)),))),
        ("open_date >= '2026-01-01'", Group(ALL, (Row("open_date", Op.GE, ("2026-01-01",)),))),
        ("年龄 >= 30", Group(ALL, (Row("age_years", Op.GE, ("30",)),))),
        (
            "opt_out OR age_years > 3",
            Group(ANY, (Row("opt_out", Op.YES), Row("age_years", Op.GT, ("3",)))),
        ),
        (
            "opt_out AND NOT age_years > 3 AND gender = 'male' AND NOT (name IS NULL OR rate < 1)",
            Group(
                ALL,
                (
                    Row("opt_out", Op.YES),
                    Group(
                        NONE,
                        (
                            Row("age_years", Op.GT, ("3",)),
                            Row("name", Op.UNKNOWN),
                            Row("rate", Op.LT, ("1",)),
                        ),
                    ),
                    Row("gender", Op.IN, ("male",)),
                ),
            ),
        ),
        (
            "NOT (opt_out AND age_years > 3)",
            Group(NONE, (Group(ALL, (Row("opt_out", Op.YES), Row("age_years", Op.GT, ("3",)))),)),
        ),
    ],
)  # fmt: skip
def test_it_works(schema: Schema, text: str, expected: Group) -> None:  # noqa: F811
    assert outline(text, schema) == expected
    assert outline(rewritten(text, schema), schema) == expected


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("lower(name) = 'a'", "lower(name) = 'a'"),
        ("age_years + 1 > 3", "age_years + 1 > 3"),
        ("opt_out IS TRUE", "opt_out IS TRUE"),
        ("nosuch > 3", "nosuch > 3"),
        ("gender = 'x'", "gender = 'x'"),
        ("age_years > 1.5e0", "age_years > 1.5e0"),
        ("balance_fen > 0.5", "balance_fen > 0.5"),
        ("open_date > TIMESTAMP '2026-01-01 10:00:00'", None),
        ("name > 'a'", "name > 'a'"),
        ("name = ''", "name = ''"),
    ],
)
def test_what_no_row_can_say_stays_as_text(
    schema: Schema,  # noqa: F811
    text: str,
    kept: str | None,
) -> None:
    (part,) = outline(text, schema).parts
    assert isinstance(part, Text)
    assert kept is None or part.text == kept


@settings(max_examples=300, deadline=None, derandomize=True)
@given(pair=conditions)
def test_to_rows_and_back_means_the_same(
    facts: duckdb.DuckDBPyConnection,  # noqa: F811
    schema: Schema,  # noqa: F811
    pair: Pair,
) -> None:
    again = rewritten(pair.text, schema)
    ours = parse(again, schema).sql()
    rows = facts.execute(f"SELECT {ours} AS ours, ({pair.truth}) AS truth FROM facts").fetchall()
    assert [ours for ours, _ in rows] == [truth for _, truth in rows], again
    assert rewritten(again, schema) == again


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (Group(ALL), ""),
        (Group(NONE, (Group(ANY), Row("gender", Op.IN), Text("  "))), ""),
        (Row("balance_fen", Op.GE, ("1,234.50",)), "balance_fen >= yuan(1234.50)"),
        (Row("balance_fen", Op.GE, ("-20000",)), "balance_fen >= -wan(2)"),
        (Row("balance_fen", Op.GE, ("３０000",)), "balance_fen >= wan(3)"),
        (Row("age_years", Op.GE, ("abc",)), "age_years >= 'abc'"),
        (Row("age_years", Op.GE, ("1 OR opt_out",)), "age_years >= '1 OR opt_out'"),
        (Row("name", Op.IN, ("o'k", "b")), "name IN ('o''k', 'b')"),
        (Row("a; b", Op.YES), '"a; b"'),
        (Row("age_years", Op.BETWEEN, ("3",)), ""),
        (
            Group(ANY, (Row("opt_out", Op.YES), Group(ALL, (Row("name", Op.KNOWN), Group(ANY))))),
            "opt_out OR name IS NOT NULL",
        ),
        (
            Group(ALL, (Group(ALL, (Group(ANY, (Text("a"), Text("b"))),)), Text("c"))),
            "((a) OR (b)) AND (c)",
        ),
    ],
)
def test_writing(schema: Schema, part: Part, text: str) -> None:  # noqa: F811
    assert write(part, schema).text == text


def test_every_row_knows_its_place_in_the_text(schema: Schema) -> None:  # noqa: F811
    group = outline("opt_out AND (gender = 'male' OR age_years > 3) AND NOT name IS NULL", schema)
    written = write(group, schema)
    pieces = {path: written.text[start:end] for path, (start, end) in written.spans.items()}
    assert pieces == {
        (0,): "opt_out",
        (1, 0): "gender = 'male'",
        (1, 1): "age_years > 3",
        (2,): "name IS NOT NULL",
    }
    assert written.at(written.text.index("gender")) == (1, 0)
    assert written.at(written.text.index("OR")) is None


def test_a_problem_is_at_the_row_it_comes_from(schema: Schema) -> None:  # noqa: F811
    group = Group(
        ANY,
        (
            Row("opt_out", Op.YES),
            Group(NONE, (Row("age_years", Op.GE, ("abc",)), Row("ages", Op.GE, ("3",)))),
            Text("name = 'a"),
        ),
    )
    found = checked(group, schema)
    assert not found.right
    assert {path: problems[0].code for path, problems in found.problems.items()} == {
        (1, 0): "type_mismatch",
        (1, 1): "unknown_field",
        (2,): "syntax",
    }
    problem = found.problems[1, 1][0]
    assert found.text[problem.start : problem.end] == "ages"
    assert "age_years" in problem.remedy.en


def test_a_text_cannot_close_the_brackets_around_it(schema: Schema) -> None:  # noqa: F811
    group = Group(ALL, (Row("opt_out", Op.YES), Text("name IS NULL) OR (name IS NULL")))
    found = checked(group, schema)
    assert (1,) in found.problems


def test_what_is_right_is_said_to_be_right(schema: Schema) -> None:  # noqa: F811
    assert checked(outline("opt_out AND rate > 0", schema), schema).right
    assert not checked(Group(ALL), schema).right


def test_a_condition_that_is_too_long_has_a_problem_of_the_whole(
    schema: Schema,  # noqa: F811
) -> None:
    rows = tuple(Row("age_years", Op.GE, (str(n),)) for n in range(900))
    found = checked(Group(ANY, rows), schema)
    assert [p.code for p in found.problems[()]] == ["too_long"]


@pytest.mark.parametrize("text", ["", "opt_out AND", "((", "a; b", "（opt_out）"])
def test_what_cannot_be_parsed_is_refused(schema: Schema, text: str) -> None:  # noqa: F811
    with pytest.raises(ConditionError):
        outline(text, schema)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.data())
def test_rows_that_people_build_come_back_as_they_were(
    schema: Schema,  # noqa: F811
    data: st.DataObject,
) -> None:
    values = {
        "string": st.text(min_size=1, max_size=6).filter(str.strip),
        "integer": st.integers(-999, 10**6).map(str),
        "decimal": st.sampled_from(["0.5", "-1", "12.25"]),
        "double": st.sampled_from(["0.5", "-1", "12.25"]),
        "date": st.dates().map(str),
        "timestamp": st.just("2026-03-31 08:30:00"),
    }
    field = data.draw(st.sampled_from(list(schema)))
    op = data.draw(st.sampled_from(operators(field)))
    kind = st.sampled_from(list(field.values)) if field.values else values.get(field.type.kind)
    needed = values_needed(op)
    drawn = [data.draw(kind).strip() for _ in range(needed)] if kind is not None else []
    row = Row(field.name, op, tuple(drawn))
    text = write(row, schema).text
    assert outline(text, schema) == Group(ALL, (row,)), text
