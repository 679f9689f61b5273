"""The profile's columns as condition fields, as the job that makes `mart.party_profile` has them.

The job names each column and the codes it may hold; the definition file `fields.yaml` lists which
columns describe a household.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.jobs.header import read_header
from titian.data.strict import nearest, read_yaml
from titian.data.tags.model import Profile, ProfileField
from titian.decide import Field, Label, Schema, Type
from titian.kernel.errors import NotFound
from titian.kernel.scope import Scope
from titian.lake import store
from titian.lake.schema import BUSINESS_DATE, Column, Table

PROFILE = "mart.party_profile"
INDEX = "mart.party_index"
FIELDS_FILE = "fields.yaml"
NOT_FIELDS = frozenset({"party_id", "dense_id"})
_TODAY = Field(BUSINESS_DATE, Type.of("date"), Label("业务日期", "Business date"))
# A span may follow the unit: in_fen_90d is what flowed in within 90 days.
_UNIT = re.compile(r"_(fen|days|years)(?:_\d+d)?$")


def profile_of(scope: Scope) -> Profile:
    """Give the fields conditions may use at a bank. Raises NotFound, InvalidDefinition."""
    described = next(
        (p for p in definitions.paths(scope, Kind.TAGS) if p.name == FIELDS_FILE), None
    )
    return _profile(profile_table(scope), *_stamp(described))


def has_profile(scope: Scope) -> bool:
    """Say whether a bank has a profile at all, made by a job or held in the lake."""
    return _table(scope) is not None


def profile_table(scope: Scope) -> Table:
    """Give the profile's declaration: of the job that makes it, else of the table in the lake."""
    found = _table(scope)
    if found is None:
        raise NotFound(
            f"{scope.place} has no job that makes {PROFILE}",
            "Tags and audiences read it: inherit the union's jobs, or add one of your own.",
        )
    return found


def _table(scope: Scope) -> Table | None:
    for path in definitions.paths(scope, Kind.JOBS):
        if path.name == f"{PROFILE}.sql":
            return _declared(str(path), path.stat().st_mtime_ns)
    return store.describe(scope, PROFILE) if store.exists(scope, PROFILE) else None


@lru_cache(maxsize=128)
def _declared(path: str, _mtime_ns: int) -> Table:
    return read_header(Path(path).read_text(encoding="utf-8-sig"), path).table


def _stamp(path: Path | None) -> tuple[str, int]:
    return (str(path), path.stat().st_mtime_ns) if path else ("", 0)


@lru_cache(maxsize=128)
def _profile(table: Table, path: str, _mtime_ns: int) -> Profile:
    household = _household(path, table) if path else frozenset[str]()
    fields = {
        column.name: ProfileField(_field(column), column.level, column.name in household)
        for column in table.columns
        if column.name not in NOT_FIELDS and column.type != "binary"
    }
    fields[BUSINESS_DATE] = ProfileField(_TODAY, 1, household=True)
    return Profile(fields, Schema(known.field for known in fields.values()))


def _field(column: Column) -> Field:
    found = _UNIT.search(column.name)
    unit = found[1] if found else ""
    values = {code.value: code.label for code in column.codes} or None
    return Field(column.name, Type.of(column.type), column.label, values, unit)


def _household(path: str, table: Table) -> frozenset[str]:
    document = read_yaml(Path(path).read_text(encoding="utf-8"), path)
    top = document.mapping(document.value, (), "the file")
    document.known_keys(top, ("household",), ())
    names = document.texts(top.get("household", []), ("household",), "household")
    columns = [column.name for column in table.columns]
    for name in names:
        if name not in columns:
            raise document.error(
                ("household", name),
                f"{table.qualified} has no column {name}",
                nearest(name, columns),
            )
    return frozenset(names)
