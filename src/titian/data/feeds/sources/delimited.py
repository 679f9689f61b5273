"""Delimited text: any encoding that keeps ASCII, delimiters of any length, quotes or none.

Arrow splits whole blocks of bytes; text is decoded column by column. Lines it cannot take (blank
ones, broken encodings, odd quotes, other numbers of fields) are split one by one.

Splitting before decoding is safe: where a second byte of a character looks like a delimiter, the
field before it ends in half a character, does not decode, and its line is split again as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from titian.data.feeds.model import Contract, SourceSpec
from titian.data.feeds.reasons import Code, Params
from titian.data.feeds.sources import quotes
from titian.data.feeds.sources.batch import BrokenRow, Findings, Part, RawBatch
from titian.data.feeds.sources.headings import layout_reader
from titian.data.feeds.sources.lines import Block, Layout, blocks, grouped
from titian.data.feeds.sources.text import decoded
from titian.data.feeds.values.parsed import Mask, empty_to_null

LF, CR = 10, 13
_LONE_SURROGATE = re.compile("[\udc80-\udcff]")
_SENTINELS = (b"\x1f", b"\x1e", b"\x1d", b"\x1c", b"\x02", b"\x01", b"\x03", b"\x04")
Places = npt.NDArray[np.int64]


def read_delimited(
    contract: Contract, parts: Sequence[Part], findings: Findings
) -> Iterator[RawBatch]:
    """Split the rows of delimited files; files and lines that cannot be used are noted."""
    spec = contract.source
    stream = blocks(parts, spec, findings, layout_reader(contract, findings))
    for group in grouped(stream):
        yield _Group(spec, contract.headings, group).batch()


class _Group:
    """Neighbouring blocks split as one. Lines are known by their number in the group."""

    def __init__(self, spec: SourceSpec, wanted: Sequence[str], group: Sequence[Block]) -> None:
        self.spec = spec
        self.wanted = wanted
        self.group = group
        self.layout: Layout = group[0].layout
        self.raw = b"".join(block.data for block in group)
        self.count = sum(block.lines for block in group)
        self.parts = np.repeat([block.part for block in group], [block.lines for block in group])
        self.lines = np.concatenate(
            [np.arange(b.first_line, b.first_line + b.lines, dtype=np.int64) for b in group]
        )
        self._ends: Places | None = None
        self.last_lines: dict[int, int] = {}

    @property
    def ends(self) -> Places:
        """Where each line's feed stands."""
        if self._ends is None:
            self._ends = np.flatnonzero(np.frombuffer(self.raw, np.uint8) == LF)
        return self._ends

    def line(self, first: int, last: int | None = None) -> bytes:
        """Give the bytes of a line, or of several, without the last line end."""
        start = 0 if first == 0 else int(self.ends[first - 1]) + 1
        stop = int(self.ends[first if last is None else last])
        return self.raw[start:stop].removesuffix(b"\r")

    def batch(self) -> RawBatch:
        columns, good = self._in_bulk()
        alone = np.setdiff1d(np.arange(self.count), good, assume_unique=True)
        rows, broken = self._one_by_one(alone.tolist())
        places = {name: at for at, name in enumerate(self.layout.headings)}
        index = np.concatenate([good, np.array([at for at, _ in rows], np.int64)])
        return RawBatch(
            columns={
                name: _joined(column, [fields[places[name]] for _, fields in rows])
                for name, column in columns.items()
            },
            parts=self.parts[index],
            lines=self.lines[index],
            raw=lambda row: self.line(int(index[row]), self.last_lines.get(int(index[row]))),
            broken=broken,
        )

    def _in_bulk(self) -> tuple[dict[str, pa.Array], Places]:
        """Give the columns of the lines that split and decode, and those lines' numbers."""
        nothing = dict.fromkeys(self.wanted, pa.array([], pa.string()))
        divided, delimiter = self._divided()
        if delimiter is None:
            return nothing, np.empty(0, np.int64)
        odd = self._odd(divided, delimiter)
        split = self._split(divided, delimiter, odd)
        if split is None:
            odd = self._torn(divided, delimiter, odd)
            split = self._split(divided, delimiter, odd)
        if split is None:
            return nothing, np.empty(0, np.int64)
        columns, good = split
        undecodable = np.zeros(len(good), np.bool_)
        texts = {}
        for name, column in columns.items():
            texts[name], bad = decoded(column, self.spec.encoding)
            if bad is not None:
                undecodable |= bad
        if undecodable.any():
            keep = pa.array(~undecodable)
            texts = {name: text.filter(keep) for name, text in texts.items()}
            good = good[~undecodable]
        return texts, good

    def _divided(self) -> tuple[bytes, bytes | None]:
        """Put one byte in the place of a longer delimiter; None when no byte is free."""
        delimiter = self.spec.delimiter.encode(self.spec.encoding)
        if len(delimiter) == 1:
            return self.raw, delimiter
        free = next((byte for byte in _SENTINELS if byte not in self.raw), None)
        return (self.raw, None) if free is None else (self.raw.replace(delimiter, free), free)

    def _split(
        self, data: bytes, delimiter: bytes, odd: Mask | None
    ) -> tuple[dict[str, pa.Array], Places] | None:
        """Split the lines that are not odd; None when Arrow sees other lines than there are."""
        kept = np.arange(self.count) if odd is None else np.flatnonzero(~odd)
        if not len(kept):
            return dict.fromkeys(self.wanted, pa.array([], pa.binary())), kept
        width = len(self.layout.headings)
        names = [f"f{at}" for at in range(width + self.layout.trailing)]
        rest = data if odd is None else _without(data, odd)
        try:
            table = _read_csv(rest, names, delimiter, self.spec.quote)
        except pa.ArrowInvalid:
            return None
        maybe_blank = odd is None and all(column.null_count for column in table.columns)
        if table.num_rows != len(kept) or maybe_blank:
            return None
        if self.layout.trailing and table.column(width).null_count != len(kept):
            return None
        at = {name: f"f{place}" for place, name in enumerate(self.layout.headings)}
        columns = {name: _single(table.column(at[name])) for name in self.wanted}
        if self.spec.quote and len(self.spec.delimiter) > 1:
            real = self.spec.delimiter.encode(self.spec.encoding)
            columns = {
                name: pc.replace_substring(column, delimiter, real)
                for name, column in columns.items()
            }
        return columns, kept

    def _odd(self, data: bytes, delimiter: bytes) -> Mask | None:
        """Mark lines with unusual quotes or another number of fields."""
        fields = len(self.layout.headings) + self.layout.trailing
        quoted = self.spec.quote and self.spec.quote.encode() in data
        if not quoted and data.count(delimiter) == self.count * (fields - 1):
            return None
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == LF)
        odd = np.zeros(self.count, np.bool_)
        if quoted:
            odd |= quotes.odd_lines(data, ends, ord(self.spec.quote), delimiter[0])
            self._mark_inside_quotes(odd)
        odd |= self._widths(data, ends, delimiter) != fields
        return odd if odd.any() else None

    def _widths(self, data: bytes, ends: Places, delimiter: bytes) -> Places:
        """Count the fields of each line; a delimiter inside quotes is text."""
        view = np.frombuffer(data, np.uint8)
        at = np.flatnonzero(view == delimiter[0])
        if self.spec.quote:
            closed = np.searchsorted(np.flatnonzero(view == ord(self.spec.quote)), at) % 2 == 0
            at = at[closed]
        return np.bincount(np.searchsorted(ends, at), minlength=len(ends)) + 1

    def _torn(self, data: bytes, delimiter: bytes, odd: Mask | None) -> Mask:
        """Mark blank lines and those with carriage returns inside, where Arrow ends a line."""
        view = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(view == LF)
        fields = len(self.layout.headings) + self.layout.trailing
        marked: Mask = self._widths(data, ends, delimiter) != fields
        if odd is not None:
            marked |= odd
        lengths = np.diff(ends, prepend=-1) - 1
        starts = np.concatenate([[0], ends[:-1] + 1])
        marked |= (lengths == 0) | ((lengths == 1) & (view[starts] == CR))
        returns = np.flatnonzero(view == CR)
        marked[np.searchsorted(ends, returns[view[returns + 1] != LF])] = True
        return marked

    def _mark_inside_quotes(self, marked: Mask) -> None:
        """Mark the lines between one whose quote stays open and the one that closes it."""
        quote = self.spec.quote.encode()
        stops = np.cumsum([block.lines for block in self.group])
        at = 0
        for first in np.flatnonzero(marked).tolist():
            if first < at or self.line(first).count(quote) % 2 == 0:
                continue
            stop = int(stops[np.searchsorted(stops, first, side="right")])
            last = self._closing(first, min(stop, first + quotes.MAX_RECORD_LINES), quote)
            if last is not None:
                marked[first : last + 1] = True
                self.last_lines[first] = last
                at = last + 1

    def _closing(self, first: int, stop: int, quote: bytes) -> int | None:
        for last in range(first + 1, stop):
            if self.line(last).count(quote) % 2 == 1:
                width = len(self.layout.headings)
                return last if quotes.has_fields(self.line(first, last), self.spec, width) else None
        return None

    def _one_by_one(
        self, alone: Sequence[int]
    ) -> tuple[list[tuple[int, list[str]]], list[BrokenRow]]:
        rows: list[tuple[int, list[str]]] = []
        broken: list[BrokenRow] = []
        width = len(self.layout.headings)
        after = 0
        for at in alone:
            if at < after:
                continue
            last = self.last_lines.get(at, at)
            after = last + 1
            raw = self.line(at, last)
            if self._blank(raw):
                continue
            fields = self._fields(raw)
            if isinstance(fields, list) and quotes.fits(fields, width):
                rows.append((at, fields))
                continue
            code, params = self._complaint(fields)
            heading = self._torn_heading(raw) if code is Code.ENCODING else ""
            part, line = int(self.parts[at]), int(self.lines[at])
            broken.append(BrokenRow(part, line, code, params, raw, heading))
        return rows, broken

    def _blank(self, raw: bytes) -> bool:
        return not raw or (len(self.layout.headings) > 1 and not raw.strip(b" \t\r\x1a"))

    def _fields(self, raw: bytes) -> list[str] | Code:
        try:
            return quotes.split(
                raw.decode(self.spec.encoding), self.spec.delimiter, self.spec.quote
            )
        except UnicodeDecodeError:
            return Code.ENCODING
        except (quotes.Unclosed, quotes.Misquoted):
            return Code.QUOTE

    def _torn_heading(self, raw: bytes) -> str:
        """Name the field whose bytes do not decode, if the row has the right number of fields."""
        text = raw.decode(self.spec.encoding, "surrogateescape")
        try:
            fields = quotes.split(text, self.spec.delimiter, self.spec.quote)
        except ValueError:
            return ""
        named = zip(self.layout.headings, fields, strict=False)
        torn = [name for name, value in named if _LONE_SURROGATE.search(value)]
        whole = quotes.fits(fields, len(self.layout.headings))
        return torn[0] if torn and whole and torn[0] in self.wanted else ""

    def _complaint(self, fields: list[str] | Code) -> tuple[Code, Params]:
        if fields is Code.ENCODING:
            return Code.ENCODING, {"encoding": self.spec.encoding}
        if isinstance(fields, Code):
            return fields, {}
        return Code.FIELD_COUNT, {"actual": len(fields), "expected": len(self.layout.headings)}


def _read_csv(data: bytes, names: Sequence[str], delimiter: bytes, quote: str) -> pa.Table:
    return pa_csv.read_csv(
        pa.py_buffer(data),
        read_options=pa_csv.ReadOptions(
            column_names=names, use_threads=False, block_size=len(data) + 1
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter.decode("latin-1"),
            quote_char=quote or False,
            double_quote=bool(quote),
            ignore_empty_lines=False,
        ),
        convert_options=pa_csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.binary()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _single(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _joined(column: pa.Array, more: Sequence[str]) -> pa.Array:
    if not more:
        return column
    return pa.concat_arrays([column, empty_to_null(pa.array(more, pa.string()))])


def _without(data: bytes, odd: Mask) -> bytes:
    """Drop the marked lines."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == LF) + 1
    starts = np.concatenate([[0], ends[:-1]])
    changes = np.flatnonzero(np.diff(odd.astype(np.int8), prepend=1, append=1))
    runs = zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True)
    return b"".join(data[starts[first] : ends[last - 1]] for first, last in runs)
