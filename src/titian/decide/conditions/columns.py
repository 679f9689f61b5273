"""Columns of a batch: an array of values, and which of them are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from titian.decide.conditions.fields import Kind, Type
from titian.kernel.errors import InvalidInput

Array = np.ndarray[Any, np.dtype[Any]]

DTYPES: Mapping[Kind, np.dtype[Any]] = {
    Kind.STRING: np.dtype(object),
    Kind.INTEGER: np.dtype(np.int64),
    Kind.DOUBLE: np.dtype(np.float64),
    Kind.DECIMAL: np.dtype(object),
    Kind.BOOLEAN: np.dtype(np.bool_),
    Kind.DATE: np.dtype("M8[D]"),
    Kind.TIMESTAMP: np.dtype("M8[us]"),
}
_FILL: Mapping[Kind, Any] = {
    Kind.STRING: "",
    Kind.INTEGER: 0,
    Kind.DOUBLE: 0.0,
    Kind.DECIMAL: Decimal(0),
    Kind.BOOLEAN: False,
    Kind.DATE: "1970-01-01",
    Kind.TIMESTAMP: "1970-01-01",
}


class Column(NamedTuple):
    """Values [n] in the dtype of `DTYPES`, and a mask [n] of those known (None: all of them).

    What stands where nothing is known does not matter.
    """

    values: Array
    known: Array | None = None


Columns = Mapping[str, Column]


def column(values: Sequence[Any], type_: Type) -> Column:
    """Make a column of plain Python values, where None is unknown."""
    known = np.fromiter((value is not None for value in values), np.bool_, len(values))
    fill = _FILL[type_.kind]
    made = np.empty(len(values), DTYPES[type_.kind])
    made[:] = [fill if value is None else value for value in values]
    return Column(made, None if known.all() else known)


def checked(name: str, given: Column, kind: Kind) -> Column:
    """Give a field's column ready to compute with. Raises InvalidInput for another dtype."""
    values, known = given
    if values.dtype != DTYPES[kind]:
        raise InvalidInput(
            f"column {name} of a batch holds {values.dtype}, not {DTYPES[kind]}",
            "Build it with the dtype of its field's type.",
        )
    if known is None:
        return given
    if kind is Kind.BOOLEAN:
        return Column(values & known, known)
    if values.dtype == object:
        return Column(np.where(known, values, _FILL[kind]), known)
    return given
