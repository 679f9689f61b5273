"""What must hold of a decoded column: its bounds, lengths and pattern. Gives the rows that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds.model import Bound, Field, Limits
from titian.data.feeds.reasons import Code, Params
from titian.data.feeds.values.parsed import Mask, to_mask


@dataclass(frozen=True, slots=True)
class Fault:
    """The rows of a column that fail in one way; `params` gives a row's parameters."""

    mask: Mask
    column: str
    code: Code
    params: Callable[[int], Params]


def faults(field: Field, values: pa.Array) -> Iterator[Fault]:
    """Find the values that break the field's limits; a column that breaks none costs little."""
    limits = field.limits
    if pa.types.is_string(values.type):
        yield from _lengths(field, values)
        if limits.pattern is not None:
            yield from _pattern(field, limits.pattern, values)
    if limits != _NO_LIMITS and not pa.types.is_string(values.type):
        yield from _bounds(field, values)


_NO_LIMITS = Limits()


def _lengths(field: Field, values: pa.Array) -> Iterator[Fault]:
    longest, shortest = field.limits.max_length, field.limits.min_length
    if longest is not None and (pc.max(pc.binary_length(values)).as_py() or 0) > longest:
        yield from _by_length(field, values, Code.TOO_LONG, longest)
    if shortest:
        yield from _by_length(field, values, Code.TOO_SHORT, shortest)


def _by_length(field: Field, values: pa.Array, code: Code, limit: int) -> Iterator[Fault]:
    lengths = pc.utf8_length(values)
    wrong = pc.greater(lengths, limit) if code is Code.TOO_LONG else pc.less(lengths, limit)
    mask = to_mask(wrong)
    if mask.any():

        def params(row: int) -> Params:
            return {"actual": lengths[row].as_py(), "limit": limit}

        yield Fault(mask, field.name, code, params)


def _pattern(field: Field, pattern: str, values: pa.Array) -> Iterator[Fault]:
    mask = to_mask(pc.invert(pc.match_substring_regex(values, pattern)))
    if mask.any():
        yield Fault(mask, field.name, Code.PATTERN, lambda _: {"pattern": pattern})


def _bounds(field: Field, values: pa.Array) -> Iterator[Fault]:
    limits = field.limits
    ends = pc.min_max(values)
    low, high = ends["min"], ends["max"]
    if not low.is_valid:
        return
    checks: tuple[tuple[Bound | None, pa.Scalar, str, Code], ...] = (
        (limits.minimum, low, "less", Code.MINIMUM),
        (limits.above, low, "less_equal", Code.MINIMUM),
        (limits.maximum, high, "greater", Code.MAXIMUM),
        (limits.below, high, "greater_equal", Code.MAXIMUM),
    )
    for bound, extreme, breaks, code in checks:
        if bound is None:
            continue
        limit = _scalar(bound, values.type)
        if pc.call_function(breaks, [extreme, limit]).as_py():
            mask = to_mask(pc.call_function(breaks, [values, limit]))
            yield Fault(mask, field.name, code, _shown(bound))


def _scalar(bound: Bound, kind: pa.DataType) -> pa.Scalar:
    scalar = pa.scalar(bound)
    return scalar if pa.types.is_decimal(kind) else scalar.cast(kind)


def _shown(bound: Bound) -> Callable[[int], Params]:
    return lambda _: {"limit": bound if isinstance(bound, int) else str(bound)}
