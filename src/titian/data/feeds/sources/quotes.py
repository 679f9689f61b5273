"""Quoted fields, strictly: a closing quote is followed by a delimiter or by the end of the row.

Most lines are plain and are found so in bulk. The few others are split one by one, and a quote
that never closes costs one line, not the rest of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from titian.data.feeds.model import SourceSpec

LF, CR = 10, 13
MAX_RECORD_LINES = 1_000
MAX_RECORD_BYTES = 1 << 20


def odd_lines(
    data: bytes, ends: npt.NDArray[np.int64], quote: int, delimiter: int
) -> npt.NDArray[np.bool_]:
    """Mark the lines whose quotes are not simply one pair around a field.

    `ends` holds the position of each line's feed; `quote` and `delimiter` are single bytes.
    """
    view = np.frombuffer(data, np.uint8)
    at = np.flatnonzero(view == quote)
    if at.size == 0:
        return np.zeros(len(ends), np.bool_)
    line = np.searchsorted(ends, at)
    counts = np.bincount(line, minlength=len(ends))
    opening = (np.arange(at.size) - (np.cumsum(counts) - counts)[line]) % 2 == 0
    before = np.where(at == 0, LF, view[at - 1])
    after = view[np.minimum(at + 1, len(view) - 1)]
    outside = np.where(opening, before, after)
    fits = (outside == delimiter) | (outside == LF) | ((outside == CR) & ~opening)
    odd = np.asarray(counts % 2 == 1, np.bool_)
    odd[line[~fits]] = True
    return odd


def undecided(data: bytes, quote: bytes, fits: Callable[[bytes], bool]) -> int:
    """Say from where on whole lines may belong to a record that goes on after them.

    A line with an odd number of quotes opens a record; the next such line closes it if both and
    what is between them `fits`, else the first stands alone. Gives `len(data)` if all is decided.
    """
    view = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(view == LF) + 1
    at = np.flatnonzero(view == quote[0])
    counts = np.bincount(np.searchsorted(ends, at, side="right"), minlength=len(ends))
    odd = np.flatnonzero(counts % 2).tolist()
    starts = np.concatenate([[0], ends[:-1]])
    number = 0
    while number < len(odd):
        first = odd[number]
        closing = odd[number + 1] if number + 1 < len(odd) else None
        if closing is None and len(ends) - first < MAX_RECORD_LINES:
            return int(starts[first])
        joined = closing is not None and closing - first < MAX_RECORD_LINES
        if joined and fits(data[starts[first] : ends[closing] - 1].removesuffix(b"\r")):
            number += 1
        number += 1
    return len(data)


class Unclosed(ValueError):
    """The text ends inside a quoted field."""


class Misquoted(ValueError):
    """Something else than a delimiter follows a closing quote."""


def split(text: str, delimiter: str, quote: str) -> list[str]:
    """Split one record; a doubled quote inside quotes is one quote. Raises Unclosed, Misquoted."""
    fields, at = [], 0
    while True:
        if quote and text.startswith(quote, at):
            field, at = _quoted(text, at + 1, quote)
            if at < len(text) and not text.startswith(delimiter, at):
                raise Misquoted
        else:
            end = text.find(delimiter, at)
            end = len(text) if end < 0 else end
            field, at = text[at:end], end
        fields.append(field)
        if at >= len(text):
            return fields
        at += len(delimiter)


def has_fields(raw: bytes, spec: SourceSpec, fields: int) -> bool:
    """Say whether a record splits into so many fields; one empty field more is a trailing one."""
    try:
        found = split(raw.decode(spec.encoding), spec.delimiter, spec.quote)
    except ValueError:
        return False
    return fits(found, fields)


def fits(found: Sequence[str], fields: int) -> bool:
    """Say whether a record has so many fields, or one empty field more."""
    return len(found) == fields or (len(found) == fields + 1 and found[-1] == "")


def _quoted(text: str, at: int, quote: str) -> tuple[str, int]:
    pieces = []
    while True:
        end = text.find(quote, at)
        if end < 0:
            raise Unclosed
        pieces.append(text[at:end])
        if not text.startswith(quote, end + 1):
            return "".join(pieces), end + 1
        pieces.append(quote)
        at = end + 2
