"""All jobs of a bank, read, resolved against each other and ordered."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from titian.data import definitions
from titian.data.checks.model import CheckKind
from titian.data.definitions import Kind
from titian.data.jobs import graph as graphs
from titian.data.jobs import inflow, registry
from titian.data.jobs.graph import Graph
from titian.data.jobs.header import Header, read_header
from titian.data.jobs.model import Engine, Job, Read
from titian.data.jobs.sqltext import Text, read_sql, understand
from titian.data.strict import nearest
from titian.kernel.errors import InvalidDefinition, NotFound
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake.schema import Layer, Table

MAX_JOBS = 2_000
FRESH_S = 1.0
LATELY_S = 300.0
MAX_SEEN = 1_000


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What runs at a bank: its jobs, their order, and every table they know by name."""

    jobs: Mapping[str, Job]
    tables: Mapping[str, Table]
    feeds: Mapping[str, inflow.Feed]
    graph: Graph

    def job(self, name: str) -> Job:
        """Find a job. Raises NotFound naming the nearest."""
        if name not in self.jobs:
            raise NotFound(f"there is no job {name!r}", nearest(name, self.jobs))
        return self.jobs[name]

    def select(self, names: Sequence[str] | None) -> tuple[str, ...]:
        """Put the named jobs (all, when None) in order. Raises NotFound."""
        if names is None:
            return self.graph.order
        chosen = {self.job(name).name for name in names}
        return tuple(name for name in self.graph.order if name in chosen)


@dataclass(frozen=True, slots=True)
class _Draft:
    header: Header
    text: Text
    source: str
    file: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """A catalogue as it was a moment ago, and what it was made from."""

    key: tuple[object, ...]
    read: float
    catalogue: Catalogue


_seen: dict[tuple[Path, str], _Seen] = {}


def load(scope: Scope) -> Catalogue:
    """Give a bank's jobs, at most a second old where somebody edits files by hand.

    What is installed shows at once. Raises InvalidDefinition with file, line and remedy.
    """
    return _seen_within(scope, FRESH_S)


def lately(scope: Scope) -> Catalogue:
    """Give a bank's jobs as `load` does, but minutes old where somebody edits files by hand.

    For pages that show many banks at once; they are not all read anew at the same moment.
    """
    return _seen_within(scope, LATELY_S * (1 + zlib.crc32(scope.place.encode()) / 2**32))


def _seen_within(scope: Scope, age_s: float) -> Catalogue:
    place = settings().definitions, scope.place
    key = (definitions.revision(), *registry.python_jobs())
    known = _seen.get(place)
    if known is not None and known.key == key and time.monotonic() < known.read + age_s:
        return known.catalogue
    found = fresh(scope)
    if len(_seen) >= MAX_SEEN:
        _seen.clear()
    _seen[place] = _Seen(key, time.monotonic(), found)
    return found


def fresh(scope: Scope) -> Catalogue:
    """Read a bank's jobs as they are this moment. Raises as `load`."""
    return _load(scope, tuple(_stamp(path) for path in definitions.paths(scope, Kind.JOBS)))


_Stamp = tuple[str, int, int]


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return str(path), found.st_mtime_ns, found.st_size


def _load(scope: Scope, stamps: tuple[_Stamp, ...]) -> Catalogue:
    feeds = inflow.feeds_of(scope)
    python = tuple(job for made in registry.python_jobs() if (job := made.at(scope)) is not None)
    return _cached(stamps, tuple(sorted(feeds.items())), python, tuple(_other_tables(scope)))


@lru_cache(maxsize=256)
def _cached(
    stamps: tuple[_Stamp, ...],
    feeds: tuple[tuple[str, inflow.Feed], ...],
    python: tuple[Job, ...],
    others: tuple[Table, ...],
) -> Catalogue:
    return _combine([Path(path) for path, _, _ in stamps], dict(feeds), python, others)


def assemble(scope: Scope, files: Sequence[Path]) -> Catalogue:
    """Read these job files as a bank's only ones. Raises InvalidDefinition."""
    python = tuple(job for made in registry.python_jobs() if (job := made.at(scope)) is not None)
    return _combine(files, inflow.feeds_of(scope), python, tuple(_other_tables(scope)))


def _other_tables(scope: Scope) -> list[Table]:
    return inflow.lake_tables(scope)


