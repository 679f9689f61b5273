from __future__ import annotations

import pickle
import re

import duckdb
import pytest

from titian.decide import Condition, ConditionError, Field, Label, Schema, Type, parse
from titian.decide.conditions.check import MAX_IN_VALUES
from titian.decide.conditions.parse import MAX_CHARACTERS, MAX_DEPTH
from titian.kernel.errors import InvalidInput, http_status


def problems(text: str, schema: Schema) -> list[tuple[str, str]]:
    with pytest.raises(ConditionError) as caught:
        parse(text, schema)
    return [(p.code, text[p.start : p.end]) for p in caught.value.problems]


def test_it_works(schema: Schema) -> None:
    condition = parse("age_years >= 18 AND NOT opt_out", schema)
    assert condition.fields == {"age_years", "opt_out"}
    assert condition.sql() == '(("age_years" >= 18) AND (NOT "opt_out"))'


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("", "empty", ""),
        ("  -- nothing", "empty", "  -- nothing"),
        ("age_yeers > 1", "unknown_field", "age_yeers"),
        ('gender = "male"', "unknown_field", '"male"'),
        ("t.age_years = 1", "qualified", "t.age_years"),
        ("sum(age_years) > 3", "aggregate", "sum(age_years"),
        ("count(*) > 3", "aggregate", "count(*"),
        ("row_number() OVER () = 1", "window", "row_number"),
        ("sum(age_years) OVER (ORDER BY age_years) = 1", "window", None),
        ("age_years IN (SELECT 1)", "subquery", None),
        ("age_years = (SELECT 1)", "subquery", None),
        ("EXISTS (SELECT 1)", "subquery", None),
        ("SELECT 1", "subquery", None),
        ("*", "star", None),
        ("COLUMNS('a') = 1", "star", None),
        ("regexp_matches(name, 'x')", "unknown_function", None),
        ("read_text('/etc/passwd') = 'x'", "unknown_function", None),
        ("getenv('HOME') = 'x'", "unknown_function", None),
        ("today() = open_date", "unknown_function", None),
        ("age_years::VARCHAR = '1'", "not_allowed", None),
        ("name ILIKE 'x'", "not_allowed", None),
        ("age_years = $limit", "not_allowed", None),
        ("{'a': 1} IS NULL", "unknown_function", None),
        ("name LIKE 'x' ESCAPE '!'", "not_allowed", None),
        ("age_years", "not_boolean", "age_years"),
        ("NOT age_years", "not_boolean", "age_years"),
        ("opt_out AND age_years", "not_boolean", "age_years"),
        ("age_years > 'x'", "type_mismatch", None),
        ("opt_out = 1", "type_mismatch", None),
        ("name + 1 > 2", "type_mismatch", None),
        ("open_date = 20260331", "type_mismatch", None),
        ("seen_at - 1 > seen_at", "type_mismatch", None),
        ("lower(age_years) = 'x'", "wrong_type", "age_years"),
        ("-name = 1", "wrong_type", None),
        ("hour(open_date) = 1", "wrong_type", "open_date"),
        ("length(name, name) = 1", "argument_count", None),
        ("coalesce(age_years) = 1", "argument_count", None),
        ("trim(name, 'x') = 'x'", "argument_count", None),
        ("round(rate, age_years) = 1", "constant_needed", "age_years"),
        ("left(name, -1) = 'x'", "constant_needed", "1"),
        ("name LIKE name", "constant_needed", None),
        ("age_years IN (1, balance_fen)", "constant_needed", "balance_fen"),
        ("age_years = NULL", "null_compared", None),
        ("CASE WHEN opt_out THEN NULL END", "null_compared", None),
        ("age_years > 99999999999999999999", "bad_number", "99999999999999999999"),
        ("score > 1e999", "bad_number", "1e999"),
        ("rate > 0.0000000000000000000001", "bad_number", "0.0000000000000000000001"),
        ("age_years > wan(0.0000001)", "bad_number", None),
        ("open_date > '2026-02-30'", "bad_date", "'2026-02-30'"),
        ("open_date > '昨天'", "bad_date", "'昨天'"),
        ("open_date > DATE '2026-2-3'", "bad_date", "'2026-2-3'"),
        ("gender = 'mail'", "bad_value", "'mail'"),
        ("gender IN ('male', 'x')", "bad_value", "'x'"),
        ("date_diff('eon', open_date, seen_at) > 1", "bad_unit", None),
        ("age_years >（3）", "full_width", "（"),
        ("age_years > 3，", "full_width", "，"),
        ("age_years >", "syntax", ">"),
        ("age_years = = 1", "syntax", "="),
        ("name = 'x", "syntax", "'x"),
        ("(age_years = 1", "syntax", None),
        ("age_years = 1; DROP TABLE t", "several", "; DROP TABLE t"),
    ],
)
def test_bad_conditions_are_explained(
    schema: Schema, text: str, code: str, where: str | None
) -> None:
    found = problems(text, schema)
    assert found[0][0] == code
    if where is not None:
        assert found[0][1] == where
    with pytest.raises(ConditionError) as caught:
        parse(text, schema)
    for problem in caught.value.problems:
        assert re.search(r"[一-鿿]", problem.message.zh + problem.remedy.zh)
        assert not re.search(r"[一-鿿]", problem.message.en.replace("昨天", ""))
        assert problem.remedy.en.endswith((".", "?"))


