"""The contracts in force for a bank."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from titian.data import definitions
from titian.data.feeds.contracts import read_all
from titian.data.feeds.model import Contract
from titian.data.strict import nearest
from titian.kernel.errors import NotFound
from titian.kernel.scope import Scope


def contracts(scope: Scope) -> list[Contract]:
    """List the contracts in force for a scope's bank, by feed. Raises InvalidDefinition."""
    paths = definitions.paths(scope, definitions.Kind.FEEDS)
    return list(_read(tuple((path, path.stat().st_mtime_ns) for path in paths)))


@lru_cache(maxsize=256)
def _read(stamps: tuple[tuple[Path, int], ...]) -> tuple[Contract, ...]:
    return tuple(read_all([path for path, _changed in stamps]))


def contract(scope: Scope, feed: str) -> Contract:
    """Find one contract. Raises NotFound naming the nearest."""
    known = {contract.feed: contract for contract in contracts(scope)}
    if feed not in known:
        raise NotFound(f"{scope.place} has no feed {feed!r}", nearest(feed, known))
    return known[feed]


def validate(_scope: Scope, paths: Sequence[Path]) -> None:
    """Check contract files before they are installed. Raises InvalidDefinition."""
    read_all(paths)
