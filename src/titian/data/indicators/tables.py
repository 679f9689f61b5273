"""The declared tables of a bank that indicators can be measured on."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.jobs import inflow
from titian.data.jobs.header import read_header
from titian.kernel.scope import Scope
from titian.lake.schema import Table


def known(scope: Scope) -> dict[str, Table]:
    """Give every table that a feed, a SQL job or the lake of a bank declares, by name.

    The jobs' catalogue is not asked: it asks the indicators what their own jobs read.
    """
    found = {table.qualified: table for table in inflow.lake_tables(scope)}
    found |= {feed.table.qualified: feed.table for feed in inflow.feeds_of(scope).values()}
    for path in definitions.paths(scope, Kind.JOBS):
        stat = path.stat()
        table = _declared(str(path), stat.st_mtime_ns, stat.st_size)
        found[table.qualified] = table
    return found


@lru_cache(maxsize=4_096)
def _declared(file: str, _modified: int, _size: int) -> Table:
    return read_header(Path(file).read_text(encoding="utf-8-sig"), file).table
