"""The night watch: opens days, wakes what waited, says what is late, carries alerts out.

One process of an installation watches, whichever holds the lock; the others stand by.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from threading import Event, Thread

from titian.data.jobs import (
    alerts,
    board,
    control,
    executor,
    inflow,
    retention,
    slots,
    webhooks,
)
from titian.data.jobs.catalogue import Catalogue, load
from titian.data.jobs.model import Job, Stand, State
from titian.data.jobs.orders import Reason
from titian.kernel import banks, clock, db, logs
from titian.kernel.banks import BankStatus
from titian.kernel.clock import BANK_TZ
from titian.kernel.errors import Cause, TitianError
from titian.kernel.scope import Scope

EVERY_S = 5.0
LATE_DAYS = 3
SILENT_DAYS = 7
WATCH_SLOT = slots.MAX_SLOTS
_log = logs.get(__name__)


@contextmanager
def serving() -> Iterator[None]:
    """Work on orders and keep watch while the block runs: what a server process does."""
    stop = Event()
    with executor.running():
        thread = Thread(target=_watch, args=(stop,), name="job-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def _watch(stop: Event) -> None:
    release = None
    tidied = date.min
    while not stop.wait(EVERY_S):
        release = release or slots.try_take(WATCH_SLOT)
        if release is None:
            continue
        try:
            look_round()
            if tidied != clock.today():
                retention.forget_old()
                executor.forget_finished()
                tidied = clock.today()
        except Exception:  # noqa: BLE001  # the watch goes on with its next round
            _log.exception("a round of the watch broke off")
    if release is not None:
        release()


def look_round() -> None:
    """Make one round over all active banks, then send what alerts are due."""
    for bank in banks.all_banks():
        if bank.status is not BankStatus.ACTIVE:
            continue
        scope = Scope.system(bank.bank)
        try:
            _look_at(scope)
        except TitianError as error:
            _log.warning("a bank could not be looked after", bank=bank.bank, reason=str(error))
    webhooks.deliver()


def _look_at(scope: Scope) -> None:
    newest = inflow.newest_date(scope)
    if newest is None or newest < clock.today() - timedelta(days=SILENT_DAYS):
        return
    open_day(scope)
    control.wake(scope)
    catalogue = load(scope)
    for back in range(1, LATE_DAYS + 1):
        tell_late(scope, catalogue, clock.today() - timedelta(days=back))


def open_day(scope: Scope) -> bool:
    """Order yesterday's jobs once its first feed has arrived; say whether it was done now."""
    day = clock.today() - timedelta(days=1)
    catalogue = load(scope)
    arrived = any(
        inflow.has_date(scope, feed.table.qualified, day) for feed in catalogue.feeds.values()
    )
    begun = any(stand.state is not State.PENDING for stand in _due(scope, day))
    if not arrived or begun or not catalogue.jobs:
        return False
    control.run(scope, [day], reason=Reason.NIGHT)
    return True


def _due(scope: Scope, day: date) -> list[Stand]:
    return [s for s in board.stands(scope, day) if s.state is not State.SKIPPED]


def tell_late(scope: Scope, catalogue: Catalogue, business_date: date) -> int:
    """Raise an alert for each feed and job that should be through by now; settle old ones.

    Gives how many were raised.
    """
    late = dict(_late_feeds(scope, catalogue, business_date))
    late |= dict(_late_jobs(scope, catalogue, business_date))
    known = alerts.open_units(scope.bank_id, [business_date], alerts.Kind.LATE)
    raised = [
        alerts.row(scope.bank_id, business_date, name, alerts.Kind.LATE, words, None)
        for name, words in late.items()
        if (business_date, name) not in known
    ]
    settled = [unit for unit in known if unit[1] not in late]
    if raised or settled:
        with db.begin() as connection:
            alerts.record(connection, scope.bank_id, raised, settled)
    return len(raised)


def _late_feeds(scope: Scope, catalogue: Catalogue, day: date) -> Iterator[tuple[str, str]]:
    for feed in catalogue.feeds.values():
        expected = feed.expected_on(day) and clock.now() > feed.due(day)
        if expected and not inflow.has_date(scope, feed.table.qualified, day):
            yield f"feed:{feed.name}", _words("feed", feed.name, day, feed.due(day))


def _late_jobs(scope: Scope, catalogue: Catalogue, day: date) -> Iterator[tuple[str, str]]:
    for stand in board.stands(scope, day):
        due = _due_moment(catalogue.jobs[stand.job], day)
        if due is not None and clock.now() > due and not stand.state.done:
            yield stand.job, _words("job", stand.job, day, due)


def _due_moment(job: Job, day: date) -> datetime | None:
    if job.due is None:
        return None
    morning = datetime.combine(day + timedelta(days=1), time.fromisoformat(job.due))
    return morning.replace(tzinfo=BANK_TZ)


def _words(kind: str, name: str, day: date, due: datetime) -> str:
    return Cause(f"{kind} {name} of {day} was due at {due:%m-%d %H:%M} and is not through")
