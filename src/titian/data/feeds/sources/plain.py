"""Files as they are opened: plain ones only, so that nothing hangs and nothing leads elsewhere."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

_HASHED_BYTES = 1 << 20


class NotPlain(OSError):
    """A link, folder, pipe, socket or device stands where a file should."""


def opened(path: Path) -> BinaryIO:
    """Open a plain file to read. Raises NotPlain for anything else, OSError as usual.

    A link is refused wherever it leads: who writes deliveries must not choose what is read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotPlain(error.errno, "it is no plain file", str(path)) from None
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotPlain(errno.EINVAL, "it is no plain file", str(path))
    return os.fdopen(handle, "rb")


def digest_of(file: BinaryIO) -> str:
    """Give the SHA-256 of an open file, and go back to its beginning."""
    digest = hashlib.sha256()
    while piece := file.read(_HASHED_BYTES):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()
