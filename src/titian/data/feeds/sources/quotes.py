"""Quoted fields, strictly: a closing quote is followed by a delimiter or by the end of the row.

Most lines are plain and are found so in bulk. The few others are split one by one, and a quote
that never closes costs one line, not the rest of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from titian.data.feeds.model import SourceSpec

Places: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
LF, CR = 10, 13
MAX_RECORD_LINES = 1_000
MAX_RECORD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Quotes:
    """The runs of neighbouring quotes in some data: first position, length, quotes before it.

    Whether text is inside quotes only depends on whether the number of quotes before it is odd,
    also with quotes doubled inside a field.
    """

    positions: Places
    starts: Places
    lengths: Places
    before: Places

    def count_before(self, at: Places) -> Places:
        """Count the quotes before each position."""
        return np.searchsorted(self.positions, at)


def line_ends(data: bytes) -> Places:
    """Give the positions of line feeds."""
    return np.flatnonzero(np.frombuffer(data, np.uint8) == LF)


def quotes_in(view: npt.NDArray[np.uint8], quote: int) -> Quotes:
    """Find the quotes in data."""
    at = np.flatnonzero(view == quote)
    first = np.flatnonzero(np.diff(at, prepend=-2) > 1)
    return Quotes(at, at[first], np.diff(first, append=at.size), first)


def misplaced(view: npt.NDArray[np.uint8], found: Quotes, before: Places, delimiter: int) -> Mask:
    """Say for each run whether it opens in mid-field or closes before more text.

    `before` is how many quotes count before each run: in the data, or in its line.
    """
    left = np.where(found.starts == 0, LF, view[found.starts - 1])
    stops = found.starts + found.lengths
    right = view[np.minimum(stops, len(view) - 1)]
    opens = before % 2 == 0
    closes = (before + found.lengths) % 2 == 0
    bad = opens & (left != delimiter) & (left != LF)
    bad |= closes & (right != delimiter) & (right != LF) & (right != CR)
    return np.asarray(bad, np.bool_)


def odd_lines(
    view: npt.NDArray[np.uint8], found: Quotes, ends: Places, delimiter: int
) -> tuple[Mask, Mask]:
    """Give the lines with misplaced quotes or an odd number of them, and the latter alone."""
    total = found.count_before(ends)
    before_line = np.concatenate([[0], total[:-1]])
    uneven: Mask = (total - before_line) % 2 == 1
    line = np.searchsorted(ends, found.starts)
    odd = uneven.copy()
    odd[line[misplaced(view, found, found.before - before_line[line], delimiter)]] = True
    return odd, uneven


def undecided(data: bytes, quote: bytes, fits: Callable[[bytes], bool]) -> int:
    """Say from where on whole lines may belong to a record that goes on after them.

    A line with an odd number of quotes opens a record; the next such line closes it if both and
    what is between them `fits`, else the first stands alone. Gives `len(data)` if all is decided.
    """
    feeds = line_ends(data)
    at = np.flatnonzero(np.frombuffer(data, np.uint8) == quote[0])
    odd = np.flatnonzero(np.diff(np.searchsorted(at, feeds), prepend=0) % 2).tolist()
    ends, starts = feeds + 1, np.concatenate([[0], feeds[:-1] + 1])
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
