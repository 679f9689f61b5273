"""Numbers: whole, decimal, binary, and money from yuan to fen.

Arrow reads a clean column in one pass. Only a column that holds something else is looked at twice:
blanks and a leading `+` are dropped, what has the shape of a number is read, the rest is bad.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds.values.parsed import (
    Parsed,
    found,
    int64_column,
    matching,
    only_figures,
    to_mask,
    trimmed,
)

MAX_DIGITS = 18
FEN_DECIMALS = 2
_FEN = pa.decimal128(MAX_DIGITS, FEN_DECIMALS)
_WHOLE = rf"-?0*[0-9]{{1,{MAX_DIGITS}}}"
_DOUBLE = r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?"
_EXACT_DOUBLE = float(2**53)
_FEN_TOLERANCE = 1e-5


def whole(text: pa.Array) -> Parsed:
    """Read whole numbers of up to 18 digits."""
    if only_figures(text):
        try:
            return Parsed(text.cast(pa.int64()))
        except pa.ArrowInvalid:
            pass
    return found(matching(_plain(text), _WHOLE).cast(pa.int64()), _plain(text))


def decimal(text: pa.Array, kind: pa.Decimal128Type) -> Parsed:
    """Read decimals that fit a type exactly; more decimals than it has are bad unless zero."""
    if only_figures(text):
        try:
            return Parsed(text.cast(kind))
        except pa.ArrowInvalid:
            pass
    plain = _plain(text)
    return found(matching(plain, _decimal_shape(kind)).cast(kind), plain)


def fen(text: pa.Array) -> Parsed:
    """Read yuan with at most two decimals as whole fen."""
    parsed = decimal(text, _FEN)
    return Parsed(unscaled(parsed.values), parsed.bad)


def unscaled(amounts: pa.Array) -> pa.Array:
    """Take decimals of up to 18 digits as the whole number Arrow holds inside: yuan as fen."""
    validity, data = amounts.buffers()
    if data is None:
        return pa.nulls(len(amounts), pa.int64())
    low = np.frombuffer(data, np.int64)[::2][amounts.offset : amounts.offset + len(amounts)]
    if validity is None:
        return pa.array(np.ascontiguousarray(low))
    return pa.array(np.ascontiguousarray(low), mask=to_mask(pc.is_null(amounts)))


def double(text: pa.Array) -> Parsed:
    """Read finite binary numbers."""
    try:
        values = text.cast(pa.float64())
    except pa.ArrowInvalid:
        plain = _plain(text)
        values = matching(plain, _DOUBLE).cast(pa.float64())
        text = plain
    finite = pc.is_finite(values)
    if pc.all(finite).as_py() is False:
        values = pc.if_else(finite, values, pa.scalar(None, pa.float64()))
    return found(values, text)


def fen_from_doubles(amounts: pa.Array) -> Parsed:
    """Take binary yuan as fen where they stand for whole fen; others are bad."""
    yuan = amounts.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False)
    scaled = yuan * 100.0
    rounded = np.rint(scaled)
    fits = np.abs(rounded) < _EXACT_DOUBLE
    good = fits & (np.abs(scaled - rounded) <= _FEN_TOLERANCE * np.maximum(1.0, np.abs(yuan) / 1e6))
    bad = None if good.all() else ~good
    values = np.where(good, rounded, 0.0).astype(np.int64)
    return Parsed(int64_column(values, amounts, bad), bad)


def _plain(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(trimmed(text), r"^\+", "")


def _decimal_shape(kind: pa.Decimal128Type) -> str:
    before = kind.precision - kind.scale
    after = rf"(?:\.[0-9]{{0,{kind.scale}}}0*)?"
    if before == 0:
        return rf"-?0*\.[0-9]{{1,{kind.scale}}}0*|-?0+"
    return rf"-?0*(?:[0-9]{{1,{before}}}{after}|\.[0-9]{{1,{kind.scale}}}0*)"
