"""Chains and cycles: similar amounts that pass from hand to hand, at best back to the first."""

from __future__ import annotations

import numpy as np

from titian.payments.rings.background import Background, Flags, Grid, degrees
from titian.payments.rings.dataset import Transfers
from titian.payments.rings.kernel import search
from titian.payments.rings.limits import MAX_FAN, MAX_HOPS, MAX_STEPS


def chains(transfers: Transfers, grid: Grid, usual: Background, level: float) -> tuple[Flags, bool]:
    """Mark transfers [t] on paths of similar amounts; say whether the search was complete.

    Chance would continue a path at each account with its number of payees times the share of
    the interval, and return to the origin as often as the origin is paid at all: the paths
    expected in the file stay below `level`.
    """
    order = np.lexsort((transfers.time, transfers.source, grid.interval))
    source, target = transfers.source[order], transfers.target[order]
    interval = grid.interval[order] * transfers.accounts
    key = interval + source
    payees = degrees(transfers.source, transfers.target, transfers.accounts)[source]
    surprise = -np.log(np.minimum(payees * usual.share()[order], 1.0))
    payers = degrees(transfers.target, transfers.source, transfers.accounts)
    returning = np.log(payers.sum() / np.maximum(payers[source], 1))
    marked, whole = search(
        source, target, transfers.time[order],
        np.searchsorted(key, interval + target), np.searchsorted(key, interval + target, "right"),
        surprise, returning, -np.log(level), MAX_HOPS, MAX_FAN, MAX_STEPS,
    )  # fmt: skip
    found = np.zeros(len(order), np.bool_)
    found[order] = marked
    return found, whole
