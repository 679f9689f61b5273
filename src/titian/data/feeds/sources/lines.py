"""Text files cut into blocks of whole lines, hashed on the way, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from titian.data.feeds.model import SourceSpec
from titian.data.feeds.reasons import Code
from titian.data.feeds.sources.batch import Findings, Part
from titian.data.feeds.sources.plain import NotPlain, opened
from titian.data.feeds.sources.quotes import MAX_RECORD_BYTES, has_fields, undecided

BLOCK_BYTES = 8 << 20
MAX_LINE_BYTES = 4 << 20
UTF8_BOM = b"\xef\xbb\xbf"
GB18030_BOM = b"\x84\x31\x95\x33"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE_BYTES = 4_096
_HAN = "一", "鿿"
_SURE_CHARACTERS = 6
_CTRL_Z = b"\x1a"


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of a file in their order; `trailing`: every line ends with a delimiter more."""

    headings: tuple[str, ...]
    trailing: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one part, the last one ended, too; `first_line` counts from 1."""

    part: int
    layout: Layout
    first_line: int
    lines: int
    data: bytes


LayoutReader = Callable[[int, Part, bytes, bytes], Layout | None]


def blocks(
    parts: Sequence[Part], spec: SourceSpec, findings: Findings, layout_of: LayoutReader
) -> Iterator[Block]:
    """Read parts one after the other.

    `layout_of(part number, part, heading line, first data line)` gives a part's layout, or None
    (after noting why) to pass it over. A part that cannot be used is noted in `findings`.
    """
    for number, part in enumerate(parts):
        assert part.path is not None, "text parts are files"
        digest = hashlib.sha256()
        try:
            with opened(part.path) as file:
                yield from _File(number, part, spec, findings, layout_of).blocks(
                    file, digest.update
                )
        except NotPlain:
            findings.refuse(number, Code.NOT_A_FILE, file=part.name)
        except OSError as error:
            findings.refuse(number, Code.UNREADABLE, file=part.name, why=str(error.strerror))
        findings.digests[number] = digest.hexdigest()


class _File:
    def __init__(
        self,
        number: int,
        part: Part,
        spec: SourceSpec,
        findings: Findings,
        layout_of: LayoutReader,
    ) -> None:
        self.number = number
        self.part = part
        self.spec = spec
        self.findings = findings
        self.layout_of = layout_of
        self.line = 1
        self.size = 0

    def blocks(self, file: BinaryIO, see: Callable[[bytes], None]) -> Iterator[Block]:
        layout: Layout | None = None
        held, line_feeds = b"", True
        chunks = self._chunks(file, see)
        for chunk, is_last in chunks:
            if self.size <= BLOCK_BYTES:
                line_feeds = b"\r" not in chunk or b"\n" in chunk
            held += chunk if line_feeds else chunk.replace(b"\r", b"\n")
            if is_last:
                held = _ended(held)
            if layout is None and held and (is_last or self._opens(held)):
                opened = self._open(held)
                if opened is None:
                    break
                layout, held = opened
            if layout is not None:
                cut = len(held) if is_last else self._cut(held, layout)
                yield from self._block(held[:cut], layout)
                held = held[cut:]
            if len(held) > MAX_LINE_BYTES:
                self._refuse_long_line()
                break
        for _ in chunks:
            pass
        self.findings.sizes[self.number] = self.size

    def _chunks(self, file: BinaryIO, see: Callable[[bytes], None]) -> Iterator[tuple[bytes, bool]]:
        """Give pieces of the file, and whether each is the last one."""
        chunk = file.read(BLOCK_BYTES)
        while chunk:
            following = file.read(BLOCK_BYTES)
            see(chunk)
            self.size += len(chunk)
            yield chunk, not following
            chunk = following

    def _opens(self, held: bytes) -> bool:
        """Whether the heading and the first row can be there."""
        return held.count(b"\n") > self.spec.skip_lines + 2 or len(held) > MAX_LINE_BYTES

    def _block(self, data: bytes, layout: Layout) -> Iterator[Block]:
        lines = data.count(b"\n")
        if lines:
            yield Block(self.number, layout, self.line, lines, data)
            self.line += lines

    def _cut(self, held: bytes, layout: Layout) -> int:
        """Give the end of the last line that surely ends a record."""
        last = held.rfind(b"\n") + 1
        quote = self.spec.quote.encode()
        if not quote or quote not in held:
            return last
        width = len(layout.headings)
        decided = undecided(held[:last], quote, lambda raw: has_fields(raw, self.spec, width))
        return decided if last - decided <= MAX_RECORD_BYTES else last

    def _refuse_long_line(self) -> None:
        self.findings.refuse(
            self.number,
            Code.LINE_TOO_LONG,
            file=self.part.name,
            line=self.line,
            limit=MAX_LINE_BYTES,
        )

    def _open(self, data: bytes) -> tuple[Layout, bytes] | None:
        body = self._without_bom(data)
        if body is None or not self._right_encoding(body):
            return None
        for _ in range(self.spec.skip_lines):
            _, _, body = body.partition(b"\n")
            self.line += 1
        heading = b""
        if self.spec.header:
            heading, body = self._heading(body)
        first = body.lstrip(b"\r\n").partition(b"\n")[0]
        layout = self.layout_of(self.number, self.part, heading.rstrip(b"\r"), first.rstrip(b"\r"))
        return None if layout is None else (layout, body)

    def _heading(self, body: bytes) -> tuple[bytes, bytes]:
        while body:
            heading, _, body = body.partition(b"\n")
            self.line += 1
            if heading.strip():
                return heading, body
        return b"", b""

    def _without_bom(self, data: bytes) -> bytes | None:
        if data[:2] in _WIDE_BOMS or _is_wide(data[:_SAMPLE_BYTES]):
            self._other_encoding("utf-16")
            return None
        if data.startswith(UTF8_BOM):
            if self.spec.encoding not in ("utf-8", "ascii"):
                self._other_encoding("utf-8")
                return None
            return data[len(UTF8_BOM) :]
        if self.spec.encoding == "gb18030" and data.startswith(GB18030_BOM):
            return data[len(GB18030_BOM) :]
        return data

    def _right_encoding(self, data: bytes) -> bool:
        """Tell GB text from UTF-8 text, which decodes as GB too, into nonsense."""
        if data.isascii() or not self.spec.encoding.startswith(("gb", "big5")):
            return True
        first, last = _HAN
        try:
            characters = set(data.decode("utf-8"))
        except UnicodeDecodeError:
            return True
        sure = sum(first <= one <= last for one in characters) >= _SURE_CHARACTERS
        if sure:
            self._other_encoding("utf-8")
        return not sure

    def _other_encoding(self, actual: str) -> None:
        self.findings.refuse(
            self.number,
            Code.WRONG_ENCODING,
            file=self.part.name,
            actual=actual,
            expected=self.spec.encoding,
        )


def _is_wide(sample: bytes) -> bool:
    """Tell text of two bytes a character: every second byte of its figures and signs is NUL."""
    first, second = sample[::2].count(0), sample[1::2].count(0)
    low, high = sorted((first, second))
    return high * 8 >= len(sample) > 1 and low * 8 <= high


def _ended(data: bytes) -> bytes:
    """End the last line of a file; a Ctrl-Z at its very end is from another age."""
    data = data.removesuffix(_CTRL_Z)
    return data if not data or data.endswith(b"\n") else data + b"\n"


def grouped(stream: Iterator[Block]) -> Iterator[list[Block]]:
    """Put neighbouring blocks of one layout together, so that small files are read in bulk."""
    group: list[Block] = []
    size = 0
    for block in stream:
        if group and (size + len(block.data) > BLOCK_BYTES or block.layout != group[0].layout):
            yield group
            group, size = [], 0
        group.append(block)
        size += len(block.data)
    if group:
        yield group
