"""A folder in memory that loses power: what was not synced may vanish, tear or arrive with holes.

Contents: of what was appended since the last sync nothing, all, a beginning, or any set of sectors
survives (the rest reads as zeros). Names: of makings, renamings and removals since `sync_names` a
beginning survives, in their order. A failed sync loses what it should have kept.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from errno import EIO
from typing import Final

SECTOR_BYTES: Final = 512


class PowerLoss(BaseException):
    """The machine is gone in the middle of an operation; no handler may catch this and go on."""


@dataclass(slots=True)
class _File:
    now: bytearray = field(default_factory=bytearray)
    safe: bytes = b""


class SimulatedFiles:
    """Files in memory. Power fails at the operation that `fuse` counts down to."""

    def __init__(self, draw: random.Random, *, failing_syncs: float = 0.0) -> None:
        self._draw, self.failing_syncs = draw, failing_syncs
        self._names: dict[str, _File] = {}
        self._safe_names: dict[str, _File] = {}
        self._since: list[dict[str, _File]] = []
        self.fuse: int | None = None
        self.operations = 0

    def lose_power(self) -> None:
        """Keep what a disk might hold after the power was cut."""
        survived = self._draw.randrange(len(self._since) + 1)
        self._safe_names = dict(self._since[survived - 1] if survived else self._safe_names)
        for file in self._safe_names.values():
            file.safe = self._survivor(file)
            file.now = bytearray(file.safe)
        self._names, self._since, self.fuse = dict(self._safe_names), [], None

    def names(self) -> Sequence[str]:
        """Give the names, sorted."""
        return sorted(self._names)

    def size(self, name: str) -> int:
        """Give a file's length in bytes."""
        return len(self._names[name].now)

    def read(self, name: str, offset: int = 0, length: int = -1) -> bytes:
        """Read from an offset; fewer bytes than asked where the file ends."""
        data = self._names[name].now
        return bytes(data[offset : None if length < 0 else offset + length])

    def write(self, name: str, data: bytes) -> None:
        """Append; the file is made when it is not there."""
        if name not in self._names:
            self._named({**self._names, name: _File()})
        file = self._names[name]
        if self._burns():
            file.now += data[: self._draw.randrange(len(data) + 1)]
            raise PowerLoss
        file.now += data

    def sync(self, name: str) -> None:
        """Wait until the file's contents are on stable storage."""
        self._step()
        file = self._names[name]
        if self._draw.random() < self.failing_syncs:
            file.safe = self._survivor(file)
            raise OSError(EIO, "Input/output error")
        file.safe = bytes(file.now)

    def truncate(self, name: str, size: int) -> None:
        """Cut a file."""
        self._step()
        del self._names[name].now[size:]

    def rename(self, name: str, to: str) -> None:
        """Rename, replacing."""
        self._step()
        names = {kept: file for kept, file in self._names.items() if kept != name}
        self._named({**names, to: self._names[name]})

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._step()
        self._named({kept: file for kept, file in self._names.items() if kept != name})

    def sync_names(self) -> None:
        """Wait until makings, renamings and removals are on stable storage."""
        self._step()
        self._safe_names, self._since = dict(self._names), []

    def _named(self, names: dict[str, _File]) -> None:
        self._names = names
        self._since.append(names)

    def _step(self) -> None:
        if self._burns():
            raise PowerLoss

    def _burns(self) -> bool:
        self.operations += 1
        if self.fuse is None:
            return False
        self.fuse -= 1
        return self.fuse <= 0

    def _survivor(self, file: _File) -> bytes:
        if len(file.now) < len(file.safe):
            return self._draw.choice((file.safe, bytes(file.now)))
        tail = bytearray(file.now[len(file.safe) :])
        how = self._draw.choice(("nothing", "all", "torn", "holes"))
        if how == "nothing":
            return file.safe
        if how == "torn":
            tail = tail[: self._draw.randrange(len(tail) + 1)]
        if how == "holes":
            for start in range(0, len(tail), SECTOR_BYTES):
                if self._draw.random() < 0.5:  # noqa: PLR2004 - heads or tails
                    end = min(start + SECTOR_BYTES, len(tail))
                    tail[start:end] = bytes(end - start)
        return file.safe + bytes(tail)
