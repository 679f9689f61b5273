"""What a crash left: whole records are kept, a torn tail is cut and told, damage is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from titian.kernel.errors import Corrupt
from titian.payments.journal import frames, segments
from titian.payments.journal.files import Files
from titian.payments.journal.frames import GENESIS

_REMEDY = "Restore this file from a replica or a backup."


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place in the journal: the next record's number, the last chain, segment and offset."""

    seq: int = 0
    chain: bytes = GENESIS
    segment: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """A tail that was never acknowledged: where it began and how many bytes went."""

    segment: str
    offset: int
    bytes: int


class Record(NamedTuple):
    """A record, its number and where it stands."""

    seq: int
    payload: bytes
    anchor: Anchor


def records(files: Files, start: Anchor) -> Iterator[Record]:
    """Read the whole records behind a place; `anchor` is the place behind each.

    Raises Corrupt naming segment and offset where one is harmed and a later batch exists, where
    a chain is broken, or where a segment is missing. Stops without a word at a torn tail.
    """
    names = [name for name in segments.of(files) if name >= start.segment]
    if start.segment and (not names or names[0] != start.segment):
        raise Corrupt(f"segment {start.segment} of the journal is missing", _REMEDY)
    at = start
    for place, name in enumerate(names):
        last = place == len(names) - 1
        data = files.read(name)
        entered = _entered(data, name, at, last=last)
        if entered is None:
            return
        at = entered
        while (frame := frames.read(data, at.offset)) is not None:
            if frame.chain != frames.chained(at.chain, frame.payload):
                raise Corrupt(f"the chain breaks in {name} at byte {at.offset}", _REMEDY)
            behind = Anchor(at.seq + 1, frame.chain, name, frame.end)
            yield Record(at.seq, frame.payload, behind)
            at = behind
        _check_rest(data, at, last=last)


def _entered(data: bytes, name: str, at: Anchor, *, last: bool) -> Anchor | None:
    """Step over a segment's head; None for a last segment that was being made."""
    if at.segment == name:
        return at
    head = segments.read_head(data)
    if head is None:
        if last and frames.newest_batch(data, 0) < 0:
            return None
        raise Corrupt(f"the head of {name} is harmed", _REMEDY)
    if head.first != at.seq or head.chain != at.chain or segments.first_of(name) != at.seq:
        raise Corrupt(f"{name} does not continue the record before it", _REMEDY)
    return Anchor(at.seq, at.chain, name, segments.HEAD_BYTES)


def _check_rest(data: bytes, at: Anchor, *, last: bool) -> None:
    if at.offset == len(data):
        return
    if not last or frames.newest_batch(data, at.offset) > at.seq:
        raise Corrupt(f"a record in {at.segment} is harmed at byte {at.offset}", _REMEDY)


def cut(files: Files, end: Anchor) -> list[Cut]:
    """Cut everything behind the last whole record, durably, and say what went."""
    made = []
    for name in [name for name in segments.of(files) if name > end.segment]:
        made.append(Cut(name, 0, files.size(name)))
        files.remove(name)
        files.sync_names()
    if end.segment and files.size(end.segment) > end.offset:
        made.append(Cut(end.segment, end.offset, files.size(end.segment) - end.offset))
        files.truncate(end.segment, end.offset)
        files.sync(end.segment)
    return made
