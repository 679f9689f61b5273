"""Workbooks looked at before they are opened: a small file must not unpack into a large one.

Sizes are those the archive declares; the reader stops at them, so a lie only cuts a part short.
What is inside is scanned once, as bytes, since a parser would hold an endless cell or row whole.
"""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from titian.data.feeds.reasons import Code, Params

MAX_DIRECTORY_BYTES = 4 << 20
MAX_UNPACKED_BYTES = 4 << 30
MAX_PART_BYTES = 64 << 20
MAX_ROW_BYTES = 4 << 20
MAX_CELL_BYTES = 1 << 20
MAX_NAME_CHARACTERS = 100
SHEETS = "xl/worksheets/"
_PIECE_BYTES = 1 << 20
_TAIL_BYTES = 1 << 16
_END, _END64, _LOCATOR64 = b"PK\5\6", b"PK\6\6", b"PK\6\7"
_DECLARATION = re.compile(rb"\A(?:\xef\xbb\xbf)?<\?xml[^<>]*\?>")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
_LONGEST_SIGN = len(b"<!DOCTYPE")
_TEXTS = re.compile(rb"<(?:[\w.-]+:)?(?:sst|si)[\s/>]")
_ROW_ENDS = re.compile(rb"</(?:[\w.-]+:)?row\s*>|<(?:[\w.-]+:)?row(?:\s[^<>]*)?/>")


class Unsafe(Exception):
    """A workbook that is not opened; `code` and `params` say why."""

    def __init__(self, code: Code, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params: Params = params


def inspect(file: BinaryIO) -> None:
    """Raise Unsafe or OSError unless a workbook can be read in bounded memory."""
    try:
        _inspect(file)
    except _BROKEN as error:
        raise Unsafe(Code.NO_WORKBOOK) from error
    file.seek(0)


def _inspect(file: BinaryIO) -> None:
    if _directory_bytes(file) > MAX_DIRECTORY_BYTES:
        raise Unsafe(Code.WORKBOOK_TOO_BIG, inside="ZIP", limit=MAX_DIRECTORY_BYTES)
    with zipfile.ZipFile(file) as packed:
        sizes = {item.filename: item.file_size for item in packed.infolist()}
        _check_size("ZIP", sum(sizes.values()), MAX_UNPACKED_BYTES)
        for name, size in sizes.items():
            sheet = name.startswith(SHEETS)
            _check_size(name, size, MAX_UNPACKED_BYTES if sheet else MAX_PART_BYTES)
            _scan(name, packed, sheet=sheet)


def _directory_bytes(file: BinaryIO) -> int:
    """Give the size of the archive's directory, which is read whole when it is opened."""
    end = file.seek(0, 2)
    file.seek(max(0, end - _TAIL_BYTES))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(_END)
    if at < 0 or at + 16 > len(tail):
        return 0
    if tail[at - 20 : at - 16] == _LOCATOR64:
        start = struct.unpack_from("<Q", tail, at - 12)[0]
        file.seek(min(start, end))
        record = file.read(48)
        file.seek(0)
        if record[:4] == _END64 and len(record) == 48:  # noqa: PLR2004  # up to the size
            return int(struct.unpack_from("<Q", record, 40)[0])
    return int(struct.unpack_from("<I", tail, at + 12)[0])


def _check_size(name: str, size: int, limit: int, code: Code = Code.WORKBOOK_TOO_BIG) -> None:
    if size > limit:
        raise Unsafe(code, inside=name[-MAX_NAME_CHARACTERS:], limit=limit)


def _scan(name: str, packed: zipfile.ZipFile, *, sheet: bool) -> None:
    """Refuse declarations of entities; in a sheet, endless rows and all that could hide one.

    Without comments, CDATA and processing instructions every `<` of a document begins a tag.
    Shared texts have no place in a sheet: they are held in memory, and it may be large.
    """
    row = 0
    for piece in _pieces(name, packed):
        if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
            raise Unsafe(Code.WORKBOOK_MARKUP, inside=name)
        if not sheet:
            continue
        if b"<!" in piece or b"<?" in piece or _TEXTS.search(piece):
            raise Unsafe(Code.WORKBOOK_MARKUP, inside=name)
        last = 0
        for end in _ROW_ENDS.finditer(piece):
            _check_size(name, row + end.start() - last, MAX_ROW_BYTES, Code.WORKBOOK_ROW)
            row, last = 0, end.end()
        row += len(piece) - last
        _check_size(name, row, MAX_ROW_BYTES, Code.WORKBOOK_ROW)


def _pieces(name: str, packed: zipfile.ZipFile) -> Iterator[bytes]:
    """Give a document in pieces, each cut before a tag, so that none is torn."""
    with packed.open(name) as document:
        held = document.read(_PIECE_BYTES)
        if name.endswith((".xml", ".rels")) and b"\0" in held[:4]:
            raise Unsafe(Code.WORKBOOK_MARKUP, inside=name)
        held = _DECLARATION.sub(b"", held, count=1)
        while piece := document.read(_PIECE_BYTES):
            cut = held.rfind(b"<")
            if cut > 0:
                yield held[:cut]
                held = held[cut:]
            if name.startswith(SHEETS):
                _check_size(name, len(held), MAX_CELL_BYTES, Code.WORKBOOK_CELL)
                held += piece
            else:
                yield held
                held = held[-_LONGEST_SIGN:] + piece
        yield held
