"""What waits for a reader, from every room: all of it for the tasks page, a count for the top bar.

The count is kept for a few seconds, and forgotten when the reader does something.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from titian.kernel import logs
from titian.kernel.errors import TitianError
from titian.kernel.ids import UserId
from titian.web.room import MAX_TASKS, Level, Task, Tasks

if TYPE_CHECKING:
    from titian.web.context import Context

KEPT_S = 5.0
MAX_KEPT = 2_000
_Key = tuple[UserId, str]
_log = logs.get(__name__)
_lock = Lock()
_kept: dict[_Key, tuple[float, int]] = {}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One task and the kind it is of."""

    kind: Tasks
    task: Task


def tasks(ctx: Context) -> list[Waiting]:
    """List what waits for the reader at this place, the most pressing rooms first.

    A room that fails is left out and logged; each gives `MAX_TASKS` at most.
    """
    return [Waiting(kind, task) for kind in kinds(ctx) for task in _found(ctx, kind)]


def count(ctx: Context) -> int:
    """Count what waits for the reader, at most a few seconds old."""
    key = (ctx.user.user_id, ctx.place)
    now = time.monotonic()
    with _lock:
        at, known = _kept.get(key, (now - KEPT_S, 0))
    if now - at < KEPT_S:
        return known
    many = len(tasks(ctx))
    with _lock:
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        _kept[key] = (now, many)
    return many


def forget(user: UserId) -> None:
    """Count anew for a reader who has just done something."""
    with _lock:
        for key in [key for key in _kept if key[0] == user]:
            del _kept[key]


def kinds(ctx: Context) -> list[Tasks]:
    """List the kinds of tasks that a reader may have at this place."""
    from titian.web.pages import ROOMS

    return [kind for room in ROOMS for kind in room.tasks if _fits(ctx, kind)]


def _fits(ctx: Context, kind: Tasks) -> bool:
    if kind.permission is not None and not ctx.allows(kind.permission):
        return False
    return kind.level is Level.EITHER or (kind.level is Level.BANK) == (ctx.scope.bank is not None)


def _found(ctx: Context, kind: Tasks) -> Sequence[Task]:
    try:
        return kind.find(ctx)[:MAX_TASKS]
    except TitianError as error:
        _log.warning("tasks could not be found", kind=kind.name, why=error.what)
        return ()
