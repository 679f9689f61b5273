"""Columns of bytes into columns of text, each distinct value decoded once."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds.values.parsed import Mask, text_bytes, to_mask

ASCII_END = 128


def decoded(column: pa.Array, encoding: str) -> tuple[pa.Array, Mask | None]:
    """Decode a binary column; what does not decode is missing, and marked."""
    data = text_bytes(column)
    if data.size == 0 or int(data.max()) < ASCII_END:
        return column.view(pa.string()), None
    if encoding == "utf-8":
        try:
            return column.cast(pa.string()), None
        except pa.ArrowInvalid:
            pass
    encoded = column.dictionary_encode()
    words = [_word(value, encoding) for value in encoded.dictionary.to_pylist()]
    text = pa.array(words, pa.string()).take(encoded.indices)
    if None not in words:
        return text, None
    return text, to_mask(pc.and_(pc.is_null(text), pc.is_valid(column)))


def _word(value: bytes, encoding: str) -> str | None:
    try:
        return value.decode(encoding)
    except UnicodeDecodeError:
        return None
