from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from titian.province.fraud.laundering.rings import CASH_REPORT_FEN
from titian.province.model import Channel, Direction, Entries, Injection, Summary, World, size, take

Incidents = list[dict[str, Any]]

PATTERNS = ["fan_in", "fan_out", "cycle", "below_report_limit", "card_cash_out"]
LOOK_ALIKES = ["wedding_gifts", "cooperative_pays_members", "savings_circle", "shop_takings"]


def rings(incidents: Incidents, how: str) -> list[Incidents]:
    rows = [row for row in incidents if row["how"] == how]
    return [
        [row for row in rows if row["campaign"] == campaign]
        for campaign in sorted({row["campaign"] for row in rows})
    ]


def entries_of(injection: Injection, ring: Incidents) -> Entries:
    entries = injection.entries
    return take(entries, np.isin(entries.label, [row["label"] for row in ring]))


@pytest.mark.parametrize("how", PATTERNS + LOOK_ALIKES)
def test_every_pattern_is_there(incidents: Incidents, how: str) -> None:
    found = rings(incidents, how)
    assert found
    assert {row["fraud"] for ring in found for row in ring} == {how in PATTERNS}


def test_fan_in_gathers_many_accounts_into_one_and_sends_it_on(
    incidents: Incidents, injection: Injection
) -> None:
    for ring in rings(incidents, "fan_in"):
        heads = [row for row in ring if row["role"] == "collector"]
        moved = entries_of(injection, ring)
        got = take(moved, (moved.direction == Direction.CREDIT) & (moved.channel == Channel.MOBILE))
        assert len(heads) == 1
        assert len(np.unique(got.account)) == 1
        assert len(np.unique(got.counterparty)) >= 6
        collector = got.account[0]
        left = moved.amount_fen[(moved.account == collector) & (moved.direction == -1)].sum()
        assert 0.9 * got.amount_fen.sum() <= left <= got.amount_fen.sum()
        last_in, first_out = got.at.max(), moved.at[moved.account == collector].max()
        assert first_out >= last_in


def test_fan_out_spreads_one_sum_and_it_leaves_as_cash(
    incidents: Incidents, injection: Injection
) -> None:
    for ring in rings(incidents, "fan_out"):
        moved = entries_of(injection, ring)
        cash = take(moved, moved.summary == Summary.CASH)
        assert sum(row["role"] == "source" for row in ring) == 1
        assert len(np.unique(cash.account)) >= 5
        assert (cash.channel == Channel.ATM).all()


def test_cycles_come_back_to_where_they_began(incidents: Incidents, injection: Injection) -> None:
    closed = 0
    for ring in rings(incidents, "cycle"):
        moved = entries_of(injection, ring)
        hops = take(moved, moved.direction == Direction.DEBIT)
        follows = dict(zip(hops.account.tolist(), hops.counterparty.tolist(), strict=True))
        start = hops.account[np.argmin(hops.at)]
        at, seen = follows[start], [start]
        while at != start and at in follows and len(seen) < 20:
            seen.append(at)
            at = follows[at]
        closed += at == start and len(seen) == len(ring)
        amounts = hops.amount_fen[np.argsort(hops.at)]
        assert (np.diff(amounts) < 0).all()
    assert closed > 0


def test_smurfs_stay_below_the_report_limit(incidents: Incidents, injection: Injection) -> None:
    for ring in rings(incidents, "below_report_limit"):
        moved = entries_of(injection, ring)
        cash = take(moved, moved.summary == Summary.CASH)
        assert (cash.amount_fen < CASH_REPORT_FEN).all()
        assert (cash.amount_fen > 0.8 * CASH_REPORT_FEN).all()
        assert size(cash) >= 2


def test_card_cash_out_returns_almost_all_of_it(incidents: Incidents, injection: Injection) -> None:
    for ring in rings(incidents, "card_cash_out"):
        moved = entries_of(injection, ring)
        spent = moved.amount_fen[moved.direction == Direction.DEBIT].sum()
        back = moved.amount_fen[moved.direction == Direction.CREDIT].sum()
        assert 0 <= back <= spent


def test_money_from_outside_pays_for_what_rings_move(
    incidents: Incidents, injection: Injection, planted_world: World
) -> None:
    accounts = size(planted_world.accounts)
    for how in ("fan_in", "fan_out", "cycle"):
        for ring in rings(incidents, how):
            moved = entries_of(injection, ring)
            funded = take(
                moved, (moved.direction == Direction.CREDIT) & (moved.counterparty >= accounts)
            )
            assert (funded.amount_fen > 0).all()
            assert size(funded) >= 1


def test_innocent_circles_pay_everybody_in_turn(incidents: Incidents, injection: Injection) -> None:
    for ring in rings(incidents, "savings_circle"):
        moved = entries_of(injection, ring)
        assert len(np.unique(moved.amount_fen)) == 1
