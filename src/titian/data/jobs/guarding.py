"""Installing job files: they work together, and no column is less guarded than what it is made of.

Lineage knows from which columns a column is made. One made from a masked column keeps that mask or
shows nothing; one made from a higher data level keeps the level. A column that lowers either, as an
age band does with a date of birth, says why in its header: `lowers: {zh: …, en: …}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.jobs.catalogue import Catalogue, assemble
from titian.data.jobs.header import read_header
from titian.data.jobs.lineage import Edge, sql_edges
from titian.data.jobs.model import Job
from titian.kernel.errors import InvalidDefinition
from titian.kernel.scope import Scope
from titian.lake.schema import Column, Mask


def validate(scope: Scope, files: Sequence[Path]) -> None:
    """Raise InvalidDefinition unless these job files work together with a bank's other jobs."""
    new = {path.name: path for path in files}
    old = [path for path in definitions.paths(scope, Kind.JOBS) if path.name not in new]
    catalogue = assemble(scope, [*old, *files])
    given = {str(path) for path in files}
    for job in catalogue.jobs.values():
        if job.sql is not None and job.file in given:
            _guarded(catalogue, job)


def lowered(catalogue: Catalogue, job: Job) -> Iterator[Edge]:
    """Give the edges of a SQL job whose target is less guarded than their source."""
    for edge in sql_edges(catalogue, job):
        source, target = _column(catalogue, edge.source), _column(catalogue, edge.target)
        if source and target and not _as_guarded(target, source):
            yield edge


def _guarded(catalogue: Catalogue, job: Job) -> None:
    assert job.sql is not None, "a SQL job"
    header = read_header(job.sql, job.file)
    for edge in lowered(catalogue, job):
        name = edge.target.rpartition(".")[2]
        if name not in header.lowers:
            source = _column(catalogue, edge.source)
            assert source is not None, "an edge that lowers has two columns"
            raise InvalidDefinition(
                f"{edge.target} is less guarded than {edge.source}, from which it is made"
                f" (mask {source.mask}, level {source.level})",
                "Give it the same mask and level, or say in its header why it may be lower:"
                " `lowers: {zh: …, en: …}`.",
                file=job.file,
                line=header.document.line(("columns", name)),
            )


def _column(catalogue: Catalogue, qualified: str) -> Column | None:
    table, _, name = qualified.rpartition(".")
    columns = catalogue.tables[table].columns if table in catalogue.tables else ()
    return next((column for column in columns if column.name == name), None)


def _as_guarded(target: Column, source: Column) -> bool:
    masked = source.mask is Mask.NONE or target.mask in (source.mask, Mask.FULL)
    return masked and target.level >= source.level
