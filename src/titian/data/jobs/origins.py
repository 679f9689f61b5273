"""What Python jobs make of what they read, where the room that has the job knows it.

A job in Python is opaque to lineage: all it writes comes from all it reads. Indicators and tags
are definitions, though, so their rooms can say which column goes where, and which indicator or
tag it ends in.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from titian.data import definitions
from titian.kernel.labels import UNSAID, Label
from titian.kernel.scope import Permission, Scope
from titian.kernel.settings import settings

FRESH_S = 1.0
MAX_SEEN = 1_000

# Modules of the data room with a function `origins`; looked up late, since they build on this room.
_NEIGHBOURS = ("titian.data.indicators.origins", "titian.data.tags.origins")

INDICATOR, TAG = "indicator:", "tag:"


@dataclass(frozen=True, slots=True)
class Origin:
    """One thing made from another: columns as `core.loan.org_id`, ends as `indicator:risk.npl`.

    `how` says how the target is made. Seeing it takes the permission `needs` and the data `level`.
    """

    source: str
    target: str
    how: Label = UNSAID
    needs: Permission | None = None
    level: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Origins:
    """Everything one room knows: the jobs it speaks for, and their origins."""

    jobs: frozenset[str]
    made: tuple[tuple[str, Origin], ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    revision: int
    until: float
    found: tuple[Origins, ...]


_seen: dict[tuple[Path, str], _Seen] = {}


def known(scope: Scope) -> tuple[Origins, ...]:
    """Ask every room, at most once a second: the same objects come until a definition changes."""
    place, revision = (settings().definitions, scope.place), definitions.revision()
    seen = _seen.get(place)
    if seen is not None and seen.revision == revision and time.monotonic() < seen.until:
        return seen.found
    said = (import_module(name).origins(scope) for name in _NEIGHBOURS if _is_there(name))
    found = tuple(one for one in said if one is not None)
    if len(_seen) >= MAX_SEEN:
        _seen.clear()
    _seen[place] = _Seen(revision, time.monotonic() + FRESH_S, found)
    return found


def _is_there(name: str) -> bool:
    return find_spec(name.rpartition(".")[0]) is not None and find_spec(name) is not None