def test_every_problem_is_reported_at_once(schema: Schema) -> None:
    assert problems("age_yeers > 1 OR foo(age_years) = 2 OR name > 3", schema) == [
        ("unknown_field", "age_yeers"),
        ("unknown_function", "foo(age_years"),
        ("type_mismatch", "name > 3"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("age_years = 1 OR " * (MAX_CHARACTERS // 10) + "opt_out", "too_long"),
        ("1=1 OR " * 1000 + "1=1", "too_long"),
        ("(" * 400 + "opt_out" + ")" * 400, "too_deep"),
        ("NOT " * 1000 + "opt_out", "too_deep"),
        ("age_years = " + "- " * 500 + "1", "too_deep"),
        ("age_years = 1" + " + 1" * 500, "too_deep"),
        (f"age_years IN ({','.join(map(str, range(MAX_IN_VALUES + 1)))})", "too_many_values"),
    ],
)
def test_size_is_limited(schema: Schema, text: str, code: str) -> None:
    assert problems(text, schema)[0][0] == code


def test_long_chains_are_not_deep(schema: Schema) -> None:
    text = " OR ".join(f"age_years = {n}" for n in range(MAX_DEPTH * 5))
    assert len(parse(text, schema).tree.args) == MAX_DEPTH * 5  # type: ignore[union-attr]


def test_suggestions_name_the_nearest_word(schema: Schema) -> None:
    with pytest.raises(ConditionError, match="Did you mean age_years"):
        parse("age_year > 1", schema)
    with pytest.raises(ConditionError, match="Did you mean 'male'"):
        parse("gender = 'mael'", schema)
    with pytest.raises(ConditionError, match=r"Did you mean length\(s\)"):
        parse("lenght(name) > 1", schema)


def test_an_error_is_invalid_input_with_a_column_and_survives_pickling(schema: Schema) -> None:
    with pytest.raises(ConditionError, match="column 5") as caught:
        parse("NOT age_years", schema)
    assert isinstance(caught.value, InvalidInput)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.problems, again.source, str(again)) == (
        caught.value.problems,
        "NOT age_years",
        str(caught.value),
    )
    assert http_status(again) == 422
    assert caught.value.text("zh").startswith("第 5 列")


def test_chinese_names_and_labels_are_understood(schema: Schema) -> None:
    condition = parse("年龄 >= 18 AND 性别 = '女'", schema)
    assert condition.sql() == parse("age_years >= 18 AND gender = 'female'", schema).sql()


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        (
            "balance_fen >= wan(5) AND (gender = 'female' OR opt_out)",
            "余额 不低于 50,000.00 元 且 （性别 等于 女 或 拒绝营销）",
            "balance is at least ¥50,000.00 and (gender is female or opted out)",
        ),
        (
            "opt_out AND balance_fen / 3 >= yuan(3000)",
            "拒绝营销 且 余额 除以 3.0 不低于 3,000.00 元",
            "opted out and balance divided by 3.0 is at least ¥3,000.00",
        ),
        (
            "balance_fen - 0.5 * balance_fen > yuan(3)",
            "余额 减 0.5 乘以 余额 大于 3.00 元",
            "balance minus 0.5 times balance is above ¥3.00",
        ),
        (
            "CASE WHEN opt_out THEN balance_fen ELSE 0 END > 3 * yuan(1)",
            "（若 拒绝营销 则为 余额；否则为 0.00 元） 大于 3.00 元",
            "(if opted out then balance; else ¥0.00) is above ¥3.00",
        ),
        (
            "balance_fen / balance_fen > 200",
            "余额 除以 余额 大于 200.0",
            "balance divided by balance is above 200.0",
        ),
        ("NOT opt_out", "非拒绝营销", "not opted out"),
        ("name IS NOT NULL", "姓名 已知", "name is known"),
        (
            "open_date < '2026-01-01'",
            "开户日期 早于 2026-01-01",
            "opening date is before 2026-01-01",
        ),
        ("age_years IN (1, 2)", "年龄 属于 1、2", "age is one of 1, 2"),
        ("year(open_date) = 2026", "开户日期的年份 等于 2026", "the year of opening date is 2026"),
        (
            "date_diff('month', open_date, seen_at) > 3",
            "开户日期 到 最近时间 相隔的个月数 大于 3",
            "months from opening date to last seen is above 3",
        ),
        (
            "CASE WHEN opt_out THEN 1 ELSE 2 END = 1",
            "（若 拒绝营销 则为 1；否则为 2） 等于 1",
            "(if opted out then 1; else 2) is 1",
        ),
    ],
)
def test_conditions_are_said_in_words(schema: Schema, text: str, zh: str, en: str) -> None:
    condition = parse(text, schema)
    assert (condition.explain("zh"), condition.explain("en")) == (zh, en)


