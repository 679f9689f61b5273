"""Who works: each process holds one numbered slot as long as it lives.

A slot is a lock that the operating system (or PostgreSQL) lets go of when its process dies, however
it dies. Work noted under a slot that nobody holds is therefore free to be taken over.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, text

from titian.kernel import db
from titian.kernel.errors import LimitExceeded
from titian.kernel.settings import settings

MAX_SLOTS = 256
_LOCK = 0x7174_6E02

Release = Callable[[], None]


def take() -> tuple[int, Release]:
    """Take the lowest free slot; call the release at the end. Raises LimitExceeded."""
    for slot in range(MAX_SLOTS):
        release = try_take(slot)
        if release is not None:
            return slot, release
    raise LimitExceeded(
        f"{MAX_SLOTS} processes run jobs already", "Stop some of them, or wait until they end."
    )


def try_take(slot: int) -> Release | None:
    """Take a slot if nobody holds it."""
    return _try_postgres(slot) if db.is_postgres() else _try_file(slot)


def _try_file(slot: int) -> Release | None:
    folder = settings().home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(Path(folder) / f"jobs-{slot}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return lambda: os.close(held)


def _try_postgres(slot: int) -> Release | None:
    connection: Connection = db.engine().connect()
    names = {"room": _LOCK, "slot": slot}
    got = connection.scalar(text("SELECT pg_try_advisory_lock(:room, :slot)"), names)
    connection.commit()
    if not got:
        connection.close()
        return None

    def release() -> None:
        connection.execute(text("SELECT pg_advisory_unlock(:room, :slot)"), names)
        connection.commit()
        connection.close()

    return release
