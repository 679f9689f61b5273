"""Column lineage: where every column comes from, up to the field of a bank's file, and down again.

A column is named `core.loan.balance_fen`; a field of a delivered file `feed:loan.LN_BAL`. What a
Python job does inside is not known, so its columns come from every column it may read; but for
indicators and tags, whose rooms say what they are made of (`origins`): lineage ends in them, named
`indicator:risk.npl_ratio` and `tag:loans.has_loan`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter

from titian.data.jobs.catalogue import Catalogue, load
from titian.data.jobs.inflow import Feed
from titian.data.jobs.model import Job
from titian.data.jobs.origins import INDICATOR, TAG, Origins, known
from titian.data.jobs.sqltext import columns_made, read_sql
from titian.data.strict import nearest
from titian.kernel.errors import NotFound
from titian.kernel.labels import UNSAID, Label
from titian.kernel.scope import Permission, Scope

FEED = "feed:"
MAX_NODES = 5_000


@dataclass(frozen=True, slots=True)
class Edge:
    """One column made from another; `job` is what makes it (a feed's name at the top).

    `how` says how all of the target is made: SQL over the columns read, or words. Seeing the edge
    takes the permission `needs` and the data `level`.
    """

    source: str
    target: str
    job: str
    exact: bool
    how: Label = UNSAID
    needs: Permission | None = None
    level: int = 1


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
                {
                    "source": e.source,
                    "target": e.target,
                    "job": e.job,
                    "exact": e.exact,
                    "how": {"zh": e.how.zh, "en": e.how.en},
                }
                for e in self.edges
            ],
        }


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables and feeds (`feed:loan`) around one table, and the edges between them."""

    table: str
    tables: tuple[str, ...]
    edges: tuple[Edge, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class _Index:
    up: Mapping[str, tuple[Edge, ...]]
    down: Mapping[str, tuple[Edge, ...]] = field(repr=False)


def upstream(scope: Scope, column: str) -> Lineage:
    """Give all columns and file fields a column comes from. Needs VIEW_CATALOG. Raises NotFound."""
    index = _visible(scope)
    _known(scope, index, column)
    return _walked(scope, column, index.up, _SOURCE)


def downstream(scope: Scope, column: str) -> Lineage:
    """Give all columns made from a column or file field. Needs VIEW_CATALOG. Raises NotFound."""
    index = _visible(scope)
    _known(scope, index, column)
    return _walked(scope, column, index.down, _TARGET)


def around(scope: Scope, column: str) -> Lineage:
    """Give both directions in one. Needs VIEW_CATALOG. Raises NotFound."""
    index = _visible(scope)
    _known(scope, index, column)
    up = _walked(scope, column, index.up, _SOURCE)
    down = _walked(scope, column, index.down, _TARGET)
    return Lineage(
        column,
        tuple(dict.fromkeys((*reversed(up.columns), *down.columns))),
        tuple(dict.fromkeys((*up.edges, *down.edges))),
        up.cut or down.cut,
    )


def tables_around(scope: Scope, table: str) -> Tables:
    """Give the tables a table is made from and those made of it, both ways in one walk.

    Tables that are only filtered or joined by count too. Needs VIEW_CATALOG. Raises NotFound.
    """
    scope.require(Permission.VIEW_CATALOG)
    catalogue = load(scope)
    if table not in catalogue.tables:
        raise NotFound(f"there is no table {table!r}", nearest(table, catalogue.tables))
    index = _tables_indexed(_Held(catalogue))
    above, sources, cut = _walk(scope, table, index.up, _SOURCE)
    below, made, cut_too = _walk(scope, table, index.down, _TARGET)
    return Tables(
        table,
        tuple(dict.fromkeys((*reversed(above), *below))),
        tuple(dict.fromkeys((*sources, *made))),
        cut or cut_too,
    )


def readers(scope: Scope, table: str) -> tuple[str, ...]:
    """List the jobs that read a table, in order. Needs VIEW_CATALOG."""
    scope.require(Permission.VIEW_CATALOG)
    catalogue = load(scope)
    return tuple(
        name
        for name in catalogue.graph.order
        if any(read.table == table for read in catalogue.jobs[name].reads)
    )


def column_edges(catalogue: Catalogue) -> Mapping[str, tuple[Edge, ...]]:
    """Give, for each column made, the edges that lead to it."""
    return _indexed(_Held(catalogue)).up


def _visible(scope: Scope) -> _Index:
    scope.require(Permission.VIEW_CATALOG)
    return _indexed(_Held(load(scope), *known(scope)))


def _known(scope: Scope, index: _Index, column: str) -> None:
    catalogue = load(scope)
    table, _, name = column.rpartition(".")
    if column.startswith((INDICATOR, TAG)):
        if column not in index.up:
            raise NotFound(f"there is no {column!r}", nearest(column, _ends(index)))
        return
    if table.startswith(FEED):
        feed = catalogue.feeds.get(table.removeprefix(FEED))
        fields = {source for _, source in feed.sources} if feed else set()
        if name in fields:
            return
        near: Iterable[str] = fields or [FEED + key for key in catalogue.feeds]
        raise NotFound(f"no feed has a field {column!r}", nearest(name if fields else table, near))
    if table.count(".") != 1:
        raise NotFound(
            f"{column!r} does not name a column",
            "Name layer, table and column, such as core.loan.balance_fen.",
        )
    if table not in catalogue.tables:
        raise NotFound(f"there is no table {table!r}", nearest(table, catalogue.tables))
    catalogue.tables[table].column(name)


def _ends(index: _Index) -> list[str]:
    return [name for name in index.up if name.startswith((INDICATOR, TAG))]


class _Held:
    """Objects as a cache key, by identity: the same ones come until a definition changes."""

    def __init__(self, catalogue: Catalogue, *origins: Origins) -> None:
        self.catalogue = catalogue
        self.origins = origins

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Held)
            and other.catalogue is self.catalogue
            and [*map(id, other.origins)] == [*map(id, self.origins)]
        )

    def __hash__(self) -> int:
        return hash((id(self.catalogue), *map(id, self.origins)))


