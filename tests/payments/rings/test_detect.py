"""Planted cycles and fan-ins are found; honest hubs are not."""

from __future__ import annotations

import numpy as np
import pytest

from titian.payments.rings import detect
from titian.payments.rings.dataset import Transfers

ACCOUNTS = 3_000
HUBS = 10


def honest(seed: int) -> list[tuple[int, int, float, int]]:
    """Give payments whose payers each have a habit; a fifth of them go to a few busy payees."""
    rng = np.random.default_rng(seed)
    habit = np.round(rng.lognormal(5, 0.6, ACCOUNTS), 2)
    rows = []
    for _ in range(15_000):
        payer = int(rng.integers(HUBS, ACCOUNTS))
        payee = int(rng.integers(HUBS) if rng.random() < 0.2 else rng.integers(HUBS, ACCOUNTS))
        if payer != payee:
            rows.append((payer, payee, float(habit[payer]), int(rng.integers(200))))
    return rows


def found(rows: list[tuple[int, int, float, int]]) -> set[int]:
    source, target, amount, time = (np.array(column) for column in zip(*rows, strict=True))
    result = detect(Transfers(ACCOUNTS, source, target, amount, time))
    assert result.complete
    return set(np.flatnonzero(result.account).tolist())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_honest_payments_and_hubs_hardly_alarm(seed: int) -> None:
    assert len(found(honest(seed))) <= 6


@pytest.mark.parametrize("amount", [17.5, 148.41, 9_000.0])
def test_a_cycle_of_common_or_rare_amounts_is_found(amount: float) -> None:
    ring = [100, 200, 300, 400, 500, 600]
    hops = zip(ring, [*ring[1:], ring[0]], strict=True)
    planted = [(a, b, amount, 20 + 10 * place) for place, (a, b) in enumerate(hops)]
    alarms = found(honest(1) + planted)
    assert set(ring) <= alarms
    assert len(alarms - set(ring)) <= 6


def test_a_path_back_in_time_is_no_flow() -> None:
    ring = [100, 200, 300, 400]
    rising = [(a, b, 17.5, t) for a, b, t in zip(ring, ring[1:], [10, 20, 30], strict=False)]
    falling = [(a, b, c, 100 - t) for a, b, c, t in rising]
    assert set(ring) <= found(honest(1) + rising)
    assert not set(ring) & found(honest(1) + falling)


def test_a_fan_in_is_found_and_one_payer_alone_is_none() -> None:
    payers = [100, 200, 300, 400, 500]
    amounts = [3.1, 3.9, 3.4, 4.4, 3.6]
    fan = [(payer, 700, a, 50) for payer, a in zip(payers, amounts, strict=True)]
    alone = [(800, 900, a, 50) for a in amounts]
    alarms = found(honest(2) + fan + alone)
    assert {*payers, 700} <= alarms
    assert not {800, 900} & alarms


def test_no_transfers_find_nothing() -> None:
    none = np.array([], np.int64)
    assert not detect(Transfers(3, none, none, none.astype(float), none)).account.any()
