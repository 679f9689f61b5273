"""Column lineage: where every column comes from, up to the field of a bank's file, and down again.

A column is named `core.loan.balance_fen`; a field of a delivered file `feed:loan.LN_BAL`. What a
Python job does inside is not known, so its columns come from every column it may read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from titian.data.jobs.catalogue import Catalogue, load
from titian.data.jobs.inflow import Feed
from titian.data.jobs.model import Job
from titian.data.jobs.sqltext import column_sources, read_sql
from titian.data.strict import nearest
from titian.kernel.errors import NotFound
from titian.kernel.scope import Permission, Scope

FEED = "feed:"
MAX_NODES = 5_000


@dataclass(frozen=True, slots=True)
class Edge:
    """One column made from another; `job` is what makes it (a feed's name at the top)."""

    source: str
    target: str
    job: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Lineage:
    """The columns around one column, and the edges between them. `cut` when there were too many."""

    column: str
    columns: tuple[str, ...]
    edges: tuple[Edge, ...]
    cut: bool = False

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables and feeds these columns are in."""
        return tuple(dict.fromkeys(column.rpartition(".")[0] for column in self.columns))

    def as_json(self) -> dict[str, object]:
        """Give it for a page: nodes and links by name."""
        return {
            "column": self.column,
            "cut": self.cut,
            "nodes": [
                {"id": name, "table": name.rpartition(".")[0], "column": name.rpartition(".")[2]}
                for name in self.columns
            ],
            "links": [
                {"source": e.source, "target": e.target, "job": e.job, "exact": e.exact}
                for e in self.edges
            ],
        }


@dataclass(frozen=True, slots=True)
class _Index:
    up: Mapping[str, tuple[Edge, ...]]
    down: Mapping[str, tuple[Edge, ...]] = field(repr=False)


def upstream(scope: Scope, column: str) -> Lineage:
    """Give all columns and file fields a column comes from. Needs VIEW_CATALOG. Raises NotFound."""
    catalogue = _visible(scope)
    index = _index(catalogue)
    return _walk(_named(catalogue, column), index.up, lambda edge: edge.source)


def downstream(scope: Scope, column: str) -> Lineage:
    """Give all columns made from a column or file field. Needs VIEW_CATALOG. Raises NotFound."""
    catalogue = _visible(scope)
    index = _index(catalogue)
    return _walk(_named(catalogue, column), index.down, lambda edge: edge.target)


def around(scope: Scope, column: str) -> Lineage:
    """Give both directions in one. Needs VIEW_CATALOG. Raises NotFound."""
    up, down = upstream(scope, column), downstream(scope, column)
    return Lineage(
        column,
        tuple(dict.fromkeys((*reversed(up.columns), *down.columns))),
        tuple(dict.fromkeys((*up.edges, *down.edges))),
        up.cut or down.cut,
    )


def readers(scope: Scope, table: str) -> tuple[str, ...]:
    """List the jobs that read a table, in order. Needs VIEW_CATALOG."""
    catalogue = _visible(scope)
    return tuple(
        name
        for name in catalogue.graph.order
        if any(read.table == table for read in catalogue.jobs[name].reads)
    )


def _visible(scope: Scope) -> Catalogue:
    scope.require(Permission.VIEW_CATALOG)
    return load(scope)


def _named(catalogue: Catalogue, column: str) -> str:
    table, _, name = column.rpartition(".")
    if table.startswith(FEED):
        feed = catalogue.feeds.get(table.removeprefix(FEED))
        fields = {source for _, source in feed.sources} if feed else set()
        if name in fields:
            return column
        known: Iterable[str] = fields or [FEED + key for key in catalogue.feeds]
        raise NotFound(f"no feed has a field {column!r}", nearest(name if fields else table, known))
    if table.count(".") != 1:
        raise NotFound(
            f"{column!r} does not name a column",
            "Name layer, table and column, such as core.loan.balance_fen.",
        )
    if table not in catalogue.tables:
        raise NotFound(f"there is no table {table!r}", nearest(table, catalogue.tables))
    catalogue.tables[table].column(name)
    return column


def _index(catalogue: Catalogue) -> _Index:
    return _indexed(_Held(catalogue))


class _Held:
    """A catalogue as a cache key, by identity: `load` gives the same one until a file changes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.catalogue is self.catalogue

    def __hash__(self) -> int:
        return id(self.catalogue)


@lru_cache(maxsize=64)
def _indexed(held: _Held) -> _Index:
    up: dict[str, list[Edge]] = {}
    down: dict[str, list[Edge]] = {}
    for edge in _edges(held.catalogue):
        up.setdefault(edge.target, []).append(edge)
        down.setdefault(edge.source, []).append(edge)
    return _Index(
        {name: tuple(edges) for name, edges in up.items()},
        {name: tuple(edges) for name, edges in down.items()},
    )


def _edges(catalogue: Catalogue) -> Iterable[Edge]:
    for feed in catalogue.feeds.values():
        yield from _feed_edges(feed)
    for job in catalogue.jobs.values():
        if job.sql is not None:
            table = job.writes[0].qualified
            for column, sources in _sources(catalogue, job).items():
                for source in sources:
                    yield Edge(source, f"{table}.{column}", job.name, exact=True)
            continue
        sources_ = [
            f"{read.table}.{column.name}"
            for read in job.reads
            if not read.by_check
            for column in catalogue.tables[read.table].columns
        ]
        for made in job.writes:
            for column_ in made.columns:
                for source in sources_:
                    yield Edge(source, f"{made.qualified}.{column_.name}", job.name, exact=False)


def _sources(catalogue: Catalogue, job: Job) -> Mapping[str, tuple[str, ...]]:
    assert job.sql is not None, "a SQL job"
    text = read_sql(job.sql, job.file)
    known = tuple(catalogue.tables[name] for name, _ in text.tables)
    return column_sources(text, known, job.writes[0])


def _feed_edges(feed: Feed) -> Iterable[Edge]:
    for column, source in feed.sources:
        target = f"{feed.table.qualified}.{column}"
        yield Edge(f"{FEED}{feed.name}.{source}", target, feed.name, exact=True)


def _walk(start: str, edges: Mapping[str, tuple[Edge, ...]], end: object) -> Lineage:
    assert callable(end)
    seen = {start: None}
    passed: dict[Edge, None] = {}
    open_ = [start]
    while open_ and len(seen) <= MAX_NODES:
        for edge in edges.get(open_.pop(), ()):
            passed[edge] = None
            following = end(edge)
            if following not in seen:
                seen[following] = None
                open_.append(following)
    return Lineage(start, tuple(seen), tuple(passed), cut=bool(open_))
