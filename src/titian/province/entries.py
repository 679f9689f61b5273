"""Honest ledger entries of one bank: every flow, kept to the life of the accounts it touches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from titian.province import earning, moving, spending
from titian.province.ledger import OPENING_HOUR
from titian.province.model import (
    Channel,
    Entries,
    ProvinceConfig,
    World,
    concat,
    replace,
    size,
    take,
)
from titian.province.scene import Scene, set_scene

COUNTER_OPENS_S: Final = 8 * 3_600 + 1_800
COUNTER_CLOSES_S: Final = 17 * 3_600

FLOWS: Final[tuple[Callable[[Scene], list[Entries]], ...]] = (
    earning.salaries,
    earning.pensions,
    earning.subsidies,
    earning.farm_sales,
    earning.casual_income,
    earning.shop_turnover,
    earning.firm_turnover,
    spending.shopping,
    spending.cash,
    spending.bills,
    spending.credit_cards,
    moving.transfers,
    moving.red_packets,
    moving.remittances,
    moving.deposits,
    moving.loan_flows,
    moving.interest_and_fees,
)


def honest_entries(config: ProvinceConfig, world: World) -> Entries:
    """Generate the honest entries of a bank in the window, in no particular order.

    A payment within the bank has both its sides, or none where an account is not open.
    """
    scene = set_scene(config, world)
    entries = concat([part for flow in FLOWS for part in flow(scene)])
    return within_lives(world, in_office_hours(entries))


def in_office_hours(entries: Entries) -> Entries:
    """Move what happens at a counter into the hours when it is open, 08:30 to 17:00."""
    day = entries.at.astype("datetime64[D]")
    second = (entries.at - day).astype(np.int64)
    closed = (second < COUNTER_OPENS_S) | (second >= COUNTER_CLOSES_S)
    moved = COUNTER_OPENS_S + second % (COUNTER_CLOSES_S - COUNTER_OPENS_S)
    second = np.where(closed & (entries.channel == Channel.COUNTER), moved, second)
    return replace(entries, at=day + second.astype("timedelta64[s]"))


def within_lives(world: World, entries: Entries) -> Entries:
    """Drop entries before an account opens or after it closes, on either side of a payment."""
    accounts = world.accounts
    opened = accounts.open_date.astype("datetime64[s]").astype(np.int64) + OPENING_HOUR
    closes = np.where(
        np.isnat(accounts.close_date), np.datetime64("2300-01-01"), accounts.close_date + 1
    )
    closed = closes.astype("datetime64[s]").astype(np.int64)
    at = entries.at.astype(np.int64)
    own = entries.counterparty
    other = np.where((own >= 0) & (own < size(accounts)), own, entries.account)
    alive = (at >= opened[entries.account]) & (at < closed[entries.account])
    alive &= (at >= opened[other]) & (at < closed[other])
    return take(entries, alive)
