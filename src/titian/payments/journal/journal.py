"""The one writer of the journal: batches go in whole, and count once they are synced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from titian.kernel.errors import Corrupt, Unavailable
from titian.payments.journal import frames, recovery, segments
from titian.payments.journal.files import Files, writing
from titian.payments.journal.recovery import Anchor, Cut, Record

OFFSET_BITS: Final = 32
_OFFSETS: Final = (1 << OFFSET_BITS) - 1


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a segment grows before the next one begins."""

    segment_bytes: int = 64 << 20


class Journal:
    """Records behind one another; one writer.

    A *position* is where a record stands: its segment's first number and the offset, in one
    integer. After a failed write or sync the journal takes nothing more: what the disk holds is
    unknown until it is opened again.
    """

    def __init__(self, files: Files, limits: Limits, end: Anchor) -> None:
        self._files, self._limits = files, limits
        self._end = end
        self._broken = False
        if not end.segment:
            self._begin_segment()

    @classmethod
    def open(
        cls,
        files: Files,
        limits: Limits,
        start: Anchor,
        each: Callable[[Record], None],
    ) -> tuple[Journal, Sequence[Cut]]:
        """Read every record behind a place, cut a torn tail, and be ready to write.

        Raises Corrupt for damage before the tail, or when the journal ends before the place.
        """
        end = start
        for record in recovery.records(files, start):
            each(record)
            end = record.anchor
        if start.segment and files.size(start.segment) < start.offset:
            raise Corrupt(
                f"the journal ends in {start.segment} before byte {start.offset}, which a "
                "snapshot holds",
                "Restore the journal's folder from a replica or a backup.",
            )
        end = _last_segment(files, end)
        with writing():
            gone = recovery.cut(files, end)
            return cls(files, limits, end), gone

    @property
    def end(self) -> Anchor:
        """The place behind the last record."""
        return self._end

    @property
    def broken(self) -> bool:
        """Whether a write or sync failed."""
        return self._broken

    def append(self, payloads: Sequence[bytes]) -> list[int]:
        """Write one batch; give its positions. It counts only after `commit`."""
        if self._broken:
            raise Unavailable(
                "the journal could not be written and is closed",
                "Mend the disk and start the engine again; nothing acknowledged is lost.",
            )
        self._broken = True
        with writing():
            if self._end.offset >= self._limits.segment_bytes:
                self._begin_segment()
            end = self._end
            pieces, chain = frames.written(payloads, end.seq, end.chain)
            self._files.write(end.segment, b"".join(pieces))
        self._broken = False
        positions, offset = [], end.offset
        high = segments.first_of(end.segment) << OFFSET_BITS
        for piece in pieces:
            positions.append(high | offset)
            offset += len(piece)
        self._end = Anchor(end.seq + len(pieces), chain, end.segment, offset)
        return positions

    def commit(self) -> None:
        """Wait until everything appended is on stable storage."""
        self._broken = True
        with writing():
            self._files.sync(self._end.segment)
        self._broken = False

    def give_up(self) -> None:
        """Take nothing more: what its owner knows is no longer what is on record."""
        self._broken = True

    def read(self, position: int) -> bytes:
        """Give the payload at a position. Raises Corrupt when it is harmed."""
        name, offset = segments.name(position >> OFFSET_BITS), position & _OFFSETS
        head = self._files.read(name, offset, frames.HEAD_BYTES + frames.MAX_PAYLOAD_BYTES)
        frame = frames.read(head, 0)
        if frame is None:
            raise Corrupt(
                f"the record in {name} at byte {offset} is harmed",
                "Restore this file from a replica or a backup.",
            )
        return frame.payload

    def _begin_segment(self) -> None:
        name = segments.name(self._end.seq)
        self._files.write(name, segments.head(self._end.seq, self._end.chain))
        self._files.sync(name)
        self._files.sync_names()
        self._end = Anchor(self._end.seq, self._end.chain, name, segments.HEAD_BYTES)


def position_of(record: Record) -> int:
    """Give the position of a record that was read."""
    offset = record.anchor.offset - frames.HEAD_BYTES - len(record.payload)
    return segments.first_of(record.anchor.segment) << OFFSET_BITS | offset


def _last_segment(files: Files, end: Anchor) -> Anchor:
    """Step into a last segment that has its head and no record yet."""
    names = segments.of(files)
    if names and names[-1] > end.segment:
        head = segments.read_head(files.read(names[-1], 0, segments.HEAD_BYTES))
        if head is not None:
            return Anchor(end.seq, end.chain, names[-1], segments.HEAD_BYTES)
    return end
