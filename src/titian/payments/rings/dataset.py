"""Accounts and transfers in AMLSim's layout, checked, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np

from titian.kernel.errors import InvalidInput, LimitExceeded
from titian.payments.rings.limits import MAX_ACCOUNTS, MAX_AMOUNT, MAX_TRANSFERS
from titian.payments.windows.layout import Floats, Ints

_NODES: Final = ("nodeid", "isFraud")
_TRANSFERS: Final = ("sourceNodeId", "targetNodeId", "value", "time")
_MAX_TIME: Final = 4_102_444_800_000_000  # the year 2100 in microseconds; steps are far below


@dataclass(frozen=True, slots=True)
class Transfers:
    """Transfers [t] between accounts numbered 0 to `accounts` - 1; amounts are positive."""

    accounts: int
    source: Ints
    target: Ints
    amount: Floats
    time: Ints


def read_files(nodes: Path, transfers: Path) -> tuple[Transfers, Ints]:
    """Read Parquet or CSV; give the transfers and the truth [accounts], 0 or 1.

    A transfer to oneself or of nothing moves no money and is left out.
    Raises InvalidInput, LimitExceeded.
    """
    with duckdb.connect() as connection:
        ids, fraud = _nodes(_open(connection, nodes, _NODES), nodes.name)
        found = _transfers(_open(connection, transfers, _TRANSFERS), transfers.name)
    source, target = (_numbers(ids, found[name], transfers.name) for name in _TRANSFERS[:2])
    moves = (source != target) & (found["value"] > 0)
    return Transfers(
        len(ids), source[moves], target[moves], found["value"][moves], found["time"][moves]
    ), fraud


def _open(
    connection: duckdb.DuckDBPyConnection, file: Path, columns: tuple[str, ...]
) -> duckdb.DuckDBPyRelation:
    if not file.is_file():
        raise InvalidInput(f"{file} is not a file", "Check the path.")
    try:
        csv = file.suffix.lower() in (".csv", ".txt", ".gz")
        raw = (
            connection.read_csv(str(file), all_varchar=True)
            if csv
            else connection.read_parquet(str(file))
        )
    except duckdb.Error as error:
        raise InvalidInput(
            f"{file.name} cannot be read: {str(error).splitlines()[0]}",
            "Give Parquet, or CSV with a heading.",
        ) from None
    missing = [name for name in columns if name not in raw.columns]
    if missing:
        raise InvalidInput(
            f"{file.name} has no column {', '.join(missing)}",
            f"It needs {', '.join(columns)}.",
        )
    return raw


def _nodes(raw: duckdb.DuckDBPyRelation, file: str) -> tuple[Ints, Ints]:
    found = _columns(raw, "TRY_CAST(nodeid AS BIGINT) AS nodeid, "
                     "TRY_CAST(isFraud AS BIGINT) AS isFraud", file, MAX_ACCOUNTS)  # fmt: skip
    ids, first = np.unique(found["nodeid"], return_index=True)
    if len(ids) != len(found["nodeid"]):
        raise InvalidInput(f"{file} names an account twice", "Give each nodeid one row.")
    if not np.isin(found["isFraud"], (0, 1)).all():
        raise InvalidInput(f"{file} holds isFraud other than 0 and 1", "Mend the file.")
    return ids, found["isFraud"][first]


def _transfers(raw: duckdb.DuckDBPyRelation, file: str) -> dict[str, Ints]:
    found = _columns(
        raw,
        "TRY_CAST(sourceNodeId AS BIGINT) AS sourceNodeId, "
        "TRY_CAST(targetNodeId AS BIGINT) AS targetNodeId, "
        "TRY_CAST(value AS DOUBLE) AS value, COALESCE(TRY_CAST(time::VARCHAR AS BIGINT), "
        "epoch_us(TRY_CAST(time::VARCHAR AS TIMESTAMP))) AS time",
        file,
        MAX_TRANSFERS,
    )
    value = found["value"]
    if not ((value >= 0) & (value <= MAX_AMOUNT)).all():
        raise InvalidInput(
            f"{file} holds an amount that is negative, infinite or above {MAX_AMOUNT:.0e}",
            "Mend the column value.",
        )
    if not ((found["time"] >= 0) & (found["time"] <= _MAX_TIME)).all():
        raise InvalidInput(
            f"{file} holds a time before 0 or after the year 2100",
            "Give steps from 0, or microseconds since 1970.",
        )
    return found


def _columns(
    raw: duckdb.DuckDBPyRelation, projection: str, file: str, most: int
) -> dict[str, Ints]:
    try:
        table = raw.project(projection).limit(most + 1).to_arrow_table()
    except duckdb.Error as error:
        raise InvalidInput(
            f"{file} cannot be read: {str(error).splitlines()[0]}", "Mend the file."
        ) from None
    if not table.num_rows:
        raise InvalidInput(f"{file} holds no rows", "Give a file with data.")
    if table.num_rows > most:
        raise LimitExceeded(f"{file} holds more than {most:,} rows", "Give a smaller file.")
    for name in table.column_names:
        if table[name].null_count:
            raise InvalidInput(
                f"{file}: {table[name].null_count:,} rows lack {name} or hold it badly",
                "Give numbers in every row.",
            )
    return {name: table[name].to_numpy() for name in table.column_names}


def _numbers(ids: Ints, named: Ints, file: str) -> Ints:
    place = np.minimum(np.searchsorted(ids, named), len(ids) - 1)
    unknown = named[ids[place] != named]
    if unknown.size:
        raise InvalidInput(
            f"{file} names account {unknown[0]}, which the accounts do not hold",
            "Give the accounts and transfers of one world.",
        )
    return place.astype(np.int64)
