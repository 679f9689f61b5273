"""A labelled history of card payments with its declared features, computed causally."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from titian.decide import Field, Schema, Type
from titian.kernel.errors import InvalidInput
from titian.kernel.labels import Label
from titian.payments.features import Source, compile_plan, read_features
from titian.payments.features.columns import kernel_input
from titian.payments.model import MAX_AMOUNT_FEN
from titian.payments.training.config import Columns
from titian.payments.windows import Limits, Windows
from titian.payments.windows.layout import Bytes, Floats, Ints

MAX_EVENTS: Final = 50_000_000
_DAY_US: Final = 86_400_000_000
_SOURCE: Final = Source(
    ("customer_id", "terminal_id"),
    Schema([Field("is_fraud", Type.of("boolean"), Label("欺诈", "fraud"))]),
)


@dataclass(frozen=True, slots=True)
class History:
    """Payments in order of time [n], features [n, width] and what became of each.

    `day` counts days since 1970 UTC, `customer` numbers customers, `fraud` is 0 or 1.
    """

    day: Ints
    customer: Ints
    fraud: Bytes
    features: Floats
    names: tuple[str, ...]


def read_history(files: Sequence[Path], columns: Columns, delay_days: int) -> History:
    """Read Parquet or CSV files and compute the declared features. Raises InvalidInput."""
    table = _events(files, columns)
    features, names = _velocity(table, delay_days)
    at_us = table["at_us"].to_numpy()
    amount = table["amount_fen"].to_numpy().astype(float)
    day = at_us // _DAY_US
    hour = (at_us % _DAY_US) / (_DAY_US / 24)
    weekend = (day + 3) % 7 >= 5  # noqa: PLR2004 - 1970-01-01 was a Thursday
    shares = _shares(features, names)
    return History(
        day=day,
        customer=table["customer_id"].to_numpy(),
        fraud=table["is_fraud"].to_numpy(zero_copy_only=False).astype(np.uint8),
        features=np.column_stack([amount, hour, weekend, features, *shares.values()]),
        names=("amount_fen", "hour", "weekend", *names, *shares),
    )


def _events(files: Sequence[Path], columns: Columns) -> pa.Table:
    if not files:
        raise InvalidInput("no file was given", "Name one or more Parquet or CSV files.")
    with duckdb.connect() as connection:
        parts = [_relation(connection, file, columns) for file in files]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.union(part)
        numbered = whole.project(
            "*, CASE WHEN customer IS NOT NULL THEN dense_rank() OVER (ORDER BY customer) END"
            " AS customer_id"
        )
        try:
            table = numbered.order("at_us, event").to_arrow_table()
        except duckdb.Error as error:
            raise _unreadable(", ".join(file.name for file in files), error) from None
    _check_values(table)
    return table


def _check_values(table: pa.Table) -> None:
    if not table.num_rows or table.num_rows > MAX_EVENTS:
        raise InvalidInput(
            f"the files hold {table.num_rows:,} payments", f"Give 1 to {MAX_EVENTS:,}."
        )
    for name in ("at_us", "amount_fen", "customer_id", "terminal_id", "is_fraud"):
        if table[name].null_count:
            raise InvalidInput(
                f"{table[name].null_count:,} payments lack {name} or hold it badly",
                "Mend the file; labels are 0 or 1, amounts are not negative.",
            )
    repeated = table.num_rows - len(table["event"].unique())
    if repeated:
        raise InvalidInput(
            f"{repeated:,} payments have the identifier of another", "Give each payment once."
        )


def _relation(
    connection: duckdb.DuckDBPyConnection, file: Path, columns: Columns
) -> duckdb.DuckDBPyRelation:
    if not file.is_file():
        raise InvalidInput(f"{file} is not a file", "Check the path.")
    try:
        csv = file.suffix.lower() in (".csv", ".txt", ".gz")
        raw = connection.read_csv(str(file)) if csv else connection.read_parquet(str(file))
        _check_columns(raw, file, columns)
        return raw.project(_projection(columns))
    except duckdb.Error as error:
        raise _unreadable(file.name, error) from None


def _unreadable(name: str, error: duckdb.Error) -> InvalidInput:
    return InvalidInput(
        f"{name} cannot be read: {str(error).splitlines()[0]}",
        "Give Parquet, or CSV with a heading; map other names with --config.",
    )


def _check_columns(raw: duckdb.DuckDBPyRelation, file: Path, columns: Columns) -> None:
    wanted = [getattr(columns, name) for name in Columns.__dataclass_fields__]
    missing = [name for name in wanted if name not in raw.columns]
    if missing:
        raise InvalidInput(
            f"{file.name} has no column {', '.join(missing)}",
            f"It has {', '.join(raw.columns[:20])}; map names in --config [columns].",
        )


def _projection(columns: Columns) -> str:
    quoted = {
        name: '"' + getattr(columns, name).replace('"', '""') + '"'
        for name in Columns.__dataclass_fields__
    }
    return (
        f"{quoted['event']} AS event, "
        f"epoch_us(TRY_CAST({quoted['occurred_at']} AS TIMESTAMP)) AS at_us, "
        f"{quoted['customer']}::VARCHAR AS customer, "
        f"{quoted['terminal']}::VARCHAR AS terminal_id, "
        f"CASE WHEN {quoted['amount']} BETWEEN 0 AND {MAX_AMOUNT_FEN // 100} "
        f"THEN TRY_CAST(round({quoted['amount']} * 100) AS BIGINT) END AS amount_fen, "
        f"CASE {quoted['fraud']}::VARCHAR WHEN '1' THEN true WHEN '0' THEN false "
        "WHEN 'true' THEN true WHEN 'false' THEN false END AS is_fraud"
    )


def _velocity(table: pa.Table, delay_days: int) -> tuple[Floats, tuple[str, ...]]:
    file = resources.files("titian.payments") / "presets" / "features" / "card.yaml"
    text = file.read_text(encoding="utf-8").replace("{label_delay}", f"{max(delay_days, 1)}d")
    plan = compile_plan(read_features(text, "card.yaml", _SOURCE))
    windows = Windows(plan.shape, Limits(entries=256_000_000, slots=32_000_000))
    features, _ = windows.update(kernel_input(plan, table))
    return features, plan.names


def _shares(features: Floats, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    made = {}
    for place, name in enumerate(names):
        if name.startswith("terminal_fraud_count_"):
            seen = features[:, names.index(name.replace("fraud", "seen"))]
            share = np.divide(features[:, place], seen, out=np.zeros_like(seen), where=seen > 0)
            made[name.replace("count", "share")] = share
    return made
