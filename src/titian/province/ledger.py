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
    Summary,
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
    order = order_by(placed.account, _offsets(config, placed))
    by_account = take(placed, order)
    amount, opening, running = _run(config, world, by_account, order < first_rows)
    by_account = replace(by_account, amount_fen=amount)
    closing = _closings(config, by_account, running)
    by_time = order_by(_offsets(config, by_account), np.arange(len(running)))
    return Ledger(take(by_account, by_time), running[by_time], opening, *closing)


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


def _offsets(config: ProvinceConfig, entries: Entries) -> Ints:
    start = config.start_day.astype("datetime64[s]").astype(np.int64)
    offsets: Ints = entries.at.astype(np.int64) - start
    return offsets


def _run(
    config: ProvinceConfig, world: World, entries: Entries, is_first_deposit: Flags
) -> tuple[Ints, Ints, Ints]:
    accounts = world.accounts
    count = size(accounts)
    signed = entries.amount_fen * entries.direction
    total = np.cumsum(signed)
    starts = np.flatnonzero(np.r_[True, entries.account[1:] != entries.account[:-1]])
    used = entries.account[starts]
    before = np.zeros(count, np.int64)
    before[used] = total[starts] - signed[starts]
    relative = total - before[entries.account]
    lowest = np.zeros(count, np.int64)
    lowest[used] = np.minimum(np.minimum.reduceat(relative, starts), 0)
    fresh = _opened_inside(config, accounts)
    wanted = np.where(fresh, 0, accounts.opening_fen)
    stream = config.stream(world.bank.no, "openings")
    cushion = np.round(-lowest * stream.uniform(0.01, 0.25, count)).astype(np.int64)
    opening = np.where(wanted + lowest < 0, cushion - lowest, wanted)
    credit = accounts.product == Product.CREDIT_CARD
    opening = np.where(credit, 0, opening)
    cash = np.maximum(-(-opening // SMALLEST_OPENING_FEN), 1) * SMALLEST_OPENING_FEN
    amount = np.where(is_first_deposit, cash[entries.account], entries.amount_fen)
    lift = np.where(fresh & ~credit, cash, opening)
    lift = np.where(fresh & np.isin(accounts.product, TERMED), 0, lift)
    return amount, np.where(fresh, 0, lift), relative + lift[entries.account]


def _closings(config: ProvinceConfig, entries: Entries, running: Ints) -> tuple[Ints, Ints, Ints]:
    day = entries.at.astype("datetime64[D]").astype(np.int64)
    account = entries.account
    last = np.flatnonzero(
        np.r_[
            (account[1:] != account[:-1]) | (day[1:] != day[:-1]), np.ones(min(len(day), 1), bool)
        ]
    )
    moved = day[last] - config.start_day.astype(np.int64)
    order = order_by(moved, account[last])
    rows = last[order]
    return moved[order], account[rows].astype(np.int64), running[rows]
