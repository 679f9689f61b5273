"""The bytes of one record: a head that tells length, check sum, batch and chain, then the payload.

`chain` = blake2b(chain of the record before + payload): nobody changes, drops or adds a record in
the middle without every later chain showing it. `batch` is the number of the first record of the
group that was synced together: a whole record of a later batch proves all earlier ones were synced.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, NamedTuple

MAGIC: Final = b"tjR1"
CHAIN_BYTES: Final = 32
GENESIS: Final = bytes(CHAIN_BYTES)
MAX_PAYLOAD_BYTES: Final = 1 << 16

_HEAD: Final = struct.Struct(f"<4sIIQ{CHAIN_BYTES}s")
_CHECKED: Final = struct.Struct(f"<IQ{CHAIN_BYTES}s")
HEAD_BYTES: Final = _HEAD.size


class Frame(NamedTuple):
    """A record as read: `end` is the offset behind it."""

    batch: int
    chain: bytes
    payload: bytes
    end: int


def chained(before: bytes, payload: bytes) -> bytes:
    """Give the chain of a payload that follows a record."""
    return blake2b(before + payload, digest_size=CHAIN_BYTES).digest()


def written(payloads: Iterable[bytes], batch: int, before: bytes) -> tuple[list[bytes], bytes]:
    """Give the bytes of each record of one batch, and the last chain."""
    pieces = []
    for payload in payloads:
        assert len(payload) <= MAX_PAYLOAD_BYTES, "intake limits what a record may hold"
        before = blake2b(before + payload, digest_size=CHAIN_BYTES).digest()
        checked = _CHECKED.pack(len(payload), batch, before)
        check = zlib.crc32(payload, zlib.crc32(checked))
        pieces.append(_HEAD.pack(MAGIC, check, len(payload), batch, before) + payload)
    return pieces, before


def read(data: bytes, offset: int) -> Frame | None:
    """Read the record at an offset; None where no whole, unharmed one stands."""
    if offset + HEAD_BYTES > len(data):
        return None
    magic, check, length, batch, chain = _HEAD.unpack_from(data, offset)
    start = offset + HEAD_BYTES
    if magic != MAGIC or length > MAX_PAYLOAD_BYTES or start + length > len(data):
        return None
    payload = data[start : start + length]
    if zlib.crc32(payload, zlib.crc32(_CHECKED.pack(length, batch, chain))) != check:
        return None
    return Frame(batch, chain, payload, start + length)


def newest_batch(data: bytes, offset: int) -> int:
    """Give the highest batch of any whole record from an offset on; -1 where there is none."""
    newest = -1
    found = data.find(MAGIC, offset)
    while found >= 0:
        frame = read(data, found)
        newest = max(newest, frame.batch) if frame else newest
        found = data.find(MAGIC, frame.end if frame else found + 1)
    return newest
