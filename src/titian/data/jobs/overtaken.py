"""Jobs that are through, but whose feeds have moved since: what they made is no longer true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeAlias

from sqlalchemy import func, select

from titian.data.feeds.record import ArrivalStatus
from titian.data.jobs import inflow
from titian.data.jobs.catalogue import Catalogue
from titian.data.jobs.model import Job, Stand, State
from titian.kernel import db
from titian.kernel.errors import Cause
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope

Moves: TypeAlias = Mapping[str, datetime | None]
"""By feed: when its date got the rows it holds, or None when they were withdrawn."""


def moves(scope: Scope, day: date) -> dict[BankId, dict[str, datetime | None]]:
    """Give how the feeds of every visible bank moved on a business date."""
    came = (ArrivalStatus.LOADED, ArrivalStatus.WITHDRAWN)
    either = inflow.movements(scope, [day], came)
    by = (either.c.bank, either.c.feed, either.c.status)
    query = select(*by, func.max(either.c.at).label("at")).group_by(*by)
    found: dict[BankId, dict[str, datetime | None]] = {}
    with db.read() as connection:
        for one in connection.execute(query):
            feeds = found.setdefault(one.bank, {})
            held = feeds.get(one.feed)
            gone = one.status == ArrivalStatus.WITHDRAWN.value
            feeds[one.feed] = held if gone else max(one.at, held or one.at)
    return found


def seen(
    catalogue: Catalogue, stands: Sequence[Stand], begun: Mapping[str, datetime], moved: Moves
) -> list[Stand]:
    """Give the stands of a date, in the order of jobs, as they are after the feeds moved."""
    shown: dict[str, Stand] = {}
    for stand in stands:
        since = begun.get(stand.job)
        if stand.state is not State.SUCCEEDED or since is None:
            shown[stand.job] = stand
            continue
        parents = [shown[name] for name in catalogue.graph.parents[stand.job]]
        shown[stand.job] = _seen(stand, catalogue.jobs[stand.job], since, moved, parents)
    return list(shown.values())


def came_since(job: Job, since: datetime, moved: Moves) -> bool:
    """Whether a feed of a job got other rows after a moment."""
    return any((at := moved.get(feed)) is not None and at > since for feed in job.waits)


def _seen(stand: Stand, job: Job, since: datetime, moved: Moves, parents: Sequence[Stand]) -> Stand:
    gone = [feed for feed in job.waits if feed in moved and moved[feed] is None]
    if gone:
        return replace(stand, state=State.WAITING, why=Cause(f"waits for {', '.join(gone)}"))
    for parent in parents:
        if parent.state in (State.WAITING, State.HELD):
            why = Cause(f"held up by {parent.job} ({parent.state.value})")
            return replace(stand, state=State.HELD, why=why)
    if came_since(job, since, moved) or any(parent.state is State.PENDING for parent in parents):
        return replace(stand, state=State.PENDING, why=Cause("its rows changed after it ran"))
    return stand