def evaluate(condition: Condition, row: str) -> object:
    query = f"SELECT {condition.sql()} FROM (SELECT {row})"
    return duckdb.connect().execute(query).fetchall()[0][0]


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("balance_fen * 2 > 0", "9223372036854775807::BIGINT AS balance_fen", None),
        ("balance_fen * 2 > 0 OR TRUE", "9223372036854775807::BIGINT AS balance_fen", True),
        ("-balance_fen < 0", "(-9223372036854775808)::BIGINT AS balance_fen", None),
        ("1 / age_years > 0", "0 AS age_years", None),
        ("1 // age_years = 0", "0 AS age_years", None),
        ("1 % age_years = 0", "0 AS age_years", None),
        ("open_date + 1 > open_date", "DATE '9999-12-31' AS open_date", None),
        ("open_date - 1 < open_date", "DATE '2026-03-01' AS open_date", True),
        ("open_date - 9999999 < open_date", "DATE '2026-03-01' AS open_date", None),
        ("seen_at - seen_at > 1", "TIMESTAMP '2026-03-01' AS seen_at", "refused"),
        ("rate * 100 = 4.85", "0.0485::DECIMAL(9,6) AS rate", True),
    ],
)
def test_arithmetic_is_exact_or_unknown_but_never_fails(
    schema: Schema, text: str, row: str, expected: object
) -> None:
    if expected == "refused":
        assert problems(text, schema)[0][0] == "type_mismatch"
        return
    assert evaluate(parse(text, schema), row) is expected


def test_values_never_leave_their_quotes(schema: Schema) -> None:
    condition = parse("name = 'x'' OR 1=1 --'", schema)
    assert evaluate(condition, "'y' AS name") is False


def test_a_schema_refuses_doubles_and_unknown_types() -> None:
    age = Field("age", Type.of("integer"), Label("年龄", "age"))
    with pytest.raises(InvalidInput, match="declared twice"):
        Schema([age, age])
    with pytest.raises(InvalidInput, match="valid field name"):
        Schema([Field("Age!", Type.of("integer"), Label("年龄", "age"))])
    for bad in ("money", "decimal", "decimal(39,2)", "decimal(20,19)", "decimal(2,3)"):
        with pytest.raises(InvalidInput, match="not a type"):
            Type.of(bad)
