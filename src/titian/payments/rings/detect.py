"""Find the accounts of rings; a pattern counts when chance would not make one in the file.

A-contrario detection: Desolneux, Moisan, Morel, From Gestalt Theory to Image Analysis, 2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from titian.payments.rings.background import Flags, Grid, background, grids
from titian.payments.rings.chains import chains
from titian.payments.rings.dataset import Transfers
from titian.payments.rings.gathering import fan_ins, flows
from titian.payments.rings.limits import FALSE_PATTERNS, MAX_ROUNDS


@dataclass(frozen=True, slots=True)
class Found:
    """Accounts [accounts] in patterns; `complete` is false where a limit on work was reached."""

    account: Flags
    complete: bool


def detect(transfers: Transfers) -> Found:
    """Find cycles, flows and fan-ins; the background is learned again without what was found."""
    known = np.zeros(len(transfers.source), np.bool_)
    complete = True
    laid = grids(transfers) if known.size else []
    for _ in range(MAX_ROUNDS if laid else 0):
        found, whole = _round(transfers, laid, known)
        complete = complete and whole
        if not (found & ~known).any():
            break
        known |= found
    account = np.zeros(transfers.accounts, np.bool_)
    account[transfers.source[known]] = True
    account[transfers.target[known]] = True
    return Found(account, complete)


def _round(transfers: Transfers, laid: list[Grid], known: Flags) -> tuple[Flags, bool]:
    found = np.zeros(len(known), np.bool_)
    complete = True
    for grid in laid:
        usual = background(grid, known)
        level = FALSE_PATTERNS / (len(laid) * transfers.accounts * grid.intervals)
        paths, whole = chains(transfers, grid, usual, level)
        complete = complete and whole
        found |= paths | fan_ins(transfers, grid, usual, level)
        found |= flows(transfers, grid, usual, level)
    return found, complete
