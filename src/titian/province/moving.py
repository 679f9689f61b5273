"""Money moving between people and products: transfers, gifts, deposits, loans, interest, fees."""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province import calendar
from titian.province.earning import DAYS_PER_MONTH
from titian.province.flow import Rows, amounts, draw, flow, pair, repeated, seconds_of
from titian.province.model import (
    Channel,
    Dates,
    Direction,
    Entries,
    Ints,
    LoanProduct,
    Product,
    Summary,
)
from titian.province.scene import Scene, chosen_channels

GIFTS_FEN: Final = np.array([5_200, 6_600, 8_800, 10_000, 16_800, 20_000, 60_000, 66_600, 100_000])
SMS_FEE_FEN: Final = 200
_INTEREST_MONTHS: Final = (3, 6, 9, 12)
_INTEREST_DAY: Final = 21
_INTEREST, _GRANT, _REPAY, _FEE, _CASH, _WEALTH = range(6)
_SEND: Final = {Channel.MOBILE: 0.72, Channel.WECHAT: 0.18, Channel.DIRECT: 0.1}


def transfers(scene: Scene) -> list[Entries]:
    """Send money to relatives and friends, in the bank and outside."""
    stream = scene.stream("transfers")
    senders = np.flatnonzero(scene.adult & scene.active)
    rate = 1.3 * scene.digital[senders] * scene.clock.days / DAYS_PER_MONTH
    party = repeated(stream, senders, rate)
    day = scene.clock.first + stream.integers(0, scene.clock.days, len(party))
    amount = amounts(stream, scene.income_fen[party] * 0.13, 1.0, len(party))
    seconds = seconds_of(stream, day, "evening")
    return _sent(scene, stream, party, seconds, amount, Summary.TRANSFER)


def red_packets(scene: Scene) -> list[Entries]:
    """Send gifts of money around the Spring Festival."""
    stream = scene.stream("gifts")
    senders = np.flatnonzero(scene.adult & scene.active)
    weight = calendar.red_packet_weights(scene.clock.dates)
    party = repeated(stream, senders, 1.1 * scene.digital[senders] * weight.sum())
    day = scene.clock.first + draw(stream, calendar.quantile_table(weight), len(party))
    amount = GIFTS_FEN[stream.integers(0, len(GIFTS_FEN), len(party))]
    seconds = seconds_of(stream, day, "evening")
    return _sent(scene, stream, party, seconds, amount, Summary.RED_PACKET)


def remittances(scene: Scene) -> list[Entries]:
    """Send home part of the wages of those who work away, some days after pay day."""
    stream = scene.stream("remittances")
    people = scene.world.people
    away = np.flatnonzero(scene.world.traits.migrant & scene.active & (people.household >= 0))
    head = scene.world.households.head[people.household[away]]
    following = np.minimum(away + 1, len(people.household) - 1)
    has_next = people.household[following] == people.household[away]
    home = np.where(head != away, head, np.where(has_next, following, away))
    away, home = away[home != away], home[home != away]
    months = calendar.pay_days(scene.clock.dates, 15).astype(np.int64)
    party, target = np.repeat(away, len(months)), np.repeat(home, len(months))
    day = np.tile(months, len(away)) + stream.integers(1, 5, len(party))
    inside = day < scene.clock.first + scene.clock.days
    party, target, day = party[inside], target[inside], day[inside]
    amount = amounts(stream, scene.income_fen[party] * 0.4, 0.25, len(party))
    channel = chosen_channels(stream, scene.world, party, _SEND, Channel.ATM)
    return pair(
        scene.account[party],
        scene.account[target],
        seconds_of(stream, day, "evening"),
        amount,
        channel,
        Summary.TRANSFER,
    )


def deposits(scene: Scene) -> list[Entries]:
    """Open and end time deposits and wealth products within the window."""
    stream = scene.stream("deposits")
    accounts = scene.world.accounts
    termed = np.isin(accounts.product, [Product.TIME, Product.WEALTH, Product.NOTICE])
    opened = np.flatnonzero(termed & (accounts.open_date >= scene.config.start_day))
    ended = np.flatnonzero(termed & ~np.isnat(accounts.close_date))
    owner = scene.account[accounts.party]
    phone = chosen_channels(
        stream, scene.world, accounts.party[opened], {Channel.MOBILE: 1.0}, Channel.COUNTER
    )
    start = seconds_of(stream, accounts.open_date[opened].astype(np.int64), "business")
    start = np.maximum(start, _after_opening(accounts.open_date[opened]))
    end = seconds_of(stream, accounts.close_date[ended].astype(np.int64), "business")
    held = np.maximum((accounts.close_date - accounts.open_date)[ended].astype(np.int64), 0)
    principal = accounts.opening_fen[ended]
    earned = np.round(principal * (accounts.rate_ppm[ended] / 1e6) * held / 365).astype(np.int64)
    interest = scene.world.outside.system[0] + _INTEREST
    return [
        *pair(owner[opened], opened, start, accounts.opening_fen[opened], phone, Summary.DEPOSIT),
        flow(
            ended,
            end - 1,
            Direction.CREDIT,
            np.maximum(earned, 1),
            Channel.BATCH,
            Summary.INTEREST,
            interest,
        ),
        *pair(
            ended,
            owner[ended],
            end,
            principal + np.maximum(earned, 1),
            Channel.BATCH,
            Summary.DEPOSIT,
        ),
    ]


