"""What reading a column gives: the values, and which of them could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask: TypeAlias = npt.NDArray[np.bool_]
NINE = ord("9")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A column of values; `bad` marks inputs that were there and could not be read (None: none)."""

    values: pa.Array
    bad: Mask | None = None


def found(values: pa.Array, source: pa.Array) -> Parsed:
    """Give values, marking as bad what is missing in them and was there in the source."""
    if values.null_count == source.null_count:
        return Parsed(values)
    return Parsed(values, to_mask(pc.and_(pc.is_null(values), pc.is_valid(source))))


def to_mask(flags: pa.Array) -> Mask:
    """Give an Arrow boolean column as numpy; missing counts as false."""
    filled = flags.fill_null(False) if flags.null_count else flags
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.bool_)


def text_bytes(text: pa.Array) -> npt.NDArray[np.uint8]:
    """Give all bytes of a text column, end to end, without copying."""
    if len(text) == 0 or text.buffers()[2] is None:
        return np.empty(0, np.uint8)
    offsets = np.frombuffer(text.buffers()[1], np.int32)
    start, stop = int(offsets[text.offset]), int(offsets[text.offset + len(text)])
    return np.frombuffer(text.buffers()[2], np.uint8)[start:stop]


def only_figures(text: pa.Array) -> bool:
    """Say whether no byte stands above `9`: digits, signs, points and blanks, but no letters."""
    data = text_bytes(text)
    return data.size == 0 or int(data.max()) <= NINE


def trimmed(text: pa.Array) -> pa.Array:
    """Strip blanks, ideographic ones too; what is empty then is missing."""
    return empty_to_null(pc.utf8_trim_whitespace(text))


def empty_to_null(text: pa.Array) -> pa.Array:
    """Count empty texts as missing."""
    lengths = pc.binary_length(text)
    if (pc.min(lengths).as_py() or 0) > 0 or len(text) == text.null_count:
        return text
    return pc.if_else(pc.equal(lengths, 0), pa.scalar(None, pa.string()), text)


def matching(text: pa.Array, pattern: str) -> pa.Array:
    """Keep the texts that match a pattern as a whole; the others become missing."""
    good = pc.match_substring_regex(text, f"^(?:{pattern})$")
    return pc.if_else(good, text, pa.scalar(None, pa.string()))


def int64_column(values: npt.NDArray[np.int64], like: pa.Array, bad: Mask | None) -> pa.Array:
    """Make a whole-number column that is missing where `like` is, and where bad."""
    if like.null_count == 0 and bad is None:
        return pa.array(values)
    missing = to_mask(pc.is_null(like))
    return pa.array(values, mask=missing if bad is None else missing | bad)
