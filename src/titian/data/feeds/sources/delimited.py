"""Delimited text: any encoding that keeps line feeds, delimiters of any length, quotes or none.

Arrow splits whole blocks. Lines it cannot take (blank ones, broken encodings, odd quotes, other
numbers of fields) are taken out first or handed back, and split one by one.
"""

from __future__ import annotations

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
from titian.data.feeds.values.parsed import empty_to_null

LF, CR = 10, 13
_REPLACED = "�".encode()
_SENTINELS = (b"\x1f", b"\x1e", b"\x1d", b"\x1c", b"\x02", b"\x01", b"\x03", b"\x04")
Bools = npt.NDArray[np.bool_]


def read_delimited(
    contract: Contract, parts: Sequence[Part], findings: Findings
) -> Iterator[RawBatch]:
    """Split the rows of delimited files; files and lines that cannot be used are noted."""
    spec = contract.source
    stream = blocks(parts, spec, findings, layout_reader(contract, findings))
    for group in grouped(stream):
        yield _Group(spec, group).batch()


class _Group:
    """Neighbouring blocks split as one."""

    def __init__(self, spec: SourceSpec, group: Sequence[Block]) -> None:
        self.spec = spec
        self.group = group
        self.layout: Layout = group[0].layout
        self.raw = b"".join(block.data for block in group)
        self.count = sum(block.lines for block in group)
        self.parts = np.repeat([block.part for block in group], [block.lines for block in group])
        self.lines = np.concatenate(
            [np.arange(b.first_line, b.first_line + b.lines, dtype=np.int64) for b in group]
        )
        self._ends: npt.NDArray[np.int64] | None = None
        self.last_lines: dict[int, int] = {}

    @property
    def ends(self) -> npt.NDArray[np.int64]:
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
        text, odd = self._decoded()
        divided, delimiter = self._divide(text)
        odd = self._odd(divided, delimiter, odd)
        if delimiter is None:
            odd = np.ones(self.count, np.bool_)
        kept = np.arange(self.count) if odd is None else np.flatnonzero(~odd)
        columns, good, handed_back = self._split(divided, kept, odd, delimiter or b",")
        alone = sorted([*handed_back, *([] if odd is None else np.flatnonzero(odd).tolist())])
        rows, broken = self._one_by_one(alone)
        columns = [
            _joined(column, [fields[at] for _, fields in rows]) for at, column in enumerate(columns)
        ]
        index = np.concatenate([good, np.array([at for at, _ in rows], np.int64)])
        return RawBatch(
            columns=dict(zip(self.layout.headings, columns, strict=True)),
            parts=self.parts[index],
            lines=self.lines[index],
            raw=lambda row: self.line(int(index[row]), self.last_lines.get(int(index[row]))),
            broken=broken,
        )

    def _decoded(self) -> tuple[bytes, Bools | None]:
        if self.raw.isascii():
            return self.raw, None
        try:
            text = self.raw.decode(self.spec.encoding)
        except UnicodeDecodeError:
            return self._partly_decoded()
        return (self.raw if self.spec.encoding == "utf-8" else text.encode()), None

    def _partly_decoded(self) -> tuple[bytes, Bools]:
        text = self.raw.decode(self.spec.encoding, "replace").encode()
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == LF)
        if len(ends) != self.count:
            return b"\n" * self.count, np.ones(self.count, np.bool_)
        odd = np.zeros(self.count, np.bool_)
        at = text.find(_REPLACED)
        while at >= 0:
            line = int(np.searchsorted(ends, at))
            odd[line] = True
            at = text.find(_REPLACED, int(ends[line]))
        return text, odd

    def _divide(self, text: bytes) -> tuple[bytes, bytes | None]:
        """Put one byte in the place of a longer delimiter; None when no byte is free."""
        delimiter = self.spec.delimiter.encode()
        if len(delimiter) == 1:
            return text, delimiter
        free = next((byte for byte in _SENTINELS if byte not in text), None)
        return (text, None) if free is None else (text.replace(delimiter, free), free)

    def _odd(self, text: bytes, delimiter: bytes | None, odd: Bools | None) -> Bools | None:
        """Mark blank lines, stray carriage returns and unusual quotes."""
        blank = b"\n\n" in text or b"\n\r\n" in text or text.startswith((b"\n", b"\r\n"))
        stray = text.count(b"\r") != text.count(b"\r\n")
        quoted = self.spec.quote and self.spec.quote.encode() in text
        if not (blank or stray or quoted):
            return odd
        view = np.frombuffer(text, np.uint8)
        ends = np.flatnonzero(view == LF)
        marked = np.zeros(self.count, np.bool_) if odd is None else odd
        if blank:
            lengths = np.diff(ends, prepend=-1) - 1
            starts = np.concatenate([[0], ends[:-1] + 1])
            marked |= (lengths == 0) | ((lengths == 1) & (view[starts] == CR))
        if stray:
            returns = np.flatnonzero(view == CR)
            marked[np.searchsorted(ends, returns[view[returns + 1] != LF])] = True
        if quoted and delimiter is not None:
            marked |= quotes.odd_lines(text, ends, ord(self.spec.quote), delimiter[0])
            self._inside_quotes(marked)
        return marked if marked.any() else None

    def _inside_quotes(self, marked: Bools) -> None:
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
                fields = self._fields(self.line(first, last))
                return last if isinstance(fields, list) and self._fits(fields) else None
        return None

    def _split(
        self, text: bytes, kept: npt.NDArray[np.int64], odd: Bools | None, delimiter: bytes
    ) -> tuple[list[pa.Array], npt.NDArray[np.int64], list[int]]:
        """Split the plain lines in bulk: columns, the lines that fit, and those that do not."""
        width = len(self.layout.headings)
        if odd is not None:
            text = _without(text, odd)
        if not len(kept):
            return [pa.array([], pa.string())] * width, kept, []
        names = [f"f{at}" for at in range(width + self.layout.trailing)]
        unfit: list[int] = []
        table = _read_csv(text, names, delimiter, self.spec.quote, unfit)
        if table.num_rows + len(unfit) != len(kept):
            return [pa.array([], pa.string())] * width, kept[:0], kept.tolist()
        good = np.delete(kept, unfit) if unfit else kept
        columns = [_single(table.column(name)) for name in names]
        if self.layout.trailing and columns[-1].null_count != len(good):
            return [pa.array([], pa.string())] * width, kept[:0], kept.tolist()
        return [self._restored(c, delimiter) for c in columns[:width]], good, kept[unfit].tolist()

    def _restored(self, column: pa.Array, delimiter: bytes) -> pa.Array:
        """Give back a long delimiter where a quoted field holds it as text."""
        if not self.spec.quote or len(self.spec.delimiter.encode()) == 1:
            return column
        return pc.replace_substring(column, delimiter.decode(), self.spec.delimiter)

    def _one_by_one(
        self, alone: Sequence[int]
    ) -> tuple[list[tuple[int, list[str]]], list[BrokenRow]]:
        rows: list[tuple[int, list[str]]] = []
        broken: list[BrokenRow] = []
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
            if isinstance(fields, list) and self._fits(fields):
                rows.append((at, fields[: len(self.layout.headings)]))
                continue
            code, params = self._complaint(fields)
            broken.append(BrokenRow(int(self.parts[at]), int(self.lines[at]), code, params, raw))
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

    def _fits(self, fields: Sequence[str]) -> bool:
        width = len(self.layout.headings)
        return len(fields) == width or (len(fields) == width + 1 and fields[-1] == "")

    def _complaint(self, fields: list[str] | Code) -> tuple[Code, Params]:
        if fields is Code.ENCODING:
            return Code.ENCODING, {"encoding": self.spec.encoding}
        if isinstance(fields, Code):
            return fields, {}
        return Code.FIELD_COUNT, {"actual": len(fields), "expected": len(self.layout.headings)}


def _read_csv(
    text: bytes, names: Sequence[str], delimiter: bytes, quote: str, unfit: list[int]
) -> pa.Table:
    def hand_back(row: pa_csv.InvalidRow) -> str:
        unfit.append(row.number - 1)
        return "skip"

    return pa_csv.read_csv(
        pa.py_buffer(text),
        read_options=pa_csv.ReadOptions(
            column_names=names, use_threads=False, block_size=len(text) + 1
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter.decode(),
            quote_char=quote or False,
            double_quote=bool(quote),
            ignore_empty_lines=False,
            invalid_row_handler=hand_back,
        ),
        convert_options=pa_csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.string()),
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


def _without(text: bytes, odd: Bools) -> bytes:
    """Drop the marked lines."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == LF) + 1
    starts = np.concatenate([[0], ends[:-1]])
    changes = np.flatnonzero(np.diff(odd.astype(np.int8), prepend=1, append=1))
    runs = zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True)
    return b"".join(text[starts[first] : ends[last - 1]] for first, last in runs)
