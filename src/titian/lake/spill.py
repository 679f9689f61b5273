"""Folders that engines spill into: one for each, gone with it or when the next one starts."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from titian.kernel.settings import settings


def folder() -> Path:
    """Make a folder only this process uses, and remove those of processes that are no more."""
    place = settings().home / "spill"
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob(f"{_host()}-*-*"):
        if not _runs(old.name):
            shutil.rmtree(old, ignore_errors=True)
    made = place / f"{_host()}-{os.getpid()}-{secrets.token_hex(8)}"
    made.mkdir(mode=0o700)
    return made


def _host() -> str:
    return "".join(letter for letter in platform.node() if letter.isalnum()) or "host"


def _runs(name: str) -> bool:
    pid = int(name.split("-")[1])
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
