from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.labels import Label
from titian.lake import delta
from titian.lake.schema import (
    Code,
    Column,
    Kind,
    Layer,
    Mask,
    PiClass,
    Table,
    arrow_type,
    split_name,
    type_text,
)

TYPES = ["string", "integer", "double", "boolean", "date", "timestamp", "binary", "decimal(9,2)"]


def table(*columns: Column) -> Table:
    return Table(
        Layer.CORE, "loan", "贷款", "Loans", columns or (Column("a", "string", "甲", "A"),)
    )


def test_it_works() -> None:
    loan = table(
        Column("loan_id", "string", "借据号", "Loan", PiClass.C1, 2, key=True),
        Column("amount_fen", "integer", "金额", "Amount", PiClass.C2, 3),
    )
    assert loan.qualified == "core.loan"
    assert loan.keys == ("loan_id",)
    assert loan.column("amount_fen").arrow == pa.int64()
    assert loan.arrow_schema(with_date=True).names == ["loan_id", "amount_fen", "business_date"]


@pytest.mark.parametrize("text", TYPES)
def test_types_go_both_ways(text: str) -> None:
    assert type_text(arrow_type(text)) == text


@pytest.mark.parametrize("text", ["", "int", "decimal", "decimal(39,2)", "decimal(2,9)", "varchar"])
def test_unknown_types_name_the_known(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"integer.*decimal\(p,s\)"):
        arrow_type(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"name": "Loan Id"}, "not a valid column name"),
        ({"name": "business_date"}, "the lake adds it"),
        ({"pi_class": "C3"}, "never stored"),
        ({"pi_class": "C9"}, "class 'C9'"),
        ({"level": 0}, "data level 0"),
        ({"level": 6}, "data level 6"),
        ({"zh": " "}, "lacks a name"),
        ({"en": ""}, "lacks a name"),
        ({"mask": "blur"}, "mask 'blur'"),
        ({"type": "integer", "mask": "phone"}, "mask phone is for text"),
    ],
)
def test_what_may_not_be_declared(words: dict[str, object], said: str) -> None:
    whole: dict[str, object] = {"name": "a", "type": "string", "zh": "甲", "en": "A"}
    with pytest.raises(InvalidInput, match=said):
        Column(**{**whole, **words})  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("pi_class", "kind", "mask"),
    [
        ("C2", "string", Mask.FULL),
        ("C2", "binary", Mask.FULL),
        ("C2", "integer", Mask.NONE),
        ("C2", "date", Mask.NONE),
        ("C1", "string", Mask.NONE),
        ("none", "string", Mask.NONE),
    ],
)
def test_the_mask_that_nobody_chose(pi_class: PiClass, kind: str, mask: Mask) -> None:
    assert Column("a", kind, "甲", "A", pi_class).mask is mask


def test_a_table_needs_columns_and_each_once() -> None:
    with pytest.raises(InvalidInput, match="declares 0 columns"):
        Table(Layer.RAW, "t", "表", "T", ())
    with pytest.raises(InvalidInput, match="declares a twice"):
        table(Column("a", "string", "甲", "A"), Column("a", "date", "甲", "A"))
    with pytest.raises(InvalidInput, match="raw, core, mart"):
        Table("gold", "t", "表", "T", (Column("a", "string", "甲", "A"),))  # type: ignore[arg-type]


def test_an_unknown_column_names_the_known() -> None:
    with pytest.raises(NotFound, match=r"no column 'b'.*It has: a"):
        table().column("b")


@pytest.mark.parametrize("name", ["loan", "gold.loan", "core.", "core.Loan", "core.a.b", "..", ""])
def test_wrong_table_names(name: str) -> None:
    with pytest.raises(InvalidInput):
        split_name(name)


words = st.text(min_size=1, max_size=20).filter(lambda text: text.strip())
sentences = st.one_of(
    st.text(max_size=20), st.sampled_from(["3", "true", "null", "{}", "[]", "1e3"])
)
columns = st.builds(
    Column,
    name=st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True).filter("business_date".__ne__),
    type=st.sampled_from(TYPES),
    zh=words,
    en=words,
    pi_class=st.sampled_from([PiClass.NONE, PiClass.C1, PiClass.C2]),
    level=st.integers(1, 5),
    mask=st.sampled_from([Mask.DEFAULT, Mask.NONE, Mask.FULL]),
    required=st.booleans(),
    key=st.booleans(),
    description=st.builds(Label, sentences, sentences),
    codes=st.lists(
        st.builds(Code, sentences, st.builds(Label, words, words)),
        unique_by=lambda code: code.value,
        max_size=4,
    ).map(tuple),
)


@given(column=columns)
def test_what_is_declared_travels_in_delta(column: Column) -> None:
    field = delta.delta_schema(table(column)).fields[0]
    assert delta.column(field) == column


def test_kinds() -> None:
    assert Kind("event") is Kind.EVENT
