"""The few things a journal asks of a folder; each may be interrupted, so each is its own step."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from titian.kernel.errors import Conflict, Unavailable

_LOCK: Final = "writer.lock"


class Files(Protocol):
    """A flat folder of files. What was written is safe only after `sync`, names after theirs."""

    def names(self) -> Sequence[str]:
        """Give the names, sorted."""

    def size(self, name: str) -> int:
        """Give a file's length in bytes."""

    def read(self, name: str, offset: int = 0, length: int = -1) -> bytes:
        """Read from an offset; fewer bytes than asked where the file ends."""

    def write(self, name: str, data: bytes) -> None:
        """Append; the file is made when it is not there."""

    def sync(self, name: str) -> None:
        """Wait until the file's contents are on stable storage."""

    def truncate(self, name: str, size: int) -> None:
        """Cut a file."""

    def rename(self, name: str, to: str) -> None:
        """Rename, replacing."""

    def remove(self, name: str) -> None:
        """Remove a file."""

    def sync_names(self) -> None:
        """Wait until makings, renamings and removals are on stable storage."""


@contextmanager
def writing() -> Iterator[None]:
    """Turn what a disk refuses into Unavailable."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"the journal cannot be written ({error.strerror})",
            "Free space or mend the disk, then start the engine again.",
        ) from error


def put(files: Files, name: str, data: bytes) -> None:
    """Write a whole file that afterwards is there whole or not at all."""
    draft = f"{name}.draft"
    if draft in files.names():
        files.remove(draft)
    files.write(draft, data)
    files.sync(draft)
    files.rename(draft, name)
    files.sync_names()


class Disk:
    """A real folder, for one writer at a time. Raises Conflict when another process holds it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self._open: dict[str, int] = {}
        self._names = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise Conflict(
                f"another process writes the journal in {folder}",
                "Send events to that process, or stop it first: a journal has one writer.",
            ) from None

    def close(self) -> None:
        """Give the folder back to others."""
        for descriptor in (*self._open.values(), self._lock, self._names):
            os.close(descriptor)
        self._open.clear()

    def names(self) -> Sequence[str]:
        """Give the names, sorted."""
        return sorted(path.name for path in self.folder.iterdir() if path.name != _LOCK)

    def size(self, name: str) -> int:
        """Give a file's length in bytes."""
        return os.fstat(self._descriptor(name)).st_size

    def read(self, name: str, offset: int = 0, length: int = -1) -> bytes:
        """Read from an offset; fewer bytes than asked where the file ends."""
        descriptor = self._descriptor(name)
        wanted = length if length >= 0 else max(0, os.fstat(descriptor).st_size - offset)
        parts = []
        while wanted > 0:
            part = os.pread(descriptor, wanted, offset)
            if not part:
                break
            parts.append(part)
            offset, wanted = offset + len(part), wanted - len(part)
        return b"".join(parts)

    def write(self, name: str, data: bytes) -> None:
        """Append; the file is made when it is not there."""
        descriptor, rest = self._descriptor(name, make=True), memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def sync(self, name: str) -> None:
        """Wait until the file's contents are on stable storage."""
        os.fdatasync(self._descriptor(name))

    def truncate(self, name: str, size: int) -> None:
        """Cut a file."""
        os.ftruncate(self._descriptor(name), size)

    def rename(self, name: str, to: str) -> None:
        """Rename, replacing."""
        self._forget(name)
        self._forget(to)
        (self.folder / name).replace(self.folder / to)

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._forget(name)
        (self.folder / name).unlink()

    def sync_names(self) -> None:
        """Wait until makings, renamings and removals are on stable storage."""
        os.fsync(self._names)

    def _descriptor(self, name: str, *, make: bool = False) -> int:
        if name not in self._open:
            flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT if make else 0)
            self._open[name] = os.open(self.folder / name, flags, 0o600)
        return self._open[name]

    def _forget(self, name: str) -> None:
        descriptor = self._open.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)
