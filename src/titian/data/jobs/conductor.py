"""Lead one order through: start what is ready, settle what ended, write both down at once.

The conductor keeps no state that matters. What is done stands in the run log and in the lake, so a
conductor that is called again after a crash goes on where the log ends; the one unit that was
published but not yet logged runs again and replaces its date.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from queue import Empty, SimpleQueue
from threading import Event, get_ident

from sqlalchemy.exc import OperationalError

from titian.data.checks.model import Outcome
from titian.data.jobs import orders, outlook, pauses, runlog
from titian.data.jobs.catalogue import fresh
from titian.data.jobs.model import day_scope
from titian.data.jobs.orders import Order, OrderState
from titian.data.jobs.plan import Plan, Unit, plan
from titian.data.jobs.pool import FairPool
from titian.data.jobs.record import Record
from titian.data.jobs.task import Brake, Made, Task
from titian.data.jobs.verdict import ChecksFailed
from titian.data.jobs.work import perform
from titian.kernel import clock, logs
from titian.kernel.errors import TimedOut, TitianError, Transient
from titian.kernel.ids import RunId, new_id
from titian.kernel.settings import settings

BACKOFF_S = (1.0, 5.0, 25.0, 120.0, 600.0)
GRACE_S = 30.0
TICK_S = 1.0
SIGNALS_S = 0.2
_log = logs.get(__name__)

Result = Made | BaseException


@dataclass(slots=True)
class _Going:
    """A unit that is being worked on: its runs by date, and how to stop it."""

    runs: dict[date, RunId]
    attempt: int
    started: datetime
    limit_s: float
    brake: Brake = field(default_factory=Brake)
    began: datetime | None = None
    thread: int = 0
    since: float = 0.0
    seconds: float = 0.0


_End = tuple[Unit, _Going, Result]


def conduct(order: Order, pool: FairPool, stop: Event) -> OrderState | None:
    """Run an order to its end and give its final state; None when stopped before the end.

    Raises nothing: an order whose definitions are wrong fails with the reason.
    """
    try:
        conductor = _Conductor(order, pool, stop)
    except TitianError as error:
        orders.ended(order.order, OrderState.FAILED, str(error))
        return OrderState.FAILED
    return conductor.lead()


class _Conductor:
    def __init__(self, order: Order, pool: FairPool, stop: Event) -> None:
        self.order = order
        self.pool = pool
        self.stop = stop
        self.scope = day_scope(order.bank)
        self.catalogue = fresh(self.scope)
        names = self.catalogue.select(order.jobs)
        self.plan: Plan = plan(self.catalogue, names, order.dates, wide=order.wide)
        self.outlook = outlook.Outlook(self.scope, self.catalogue, self.plan, order)
        self.record = Record(order, self.catalogue)
        self.going: dict[Unit, _Going] = {}
        self.again: list[tuple[float, int, Unit]] = []
        self.waiting = {unit: len(self.plan.waits_for[unit]) for unit in self.plan.units}
        self.below = _below(self.plan)
        self.wholes: dict[Unit, Unit] = {}
        self.parts: dict[Unit, int] = {}
        self.ends: SimpleQueue[_End] = SimpleQueue()
        self.left = len(self.plan.units)
        self.signals: tuple[frozenset[str], bool] = (frozenset(), False)
        self.next_signals = 0.0

    def lead(self) -> OrderState | None:
        orders.started(self.order.order, sum(len(unit.dates) for unit in self.plan.units))
        runlog.close_interrupted(self.order.order)
        self.record.load_open_alerts()
        self._open([unit for unit in self.plan.units if not self.waiting[unit]])
        while self.left:
            if self.stop.is_set() and not self.going:
                self.record.flush()
                return None
            self._listen()
        self.record.flush()
        state = self.outlook.verdict()
        orders.ended(self.order.order, state)
        return state

    # --- starting

    def _open(self, units: Iterable[Unit]) -> None:
        """Decide on units whose parents are over, and on those that this frees, until none is."""
        paused, called_off = self._signals()
        fresh: list[tuple[Unit, tuple[date, ...], int]] = []
        ready = list(units)
        while ready:
            unit = ready.pop()
            dates = self.outlook.decide(unit, paused, self.record, called_off=called_off)
            if dates:
                fresh.append((unit, dates, 1))
            else:
                ready.extend(self._close(unit))
        self._start(fresh)

    def _signals(self) -> tuple[frozenset[str], bool]:
        if time.monotonic() >= self.next_signals:
            self.signals = pauses.names(self.order.bank), orders.cancelled(self.order.order)
            self.next_signals = time.monotonic() + SIGNALS_S
        return self.signals

    def _start(self, fresh: list[tuple[Unit, tuple[date, ...], int]]) -> None:
        for unit, dates, attempt in fresh:
            job = self.catalogue.jobs[unit.job]
            runs = {day: RunId(new_id("run")) for day in dates}
            limit_s = job.timeout_s or settings().job_timeout_s
            going = _Going(runs, attempt, clock.now(), limit_s)
            self.going[unit] = going
            self.record.started(job, runs, attempt, going.started)
        self.record.flush()
        for unit, dates, _ in fresh:
            self._submit(unit, dates, self.going[unit])

    def _submit(self, unit: Unit, dates: tuple[date, ...], going: _Going) -> None:
        job = self.catalogue.jobs[unit.job]
        task = Task(job, dates, self.catalogue.tables, self.outlook.facts)

        def work() -> None:
            going.thread, going.since, going.began = get_ident(), time.monotonic(), clock.now()
            result: Result
            try:
                result = perform(self.scope, task, going.brake)
            except BaseException as error:  # noqa: BLE001  # a panic in native code is one, too
                result = error
            going.seconds = time.monotonic() - going.since
            self.ends.put((unit, going, result))

        self.pool.submit(self.order.bank, work)

    # --- ending

    def _listen(self) -> None:
        freed: list[Unit] = []
        for unit, going, result in self._ended():
            if self.going.get(unit) is going:
                del self.going[unit]
                freed.extend(self._settle(unit, going, result))
        self._stop_overdue()
        if self.stop.is_set():
            self.record.flush()
            return
        self._open(freed)
        self._retry()

    def _ended(self) -> list[_End]:
        timeout = TICK_S
        if self.again:
            timeout = min(timeout, max(0.0, self.again[0][0] - time.monotonic()))
        found: list[_End] = []
        try:
            found.append(self.ends.get(timeout=timeout))
            while True:
                found.append(self.ends.get_nowait())
        except Empty:
            return found

    def _settle(self, unit: Unit, going: _Going, result: Result) -> list[Unit]:
        job = self.catalogue.jobs[unit.job]
        dates = tuple(going.runs)
        self.record.began(going.runs, going.began or going.started)
        if isinstance(result, Made):
            self.record.succeeded(job, going.runs, going.seconds, result)
            self.outlook.succeeded(unit.job, dates)
            return self._close(unit)
        if len(dates) > 1:
            self.record.broken_up(job, going.runs, going.seconds, result)
            self._break_up(unit, dates)
            return []
        again = _may_retry(result) and going.attempt <= job.retries
        outcomes: tuple[Outcome, ...] = result.outcomes if isinstance(result, ChecksFailed) else ()
        if not isinstance(result, TitianError):
            _log.error("job raised", job=job.name, bank=self.order.bank, exc_info=result)
        self.record.failed(job, going.runs, going.seconds, result, outcomes, again=again)
        if again:
            wait_s = BACKOFF_S[min(going.attempt, len(BACKOFF_S)) - 1]
            heapq.heappush(self.again, (time.monotonic() + wait_s, going.attempt + 1, unit))
            return []
        self.outlook.failed(unit.job, dates)
        return self._close(unit)

    def _close(self, unit: Unit) -> list[Unit]:
        whole = self.wholes.pop(unit, None)
        if whole is not None:
            self.parts[whole] -= 1
            return self._close(whole) if not self.parts[whole] else []
        self.left -= 1
        freed = []
        for child in self.below[unit]:
            self.waiting[child] -= 1
            if not self.waiting[child]:
                freed.append(child)
        return freed

    def _break_up(self, unit: Unit, dates: tuple[date, ...]) -> None:
        pieces = [Unit(unit.job, (day,)) for day in dates]
        self.parts[unit] = len(pieces)
        self.wholes.update(dict.fromkeys(pieces, unit))
        self._start([(piece, piece.dates, 1) for piece in pieces])

    def _retry(self) -> None:
        due = []
        while self.again and self.again[0][0] <= time.monotonic():
            _, attempt, unit = heapq.heappop(self.again)
            due.append((unit, unit.dates, attempt))
        if due:
            self._start(due)

    def _stop_overdue(self) -> None:
        for unit, going in list(self.going.items()):
            over_s = time.monotonic() - going.since - going.limit_s if going.since else -1.0
            if over_s < 0:
                continue
            going.brake.pull()
            if over_s > GRACE_S and self.pool.lost(going.thread):
                going.seconds = time.monotonic() - going.since
                self.ends.put((unit, going, _unanswered(unit)))


def _below(laid: Plan) -> dict[Unit, list[Unit]]:
    below: dict[Unit, list[Unit]] = {unit: [] for unit in laid.units}
    for unit, needed in laid.waits_for.items():
        for parent in needed:
            below[parent].append(unit)
    return below


def _may_retry(error: BaseException) -> bool:
    return isinstance(error, Transient | OperationalError | OSError | TimeoutError)


def _unanswered(unit: Unit) -> TimedOut:
    return TimedOut(
        f"{unit.job} did not stop {GRACE_S:.0f} s after its time was over",
        "Call context.keep_going() in its loops, or give it a larger timeout_s.",
    )
