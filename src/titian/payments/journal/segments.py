"""The files that records stand in: named by their first record, each naming where it continues."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from titian.payments.journal.files import Files
from titian.payments.journal.frames import CHAIN_BYTES

SUFFIX: Final = ".seg"
_MAGIC: Final = b"titianJ1"
_HEAD: Final = struct.Struct(f"<8sQ{CHAIN_BYTES}sI")
HEAD_BYTES: Final = _HEAD.size
MAX_SEGMENT_BYTES: Final = 1 << 30


class Head(NamedTuple):
    """The number of a segment's first record, and the chain it continues."""

    first: int
    chain: bytes


def name(first: int) -> str:
    """Give the name of the segment whose first record has a number."""
    return f"{first:020d}{SUFFIX}"


def first_of(segment: str) -> int:
    """Give the number of a segment's first record, from its name."""
    return int(segment.removesuffix(SUFFIX))


def of(files: Files) -> Sequence[str]:
    """List the segments in order."""
    return [name for name in files.names() if name.endswith(SUFFIX)]


def head(first: int, chain: bytes) -> bytes:
    """Give the bytes at a segment's beginning."""
    words = _HEAD.pack(_MAGIC, first, chain, 0)[:-4]
    return words + struct.pack("<I", zlib.crc32(words))


def read_head(data: bytes) -> Head | None:
    """Read a segment's beginning; None when it is not whole."""
    if len(data) < HEAD_BYTES:
        return None
    magic, first, chain, check = _HEAD.unpack_from(data)
    if magic != _MAGIC or zlib.crc32(data[: HEAD_BYTES - 4]) != check:
        return None
    return Head(first, chain)
