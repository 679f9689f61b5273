"""Operations on whole arrays: whole numbers within 64 bits, doubles and days.

Each takes the values of known and unknown cells alike and gives the result with, where it may be
unknown for a reason of its own, a mask of what is known.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from titian.decide.conditions.columns import Array, Column
from titian.decide.conditions.scalar import MAX_INTEGER, MIN_INTEGER

_SAFE = 2.0**62  # a sum or product that a double puts below this is within 64 bits
_MAX_SHIFT = 4_000_000  # more days than years 1 to 9999 have
_FIRST, _LAST = (int(np.datetime64(day, "D").astype(np.int64)) for day in
                 ("0001-01-01", "9999-12-31"))  # fmt: skip

Kernel = Callable[..., Column]


def whole(ufunc: np.ufunc) -> Kernel:
    """Make add, subtract, multiply, negative or absolute exact: beyond 64 bits is unknown."""

    def computed(*args: Array) -> Column:
        near = np.abs(ufunc(*args, dtype=np.float64))
        if near.max(initial=0.0) < _SAFE:
            return Column(ufunc(*args))
        wide = ufunc(*(arg.astype(object) for arg in args))
        fits = np.asarray((wide >= MIN_INTEGER) & (wide <= MAX_INTEGER), np.bool_)
        return Column(np.where(fits, wide, 0).astype(np.int64), fits)

    return computed


def plain(function: Callable[..., Array]) -> Kernel:
    """Make a kernel of a function whose result is always known."""
    return lambda *args: Column(function(*args))


def quotient(left: Array, right: Array) -> Column:
    """Divide doubles."""
    known = right != 0
    return Column(left / np.where(known, right, 1.0), known)


def whole_quotient(left: Array, right: Array) -> Column:
    """Divide whole numbers towards zero."""
    known = (right != 0) & ~((right == -1) & (left == MIN_INTEGER))
    safe = np.where(known, right, 1)
    return Column((left - np.fmod(left, safe)) // safe, known)


def remainder(left: Array, right: Array) -> Column:
    """Give what `whole_quotient` leaves; it has the sign of `left`."""
    known = right != 0
    return Column(np.fmod(left, np.where(known & (right != -1), right, 1)), known)


def round_double(values: Array, places: Array) -> Column:
    """Round half away from zero."""
    power = np.float64(10.0) ** places
    scaled = values * power
    down = np.trunc(scaled)
    down = down + np.copysign(np.abs(scaled - down) >= 0.5, scaled)  # noqa: PLR2004
    return Column(np.where(np.isfinite(scaled), down / power, values))


def below(left: Array, right: Array) -> Array:
    """Whether left comes before right, among doubles: NaN comes last."""
    found: Array = (left < right) | (np.isnan(right) & ~np.isnan(left))
    return found


def equal(left: Array, right: Array) -> Array:
    """Whether doubles are the same; NaN is the same as NaN."""
    found: Array = (left == right) | (np.isnan(right) & np.isnan(left))
    return found


def _days(values: Array) -> Array:
    return values.astype("M8[D]").astype(np.int64)


def _months(values: Array) -> Array:
    return values.astype("M8[M]").astype(np.int64)


def _day(values: Array) -> Array:
    first = values.astype("M8[M]").astype("M8[D]")
    found: Array = (values.astype("M8[D]") - first).astype(np.int64) + 1
    return found


def _hours(values: Array) -> Array:
    return values.astype("M8[h]").astype(np.int64)


PARTS: dict[str, Callable[[Array], Array]] = {
    "year": lambda values: values.astype("M8[Y]").astype(np.int64) + 1970,
    "quarter": lambda values: _months(values) % 12 // 3 + 1,
    "month": lambda values: _months(values) % 12 + 1,
    "day": _day,
    "hour": lambda values: _hours(values) % 24,
    "isodow": lambda values: (_days(values) + 3) % 7 + 1,
}
COUNTED: dict[str, Callable[[Array], Array]] = {
    "day": _days,
    "month": _months,
    "quarter": lambda values: _months(values) // 3,
    "year": lambda values: values.astype("M8[Y]").astype(np.int64),
    "hour": _hours,
    "minute": lambda values: values.astype("M8[m]").astype(np.int64),
}


def _weeks(days: Array) -> Array:
    found: Array = (days - np.fmod(days, 7)) // 7
    return found


def date_diff(unit: str) -> Kernel:
    """Count the boundaries of a unit that lie between two days or moments, or the whole weeks."""
    if unit == "week":
        return lambda start, end: Column(_weeks(_days(end) - _days(start)))
    counted = COUNTED[unit]
    return lambda start, end: Column(counted(end) - counted(start))


def shifted(sign: int) -> Kernel:
    """Add (or subtract) whole days to days; outside years 1 to 9999 is unknown."""

    def computed(day: Array, days: Array) -> Column:
        number = _days(day) + sign * np.clip(days, -_MAX_SHIFT, _MAX_SHIFT)
        within = (number >= _FIRST) & (number <= _LAST)
        return Column(np.where(within, number, 0).astype("M8[D]"), within)

    return computed
