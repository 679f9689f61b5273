from __future__ import annotations

from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp
from tests.lake.conftest import LOAN, loans

from titian.kernel.scope import Scope
from titian.lake import masking
from titian.lake.schema import Column, Layer, Mask, PiClass, Table

SALT = "5a17"
TEXT_MASKS = [mask for mask in Mask if mask not in (Mask.DEFAULT, Mask.NONE)]


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (Mask.NAME, "张三", "张*"),
        (Mask.NAME, "欧阳锋", "欧*"),
        (Mask.NAME, "", ""),
        (Mask.NAME, "𠮷野家", "𠮷*"),
        (Mask.PHONE, "13812345678", "138****5678"),
        (Mask.PHONE, "0917-3456789", "091****6789"),
        (Mask.PHONE, "8123456", "****56"),
        (Mask.PHONE, "110", "****"),
        (Mask.ID_NO, "610123199001011234", "6101**********1234"),
        (Mask.ID_NO, "91610000MA6TXXXX0K", "9161**********XX0K"),
        (Mask.ID_NO, "12345", "****"),
        (Mask.ACCOUNT, "6222021234567890123", "****0123"),
        (Mask.ACCOUNT, "1234567", "****"),
        (Mask.ADDRESS, "陕西省清河县柳林镇3号", "陕西省清河***"),
        (Mask.ADDRESS, "柳林", "柳***"),
        (Mask.ADDRESS, "", "***"),
        (Mask.EMAIL, "zhang@example.com", "z***@example.com"),
        (Mask.EMAIL, "@example.com", "***"),
        (Mask.EMAIL, "nobody", "***"),
        (Mask.FULL, "anything", "***"),
        (Mask.NONE, "anything", "anything"),
    ],
)
def test_it_works(mask: Mask, value: str, shown: str) -> None:
    assert masking.mask_text(mask, value) == shown


@pytest.mark.parametrize("mask", list(Mask))
def test_nothing_stays_nothing(mask: Mask) -> None:
    assert masking.mask_text(mask, None) is None


def test_a_token_joins_within_a_bank_only(qinghe: Scope, baishui: Scope) -> None:
    here, there = masking.token_salt(qinghe), masking.token_salt(baishui)
    token = masking.mask_text(Mask.TOKEN, "610123199001011234", here)
    assert token == masking.mask_text(Mask.TOKEN, "610123199001011234", here)
    assert token != masking.mask_text(Mask.TOKEN, "610123199001011234", there)
    assert token is not None
    assert len(token) == masking.TOKEN_CHARACTERS


@settings(deadline=None, max_examples=60)
@given(
    mask=st.sampled_from(TEXT_MASKS),
    values=st.lists(
        st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
        min_size=1,
        max_size=30,
    ),
)
def test_the_sql_masks_as_the_function_does(mask: Mask, values: list[str | None]) -> None:
    shown = masking.mask_sql(Column("a", "string", "甲", "A"), mask, SALT)
    with duckdb.connect() as connection:
        connection.register("t", pa.table({"a": pa.array(values, pa.string())}))
        found = connection.sql(exp.select(shown).from_("t").sql("duckdb")).fetchall()
    assert [row[0] for row in found] == [masking.mask_text(mask, value, SALT) for value in values]


@pytest.mark.parametrize("name", ['a"b', "a' OR 1=1 --", "x", "salt"])
def test_the_sql_quotes_what_it_is_given(name: str) -> None:
    column = replace(LOAN.columns[1])
    object.__setattr__(column, "name", name)
    sql = masking.mask_sql(column, Mask.TOKEN, "it's").sql("duckdb")
    with duckdb.connect() as connection:
        connection.register("t", pa.table({name: ["v"]}))
        assert len(connection.sql(f"SELECT {sql} FROM t").fetchall()[0][0]) == 16


@pytest.mark.parametrize(
    ("level", "clearance", "mask", "unmasked", "expected"),
    [
        (3, 3, Mask.NAME, False, Mask.NAME),
        (3, 3, Mask.NAME, True, Mask.NONE),
        (3, 3, Mask.NONE, False, Mask.NONE),
        (3, 2, Mask.NONE, False, Mask.FULL),
        (3, 2, Mask.NAME, True, Mask.FULL),
        (5, 5, Mask.FULL, False, Mask.FULL),
    ],
)
def test_the_rule(
    risk_officer: Scope, level: int, clearance: int, mask: Mask, unmasked: bool, expected: Mask
) -> None:
    column = Column("a", "string", "甲", "A", PiClass.C2, level, mask)
    reader = replace(risk_officer, clearance=clearance)
    if unmasked:
        reader = reader.unmasked("a complaint")
    assert masking.rule(reader, column) is expected


def test_the_platform_sees_all_and_shows_people_less(qinghe: Scope) -> None:
    assert masking.masked(qinghe, LOAN, loans(3)) is not None
    assert masking.masked(qinghe, LOAN, loans(3)).equals(loans(3))
    assert masking.masked_columns(qinghe, LOAN) == {"name", "phone"}


def test_masked_rows_keep_their_types(analyst: Scope) -> None:
    shown = masking.masked(analyst, LOAN, loans(3))
    assert shown.schema == loans(3).schema
    assert shown["name"].to_pylist() == ["张*", "欧*", "李*"]
    assert shown["secret_score"].null_count == 3
    assert masking.masked_columns(analyst, LOAN) == {"name", "phone", "secret_score"}


def test_binary_and_large_levels_hide(analyst: Scope) -> None:
    table = Table(
        Layer.RAW,
        "scan",
        "影像",
        "Scans",
        (Column("image", "binary", "图", "Image", PiClass.C2, 3),),
    )
    rows = pa.table({"image": pa.array([b"face"], pa.binary())})
    assert masking.masked(analyst, table, rows)["image"].to_pylist() == [None]
