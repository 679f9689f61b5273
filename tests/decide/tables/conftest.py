"""The fields and the small credit table that the tests of decision tables use."""

from __future__ import annotations

import pytest

from titian.decide import Field, Label, Schema, Type
from titian.decide.tables import HitPolicy, Input, Output, Table, TableRow


def _field(name: str, type_: str, *values: str) -> Field:
    labels = {value: Label(value, value) for value in values}
    return Field(name, Type.of(type_), Label(name, name), labels or None)


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema(
        [
            _field("age_years", "integer"),
            _field("amount_fen", "integer"),
            _field("limit_fen", "integer"),
            _field("rate", "decimal(9,6)"),
            _field("score", "double"),
            _field("channel", "string", "card", "mobile", "online"),
            _field("name", "string"),
            _field("known", "boolean"),
            _field("opened", "date"),
            _field("seen_at", "timestamp"),
        ]
    )


@pytest.fixture
def credit() -> Table:
    return Table(
        name="credit",
        label=Label("准入", "Credit"),
        hit=HitPolicy.FIRST,
        inputs=(Input("age_years", Label("年龄", "Age")), Input("amount_fen")),
        outputs=(
            Output("outcome", Type.of("string"), ranks=("approve", "refer", "decline")),
            Output("limit_fen", Type.of("integer")),
        ),
        rows=(
            TableRow(("< 18", ""), ("decline", "0"), Label("未成年", "under age")),
            TableRow(("BETWEEN 18 AND 60", "<= wan(5)"), ("approve", "5000000")),
            TableRow(("BETWEEN 18 AND 60", "> wan(5)"), ("refer", "")),
            TableRow(("", ""), ("decline", "0")),
        ),
    )
