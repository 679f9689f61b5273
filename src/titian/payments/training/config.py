"""How a file of card payments calls its columns; TOML, the published layout by default.

[columns]
event = "transaction_id"
occurred_at = "occurred_at"
customer = "customer_id"
terminal = "terminal_id"
amount = "amount"
fraud = "is_fraud"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from titian.data.strict import nearest
from titian.kernel.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of a file's columns; `amount` is in yuan."""

    event: str = "transaction_id"
    occurred_at: str = "occurred_at"
    customer: str = "customer_id"
    terminal: str = "terminal_id"
    amount: str = "amount"
    fraud: str = "is_fraud"


def read_config(path: Path | None) -> Columns:
    """Read a configuration, or give the default layout. Raises InvalidInput."""
    if path is None:
        return Columns()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(
            f"{path.name} cannot be read: {error}", "Give a TOML file with a [columns] table."
        ) from None
    return Columns(**_names(given, path.name))


def _names(given: dict[str, object], file: str) -> dict[str, str]:
    allowed = tuple(field.name for field in fields(Columns))
    for key in given:
        if key != "columns":
            raise InvalidInput(f"{file}: unknown table [{key}]", "Only [columns] is known.")
    columns = given.get("columns", {})
    if not isinstance(columns, dict):
        raise InvalidInput(f"{file}: columns is not a table", "Write [columns] above the names.")
    for key, value in columns.items():
        if key not in allowed:
            raise InvalidInput(f"{file}: unknown column {key!r}", nearest(key, allowed))
        if not isinstance(value, str) or not value:
            raise InvalidInput(f"{file}: {key} is not a column's name", "Write it in quotes.")
    return columns
