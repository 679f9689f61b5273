"""The ledger: entries in order with their running balances, exact to the fen.

Nobody spends what is not there: where the entries of an account would take it below zero, the
account had more at the start of the window (or, opened within it, was opened with more cash).
Only credit-card accounts may be negative; their limits are raised to what was owed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from titian.province.flow import flow
from titian.province.model import (
    Accounts,
    Cards,
    Channel,
    Direction,
    Entries,
    Flags,
    Ints,
    Product,
    ProvinceConfig,
    Refs,
    Summary,
    Times,
    World,
    concat,
    replace,
    size,
    take,
)

OPENING_HOUR: Final = 9 * 3_600
SMALLEST_OPENING_FEN: Final = 10_000
TERMED: Final = (Product.TIME, Product.WEALTH, Product.NOTICE)
_KEY_BITS: Final = 62


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries by time with the balance after each; `opening_fen` is per account.

    `closing_day`, `closing_account`, `closing_fen` list the balance of every account at the end
    of every day on which it moved, by day and account.
    """

    entries: Entries
    balance_fen: Ints
    opening_fen: Ints
    closing_day: Ints
    closing_account: Ints
    closing_fen: Ints


def settle(config: ProvinceConfig, world: World, entries: Entries) -> Ledger:
    """Order entries and run every balance from its opening."""
    placed = concat([_first_deposits(config, world.accounts), entries])
    first_rows = size(placed) - size(entries)
    order = order_by(placed.account, _offsets(config, placed.at))
    account, at = placed.account[order], placed.at[order]
    signed = (placed.amount_fen * placed.direction)[order]
    opening, lift, relative = _run(config, world, account, signed)
    running = relative + lift[account]
    closing = _closings(config, account, at, running)
    by_time = order_by(_offsets(config, at), np.arange(len(running)))
    settled = take(placed, order[by_time])
    is_deposit = order[by_time] < first_rows
    amount = np.where(is_deposit, lift[settled.account], settled.amount_fen)
    settled = replace(settled, amount_fen=amount)
    return Ledger(settled, running[by_time], opening, *closing)


def order_by(major: npt.NDArray[np.integer], minor: npt.NDArray[np.integer]) -> Ints:
    """Return the stable order by two columns of whole numbers from zero."""
    count = len(major)
    bits = [int(x.max(initial=0)).bit_length() for x in (major, minor)]
    row_bits = max(count, 1).bit_length()
    if sum(bits) + row_bits > _KEY_BITS:
        return np.lexsort((minor, major))
    # One packed sort of distinct keys is several times faster than a stable indirect sort.
    key = (major.astype(np.int64) << bits[1] | minor) << row_bits | np.arange(count)
    key.sort()
    rows: Ints = key & ((1 << row_bits) - 1)
    return rows


def raised_limits(world: World, ledger: Ledger) -> Cards:
    """Return the cards with credit limits no lower than what was ever owed, in steps of 1,000."""
    owed = np.zeros(size(world.accounts), np.int64)
    np.maximum.at(owed, ledger.entries.account, -ledger.balance_fen)
    needed = -(-owed[world.cards.account] // 100_000) * 100_000
    credit = world.accounts.product[world.cards.account] == Product.CREDIT_CARD
    limit = np.where(credit, np.maximum(world.cards.limit_fen, needed), world.cards.limit_fen)
    return replace(world.cards, limit_fen=limit)


def _first_deposits(config: ProvinceConfig, accounts: Accounts) -> Entries:
    fresh = np.flatnonzero(
        _opened_inside(config, accounts)
        & ~np.isin(accounts.product, TERMED)
        & (accounts.product != Product.CREDIT_CARD)
    )
    seconds = accounts.open_date[fresh].astype("datetime64[s]").astype(np.int64) + OPENING_HOUR
    nothing = np.zeros(len(fresh), np.int64)
    return flow(fresh, seconds, Direction.CREDIT, nothing, Channel.COUNTER, Summary.CASH)


def _opened_inside(config: ProvinceConfig, accounts: Accounts) -> Flags:
    inside: Flags = accounts.open_date >= config.start_day
    return inside


def _offsets(config: ProvinceConfig, at: Times) -> Ints:
    offsets: Ints = (at - config.start_day.astype("datetime64[s]")).astype(np.int64)
    return offsets


def _run(
    config: ProvinceConfig, world: World, account: Refs, signed: Ints
) -> tuple[Ints, Ints, Ints]:
    # Gives openings, what every balance is lifted by, and the balances before lifting. An account
    # opened inside the window opens with nothing; its lift is its first deposit.
    accounts = world.accounts
    count = size(accounts)
    total = np.cumsum(signed)
    starts = np.flatnonzero(np.r_[True, account[1:] != account[:-1]])
    used = account[starts]
    before = np.zeros(count, np.int64)
    before[used] = total[starts] - signed[starts]
    relative = total - before[account]
    lowest = np.zeros(count, np.int64)
    lowest[used] = np.minimum(np.minimum.reduceat(relative, starts), 0)
    fresh = _opened_inside(config, accounts)
    credit = accounts.product == Product.CREDIT_CARD
    wanted = np.where(fresh, 0, accounts.opening_fen)
    stream = config.stream(world.bank.no, "openings")
    cushion = np.round(-lowest * stream.uniform(0.01, 0.25, count)).astype(np.int64)
    opening = np.where(wanted + lowest < 0, cushion - lowest, wanted)
    opening = np.where(credit, 0, opening)
    cash = np.maximum(-(-opening // SMALLEST_OPENING_FEN), 1) * SMALLEST_OPENING_FEN
    lift = np.where(fresh & ~credit, cash, opening)
    lift = np.where(fresh & np.isin(accounts.product, TERMED), 0, lift)
    return np.where(fresh, 0, lift), lift, relative


def _closings(
    config: ProvinceConfig, account: Refs, at: Times, running: Ints
) -> tuple[Ints, Ints, Ints]:
    day = at.astype("datetime64[D]").astype(np.int64)
    last = np.flatnonzero(
        np.r_[
            (account[1:] != account[:-1]) | (day[1:] != day[:-1]),
            np.ones(min(len(day), 1), bool),
        ]
    )
    moved = day[last] - config.start_day.astype(np.int64)
    order = order_by(moved, account[last])
    rows = last[order]
    return moved[order], account[rows].astype(np.int64), running[rows]
