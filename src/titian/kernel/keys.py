"""Secret keys of this installation, each a file of its own in the home folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from titian.kernel.ids import valid_name
from titian.kernel.settings import settings

KEY_BYTES = 32


def made(name: str) -> bool:
    """Say whether a secret has been made."""
    return _path(name).exists()


def key(name: str) -> bytes:
    """Give a secret of 32 bytes, made at first use; only the owner can read its file."""
    path = _path(name)
    if not path.exists():
        _make(path)
    return path.read_bytes()


def _path(name: str) -> Path:
    return settings().home / "keys" / f"{valid_name(name, 'key name')}.key"


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process made it first; its key is the one
    finally:
        draft.unlink()
