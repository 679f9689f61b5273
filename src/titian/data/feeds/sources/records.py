"""Where the records of a block begin and end, and which of them Arrow must not see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from titian.data.feeds.model import SourceSpec
from titian.data.feeds.sources import quotes
from titian.data.feeds.sources.lines import Block
from titian.data.feeds.sources.quotes import CR, LF, MAX_RECORD_LINES, Mask, Places, line_ends

RawLines = Callable[[int, int], bytes]


@dataclass(slots=True)
class Records:
    """The records of some blocks, by the number of their first line.

    Mostly a record is a line. `odd` marks those to be split one by one (None: none), `inner` the
    lines that belong to a record begun before them.
    """

    data: bytes
    first: Places
    found_ends: Places | None = None
    odd: Mask | None = None
    inner: Mask | None = None
    last_lines: dict[int, int] = field(default_factory=dict)

    @property
    def ends(self) -> Places:
        """The position of each record's last line feed; looked for only when needed."""
        if self.found_ends is None:
            self.found_ends = line_ends(self.data)
        return self.found_ends

    @property
    def kept(self) -> Places:
        """The first lines of the records that are not odd."""
        return self.first if self.odd is None else self.first[~self.odd]

    @property
    def alone(self) -> Places:
        """The first lines of the records that are odd."""
        if self.odd is None:
            return np.empty(0, np.int64)
        odd = self.odd if self.inner is None else self.odd & ~self.inner
        return self.first[odd]

    def mark(self, more: Mask) -> None:
        """Mark more records as odd."""
        odd = more if self.odd is None else self.odd | more
        self.odd = odd if odd.any() else None

    def kept_data(self) -> bytes:
        """Give the data without its odd records."""
        if self.odd is None:
            return self.data
        stops = self.ends + 1
        starts = np.concatenate([[0], stops[:-1]])
        changes = np.flatnonzero(np.diff(self.odd.astype(np.int8), prepend=1, append=1))
        runs = zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True)
        return b"".join(self.data[starts[low] : stops[high - 1]] for low, high in runs)


@dataclass(frozen=True, slots=True)
class Splitter:
    """Finds the records of joined blocks; `data` has the one-byte `delimiter` already.

    `raw_lines` gives lines as they were delivered.
    """

    data: bytes
    delimiter: int
    group: Sequence[Block]
    spec: SourceSpec
    raw_lines: RawLines

    @property
    def fields(self) -> int:
        """How many fields Arrow is to see."""
        layout = self.group[0].layout
        return len(layout.headings) + layout.trailing

    @property
    def quoted(self) -> bool:
        """Whether there is any quote."""
        return bool(self.spec.quote) and self.spec.quote.encode() in self.data

    def records(self) -> Records:
        """Find the records at little cost, trusting that they have the right number of fields."""
        if self.quoted:
            return self._well_formed() or self._by_line()
        found = self._lines()
        if self.data.count(self.delimiter) != len(found.first) * (self.fields - 1):
            found.mark(self._widths(found) != self.fields)
        return found

    def careful_records(self) -> Records:
        """Find the records, and mark each that Arrow would refuse or take apart."""
        found = self._well_formed() if self.quoted else None
        if found is not None:
            wrong = self._widths(found) != self.fields
            long = np.isin(found.first, list(found.last_lines))
            if wrong[long].any():
                found = None
        if found is None:
            found = self._by_line() if self.quoted else self._lines()
        found.mark(self._widths(found) != self.fields)
        found.mark(self._blank_or_torn(found))
        return found

    def _lines(self) -> Records:
        return Records(self.data, np.arange(sum(block.lines for block in self.group)))

    def _well_formed(self) -> Records | None:
        """Let line feeds inside quotes be text, if every quote stands properly in every file."""
        found = self._lines()
        view = np.frombuffer(self.data, np.uint8)
        marks = quotes.quotes_in(view, ord(self.spec.quote))
        if quotes.misplaced(view, marks, marks.before, self.delimiter).any():
            return None
        outside = marks.count_before(found.ends) % 2 == 0
        stops = np.cumsum([block.lines for block in self.group]) - 1
        if not outside[stops].all():
            return None
        if outside.all():
            return found
        first = np.concatenate([[0], np.flatnonzero(outside)[:-1] + 1])
        lengths = np.diff(first, append=len(found.ends))
        if lengths.max() > MAX_RECORD_LINES:
            return None
        long = np.flatnonzero(lengths > 1)
        lasts = zip(first[long].tolist(), (first + lengths - 1)[long].tolist(), strict=True)
        return Records(self.data, first, found.ends[outside], last_lines=dict(lasts))

    def _by_line(self) -> Records:
        """Let every line stand for itself, except where an open quote is closed by a later one."""
        found = self._lines()
        view = np.frombuffer(self.data, np.uint8)
        marks = quotes.quotes_in(view, ord(self.spec.quote))
        odd, uneven = quotes.odd_lines(view, marks, found.ends, self.delimiter)
        found.mark(odd)
        self._join_long(found, uneven)
        return found

    def _join_long(self, found: Records, uneven: Mask) -> None:
        fields = len(self.group[0].layout.headings)
        stops = np.cumsum([block.lines for block in self.group])
        inner = np.zeros(len(found.first), np.bool_)
        odd = np.flatnonzero(uneven).tolist()
        number = 0
        while number + 1 < len(odd):
            first, last = odd[number], odd[number + 1]
            stop = int(stops[np.searchsorted(stops, first, side="right")])
            near = last < min(stop, first + MAX_RECORD_LINES)
            if near and quotes.has_fields(self.raw_lines(first, last), self.spec, fields):
                inner[first + 1 : last + 1] = True
                found.last_lines[first] = last
                number += 1
            number += 1
        if inner.any():
            found.inner = inner
            found.mark(inner)

    def _widths(self, found: Records) -> Places:
        """Count the fields of each record; a delimiter inside quotes is text."""
        view = np.frombuffer(self.data, np.uint8)
        at = np.flatnonzero(view == self.delimiter)
        if self.quoted:
            marks = quotes.quotes_in(view, ord(self.spec.quote))
            at = at[marks.count_before(at) % 2 == 0]
        return np.bincount(np.searchsorted(found.ends, at), minlength=len(found.ends)) + 1

    def _blank_or_torn(self, found: Records) -> Mask:
        """Mark blank records, and those with a lone carriage return, where Arrow ends a line."""
        view = np.frombuffer(self.data, np.uint8)
        lengths = np.diff(found.ends, prepend=-1) - 1
        starts = np.concatenate([[0], found.ends[:-1] + 1])
        marked: Mask = (lengths == 0) | ((lengths == 1) & (view[starts] == CR))
        returns = np.flatnonzero(view == CR)
        marked[np.searchsorted(found.ends, returns[view[returns + 1] != LF])] = True
        return marked
