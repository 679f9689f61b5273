"""Figures as a bank's night publishes them, written straight into its lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path

import pyarrow as pa

from titian.data.indicators.compute import TABLE
from titian.data.jobs.header import read_header
from titian.kernel.scope import Scope
from titian.lake import store

Figure = float | tuple[float, float] | None
"""A value, the two parts of a quotient, or what cannot be known."""


def publish(
    scope: Scope,
    day: date,
    figures: Mapping[str, Figure],
    *,
    head: str = "o1",
    below: Mapping[str, Mapping[str, Figure]] | None = None,
) -> None:
    """Write a day's figures of a bank's head office, and of the organisations right below it."""
    orgs = {head: figures, **(below or {})}
    _write_orgs(scope, day, head, list(orgs))
    rows = [
        (org, code, *_parts(figure)) for org, held in orgs.items() for code, figure in held.items()
    ]
    columns = list(zip(*rows, strict=True))
    names = [column.name for column in TABLE.columns]
    found = dict(zip(names, map(list, columns), strict=True))
    store.write_date(scope, TABLE, day, pa.table(found, schema=TABLE.arrow_schema()))


def _parts(figure: Figure) -> tuple[float | None, float | None, float | None]:
    if not isinstance(figure, tuple):
        return figure, None, None
    above, under = figure
    return (above / under if under else None), above, under


def _write_orgs(scope: Scope, day: date, head: str, ids: Sequence[str]) -> None:
    file = Path(str(resources.files("titian.data") / "presets/jobs/core/core.org.sql"))
    table = read_header(file.read_text(encoding="utf-8"), str(file)).table
    cells: dict[str, list[object]] = {column.name: [None] * len(ids) for column in table.columns}
    cells |= {
        "org_id": list(ids),
        "org_level": ["head" if org == head else "branch" for org in ids],
        "parent_org_id": [None if org == head else head for org in ids],
        "name": ["总行" if org == head else f"支行{org}" for org in ids],
        "depth": [0 if org == head else 1 for org in ids],
    }
    rows = pa.table({name: pa.array(values) for name, values in cells.items()})
    store.write_date(scope, table, day, rows.cast(table.arrow_schema()))
