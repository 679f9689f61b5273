"""The search for chains and cycles: money that passes on, hop after hop."""

from __future__ import annotations

import numpy as np
from numba import njit

from titian.payments.rings.background import Flags
from titian.payments.windows.layout import Floats, Ints


@njit(cache=True)
def search(  # noqa: PLR0917 - numba knows no records
    source: Ints, target: Ints, time: Ints, first: Ints, last: Ints,
    surprise: Floats, returning: Floats, needed: float, hops: int, fan: int, steps: int,
) -> tuple[Flags, bool]:  # fmt: skip
    """Mark transfers [t] on simple paths of rising times; say whether `steps` sufficed.

    `first` and `last` [t] bound the transfers that may follow. A path counts when the `surprise`
    [t] of its hops adds up to `needed`; a cycle gains `returning` [t], that of coming back.
    """
    found = np.zeros(len(source), np.bool_)
    path = np.empty(hops, np.int64)
    ahead = np.empty(hops, np.int64)
    total = np.empty(hops, np.float64)
    for start in range(len(source)):
        depth = 0
        path[0], ahead[0], total[0] = start, first[start], surprise[start]
        while depth >= 0:
            hop, following = path[depth], ahead[depth]
            if following >= min(last[hop], first[hop] + fan) or depth + 1 == hops:
                depth -= 1
                continue
            ahead[depth] += 1
            steps -= 1
            if steps < 0:
                return found, False
            if time[following] <= time[hop]:
                continue
            closed = target[following] == source[start]
            if not closed and _visited(target, path, depth, target[following]):
                continue
            gained = total[depth] + surprise[following]
            if gained + (returning[start] if closed else 0.0) >= needed:
                found[following] = True
                for place in range(depth + 1):
                    found[path[place]] = True
            if not closed:
                depth += 1
                path[depth], ahead[depth], total[depth] = following, first[following], gained
    return found, True


@njit(cache=True)
def _visited(target: Ints, path: Ints, depth: int, account: int) -> bool:
    for place in range(depth + 1):  # noqa: SIM110 - numba knows no generators
        if target[path[place]] == account:
            return True
    return False
