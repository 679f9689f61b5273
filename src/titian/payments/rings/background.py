"""How often chance alone brings amounts into one interval, learned from the file itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from titian.payments.rings.dataset import Transfers
from titian.payments.rings.limits import WIDTHS
from titian.payments.windows.layout import Floats, Ints

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """Transfers [t] sorted into intervals of one width in log amount.

    A relation is a payer and a payee, counted once in an interval: `relation` [t] numbers them,
    `held_by` [relations] is the interval of each.
    """

    interval: Ints
    intervals: int
    relation: Ints
    held_by: Ints


def grids(transfers: Transfers) -> list[Grid]:
    """Lay intervals of each width over the amounts, twice, half an interval apart."""
    log = np.log(transfers.amount) - np.log(transfers.amount.min())
    _, pair = np.unique(
        transfers.source * transfers.accounts + transfers.target, return_inverse=True
    )
    made = []
    for width in WIDTHS:
        for shift in (0.0, 0.5):
            interval = np.floor(log / width + shift).astype(np.int64)
            intervals = int(interval.max()) + 1
            keys, relation = np.unique(pair * intervals + interval, return_inverse=True)
            made.append(Grid(interval, intervals, relation, keys % intervals))
    return made


@dataclass(frozen=True, slots=True)
class Background:
    """Relations `held` by the interval of each transfer [t], of `total` in the file."""

    held: Ints
    total: int

    def share(self, own: Ints | int = 0) -> Floats:
        """Give the chance of the interval [t] without `own` relations; never nought."""
        held = np.maximum(self.held - own, 0)
        share: Floats = np.minimum((held + 1.0) / (self.total + 1.0), 1.0)
        return share


def background(grid: Grid, known: Flags) -> Background:
    """Count the file's relations; transfers `known` [t] to belong to a pattern are left out."""
    rest = np.zeros(len(grid.held_by), np.bool_)
    rest[grid.relation[~known]] = True
    held = np.bincount(grid.held_by[rest], minlength=grid.intervals)
    return Background(held[grid.interval], int(rest.sum()))


def degrees(who: Ints, other: Ints, accounts: int) -> Ints:
    """Count each account's [accounts] different counterparties."""
    return np.bincount(np.unique(who * accounts + other) // accounts, minlength=accounts)