def _combine(
    files: Sequence[Path],
    feeds: Mapping[str, inflow.Feed],
    python: Sequence[Job],
    others: Sequence[Table],
) -> Catalogue:
    drafts = [_draft(path) for path in files]
    if len(drafts) + len(python) > MAX_JOBS:
        raise InvalidDefinition(f"there are over {MAX_JOBS} jobs", "Remove some.")
    tables = {table.qualified: table for table in others}
    tables |= {feed.table.qualified: feed.table for feed in feeds.values()}
    tables |= {table.qualified: table for job in python for table in job.writes}
    tables |= {draft.header.table.qualified: draft.header.table for draft in drafts}
    jobs = [_resolve(draft, tables, feeds) for draft in drafts]
    jobs += [_known_reads(job, tables) for job in python]
    graph = graphs.build(jobs)
    by_name = {job.name: job for job in jobs}
    return Catalogue({name: by_name[name] for name in graph.order}, tables, feeds, graph)


def _draft(path: Path) -> _Draft:
    file = str(path)
    try:
        source = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidDefinition("the file is not UTF-8", "Save it as UTF-8.", file=file) from None
    header = read_header(source, file)
    return _Draft(header, read_sql(source, file), source, file)


def _resolve(draft: _Draft, tables: Mapping[str, Table], feeds: Mapping[str, inflow.Feed]) -> Job:
    header = draft.header
    for name, line in draft.text.tables:
        _known_table(name, tables, draft.file, line)
    for check in header.checks:
        for name in check.reads:
            _known_table(name, tables, draft.file, check.line)
    _fits_engine(header, draft.file)
    read_tables = tuple(tables[name] for name, _ in draft.text.tables)
    meaning = understand(draft.text, read_tables, header.table)
    reads = meaning.reads + _check_reads(header, {read.table for read in meaning.reads})
    raw = {read.table for read in reads if read.table.startswith(f"{Layer.RAW.value}.")}
    waits = header.waits
    if waits is None:
        waits = tuple(sorted(name for name, feed in feeds.items() if feed.table.qualified in raw))
    _known_waits(header, waits, feeds, draft.file)
    return Job(
        name=header.table.qualified,
        writes=(header.table,),
        reads=reads,
        schedule=header.schedule,
        waits=waits,
        retries=header.retries,
        checks=header.checks,
        version=_version(draft.source, read_tables),
        zh=header.table.zh,
        en=header.table.en,
        description=header.table.description,
        timeout_s=header.timeout_s,
        due=header.due,
        engine=header.engine,
        file=draft.file,
        sql=draft.source,
        parameters=draft.text.parameters,
    )


def _fits_engine(header: Header, file: str) -> None:
    for check in header.checks:
        if header.engine is Engine.SPARK and check.kind is CheckKind.RECONCILE:
            raise InvalidDefinition(
                "a job on Spark cannot reconcile",
                "Run it with `engine: duckdb`, or state the rule in a job that reads its table.",
                file=file,
                line=check.line,
            )


def _check_reads(header: Header, known: set[str]) -> tuple[Read, ...]:
    own = header.table.qualified
    extra = {name: check.line for check in header.checks for name in check.reads}
    return tuple(
        Read(name, by_check=True, line=line)
        for name, line in extra.items()
        if name not in known and name != own
    )


def _known_table(name: str, tables: Mapping[str, Table], file: str, line: int) -> None:
    if name not in tables:
        raise InvalidDefinition(
            f"no feed or job writes {name}", nearest(name, tables), file=file, line=line
        )


def _known_waits(
    header: Header, waits: Sequence[str], feeds: Mapping[str, inflow.Feed], file: str
) -> None:
    for feed in waits:
        if feed not in feeds:
            raise InvalidDefinition(
                f"there is no feed {feed!r} to wait for",
                nearest(feed, feeds),
                file=file,
                line=header.document.line(("waits",)),
            )


def _known_reads(job: Job, tables: Mapping[str, Table]) -> Job:
    for read in job.reads:
        _known_table(read.table, tables, job.file, 0)
    known = {read.table for read in job.reads} | {table.qualified for table in job.writes}
    extra = {name for check in job.checks for name in check.reads} - known
    for name in extra:
        _known_table(name, tables, job.file, 0)
    added = tuple(Read(name, by_check=True) for name in sorted(extra))
    return replace(job, reads=job.reads + added)


def _version(source: str, reads: Sequence[Table]) -> str:
    shapes = [(column.name, column.type) for table in reads for column in table.columns]
    words = f"{source}{shapes}"
    return hashlib.sha256(words.encode()).hexdigest()[:16]
