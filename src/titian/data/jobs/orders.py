"""Orders: a bank's dates to be run, asked for by the night, a person or a repair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from titian.data.jobs.tables import job_order
from titian.kernel import clock, db
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.ids import BankId, new_id
from titian.kernel.scope import Scope

MAX_DATES = 400
PAGE_MAX_ROWS = 500


class Reason(StrEnum):
    """Why an order was made."""

    NIGHT = "night"
    PERSON = "person"
    BACKFILL = "backfill"
    RERUN = "rerun"
    RESUME = "resume"


class OrderState(StrEnum):
    """How far an order is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more happens to it."""
        return self not in (OrderState.QUEUED, OrderState.RUNNING)


@dataclass(frozen=True, slots=True)
class Order:
    """Dates of one bank, with the jobs to run (None: all), as asked for and as it stands.

    `force` runs units again that are up to date; `wide` runs many dates in one statement.
    `finished` of `total` units are over.
    """

    order: str
    bank: BankId
    dates: tuple[date, ...]
    jobs: tuple[str, ...] | None
    force: bool
    wide: bool
    reason: Reason
    requested_by: str
    requested: datetime
    state: OrderState
    total: int
    finished: int
    error: str


def create(
    scope: Scope,
    dates: Sequence[date],
    *,
    jobs: Sequence[str] | None = None,
    force: bool = False,
    wide: bool = False,
    reason: Reason = Reason.PERSON,
    total: int = 0,
) -> Order:
    """Write an order down, not yet started; `total` is an estimate of its units.

    Raises InvalidInput for no dates or too many.
    """
    days = sorted(set(dates))
    if not 1 <= len(days) <= MAX_DATES:
        raise InvalidInput(f"an order of {len(days)} dates", f"Name 1 to {MAX_DATES} dates.")
    order = Order(
        order=new_id("order"),
        bank=scope.bank_id,
        dates=tuple(days),
        jobs=None if jobs is None else tuple(jobs),
        force=force,
        wide=wide,
        reason=reason,
        requested_by=scope.user,
        requested=clock.now(),
        state=OrderState.QUEUED,
        total=total,
        finished=0,
        error="",
    )
    with db.begin() as connection:
        connection.execute(
            insert(job_order).values(
                order_id=order.order,
                bank=order.bank,
                first_date=days[0],
                last_date=days[-1],
                dates=[day.isoformat() for day in days],
                jobs=None if order.jobs is None else list(order.jobs),
                force=force,
                wide=wide,
                reason=reason.value,
                requested_by=scope.user,
                requested_at=order.requested,
                state=order.state.value,
                total=total,
                finished=0,
                error="",
            )
        )
    return order


def get(order: str) -> Order:
    """Find an order. Raises NotFound."""
    with db.read() as connection:
        row = connection.execute(select(job_order).where(job_order.c.order_id == order)).first()
    if row is None:
        raise NotFound(f"there is no order {order!r}", "List them with `titian jobs status`.")
    return _order(row)


def recent(scope: Scope, limit: int = 50) -> list[Order]:
    """List the newest orders a scope may see."""
    query = select(job_order).order_by(job_order.c.requested_at.desc())
    if scope.bank is not None:
        query = query.where(job_order.c.bank == scope.bank)
    with db.read() as connection:
        return [_order(row) for row in connection.execute(query.limit(min(limit, PAGE_MAX_ROWS)))]


def unfinished() -> list[Order]:
    """List the orders of all banks that are queued or running, oldest first."""
    states = [state.value for state in OrderState if not state.final]
    query = select(job_order).where(job_order.c.state.in_(states))
    with db.read() as connection:
        return [_order(row) for row in connection.execute(query.order_by(job_order.c.order_id))]


def cancelled(order: str) -> bool:
    """Say whether an order was called off."""
    query = select(job_order.c.state).where(job_order.c.order_id == order)
    with db.read() as connection:
        return connection.scalar(query) == OrderState.CANCELLED.value


def cancel(order: str) -> None:
    """Call an unfinished order off; what runs now still ends."""
    states = [state.value for state in OrderState if not state.final]
    with db.begin() as connection:
        connection.execute(
            update(job_order)
            .where(job_order.c.order_id == order, job_order.c.state.in_(states))
            .values(state=OrderState.CANCELLED.value, finished_at=clock.now())
        )


def started(order: str, total: int) -> None:
    """Note that an order runs now, with so many units; a second start counts from nought."""
    with db.begin() as connection:
        connection.execute(
            update(job_order)
            .where(
                job_order.c.order_id == order,
                job_order.c.state != OrderState.CANCELLED.value,
            )
            .values(state=OrderState.RUNNING.value, started_at=clock.now(), total=total, finished=0)
        )


def ended(order: str, state: OrderState, error: str = "") -> None:
    """Note how an order ended, unless it was cancelled."""
    with db.begin() as connection:
        connection.execute(
            update(job_order)
            .where(
                job_order.c.order_id == order,
                job_order.c.state != OrderState.CANCELLED.value,
            )
            .values(state=state.value, finished_at=clock.now(), error=error)
        )


def _order(row: Row[Any]) -> Order:
    return Order(
        order=row.order_id,
        bank=row.bank,
        dates=tuple(date.fromisoformat(day) for day in row.dates),
        jobs=None if row.jobs is None else tuple(row.jobs),
        force=row.force,
        wide=row.wide,
        reason=Reason(row.reason),
        requested_by=row.requested_by,
        requested=row.requested_at,
        state=OrderState(row.state),
        total=row.total,
        finished=row.finished,
        error=row.error,
    )
