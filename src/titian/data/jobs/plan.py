"""What an order has to run: units of (job, dates), and which of them wait for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from titian.data.jobs import calendars
from titian.data.jobs.catalogue import Catalogue
from titian.data.jobs.jobsql import can_batch
from titian.data.jobs.model import Job

BATCH_DATES = 31


@dataclass(frozen=True, slots=True)
class Unit:
    """A job with the business dates it is run for in one go, mostly one."""

    job: str
    dates: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The units of an order, each after those it waits for."""

    units: tuple[Unit, ...]
    waits_for: Mapping[Unit, tuple[Unit, ...]]


def plan(
    catalogue: Catalogue, names: Sequence[str], dates: Sequence[date], *, wide: bool = False
) -> Plan:
    """Lay out jobs over dates.

    A job's date comes after the same date of the jobs it reads; where it looks back in time, after
    their earlier dates, too, and after its own where it builds on itself. Dates that do not depend
    on each other run side by side. `wide` runs many dates of a job in one statement where its SQL
    allows it.
    """
    days = sorted(dates)
    laid: dict[str, list[Unit]] = {}
    waits_for: dict[Unit, tuple[Unit, ...]] = {}
    for name in catalogue.select(names):
        job = catalogue.jobs[name]
        due = [day for day in days if calendars.due(job.schedule, day)]
        batch = BATCH_DATES if wide and can_batch(job) else 1
        units = [Unit(name, tuple(due[at : at + batch])) for at in range(0, len(due), batch)]
        before: Unit | None = None
        for unit in units:
            needed = list(_needed(catalogue, job, unit, laid))
            if job.reads_itself and before is not None:
                needed.append(before)
            waits_for[unit] = tuple(needed)
            before = unit
        laid[name] = units
    return Plan(tuple(waits_for), waits_for)


def _needed(
    catalogue: Catalogue, job: Job, unit: Unit, laid: Mapping[str, list[Unit]]
) -> list[Unit]:
    looks_back = {catalogue.graph.writer.get(read.table) for read in job.reads if read.history}
    last = unit.dates[-1]
    own = set(unit.dates)
    needed: list[Unit] = []
    for parent in catalogue.graph.parents[job.name]:
        for other in laid.get(parent, ()):
            if parent in looks_back:
                if other.dates[0] <= last:
                    needed.append(other)
            elif not own.isdisjoint(other.dates):
                needed.append(other)
    return needed
