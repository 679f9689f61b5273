"""The newest entry of the audit log, remembered beside its key, outside the database.

It is written after every commit, never goes back, and is made once, before the key: beside a key it
is always there, so that somebody who takes it away is seen as well as who cuts the log.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from titian.kernel import keys, logs
from titian.kernel.settings import settings

START = "0" * 64
KEY = "audit"
_log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """The number and the seal of the newest entry that is known to be committed."""

    seq: int
    digest: str


class Lost(Exception):
    """The head is missing beside the key, or cannot be read."""


def read() -> Head:
    """Give the newest entry remembered; that of an empty log before the key is made.

    Raises Lost where it is missing beside the key, or cannot be read.
    """
    path = _path()
    try:
        return _parsed(path.read_text())
    except FileNotFoundError:
        if keys.made(KEY):
            raise Lost(f"{path} is missing: put it back from its copy") from None
        return Head(0, START)
    except (OSError, ValueError) as error:
        raise Lost(f"{path} cannot be read: put it back from its copy") from error


def seal_key() -> bytes:
    """Give the key of the seals; before it is made, the head of the empty log is."""
    if not keys.made(KEY):
        with _alone():
            if not _path().exists():
                _write(Head(0, START))
            return keys.key(KEY)
    return keys.key(KEY)


def remember(seq: int, digest: str) -> None:
    """Remember a committed entry, unless a newer one is. What is lost stays lost, and is logged.

    The entry is committed already: that it cannot be remembered must not undo an answer.
    """
    try:
        with _alone():
            if read().seq < seq:
                _write(Head(seq, digest))
    except (Lost, OSError) as error:
        _log.error("the newest audit entry cannot be remembered", seq=seq, why=str(error))


def _path() -> Path:
    return settings().home / "keys" / "audit.head"


def _parsed(text: str) -> Head:
    seq, digest = text.split()
    if len(digest) != len(START):
        raise ValueError(text)
    return Head(int(seq), digest)


@contextmanager
def _alone() -> Iterator[None]:
    folder = _path().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "audit.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(head: Head) -> None:
    path = _path()
    draft = path.with_suffix(".draft")
    with draft.open("w") as file:
        file.write(f"{head.seq} {head.digest}")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
