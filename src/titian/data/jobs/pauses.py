"""Paused jobs and banks: they keep their place in the order and run once resumed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from titian.data import notes
from titian.data.jobs.tables import job_pause
from titian.kernel import audit, clock, db
from titian.kernel.errors import Conflict, NotFound, Remedy
from titian.kernel.ids import BankId
from titian.kernel.near import nearest
from titian.kernel.scope import Permission, Scope

WHOLE_BANK = ""
MAX_REASON_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Pause:
    """A job (or, with an empty name, a whole bank) that is held back."""

    bank: BankId
    job: str
    reason: str
    paused_by: str
    paused: datetime


def names(bank: BankId) -> frozenset[str]:
    """Give the names of a bank's paused jobs; `WHOLE_BANK` among them means all."""
    with db.read() as connection:
        return frozenset(
            connection.scalars(select(job_pause.c.job).where(job_pause.c.bank == bank))
        )


def listed(scope: Scope) -> list[Pause]:
    """List the pauses a scope may see. Needs VIEW_JOBS."""
    scope.require(Permission.VIEW_JOBS)
    query = select(job_pause).order_by(job_pause.c.bank, job_pause.c.job)
    if scope.bank is not None:
        query = query.where(job_pause.c.bank == scope.bank)
    with db.read() as connection:
        return [
            Pause(row.bank, row.job, row.reason, row.paused_by, row.paused_at)
            for row in connection.execute(query)
        ]


def add(scope: Scope, job: str, reason: str) -> None:
    """Pause a job of a bank. Needs RUN_JOBS. Raises Conflict when it is paused already.

    The reason is kept for good: `notes.checked` says what it may not hold.
    """
    scope.require(Permission.RUN_JOBS)
    said = notes.checked(reason)
    if job in names(scope.bank_id):
        raise Conflict(f"{job or scope.bank} is paused already", "Resume it first, or leave it.")
    with db.begin() as connection:
        connection.execute(
            insert(job_pause).values(
                bank=scope.bank_id,
                job=job,
                reason=said[:MAX_REASON_CHARACTERS],
                paused_by=scope.user,
                paused_at=clock.now(),
            )
        )
        audit.record(scope, "jobs.pause", job or scope.bank_id, {"reason": said}, connection)


def remove(scope: Scope, job: str) -> None:
    """Resume a job of a bank. Needs RUN_JOBS. Raises NotFound when it is not paused."""
    scope.require(Permission.RUN_JOBS)
    with db.begin() as connection:
        gone = connection.execute(
            delete(job_pause).where(job_pause.c.bank == scope.bank_id, job_pause.c.job == job)
        )
        if not gone.rowcount:
            held = [name or str(scope.bank) for name in names(scope.bank_id)]
            what = f"{job or scope.bank} is not paused"
            raise NotFound(what, nearest(job, held) if held else Remedy("Nothing is paused here."))
        audit.record(scope, "jobs.resume", job or scope.bank_id, {}, connection)
