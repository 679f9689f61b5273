"""Proving a journal: every record, every chain, from the first byte."""

from __future__ import annotations

from dataclasses import dataclass

from titian.payments.journal import segments
from titian.payments.journal.files import Files
from titian.payments.journal.recovery import Anchor, records


@dataclass(frozen=True, slots=True)
class Verdict:
    """A whole journal: how many records, the last chain, and bytes of a torn tail, if any."""

    records: int
    chain: str
    torn_bytes: int


def verify(files: Files) -> Verdict:
    """Read the whole journal. Raises Corrupt naming segment and offset of the first harm."""
    end = Anchor()
    for record in records(files, end):
        end = record.anchor
    rest = [name for name in segments.of(files) if name >= end.segment]
    whole = {end.segment: end.offset}
    torn = sum(files.size(name) - whole.get(name, segments.HEAD_BYTES) for name in rest)
    return Verdict(end.seq, end.chain.hex(), max(0, torn))