@lru_cache(maxsize=64)
def _indexed(held: _Held) -> _Index:
    return _both_ways(_edges(held.catalogue, held.origins))


@lru_cache(maxsize=64)
def _tables_indexed(held: _Held) -> _Index:
    return _both_ways(_table_edges(held.catalogue))


def _both_ways(edges: Iterable[Edge]) -> _Index:
    up: dict[str, list[Edge]] = {}
    down: dict[str, list[Edge]] = {}
    for edge in edges:
        up.setdefault(edge.target, []).append(edge)
        down.setdefault(edge.source, []).append(edge)
    return _Index(
        {name: tuple(some) for name, some in up.items()},
        {name: tuple(some) for name, some in down.items()},
    )


def _table_edges(catalogue: Catalogue) -> Iterable[Edge]:
    for feed in catalogue.feeds.values():
        yield Edge(f"{FEED}{feed.name}", feed.table.qualified, feed.name, exact=True)
    for job in catalogue.jobs.values():
        own = {made.qualified for made in job.writes}
        sources = {read.table for read in job.reads if not read.by_check} - own
        for source in sorted(sources):
            for target in sorted(own):
                yield Edge(source, target, job.name, exact=True)


def _edges(catalogue: Catalogue, origins: Sequence[Origins]) -> Iterable[Edge]:
    spoken_for = frozenset[str]().union(*(one.jobs for one in origins))
    for feed in catalogue.feeds.values():
        yield from _feed_edges(feed)
    for job in catalogue.jobs.values():
        if job.sql is not None:
            yield from sql_edges(catalogue, job)
        elif job.name not in spoken_for:
            yield from _opaque_edges(catalogue, job)
    for one in origins:
        for name, origin in one.made:
            yield Edge(
                origin.source,
                origin.target,
                name,
                exact=True,
                how=origin.how,
                needs=origin.needs,
                level=origin.level,
            )


def _feed_edges(feed: Feed) -> Iterable[Edge]:
    decoders = {one.column.name: one.decoder for one in feed.contract.fields}
    for column, source in feed.sources:
        target = f"{feed.table.qualified}.{column}"
        decoder = decoders.get(column)
        how = _same(f"{decoder}({source})" if decoder else source)
        yield Edge(f"{FEED}{feed.name}.{source}", target, feed.name, exact=True, how=how)


def sql_edges(catalogue: Catalogue, job: Job) -> Iterable[Edge]:
    """Give what the columns of a SQL job are made from."""
    assert job.sql is not None, "a SQL job"
    text = read_sql(job.sql, job.file)
    tables = tuple(catalogue.tables[name] for name, _ in text.tables)
    for column, made in columns_made(text, tables, job.writes[0]).items():
        target, how = f"{job.writes[0].qualified}.{column}", _same(made.expression)
        for source in made.sources:
            yield Edge(source, target, job.name, exact=True, how=how)


def _opaque_edges(catalogue: Catalogue, job: Job) -> Iterable[Edge]:
    sources = [
        f"{read.table}.{column.name}"
        for read in job.reads
        if not read.by_check
        for column in catalogue.tables[read.table].columns
    ]
    for made in job.writes:
        for column in made.columns:
            for source in sources:
                yield Edge(source, f"{made.qualified}.{column.name}", job.name, exact=False)


def _same(text: str) -> Label:
    return Label(text, text)


_End = Callable[[Edge], str]
_SOURCE: _End = attrgetter("source")
_TARGET: _End = attrgetter("target")
_Walk = tuple[tuple[str, ...], tuple[Edge, ...], bool]


def _walked(scope: Scope, start: str, edges: Mapping[str, tuple[Edge, ...]], end: _End) -> Lineage:
    names, passed, cut = _walk(scope, start, edges, end)
    return Lineage(start, names, passed, cut)


def _walk(scope: Scope, start: str, edges: Mapping[str, tuple[Edge, ...]], end: _End) -> _Walk:
    seen = {start: None}
    passed: dict[Edge, None] = {}
    open_ = [start]
    while open_ and len(seen) <= MAX_NODES:
        for edge in edges.get(open_.pop(), ()):
            if not _may_see(scope, edge):
                continue
            passed[edge] = None
            following = end(edge)
            if following not in seen:
                seen[following] = None
                open_.append(following)
    return tuple(seen), tuple(passed), bool(open_)


def _may_see(scope: Scope, edge: Edge) -> bool:
    if edge.needs is None:
        return True
    return scope.allows(edge.needs) and (scope.is_system or edge.level <= scope.clearance)
