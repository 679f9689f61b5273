"""Money going out day by day: shops, markets, cash, bills and credit cards."""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province import calendar
from titian.province.earning import DAYS_PER_MONTH
from titian.province.flow import Rows, amounts, draw, flow, pair, repeated, seconds_of
from titian.province.model import (
    Channel,
    Direction,
    Entries,
    Flags,
    Industry,
    Ints,
    Product,
    Summary,
)
from titian.province.scene import Scene, chosen_channels

SPENT_SHARE: Final = 0.50
MARKET_SHARE: Final = 0.35
LOCAL_MERCHANT_SHARE: Final = 0.30
PAYMENTS_PER_DAY: Final = 0.50
CARD_PAYMENTS_PER_MONTH: Final = 11
_SHOP_CHANNELS: Final = {
    Channel.QUICK: 0.46, Channel.WECHAT: 0.18, Channel.MOBILE: 0.18, Channel.CARD: 0.14,
    Channel.DIRECT: 0.04,
}  # fmt: skip


def shopping(scene: Scene) -> list[Entries]:
    """Pay in shops by code, phone or card; part of it at merchants of the same bank."""
    stream = scene.stream("shopping")
    world, days = scene.world, scene.clock.days
    shoppers = np.flatnonzero(scene.adult & scene.active)
    rate = PAYMENTS_PER_DAY * np.maximum(scene.digital[shoppers], 0.06)
    weights = calendar.quantile_table(calendar.spending_weights(scene.clock.dates))
    party = repeated(stream, shoppers, rate * days)
    day = scene.clock.first + draw(stream, weights, len(party))
    per_day = PAYMENTS_PER_DAY * np.maximum(scene.digital[party], 0.06)
    budget = SPENT_SHARE * scene.digital[party].clip(0.2, 1.0) / DAYS_PER_MONTH / per_day
    amount = amounts(stream, scene.income_fen[party] * budget, 1.0, len(party))
    rural = (scene.market[party] >= 0) & (stream.random(len(party), np.float32) < MARKET_SHARE)
    snapped = calendar.snap_to_market(day, scene.market[party])
    market = rural & (snapped >= scene.clock.first)
    seconds = seconds_of(stream, np.where(market, snapped, day), "mobile")
    morning = seconds_of(stream, snapped, "market")
    seconds = np.where(market, morning, seconds)
    channel = chosen_channels(stream, world, party, _SHOP_CHANNELS, Channel.CARD)
    return _paid(scene, stream, party, seconds, amount, channel, market)