def loan_flows(scene: Scene) -> list[Entries]:
    """Pay out loans, let borrowers use them, and collect what was paid of every instalment."""
    stream = scene.stream("loans")
    world, config = scene.world, scene.config
    loans, plan = world.loans, world.instalments
    granted = np.flatnonzero(loans.grant_date >= config.start_day)
    on_phone = np.isin(loans.product[granted], [LoanProduct.MICRO_E, LoanProduct.FARMER_E])
    channel = np.where(on_phone, Channel.MOBILE, Channel.COUNTER)
    start = seconds_of(stream, loans.grant_date[granted].astype(np.int64), "counter")
    used_on = loans.grant_date[granted].astype(np.int64) + stream.integers(0, 4, len(granted))
    used = (loans.amount_fen[granted] * stream.uniform(0.6, 1.0, len(granted))).astype(np.int64)
    use_at = np.maximum(seconds_of(stream, used_on, "business"), start + 1_800)
    in_time = use_at < (scene.clock.first + scene.clock.days) * calendar.SECONDS_PER_DAY
    supplier = world.outside.firms[0] + stream.integers(0, world.outside.firms[1], len(granted))
    paid = np.flatnonzero(~np.isnat(plan.paid_on) & (plan.paid_on >= config.start_day))
    repaid_at = seconds_of(stream, plan.paid_on[paid].astype(np.int64), "batch")
    total = plan.principal_fen[paid] + plan.interest_fen[paid]
    return [
        flow(
            loans.account[granted],
            start,
            Direction.CREDIT,
            loans.amount_fen[granted],
            channel,
            Summary.LOAN_GRANT,
            world.outside.system[0] + _GRANT,
        ),
        flow(
            loans.account[granted][in_time],
            use_at[in_time],
            Direction.DEBIT,
            used[in_time] // 10_000 * 10_000,
            channel[in_time],
            Summary.TRANSFER,
            supplier[in_time],
        ),
        flow(
            loans.account[plan.loan[paid]],
            repaid_at,
            Direction.DEBIT,
            total,
            Channel.BATCH,
            Summary.LOAN_REPAY,
            world.outside.system[0] + _REPAY,
        ),
    ]


def interest_and_fees(scene: Scene) -> list[Entries]:
    """Credit demand interest every quarter and charge the message fee every month."""
    stream = scene.stream("interest")
    world, days = scene.world, scene.clock.dates
    accounts = world.accounts
    quarter = np.isin(calendar.month_of(days), _INTEREST_MONTHS)
    dates = days[quarter & (calendar.day_of_month(days) == _INTEREST_DAY)].astype(np.int64)
    kinds = [Product.DEMAND, Product.SOCIAL, Product.CORPORATE, Product.LOAN_SETTLE]
    rows = np.flatnonzero(np.isin(accounts.product, kinds) & (accounts.opening_fen > 0))
    account, day = np.repeat(rows, len(dates)), np.tile(dates, len(rows))
    yearly = accounts.opening_fen[account] * (accounts.rate_ppm[account] / 1e6)
    earned = np.maximum(np.round(yearly * 91 / 360), 1).astype(np.int64)
    first = calendar.day_of_month(days) == 1
    months = days[first].astype(np.int64)
    charged = np.flatnonzero(scene.adult & scene.active & (scene.digital < 0.6))
    charged = charged[stream.random(len(charged)) < 0.5]
    payer, fee_day = np.repeat(charged, len(months)), np.tile(months, len(charged))
    fee = np.full(len(payer), SMS_FEE_FEN)
    return [
        flow(
            account,
            day * calendar.SECONDS_PER_DAY + account % 7_200,
            Direction.CREDIT,
            earned,
            Channel.BATCH,
            Summary.INTEREST,
            world.outside.system[0] + _INTEREST,
        ),
        flow(
            scene.account[payer],
            fee_day * calendar.SECONDS_PER_DAY + 9_000 + payer % 7_200,
            Direction.DEBIT,
            fee,
            Channel.BATCH,
            Summary.FEE,
            world.outside.system[0] + _FEE,
        ),
    ]


def _after_opening(day: Dates) -> Ints:
    # A customer who joins that day first pays in cash (ledger.OPENING_HOUR), then saves.
    return day.astype(np.int64) * calendar.SECONDS_PER_DAY + 10 * 3_600


def _sent(
    scene: Scene,
    stream: np.random.Generator,
    party: Rows,
    seconds: Ints,
    amount: Ints,
    summary: Summary,
) -> list[Entries]:
    world = scene.world
    parties, friends = len(world.people.name), world.outside.persons[1]
    near = party + stream.integers(1, 5, len(party)) * (1 - 2 * (party % 2))
    friend = near.clip(0, parties - 1)
    local = (stream.random(len(party)) < 0.55) & (friend != party) & scene.adult[friend]
    stranger = world.outside.persons[0] + (party * 17 + stream.integers(0, 4, len(party))) % friends
    channel = chosen_channels(stream, world, party, _SEND, Channel.ATM)
    inside, away = np.flatnonzero(local), np.flatnonzero(~local)
    payer = scene.account[party]
    return [
        *pair(
            payer[inside],
            scene.account[friend[inside]],
            seconds[inside],
            amount[inside],
            channel[inside],
            summary,
        ),
        flow(
            payer[away],
            seconds[away],
            Direction.DEBIT,
            amount[away],
            channel[away],
            summary,
            stranger[away],
        ),
    ]
