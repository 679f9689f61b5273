from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from titian.province.flow import flow
from titian.province.ledger import Ledger, order_by, raised_limits, settle
from titian.province.model import (
    Channel,
    Direction,
    Entries,
    Product,
    ProvinceConfig,
    Summary,
    World,
    concat,
    size,
)
from titian.province.world import build_worlds

CONFIG = ProvinceConfig(banks=1, customers=60, days=10, seed=2, end=date(2026, 1, 20))
START = int(CONFIG.start_day.astype("datetime64[s]").astype(np.int64))
WORLD = build_worlds(CONFIG)[0]
OLD = np.flatnonzero(WORLD.accounts.open_date < CONFIG.start_day)[:12].tolist()
POSTING = st.tuples(
    st.sampled_from(OLD),
    st.integers(0, 10 * 86_400 - 1),
    st.sampled_from([Direction.DEBIT, Direction.CREDIT]),
    st.integers(1, 10**9),
)


def _entries(postings: list[tuple[int, int, Direction, int]]) -> Entries:
    columns = [np.array(column, np.int64) for column in zip(*postings, strict=True)]
    parts = [
        flow(columns[0][rows], START + columns[1][rows], side, columns[3][rows], Channel.MOBILE,
             Summary.TRANSFER)
        for side in Direction
        for rows in [np.flatnonzero(columns[2] == side)]
    ]  # fmt: skip
    return concat(parts)


def _ledger(postings: list[tuple[int, int, Direction, int]]) -> Ledger:
    return settle(CONFIG, WORLD, _entries(postings))


@settings(max_examples=150, deadline=None)
@given(st.lists(POSTING, min_size=1, max_size=80))
def test_balances_run_exactly_and_never_below_zero(
    postings: list[tuple[int, int, Direction, int]],
) -> None:
    ledger = _ledger(postings)
    entries = ledger.entries
    balance = dict(enumerate(ledger.opening_fen.tolist()))
    moment = entries.at.astype(np.int64)
    assert (np.diff(moment) >= 0).all()
    for row in range(size(entries)):
        account = int(entries.account[row])
        balance[account] += int(entries.amount_fen[row]) * int(entries.direction[row])
        assert ledger.balance_fen[row] == balance[account]
        if WORLD.accounts.product[account] != Product.CREDIT_CARD:
            assert balance[account] >= 0
    last = dict(zip(ledger.closing_account.tolist(), ledger.closing_fen.tolist(), strict=True))
    assert all(balance[account] == amount for account, amount in last.items())


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10**7)), max_size=60),
    st.booleans(),
)
def test_order_is_the_stable_order(pairs: list[tuple[int, int]], wide: bool) -> None:
    major = np.array([a for a, _ in pairs], np.int64) * (2**40 if wide else 1)
    minor = np.array([b for _, b in pairs], np.int64)
    assert order_by(major, minor).tolist() == np.lexsort((minor, major)).tolist()


def test_nothing_happened() -> None:
    empty = flow(np.zeros(0, int), np.zeros(0, np.int64), Direction.DEBIT, np.zeros(0, np.int64),
                 Channel.ATM, Summary.CASH)  # fmt: skip
    ledger = settle(CONFIG, WORLD, empty)
    old = WORLD.accounts.open_date < CONFIG.start_day
    assert (ledger.opening_fen[old] == WORLD.accounts.opening_fen[old]).all()


def test_card_limits_cover_what_was_owed() -> None:
    config = ProvinceConfig(banks=1, customers=600, days=10, seed=2)
    world: World = build_worlds(config)[0]
    account = np.flatnonzero(world.accounts.product == Product.CREDIT_CARD)[:1]
    at = np.full(1, int(config.start_day.astype("datetime64[s]").astype(np.int64)) + 50_000)
    bought = flow(
        account, at, Direction.DEBIT, np.array([99_999_999]), Channel.CARD, Summary.PAYMENT
    )
    cards = raised_limits(world, settle(config, world, bought))
    assert cards.limit_fen[cards.account == account[0]] == [100_000_000]
