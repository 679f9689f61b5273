"""Dates and times, in the forms that core systems write."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds.values.parsed import Mask, Parsed, matching, only_figures, to_mask, trimmed

Whole: TypeAlias = npt.NDArray[np.int64]
WOMEN_MONTH_SHIFT = 50
_DAY_SECONDS = 86_400
_DAYS_BEFORE = np.array([0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], np.int64)
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
_EPOCH = 719_162
_MIDNIGHT = r"[ T]00:00:00(?:\.0+)?$"


def yyyymmdd(text: pa.Array) -> Parsed:
    """Read 20260131."""
    numbers, text, bad = _figures(text, 8)
    days, wrong = _days(numbers // 10_000, numbers // 100 % 100, numbers % 100)
    return _dates(days, text, bad | wrong)


def yymmdd(text: pa.Array, pivot: int) -> Parsed:
    """Read 930705; years from `pivot` on are of the 1900s. A midnight after it is left out."""
    numbers, text, bad = _figures(_without_midnight(text, 6), 6)
    days, wrong = _days(_century(numbers // 10_000, pivot), numbers // 100 % 100, numbers % 100)
    return _dates(days, text, bad | wrong)


def birth_number(text: pa.Array, *, as_date: bool) -> Parsed:
    """Read 706213 as a birth date (13 December 1970) or a gender (50 on the month: female)."""
    numbers, text, bad = _figures(text, 6)
    month = numbers // 100 % 100
    woman = month > WOMEN_MONTH_SHIFT
    month = np.where(woman, month - WOMEN_MONTH_SHIFT, month)
    days, wrong = _days(1900 + numbers // 10_000, month, numbers % 100)
    if as_date:
        return _dates(days, text, bad | wrong)
    missing, settled = _settled(text, bad | wrong)
    chosen = pa.array(woman.astype(np.int8), mask=missing)
    return Parsed(pa.array(["male", "female"]).take(chosen), settled)


def yyyymmddhhmmss(text: pa.Array) -> Parsed:
    """Read 20260131235959."""
    numbers, text, bad = _figures(text, 14)
    day, clock = numbers // 1_000_000, numbers % 1_000_000
    days, wrong = _days(day // 10_000, day // 100 % 100, day % 100)
    hour, minute, second = clock // 10_000, clock // 100 % 100, clock % 100
    wrong |= (hour > 23) | (minute > 59) | (second > 59)  # noqa: PLR2004
    seconds = days * _DAY_SECONDS + hour * 3_600 + minute * 60 + second
    missing, settled = _settled(text, wrong | bad)
    values = pa.array(seconds * 1_000_000, mask=missing).cast(pa.timestamp("us"))
    return Parsed(values, settled)


def iso_date(text: pa.Array) -> Parsed:
    """Read 2026-01-31; a midnight after it is left out."""
    text = _without_midnight(text, 10)
    try:
        return Parsed(text.cast(pa.date32()))
    except pa.ArrowInvalid:
        return _one_by_one(text, r"\d{4}-\d\d-\d\d", date.fromisoformat, pa.date32())


def iso_timestamp(text: pa.Array) -> Parsed:
    """Read 2026-01-31 23:59:59, with T or a blank, with up to six decimals, or the day alone."""
    try:
        return Parsed(text.cast(pa.timestamp("us")))
    except pa.ArrowInvalid:
        shape = r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.(?:\d{3}|\d{6}))?)?)?"
        return _one_by_one(text, shape, datetime.fromisoformat, pa.timestamp("us"))


def _one_by_one(text: pa.Array, shape: str, read: object, kind: pa.DataType) -> Parsed:
    assert callable(read)
    plain = trimmed(text)
    values: list[object] = []
    for value in matching(plain, shape).to_pylist():
        try:
            values.append(None if value is None else read(value))
        except ValueError:
            values.append(None)
    made = pa.array(values, kind)
    return Parsed(made, to_mask(pc.and_(pc.is_null(made), pc.is_valid(plain))))


def _figures(text: pa.Array, width: int) -> tuple[Whole, pa.Array, Mask]:
    """Give numbers of exactly `width` digits (0 where missing or bad), their text, and the bad."""
    if _all_of(text, width):
        try:
            numbers = text.cast(pa.int64())
        except pa.ArrowInvalid:
            pass
        else:
            return _filled(numbers), text, np.zeros(len(text), np.bool_)
    plain = trimmed(text)
    kept = matching(plain, f"[0-9]{{{width}}}")
    bad = to_mask(pc.and_(pc.is_null(kept), pc.is_valid(plain)))
    return _filled(kept.cast(pa.int64())), plain, bad


def _all_of(text: pa.Array, width: int) -> bool:
    ends = pc.min_max(pc.binary_length(text)).as_py()
    return only_figures(text) and ends["min"] in (width, None) and ends["max"] in (width, None)


def _filled(numbers: pa.Array) -> Whole:
    filled = numbers.fill_null(0) if numbers.null_count else numbers
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)


def _days(year: Whole, month: Whole, day: Whole) -> tuple[Whole, Mask]:
    """Give days since 1970 in the proleptic Gregorian calendar, and which were no day."""
    wrong = (year < 1) | (month < 1) | (month > 12) | (day < 1)  # noqa: PLR2004
    month = np.where(wrong, 1, month)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    wrong |= day > _MONTH_DAYS[month] + (leap & (month == 2))  # noqa: PLR2004
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400
    days += _DAYS_BEFORE[month] + (leap & (month > 2)) + day - 1 - _EPOCH  # noqa: PLR2004
    return days, wrong


def _century(year: Whole, pivot: int) -> Whole:
    return np.where(year >= pivot, year + 1900, year + 2000)


def _without_midnight(text: pa.Array, day_length: int) -> pa.Array:
    if (pc.max(pc.binary_length(text)).as_py() or 0) <= day_length:
        return text
    return pc.replace_substring_regex(text, _MIDNIGHT, "")


def _dates(days: Whole, text: pa.Array, wrong: Mask) -> Parsed:
    missing, bad = _settled(text, wrong)
    return Parsed(pa.array(days.astype(np.int32), mask=missing).cast(pa.date32()), bad)


def _settled(text: pa.Array, wrong: Mask) -> tuple[Mask | None, Mask | None]:
    """Give which values are missing in the end, and which were there and are wrong."""
    if text.null_count == 0:
        bad = wrong if wrong.any() else None
        return bad, bad
    nulls = to_mask(pc.is_null(text))
    bad = wrong & ~nulls
    return nulls | bad, bad if bad.any() else None
