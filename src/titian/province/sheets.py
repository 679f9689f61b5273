"""What each unload file holds: for every feed its rows by day, its cells and its totals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pyarrow as pa

from titian.province import text
from titian.province.model import Dates, Ints, ProvinceConfig, World, size


class Flaw(StrEnum):
    """Kinds of bad rows that are planted."""

    WRONG_CODE = "wrong_code"
    BAD_DATE = "bad_date"
    MISSING_REQUIRED = "missing_required"
    EXTRA_FIELD = "extra_field"
    IMPOSSIBLE_AMOUNT = "impossible_amount"
    BROKEN_ENCODING = "broken_encoding"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One feed of one bank: rows ordered by day.

    `starts` has one number more than there are days: rows starts[d] to starts[d+1] belong to the
    d-th day. `cells(low, high)` builds the columns of a range of rows (a cell may hold several
    fields already joined). `totals` are fen per row of the columns the control file adds up;
    `flaws` names the fields that may be spoilt, by kind.
    """

    feed: str
    fields: tuple[str, ...]
    starts: Ints
    cells: Callable[[int, int], list[pa.Array]]
    totals: dict[str, Ints] = field(default_factory=dict)
    flaws: Mapping[Flaw, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ids:
    """Every id of a bank as text, row by row with its tables."""

    org: pa.Array
    officer: pa.Array
    village: pa.Array
    grid: pa.Array
    household: pa.Array
    party: pa.Array
    account: pa.Array
    card: pa.Array
    loan: pa.Array


def ids_of(world: World) -> Ids:
    """Build the ids of a bank: a letter, the bank's number, and the row counted from 1."""
    no = f"{world.bank.no:02d}"

    def numbered(letter: str, count: int, width: int) -> pa.Array:
        return text.ids(letter + no, np.arange(1, count + 1), width)

    return Ids(
        org=numbered("O", size(world.orgs), 4),
        officer=numbered("F", size(world.officers), 4),
        village=numbered("V", size(world.villages), 4),
        grid=numbered("G", int(world.villages.grid.max()) + 1, 4),
        household=numbered("H", size(world.households), 6),
        party=numbered("P", size(world.people), 7),
        account=numbered("A", size(world.accounts), 8),
        card=numbered("C", size(world.cards), 8),
        loan=numbered("L", size(world.loans), 7),
    )


def starts_of(config: ProvinceConfig, day: Ints) -> Ints:
    """Return where each day begins in rows ordered by day (numbers from 0)."""
    return np.searchsorted(day, np.arange(config.days + 1)).astype(np.int64)


def day_numbers(config: ProvinceConfig, days: Dates) -> Ints:
    """Return days counted from the start of the window; earlier days become 0."""
    numbers: Ints = (days - config.start_day).astype(np.int64)
    return np.maximum(numbers, 0)


def whole_columns(columns: list[pa.Array]) -> Callable[[int, int], list[pa.Array]]:
    """Serve ranges of columns that are small enough to build at once."""

    def cells(low: int, high: int) -> list[pa.Array]:
        return [column.slice(low, high - low) for column in columns]

    return cells