def cash(scene: Scene) -> list[Entries]:
    """Draw cash at machines and counters, in the country on market days."""
    stream = scene.stream("cash")
    adults = np.flatnonzero(scene.adult & scene.active)
    rate = 0.5 + 2.0 * (1.0 - scene.digital[adults])
    party = repeated(stream, adults, rate * scene.clock.days / DAYS_PER_MONTH)
    weights = calendar.quantile_table(calendar.spending_weights(scene.clock.dates))
    day = scene.clock.first + draw(stream, weights, len(party))
    snapped = calendar.snap_to_market(day, scene.market[party])
    rural = (scene.market[party] >= 0) & (snapped >= scene.clock.first)
    day = np.where(rural & (stream.random(len(party)) < 0.7), snapped, day)
    per_month = 0.5 + 2.0 * (1.0 - scene.digital[party])
    share = 0.12 + 0.55 * (1.0 - scene.digital[party])
    wanted = amounts(stream, scene.income_fen[party] * share / per_month, 0.6, len(party))
    notes = np.maximum(wanted // 10_000, 1) * 10_000
    large = notes > 2_000_000
    channel = np.where(large | (stream.random(len(party)) < 0.3), Channel.COUNTER, Channel.ATM)
    office = seconds_of(stream, day, "counter")
    seconds = np.where(channel == Channel.ATM, seconds_of(stream, day, "atm"), office)
    return [flow(scene.account[party], seconds, Direction.DEBIT, notes, channel, Summary.CASH)]


def bills(scene: Scene) -> list[Entries]:
    """Pay electricity and telephone every month, each on the party's own day."""
    stream = scene.stream("bills")
    world = scene.world
    single = scene.adult & (world.people.household < 0)
    head = np.zeros(len(single), bool)
    head[world.households.head] = True
    groups = ((single | head) & scene.adult, 0, 11_000.0), (scene.adult, 4, 5_500.0)
    flows: list[Entries] = []
    for payers, utility, mean_fen in groups:
        rows = np.flatnonzero(payers & scene.active & (stream.random(len(payers)) < 0.62))
        own_day = 3 + stream.integers(0, 24, len(rows))
        party, day = _every_month(scene, rows, own_day)
        amount = amounts(stream, mean_fen, 0.45, len(party))
        channel = chosen_channels(
            stream, world, party, {Channel.MOBILE: 0.6, Channel.WECHAT: 0.4}, Channel.COUNTER
        )
        flows.append(
            flow(
                scene.account[party],
                seconds_of(stream, day, "business"),
                Direction.DEBIT,
                amount,
                channel,
                Summary.UTILITY,
                world.outside.utilities[0] + utility,
            )
        )
    return flows


def credit_cards(scene: Scene) -> list[Entries]:
    """Buy on credit cards, and repay each month what the month before cost."""
    stream = scene.stream("credit")
    world, clock = scene.world, scene.clock
    account = np.flatnonzero(world.accounts.product == Product.CREDIT_CARD)
    weights = calendar.quantile_table(calendar.spending_weights(clock.dates))
    rate = CARD_PAYMENTS_PER_MONTH / DAYS_PER_MONTH * clock.days
    used = repeated(stream, account, np.full(len(account), rate))
    offset = draw(stream, weights, len(used))
    income = scene.income_fen[world.accounts.party[used]]
    amount = amounts(stream, income * 0.25 / CARD_PAYMENTS_PER_MONTH, 1.0, len(used))
    shop = world.outside.merchants[0] + stream.integers(0, world.outside.merchants[1], len(used))
    seconds = seconds_of(stream, clock.first + offset, "mobile")
    channel = np.where(stream.random(len(used)) < 0.55, Channel.CARD, Channel.QUICK)
    bought = flow(used, seconds, Direction.DEBIT, amount, channel, Summary.PAYMENT, shop)
    return [bought, *_card_repayments(scene, stream, used, offset, amount)]


def _card_repayments(
    scene: Scene, stream: np.random.Generator, used: Rows, offset: Ints, amount: Ints
) -> list[Entries]:
    cycle = (offset + used * 11 % 30) // 30
    group, at = np.unique(used.astype(np.int64) * 1_000 + cycle, return_inverse=True)
    owed = np.zeros(len(group), np.int64)
    np.add.at(owed, at, amount)
    card, month = np.divmod(group, 1_000)
    bill_day = month * 30 + 30 - card * 11 % 30 + 18
    due = bill_day < scene.clock.days
    card, owed, bill_day = card[due], owed[due], bill_day[due]
    payer = scene.account[scene.world.accounts.party[card]]
    seconds = seconds_of(stream, scene.clock.first + bill_day, "evening")
    return pair(payer, card, seconds, owed, Channel.MOBILE, Summary.CARD_REPAY)


def _paid(
    scene: Scene,
    stream: np.random.Generator,
    party: Rows,
    seconds: Ints,
    amount: Ints,
    channel: Rows,
    market: Flags,
) -> list[Entries]:
    world = scene.world
    shops = np.flatnonzero(
        scene.trader | (~scene.person & (world.traits.industry == Industry.TRADE))
    )
    local = stream.random(len(party), np.float32) < LOCAL_MERCHANT_SHARE * (len(shops) > 0)
    shop = np.zeros(len(party), np.int64)
    if len(shops):
        popular = calendar.quantile_table(stream.pareto(1.2, len(shops)) + 0.3)
        shop = scene.account[shops[draw(stream, popular, len(party))]].astype(np.int64)
    local &= shop != scene.account[party]
    stranger = world.outside.merchants[0] + stream.integers(
        0, world.outside.merchants[1], len(party)
    )
    flows: list[Entries] = []
    for summary, rows in ((Summary.PAYMENT, ~market), (Summary.MARKET, market)):
        inside, away = np.flatnonzero(local & rows), np.flatnonzero(~local & rows)
        payer = scene.account[party]
        flows += pair(
            payer[inside], shop[inside], seconds[inside], amount[inside], channel[inside], summary
        )
        flows.append(
            flow(
                payer[away],
                seconds[away],
                Direction.DEBIT,
                amount[away],
                channel[away],
                summary,
                stranger[away],
            )
        )
    return flows


def _every_month(scene: Scene, party: Rows, day_of_month: Ints) -> tuple[Rows, Ints]:
    days = scene.clock.dates
    months = np.unique(days.astype("datetime64[M]"))
    date = (months.astype("datetime64[D]").astype(np.int64)[:, None] + day_of_month - 1).ravel()
    rows = np.tile(party, len(months))
    inside = (date >= scene.clock.first) & (date < scene.clock.first + scene.clock.days)
    return rows[inside], date[inside]
