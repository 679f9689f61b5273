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
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from titian.data.feeds.model import Contract, SourceSpec
from titian.data.feeds.reasons import Code, Params
from titian.data.feeds.sources import quotes
from titian.data.feeds.sources.batch import BrokenRow, Findings, Part, RawBatch
from titian.data.feeds.sources.headings import layout_reader
from titian.data.feeds.sources.lines import Block, Layout, blocks, grouped
from titian.data.feeds.sources.quotes import Places, line_ends
from titian.data.feeds.sources.records import Records, Splitter
from titian.data.feeds.sources.text import decoded
from titian.data.feeds.values.parsed import empty_to_null

_LONE_SURROGATE = re.compile("[\udc80-\udcff]")
_SENTINELS = (b"\x1f", b"\x1e", b"\x1d", b"\x1c", b"\x02", b"\x01", b"\x03", b"\x04")


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
            self._ends = line_ends(self.raw)
        return self._ends

    def line(self, first: int, last: int | None = None) -> bytes:
        """Give the bytes of a line, or of several, without the last line end."""
        start = 0 if first == 0 else int(self.ends[first - 1]) + 1
        stop = int(self.ends[first if last is None else last])
        return self.raw[start:stop].removesuffix(b"\r")

    def batch(self) -> RawBatch:
        columns, good, alone = self._in_bulk()
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

    def _in_bulk(self) -> tuple[dict[str, pa.Array], Places, Places]:
        """Give the records that split and decode by column, their lines, and the other lines."""
        data, delimiter = self._divided()
        if delimiter is None:
            return self._nothing(), np.empty(0, np.int64), np.arange(self.count)
        splitter = Splitter(data, delimiter[0], self.group, self.spec, self.line)
        found = splitter.records()
        columns = self._split(found, delimiter)
        if columns is None:
            found = splitter.careful_records()
            columns = self._split(found, delimiter, careful=True)
        self.last_lines = found.last_lines
        if columns is None:
            return self._nothing(), np.empty(0, np.int64), np.concatenate([found.kept, found.alone])
        return self._decoded(columns, found)

    def _decoded(
        self, columns: dict[str, pa.Array], found: Records
    ) -> tuple[dict[str, pa.Array], Places, Places]:
        good, alone = found.kept, found.alone
        undecodable = np.zeros(len(good), np.bool_)
        texts = {}
        for name, column in columns.items():
            texts[name], bad = decoded(column, self.spec.encoding)
            if bad is not None:
                undecodable |= bad
        if undecodable.any():
            keep = pa.array(~undecodable)
            texts = {name: text.filter(keep) for name, text in texts.items()}
            alone = np.concatenate([alone, good[undecodable]])
            good = good[~undecodable]
        return texts, good, alone

    def _nothing(self) -> dict[str, pa.Array]:
        return dict.fromkeys(self.wanted, pa.array([], pa.string()))

    @property
    def _width(self) -> int:
        return len(self.layout.headings) + self.layout.trailing

    def _divided(self) -> tuple[bytes, bytes | None]:
        """Put one byte in the place of a longer delimiter; None when no byte is free."""
        delimiter = self.spec.delimiter.encode(self.spec.encoding)
        if len(delimiter) == 1:
            return self.raw, delimiter
        free = next((byte for byte in _SENTINELS if byte not in self.raw), None)
        return (self.raw, None) if free is None else (self.raw.replace(delimiter, free), free)

    def _split(
        self, found: Records, delimiter: bytes, *, careful: bool = False
    ) -> dict[str, pa.Array] | None:
        """Split the records that are not odd; None when Arrow sees others than there are."""
        rows = len(found.kept)
        if not rows:
            return dict.fromkeys(self.wanted, pa.array([], pa.binary()))
        names = [f"f{at}" for at in range(self._width)]
        try:
            table = _read_csv(found.kept_data(), names, delimiter, self.spec.quote)
        except pa.ArrowInvalid:
            return None
        maybe_blank = not careful and all(column.null_count for column in table.columns)
        trailing = self.layout.trailing and table.column(self._width - 1).null_count != rows
        if table.num_rows != rows or maybe_blank or trailing:
            return None
        at = {name: f"f{place}" for place, name in enumerate(self.layout.headings)}
        columns = {name: _single(table.column(at[name])) for name in self.wanted}
        if self.spec.quote and len(self.spec.delimiter) > 1:
            real = self.spec.delimiter.encode(self.spec.encoding)
            columns = {
                name: pc.replace_substring(column, delimiter, real)
                for name, column in columns.items()
            }
        return columns

    def _one_by_one(
        self, alone: Sequence[int]
    ) -> tuple[list[tuple[int, list[str]]], list[BrokenRow]]:
        rows: list[tuple[int, list[str]]] = []
        broken: list[BrokenRow] = []
        width = len(self.layout.headings)
        for at in alone:
            raw = self.line(at, self.last_lines.get(at))
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
