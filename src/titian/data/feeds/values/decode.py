"""One column of a delivery as its contract wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds.model import Decoder, Field
from titian.data.feeds.values import moments, numbers
from titian.data.feeds.values.parsed import Parsed, found, to_mask, trimmed
from titian.kernel.clock import BANK_TZ

_YES_NO = {"Y": True, "N": False}
_BOOLEANS = _YES_NO | {
    "y": True, "n": False, "1": True, "0": False, "T": True, "F": False,
    "true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False,
}  # fmt: skip
_TEXTS = (pa.types.is_large_string, pa.types.is_string_view)
_PADDED = {Decoder.YYYYMMDD: 8, Decoder.YYMMDD: 6, Decoder.BERKA_BIRTH_NUMBER: 6}


def decode(field: Field, column: pa.Array) -> Parsed:
    """Turn a column as delivered, text or typed, into the declared type.

    Empty and `missing` texts become missing; `bad` marks what could not be read.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_null(column.type):
        return Parsed(pa.nulls(len(column), field.column.arrow))
    if any(is_text(column.type) for is_text in _TEXTS):
        column = column.cast(pa.string())
    if not pa.types.is_string(column.type):
        typed = _typed(field, column)
        if typed is not None:
            return typed
        column = _as_text(field, column)
    return _text(field, _present(field, column))


def _present(field: Field, text: pa.Array) -> pa.Array:
    if field.missing:
        gone = pc.is_in(text, value_set=pa.array(sorted(field.missing)))
        text = pc.if_else(gone, pa.scalar(None, pa.string()), text)
    return trimmed(text) if field.trim else text


def _text(field: Field, text: pa.Array) -> Parsed:
    if field.codes is not None:
        return _mapped(text, field.codes, field.column.arrow)
    if field.decoder is not None:
        return _DECODERS[field.decoder](field, text)
    plain = _PLAIN.get(field.column.type)
    return numbers.decimal(text, field.column.arrow) if plain is None else plain(text)


_DECODERS: Mapping[Decoder, Callable[[Field, pa.Array], Parsed]] = {
    Decoder.YUAN_TO_FEN: lambda _, text: numbers.fen(text),
    Decoder.YYYYMMDD: lambda _, text: moments.yyyymmdd(text),
    Decoder.YYYYMMDDHHMMSS: lambda _, text: moments.yyyymmddhhmmss(text),
    Decoder.YYMMDD: lambda field, text: moments.yymmdd(text, field.pivot),
    Decoder.YES_NO: lambda _, text: _mapped(text, _YES_NO, pa.bool_()),
    Decoder.BERKA_BIRTH_NUMBER: lambda field, text: moments.birth_number(
        text, as_date=field.column.type == "date"
    ),
}


def _boolean(text: pa.Array) -> Parsed:
    return _mapped(text, _BOOLEANS, pa.bool_())


_PLAIN: Mapping[str, Callable[[pa.Array], Parsed]] = {
    "string": Parsed,
    "integer": numbers.whole,
    "double": numbers.double,
    "boolean": _boolean,
    "date": moments.iso_date,
    "timestamp": moments.iso_timestamp,
}


def _mapped(text: pa.Array, codes: Mapping[str, object], kind: pa.DataType) -> Parsed:
    known = pa.array(list(codes))
    positions = pc.index_in(text, value_set=known)
    if positions.null_count != text.null_count:
        text = trimmed(text)
        positions = pc.index_in(text, value_set=known)
    return found(pa.array(list(codes.values()), kind).take(positions), text)


def _as_text(field: Field, column: pa.Array) -> pa.Array:
    text = column.cast(pa.string())
    width = _PADDED.get(field.decoder) if field.decoder else None
    if width is not None and pa.types.is_integer(column.type):
        return pc.utf8_lpad(text, width, padding="0")
    return text


def _typed(field: Field, column: pa.Array) -> Parsed | None:
    if field.codes is not None or field.missing:
        return None
    if field.decoder is Decoder.YUAN_TO_FEN:
        return _money(column)
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = pc.local_timestamp(column.cast(pa.timestamp("us", BANK_TZ.key)))
    if field.column.type == "date" and pa.types.is_timestamp(column.type):
        return _days(column)
    family = field.column.type.partition("(")[0]
    if not any(is_kind(column.type) for is_kind in _TAKES[family]):
        return None
    try:
        return Parsed(column.cast(field.column.arrow))
    except pa.ArrowInvalid:
        return None


_TAKES: Mapping[str, tuple[Callable[[pa.DataType], bool], ...]] = {
    "string": (pa.types.is_integer,),
    "integer": (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    "double": (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    "decimal": (pa.types.is_integer, pa.types.is_decimal),
    "boolean": (pa.types.is_boolean,),
    "date": (pa.types.is_date,),
    "timestamp": (pa.types.is_timestamp, pa.types.is_date),
}


def _money(column: pa.Array) -> Parsed | None:
    try:
        if pa.types.is_floating(column.type):
            return numbers.fen_from_doubles(column)
        if pa.types.is_integer(column.type):
            return Parsed(pc.multiply_checked(column.cast(pa.int64()), 100))
        if pa.types.is_decimal(column.type):
            return Parsed(numbers.unscaled(column.cast(pa.decimal128(numbers.MAX_DIGITS, 2))))
    except pa.ArrowInvalid:
        return None
    return None


def _days(column: pa.Array) -> Parsed:
    moments_us = column.cast(pa.timestamp("us"), safe=False)
    days = moments_us.cast(pa.date32(), safe=False)
    late = to_mask(pc.not_equal(days.cast(pa.timestamp("us")), moments_us))
    if not late.any():
        return Parsed(days)
    return Parsed(pc.if_else(pa.array(late), pa.scalar(None, pa.date32()), days), late)
