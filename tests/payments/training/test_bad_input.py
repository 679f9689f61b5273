"""What cannot be evaluated is refused, saying what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from titian.kernel.errors import InvalidInput
from titian.payments.training.config import Columns, read_config
from titian.payments.training.dataset import read_history
from titian.payments.training.folds import Protocol, split, starts

GOOD: Mapping[str, list[Any]] = {
    "transaction_id": [1, 2, 3],
    "occurred_at": ["2026-01-01 10:00:00", "2026-01-02 11:00:00", "2026-01-03 12:00:00"],
    "customer_id": ["c", "c", "d"],
    "terminal_id": ["t", "t", "t"],
    "amount": [1.5, 2.0, 3.0],
    "is_fraud": [0, 1, 0],
}


def written(folder: Path, **changed: list[Any]) -> Path:
    file = folder / "payments.parquet"
    pq.write_table(pa.table({**GOOD, **changed}), file)
    return file


def test_it_works_for_parquet_and_csv(tmp_path: Path) -> None:
    file = written(tmp_path)
    lines = [",".join(GOOD), *(",".join(map(str, row)) for row in zip(*GOOD.values(), strict=True))]
    text = tmp_path / "payments.csv"
    text.write_text("\n".join(lines))
    for path in (file, text):
        history = read_history([path], Columns(), 7)
        assert history.features[:, 0].tolist() == [150, 200, 300]
        assert history.fraud.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"amount": [1.0, float("nan"), 2.0]}, "amount_fen"),
        ({"amount": [1.0, -5.0, 2.0]}, "amount_fen"),
        ({"amount": [1.0, 1e300, 2.0]}, "amount_fen"),
        ({"amount": ["a", "b", "c"]}, "payments.parquet"),
        ({"is_fraud": [0, 2, 1]}, "is_fraud"),
        ({"is_fraud": [None, 1, 0]}, "is_fraud"),
        ({"occurred_at": ["yesterday", *GOOD["occurred_at"][1:]]}, "at_us"),
        ({"transaction_id": [1, 2, 2]}, "1 payments have the identifier of another"),
        ({"customer_id": [None, "c", "c"]}, "customer_id"),
    ],
)
def test_bad_values_are_refused(tmp_path: Path, changed: dict[str, list[Any]], what: str) -> None:
    with pytest.raises(InvalidInput, match=what) as caught:
        read_history([written(tmp_path, **changed)], Columns(), 7)
    assert caught.value.remedy


def test_a_missing_file_and_a_missing_column_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"gone\.parquet is not a file"):
        read_history([tmp_path / "gone.parquet"], Columns(), 7)
    with pytest.raises(InvalidInput, match="no column betrag") as caught:
        read_history([written(tmp_path)], Columns(amount="betrag"), 7)
    assert "amount" in caught.value.remedy


def test_a_mistake_in_the_configuration_names_the_near_match(tmp_path: Path) -> None:
    file = tmp_path / "columns.toml"
    file.write_text('[columns]\ncustmer = "client"\n')
    with pytest.raises(InvalidInput, match="custmer") as caught:
        read_config(file)
    assert "customer" in caught.value.remedy


def test_folds_beyond_the_data_and_weeks_without_fraud_are_refused(tmp_path: Path) -> None:
    history = read_history([written(tmp_path)], Columns(), 7)
    with pytest.raises(InvalidInput, match="needs 2026-01-01 to 2026-01-21"):
        split(history, date(2026, 1, 1), Protocol())
    with pytest.raises(InvalidInput, match="hold 0 frauds"):
        split(history, date(2026, 1, 1), Protocol(1, 1, 1))
    with pytest.raises(InvalidInput, match="--folds is 0"):
        starts(date(2026, 1, 1), 0, Protocol())
