"""What is due for a unit, per date: up to date, waiting, held, paused, or to be run."""

from __future__ import annotations

from datetime import date, datetime

from titian.data.jobs import calendars, inflow, pauses, runlog
from titian.data.jobs.catalogue import Catalogue
from titian.data.jobs.model import Job, State
from titian.data.jobs.orders import Order, OrderState
from titian.data.jobs.plan import Plan, Unit
from titian.data.jobs.record import Record
from titian.data.jobs.runlog import Standing
from titian.kernel.errors import Cause
from titian.kernel.scope import Scope

Key = tuple[date, str]
_PAUSED = "paused"


class Outlook:
    """The state of every unit of one order, as far as deciding needs it."""

    def __init__(self, scope: Scope, catalogue: Catalogue, laid: Plan, order: Order) -> None:
        self.scope = scope
        self.catalogue = catalogue
        self.order = order
        self.planned = {(day, unit.job) for unit in laid.units for day in unit.dates}
        self.standing = runlog.standings(order.bank, order.dates)
        self.bad: dict[Key, State] = {}
        self.remade: set[Key] = set()
        self.arrivals = inflow.arrival_times(scope, order.dates)
        self.facts = inflow.facts(scope, catalogue.feeds)

    def decide(
        self, unit: Unit, paused: frozenset[str], record: Record, *, called_off: bool
    ) -> tuple[date, ...]:
        """Give the dates of a unit that are to run now; write down why the others are not."""
        job = self.catalogue.jobs[unit.job]
        todo = []
        for day in unit.dates:
            if self._up_to_date(job, day):
                record.finished_one()
                continue
            state, why = self._obstacle(job, day, paused, called_off=called_off)
            if state is None:
                todo.append(day)
                continue
            self.bad[day, job.name] = state
            record.stopped(job, day, state, why)
        return tuple(todo)

    def succeeded(self, job: str, dates: tuple[date, ...]) -> None:
        """Note that a job was made anew for dates."""
        self.remade.update((day, job) for day in dates)

    def failed(self, job: str, dates: tuple[date, ...]) -> None:
        """Note that a job failed for dates."""
        self.bad.update(dict.fromkeys(((day, job) for day in dates), State.FAILED))

    def verdict(self) -> OrderState:
        """Give the state of the whole order now that every unit is over."""
        states = set(self.bad.values())
        if State.FAILED in states:
            return OrderState.FAILED
        return OrderState.WAITING if states else OrderState.DONE

    def _up_to_date(self, job: Job, day: date) -> bool:
        mine = self.standing.get((day, job.name))
        if mine is None or mine.state is not State.SUCCEEDED or mine.started is None:
            return False
        if mine.order == self.order.order:
            return True
        if self.order.force or mine.version != job.version:
            return False
        if any(self._came_again(feed, day, mine.started) for feed in job.waits):
            return False
        return all(
            self._older(parent, day, mine) for parent in self.catalogue.graph.parents[job.name]
        )

    def _came_again(self, feed: str, day: date, than: datetime) -> bool:
        arrived = self.arrivals.get((day, feed))
        return arrived is not None and arrived > than

    def _older(self, parent: str, day: date, mine: Standing) -> bool:
        if (day, parent) in self.remade:
            return False
        its = self.standing.get((day, parent))
        if its is None or its.finished is None or mine.started is None:
            return not calendars.due(self.catalogue.jobs[parent].schedule, day)
        return its.state is State.SUCCEEDED and its.finished <= mine.started

    def _obstacle(
        self, job: Job, day: date, paused: frozenset[str], *, called_off: bool
    ) -> tuple[State | None, str]:
        if called_off:
            return State.HELD, Cause("the order was called off")
        for parent in self.catalogue.graph.parents[job.name]:
            why = self._blocked_by(job, parent, day)
            if why:
                return State.HELD, why
        if job.reads_itself:
            why = self._own_past(job, day)
            if why:
                return State.HELD, why
        if pauses.WHOLE_BANK in paused or job.name in paused:
            return State.PAUSED, Cause("paused; resume it to run it")
        absent = inflow.missing(self.scope, self.catalogue.feeds, job.waits, day)
        if absent:
            return State.WAITING, Cause(f"waits for {', '.join(absent)}")
        return None, ""

    def _blocked_by(self, job: Job, parent: str, day: date) -> str:
        state = self.bad.get((day, parent))
        if state is None and (day, parent) not in self.planned:
            state = self._unplanned(parent, day)
        if state is not None:
            return Cause(f"held up by {parent} ({state.value})")
        if not self._looks_back(job, parent):
            return ""
        for (other, name), past in self.bad.items():
            if name == parent and other < day:
                return Cause(f"held up by {parent} of {other} ({past.value})")
        return ""

    def _unplanned(self, parent: str, day: date) -> State | None:
        if not calendars.due(self.catalogue.jobs[parent].schedule, day):
            return None
        its = self.standing.get((day, parent))
        if its is None:
            return State.PENDING
        return None if its.state.done else its.state

    def _looks_back(self, job: Job, parent: str) -> bool:
        writer = self.catalogue.graph.writer
        return any(read.history and writer.get(read.table) == parent for read in job.reads)

    def _own_past(self, job: Job, day: date) -> str:
        for (other, name), state in self.bad.items():
            if name == job.name and other < day:
                return Cause(f"held up by itself on {other} ({state.value})")
        return ""
