"""Roaring bitmaps made straight from columns of value numbers, without listing members.

Ids fall into blocks of 65,536. A block's members become one container of the portable Roaring
format (RoaringFormatSpec): a bit set when there are over 4,096, else a sorted list.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

BLOCK = 65_536
_LIST_MAX = 4_096
_COOKIE = 12_346
_SHIFT = 16

Numbers = npt.NDArray[np.uint8]
Ids = npt.NDArray[np.uint32]


class Builder:
    """Takes rows in the order of their ids and makes one bitmap per tag and value number.

    `values[k]` is the highest value number of column k; numbers run from 1, and 0 is none.
    """

    def __init__(self, values: Sequence[int]) -> None:
        self._values = list(values)
        self._block = -1
        self._held = np.zeros((len(self._values), BLOCK), np.uint8)
        self._parts: list[list[_Parts]] = [[_Parts() for _ in range(n)] for n in self._values]

    def add(self, ids: Ids, columns: Sequence[Numbers]) -> None:
        """Add rows; ids ascend within and between calls."""
        if len(ids) == 0:
            return
        blocks = ids >> np.uint32(_SHIFT)
        starts = np.flatnonzero(np.diff(blocks, prepend=np.uint32(0xFFFFFFFF)))
        for start, end in zip(starts, [*starts[1:], len(ids)], strict=True):
            self._enter(int(blocks[start]))
            low = ids[start:end] & np.uint32(BLOCK - 1)
            for row, column in zip(self._held, columns, strict=True):
                row[low] = column[start:end]

    def finish(self) -> list[list[BitMap]]:
        """Give the bitmaps: for every column, one per value number from 1 up."""
        self._flush()
        return [[parts.bitmap() for parts in column] for column in self._parts]

    def _enter(self, block: int) -> None:
        assert block >= self._block, "ids must ascend"
        if block != self._block:
            self._flush()
            self._block = block

    def _flush(self) -> None:
        if self._block < 0:
            return
        for row, column in zip(self._held, self._parts, strict=True):
            counts = np.bincount(row, minlength=len(column) + 1)
            for number, parts in enumerate(column, 1):
                if counts[number]:
                    parts.add(self._block, row == number, int(counts[number]))
        self._held[:] = 0


class _Parts:
    """The containers of one bitmap, in order."""

    __slots__ = ("header", "payload")

    def __init__(self) -> None:
        self.header: list[tuple[int, int]] = []
        self.payload: list[bytes] = []

    def add(self, block: int, flags: npt.NDArray[np.bool_], count: int) -> None:
        self.header.append((block, count - 1))
        if count > _LIST_MAX:
            self.payload.append(np.packbits(flags, bitorder="little").tobytes())
        else:
            self.payload.append(np.flatnonzero(flags).astype("<u2").tobytes())

    def bitmap(self) -> BitMap:
        if not self.header:
            return BitMap()
        made = BitMap.deserialize(self.portable())
        made.run_optimize()
        return made

    def portable(self) -> bytes:
        count = len(self.header)
        start = 8 + count * 8
        sizes = [len(part) for part in self.payload]
        offsets = np.cumsum([start, *sizes[:-1]]).astype("<u4")
        head = struct.pack("<II", _COOKIE, count)
        keys = np.array(self.header, "<u2").tobytes()
        return b"".join([head, keys, offsets.tobytes(), *self.payload])


def of_ids(ids: Iterable[int] | Ids) -> BitMap:
    """Make a bitmap of ids in any order."""
    listed = np.unique(np.fromiter(ids, np.uint32) if not isinstance(ids, np.ndarray) else ids)
    builder = Builder([1])
    builder.add(listed.astype(np.uint32), [np.ones(len(listed), np.uint8)])
    return builder.finish()[0][0]
