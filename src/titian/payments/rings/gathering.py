"""Fan-ins and pass-through flows: similar amounts that meet at one account."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.stats import binom

from titian.payments.rings.background import Background, Flags, Grid, degrees
from titian.payments.rings.dataset import Transfers
from titian.payments.windows.layout import Ints

_PAYERS: Final = 2


def fan_ins(transfers: Transfers, grid: Grid, usual: Background, level: float) -> Flags:
    """Mark transfers [t] whose payee gathers similar amounts from more payers than chance would.

    `level` bounds the tail of Binomial(payers of the payee, share of the interval elsewhere).
    """
    group, payers, first = _at(transfers.target, transfers.source, grid)
    trials = degrees(transfers.target, transfers.source, transfers.accounts)
    tail = binom.sf(payers - 1, trials[transfers.target[first]], usual.share(payers[group])[first])
    hit: Flags = (payers >= _PAYERS) & (tail <= level)
    return hit[group]


def flows(transfers: Transfers, grid: Grid, usual: Background, level: float) -> Flags:
    """Mark transfers [t] that come into an account and later leave it, similar against chance.

    A payer's amounts are a habit, so its outgoing amounts count once each, not once a payee.
    """
    count, intervals = transfers.accounts, grid.intervals
    into = transfers.target * intervals + grid.interval
    out = transfers.source * intervals + grid.interval
    keys = np.intersect1d(into, out)
    if not keys.size:
        return np.zeros(len(into), np.bool_)
    came, left = _place(keys, into), _place(keys, out)
    earliest = np.full(len(keys) + 1, np.iinfo(np.int64).max)
    latest = np.full(len(keys) + 1, np.iinfo(np.int64).min)
    np.minimum.at(earliest, came, transfers.time)
    np.maximum.at(latest, left, transfers.time)
    chance = np.ones(len(keys) + 1)
    met = np.bincount(came, minlength=len(chance)) + np.bincount(left, minlength=len(chance))
    chance[came] = usual.share(met[came])
    account = keys // intervals
    payers = degrees(transfers.target, transfers.source, count)[account]
    habits = np.bincount(np.unique(out) // intervals, minlength=count)[account]
    expected = -np.expm1(payers * np.log1p(-np.minimum(chance[:-1], 0.5)))
    meet = (earliest < latest)[:-1] & (expected * np.minimum(habits * chance[:-1], 1) <= level)
    hit = np.append(meet, False)  # the last place stands for no meeting
    return (hit[came] & (transfers.time < latest[came])) | (
        hit[left] & (transfers.time > earliest[left])
    )


def _at(who: Ints, other: Ints, grid: Grid) -> tuple[Ints, Ints, Ints]:
    keys, first, group = np.unique(
        who * grid.intervals + grid.interval, return_index=True, return_inverse=True
    )
    most = int(other.max()) + 1
    met = np.unique(group * most + other) // most
    return group, np.bincount(met, minlength=len(keys)), first


def _place(keys: Ints, of: Ints) -> Ints:
    place = np.minimum(np.searchsorted(keys, of), len(keys) - 1)
    return np.where(keys[place] == of, place, len(keys))
