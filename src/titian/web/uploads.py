"""What an uploaded file really is, by its first bytes and not by its name."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from starlette.datastructures import UploadFile

HEAD_BYTES = 4_096


class FileKind(StrEnum):
    """The kinds of files that pages take."""

    TEXT = "text"
    EXCEL = "excel"
    PARQUET = "parquet"
    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"


_MAGIC: tuple[tuple[bytes, FileKind], ...] = (
    (b"PK\x03\x04", FileKind.EXCEL),
    (b"PAR1", FileKind.PARQUET),
    (b"%PDF-", FileKind.PDF),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
)
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0c\x1b")


def sniff(head: bytes) -> FileKind | None:
    """Say what a file is by its first bytes; None for programs, archives and the unknown."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    plain = all(byte >= 0x20 or byte in _TEXT_CONTROLS for byte in head)  # noqa: PLR2004
    executable = head.startswith((b"MZ", b"#!"))
    return FileKind.TEXT if plain and not executable else None


def fits(file: UploadFile, kinds: Collection[FileKind]) -> bool:
    """Say whether an uploaded file is of one of some kinds."""
    head = file.file.read(HEAD_BYTES)
    file.file.seek(0)
    return sniff(head) in kinds
