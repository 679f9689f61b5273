"""What the organisations, villages and officers around customers are called."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

import pyarrow.parquet as pq

from titian.data.parties.model import Names
from titian.data.parties.reading import Reader
from titian.lake import masking

ORG, VILLAGE, OFFICER = "core.org", "core.village", "core.officer"
_MAX_ROWS = 200_000
_READ = {
    ORG: ("org_id", "name"),
    VILLAGE: ("village_id", "name", "township"),
    OFFICER: ("officer_id", "name"),
}


def names_of(
    reader: Reader,
    *,
    orgs: Collection[object] = (),
    villages: Collection[object] = (),
    officers: Collection[object] = (),
) -> Names:
    """Give the names of places and of the bank's own staff, as the person may see them."""
    named = _named(reader, ORG, orgs) | _named(reader, VILLAGE, villages)
    staff = _named(reader, OFFICER, officers)
    return Names(named | {key: f"{name} {key}" for key, name in staff.items()})


def _named(reader: Reader, table: str, wanted: Collection[object]) -> dict[str, str]:
    ids = [str(one) for one in wanted if one]
    snapshot, columns = reader.snapshot(table), _READ[table]
    if not ids or snapshot is None:
        return {}
    known = {column.name: column for column in snapshot.table.columns}
    rows = sum(file.rows for file in snapshot.files if file.date == reader.day)
    if rows > _MAX_ROWS or not known.keys() >= set(columns):
        return {}
    names = _read(tuple(snapshot.uris(frozenset({reader.day}))), columns)
    scope = replace(reader.scope, unmask_reason=None)
    mask, salt = masking.rule(scope, known["name"]), masking.token_salt(scope)
    shown = {one: masking.mask_text(mask, names[one], salt) for one in ids if one in names}
    return {one: name for one, name in shown.items() if name}


@lru_cache(maxsize=64)
def _read(files: tuple[str, ...], columns: tuple[str, ...]) -> dict[str, str]:
    # Files never change, and hold a few thousand names at most: they are kept in memory.
    named: dict[str, str] = {}
    for file in files:
        for row in pq.read_table(file, columns=list(columns), partitioning=None).to_pylist():
            key, name, *before = (row[column] for column in columns)
            named[str(key)] = f"{before[0] or ''}{name or ''}" if before else str(name or "")
    return named
