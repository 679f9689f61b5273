"""The tree of organisations, and the rolling up of figures through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from titian.kernel.errors import Corrupt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
NONE = -1
ORG_TABLE = "core.org"
ORG_COLUMNS = ("org_id", "parent_org_id", "name", "org_level")
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Organisations in an order in which parents come before their children.

    `parent[i]` is the position of the parent, -1 for a root. `root` takes what belongs to no
    known organisation, so that the whole bank's figure is always complete.
    """

    ids: tuple[str, ...]
    parent: Ints
    root: int

    def position(self) -> dict[str, int]:
        """Give the position of every organisation by id."""
        return {org: at for at, org in enumerate(self.ids)}

    def levels(self) -> Ints:
        """Give, for each depth from the roots down, every organisation's ancestor there or -1.

        Shape (depths, organisations); an organisation is its own ancestor at its own depth.
        """
        columns: list[list[int]] = []
        for at, above in enumerate(self.parent):
            columns.append([*(columns[above] if above != NONE else []), at])
        depth = max(len(column) for column in columns)
        return np.array([c + [NONE] * (depth - len(c)) for c in columns], dtype=np.int64).T

    def roll_up(self, figures: Floats) -> Floats:
        """Add every organisation's figures to all above it; shape (organisations, figures)."""
        total = figures.copy()
        for at in range(len(self.ids) - 1, -1, -1):
            if self.parent[at] != NONE:
                total[self.parent[at]] += total[at]
        return total


def tree(rows: pa.Table) -> Tree:
    """Build the tree from rows of `core.org`. Raises Corrupt when there is none or it is a ring.

    An organisation whose parent is unknown is a root. Of several roots the first by id that
    calls itself head is *the* root.
    """
    ids = rows.column("org_id").to_pylist()
    if not ids:
        raise Corrupt("core.org holds no organisation", "Load the feed of organisations first.")
    parents = dict(zip(ids, rows.column("parent_org_id").to_pylist(), strict=True))
    levels = dict(zip(ids, rows.column("org_level").to_pylist(), strict=True))
    parents = {org: above if above in parents else None for org, above in parents.items()}
    order = _parents_first(parents)
    place = {org: at for at, org in enumerate(order)}
    roots = [org for org in order if parents[org] is None]
    heads = [org for org in roots if levels[org] == "head"]
    above = [place[p] if (p := parents[org]) is not None else NONE for org in order]
    return Tree(tuple(order), np.array(above, dtype=np.int64), place[(heads or roots)[0]])


def _parents_first(parents: dict[str, str | None]) -> list[str]:
    depth: dict[str, int] = {}
    for org in sorted(parents):
        path: list[str] = []
        at: str | None = org
        while at is not None and at not in depth:
            path.append(at)
            if len(path) > MAX_DEPTH:
                raise Corrupt(
                    f"organisations {', '.join(path[:4])} … form a ring or are nested too deep",
                    "Mend parent_org_id in the feed of organisations.",
                )
            at = parents[at]
        base = depth[at] if at is not None else -1
        for step, name in enumerate(reversed(path), start=1):
            depth[name] = base + step
    return sorted(parents, key=lambda org: (depth[org], org))


def places(universe: Sequence[str], found: Tree) -> Ints:
    """Give the tree position of each organisation of a universe; the root for unknown ones."""
    position = found.position()
    return np.array([position.get(org, found.root) for org in universe], dtype=np.int64)
