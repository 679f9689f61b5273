"""The order of jobs: who writes what, who waits for whom; cycles and double writers refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from titian.data.jobs.model import Job
from titian.kernel.errors import InvalidDefinition, NotFound


@dataclass(frozen=True, slots=True)
class Graph:
    """Jobs in an order in which each comes after those whose tables it reads."""

    order: tuple[str, ...]
    parents: Mapping[str, tuple[str, ...]]
    writer: Mapping[str, str]
    children: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        below: dict[str, list[str]] = {name: [] for name in self.order}
        for name in self.order:
            for parent in self.parents[name]:
                below[parent].append(name)
        object.__setattr__(self, "children", {name: tuple(got) for name, got in below.items()})

    def downstream(self, names: Iterable[str]) -> tuple[str, ...]:
        """List the jobs named and all that depend on them, in order."""
        return self._reach(names, self.children)

    def upstream(self, names: Iterable[str]) -> tuple[str, ...]:
        """List the jobs named and all they depend on, in order."""
        return self._reach(names, self.parents)

    def _reach(self, names: Iterable[str], edges: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        found: set[str] = set()
        open_ = list(names)
        for name in open_:
            if name not in self.parents:
                raise NotFound(f"there is no job {name!r}", "See `titian jobs graph`.")
        while open_:
            name = open_.pop()
            if name not in found:
                found.add(name)
                open_.extend(edges[name])
        return tuple(name for name in self.order if name in found)


def build(jobs: Sequence[Job]) -> Graph:
    """Order the jobs by the tables they read.

    Raises InvalidDefinition for a table with two writers and for a cycle, naming its path.
    """
    writer: dict[str, Job] = {}
    for job in jobs:
        for table in job.writes:
            other = writer.setdefault(table.qualified, job)
            if other is not job:
                raise InvalidDefinition(
                    f"{table.qualified} is written by {other.file or other.name} already",
                    "One table has one writer: write another table, or remove one of the jobs.",
                    file=job.file,
                    line=1,
                )
    parents = {
        job.name: tuple(sorted({writer[t].name for t in job.needs if t in writer} - {job.name}))
        for job in jobs
    }
    try:
        order = tuple(TopologicalSorter(parents).static_order())
    except CycleError as error:
        raise _cycle(list(error.args[1]), jobs) from None
    return Graph(order, parents, {table: job.name for table, job in writer.items()})


def _cycle(path: list[str], jobs: Sequence[Job]) -> InvalidDefinition:
    # graphlib lists the cycle from a job to the one that reads it; people read it downhill.
    by_name = {job.name: job for job in jobs}
    reader, written = by_name[path[1]], by_name[path[0]]
    outputs = {table.qualified for table in written.writes}
    line = next((read.line for read in reader.reads if read.table in outputs), 0)
    return InvalidDefinition(
        f"jobs wait for each other in a circle: {' → '.join(path)}",
        "Break it: let one of them read another table, or an earlier date of its own.",
        file=reader.file,
        line=line,
    )
