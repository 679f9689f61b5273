"""One load or replay of a feed at a time, on one machine or on many."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from titian.kernel import db
from titian.kernel.errors import Conflict
from titian.kernel.scope import Scope
from titian.kernel.settings import settings


@contextmanager
def held(scope: Scope, feed: str) -> Iterator[None]:
    """Hold a bank's feed inside the block; a process that dies lets go of it.

    Raises Conflict when somebody else is loading or replaying it.
    """
    if db.is_postgres():
        with _advisory(scope, feed):
            yield
        return
    folder = settings().home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"feed.{scope.bank_id}.{feed}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(scope, feed) from None
        yield


@contextmanager
def _advisory(scope: Scope, feed: str) -> Iterator[None]:
    name = hashlib.sha256(f"feed.{scope.bank_id}.{feed}".encode()).digest()
    key = int.from_bytes(name[:8], signed=True)
    with db.engine().connect() as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}):
            raise _busy(scope, feed)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


def _busy(scope: Scope, feed: str) -> Conflict:
    return Conflict(
        f"feed {feed} of {scope.bank_id} is being loaded or replayed now",
        "Wait until that is done, then try again.",
    )
