"""The fields that the tests of conditions use."""

from __future__ import annotations

import pytest

from titian.decide import Field, Label, Schema, Type


def _field(name: str, type_: str, zh: str, en: str, unit: str = "", **values: str) -> Field:
    labels = {code: Label(zh_label, code) for code, zh_label in values.items()}
    return Field(name, Type.of(type_), Label(zh, en), labels or None, unit)


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema(
        [
            _field("age_years", "integer", "年龄", "age"),
            _field("balance_fen", "integer", "余额", "balance", unit="fen"),
            _field("rate", "decimal(9,6)", "利率", "rate"),
            _field("land_mu", "decimal(9,2)", "土地", "land"),
            _field("score", "double", "评分", "score"),
            _field("gender", "string", "性别", "gender", male="男", female="女"),
            _field("name", "string", "姓名", "name"),
            _field("opt_out", "boolean", "拒绝营销", "opted out"),
            _field("open_date", "date", "开户日期", "opening date"),
            _field("seen_at", "timestamp", "最近时间", "last seen"),
        ]
    )
