"""States kept beside the journal: a restart reads the newest and replays what came after it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import msgspec

from titian.payments.journal.files import Files, put
from titian.payments.journal.recovery import Anchor

SUFFIX: Final = ".snap"
KEEP: Final = 2
_DIGEST_BYTES: Final = 32


class Snapshot(msgspec.Struct, frozen=True):
    """A state at a place in the journal; `made_for` names the declarations it fits."""

    made_for: str
    seq: int
    chain: bytes
    segment: str
    offset: int
    state: bytes

    @property
    def anchor(self) -> Anchor:
        """The place in the journal."""
        return Anchor(self.seq, self.chain, self.segment, self.offset)


@dataclass(frozen=True, slots=True)
class Found:
    """The newest snapshot that fits, and the names of those that were harmed or of another time."""

    snapshot: Snapshot | None
    passed_over: tuple[str, ...]


def keep(files: Files, made_for: str, anchor: Anchor, state: bytes) -> str:
    """Write a snapshot of a committed place, remove all but the newest ones, give its name."""
    body = msgspec.msgpack.encode(
        Snapshot(made_for, anchor.seq, anchor.chain, anchor.segment, anchor.offset, state)
    )
    name = f"{anchor.seq:020d}{SUFFIX}"
    put(files, name, blake2b(body, digest_size=_DIGEST_BYTES).digest() + body)
    for old in _names(files)[:-KEEP]:
        files.remove(old)
    return name


def newest(files: Files, made_for: str) -> Found:
    """Find the newest whole snapshot made for these declarations."""
    passed_over: list[str] = []
    for name in reversed(_names(files)):
        snapshot = _read(files.read(name))
        if snapshot is not None and snapshot.made_for == made_for:
            return Found(snapshot, tuple(passed_over))
        passed_over.append(name)
    return Found(None, tuple(passed_over))


def _read(data: bytes) -> Snapshot | None:
    digest, body = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    if blake2b(body, digest_size=_DIGEST_BYTES).digest() != digest:
        return None
    return msgspec.msgpack.decode(body, type=Snapshot)


def _names(files: Files) -> list[str]:
    return [name for name in files.names() if name.endswith(SUFFIX)]
