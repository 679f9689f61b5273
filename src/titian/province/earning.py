"""Money coming in: salaries, pensions, subsidies, farm sales, day wages, shop and firm turnover."""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province import calendar
from titian.province.flow import Rows, amounts, draw, flow, pair, repeated, seconds_of
from titian.province.model import (
    Channel,
    Direction,
    Entries,
    Flags,
    Industry,
    Ints,
    Occupation,
    PartyType,
    Product,
    Summary,
)
from titian.province.scene import Scene, chosen_channels

DAYS_PER_MONTH: Final = 30.4
OFFICIAL_PAY_DAY: Final = 10
PENSION_DAY: Final = 12
SUBSIDY_MONTH_DAY: Final = (3, 18)
FEN_PER_MU: Final = 9_500
_SOCIAL_INSURANCE: Final = 2
_AGRICULTURE: Final = 3
_TAX: Final = 4


def salaries(scene: Scene) -> list[Entries]:
    """Pay salaries on each employer's pay day; local employers pay from their own account."""
    stream = scene.stream("salaries")
    world = scene.world
    employed = np.flatnonzero((world.employer >= 0) & scene.person & scene.active)
    pay_day = _pay_day(scene, employed)
    party, day = _monthly(scene, employed, pay_day)
    gap = calendar.days_to_festival(day.astype("datetime64[D]"))
    bonus = np.where((gap >= -30) & (gap < 0), 1.35, 1.0)
    noise = stream.normal(1.0, 0.04, len(party)).clip(0.8, 1.2)
    amount = np.round(scene.income_fen[party] * noise * bonus).astype(np.int64)
    seconds = seconds_of(stream, day, "batch")
    employer = world.employer[party]
    paid = flow(
        scene.account[party],
        seconds,
        Direction.CREDIT,
        amount,
        Channel.BATCH,
        Summary.SALARY,
        employer,
    )
    return [paid, _payroll(scene, employer, day, amount)]


def pensions(scene: Scene) -> list[Entries]:
    """Pay pensions to everyone over sixty, to the social account where there is one."""
    stream = scene.stream("pensions")
    old = np.flatnonzero(scene.person & (scene.age >= 60))
    party, day = _monthly(scene, old, np.full(len(old), PENSION_DAY))
    town = scene.market[party] < 0
    monthly = np.where(town, scene.income_fen[party], 21_000 + 300 * (scene.age[party] - 60))
    amount = np.round(monthly / 100).astype(np.int64) * 100
    payer = scene.world.outside.government[0] + _SOCIAL_INSURANCE
    return [
        flow(
            _social_account(scene)[party],
            seconds_of(stream, day, "batch"),
            Direction.CREDIT,
            amount,
            Channel.BATCH,
            Summary.PENSION,
            payer,
        )
    ]


def subsidies(scene: Scene) -> list[Entries]:
    """Pay the yearly land subsidy to the heads of farming households."""
    stream = scene.stream("subsidies")
    days = scene.clock.dates
    month, day = SUBSIDY_MONTH_DAY
    dates = days[(calendar.month_of(days) == month) & (calendar.day_of_month(days) == day)]
    households = scene.world.households
    heads = households.head[households.industry <= Industry.ORCHARD]
    land = households.land_centimu[households.industry <= Industry.ORCHARD]
    party = np.repeat(heads, len(dates))
    amount = np.repeat(land.astype(np.int64) * FEN_PER_MU // 100, len(dates))
    day_number = np.tile(dates.astype(np.int64), len(heads))
    payer = scene.world.outside.government[0] + _AGRICULTURE
    return [
        flow(
            _social_account(scene)[party],
            seconds_of(stream, day_number, "batch"),
            Direction.CREDIT,
            amount,
            Channel.BATCH,
            Summary.SUBSIDY,
            payer,
        )
    ]


def farm_sales(scene: Scene) -> list[Entries]:
    """Sell harvests and animals: to a firm of the bank (both sides), or to dealers outside."""
    stream = scene.stream("sales")
    people, world = scene.world.people, scene.world
    farmers = np.flatnonzero(
        scene.farm & scene.active & (people.occupation == Occupation.FARMER) & scene.adult
    )
    months = scene.clock.days / DAYS_PER_MONTH
    party = repeated(stream, farmers, np.full(len(farmers), 0.8 * months))
    day = scene.clock.first + stream.integers(0, scene.clock.days, len(party))
    amount = amounts(stream, scene.income_fen[party] * 0.95 / 0.8, 0.7, len(party))
    seconds = seconds_of(stream, day, "business")
    buyer, local = _buyers(scene, stream, party)
    local &= buyer != scene.account[party]
    inside = np.flatnonzero(local)
    outside = np.flatnonzero(~local)
    dealer = world.outside.firms[0] + stream.integers(0, world.outside.firms[1], len(outside))
    return [
        *pair(
            buyer[inside],
            scene.account[party[inside]],
            seconds[inside],
            amount[inside],
            Channel.ONLINE,
            Summary.SALE,
        ),
        flow(
            scene.account[party[outside]],
            seconds[outside],
            Direction.CREDIT,
            amount[outside],
            Channel.ONLINE,
            Summary.SALE,
            dealer,
        ),
    ]


def casual_income(scene: Scene) -> list[Entries]:
    """Pay in market takings and day wages: cash at counter or machine, or a transfer."""
    stream = scene.stream("casual")
    people, world = scene.world.people, scene.world
    months = scene.clock.days / DAYS_PER_MONTH
    jobless = (world.employer < 0) & np.isin(
        people.occupation, [Occupation.WORKER, Occupation.OTHER]
    )
    farmer = people.occupation == Occupation.FARMER
    rate = np.select([jobless, farmer], [1.7, 0.7], 0.0) * (scene.adult & scene.active)
    share = np.where(jobless, 0.95 / 1.7, 0.3 / 0.7)
    party = repeated(stream, np.arange(len(rate)), rate * months)
    day = scene.clock.first + stream.integers(0, scene.clock.days, len(party))
    day = _on_market(scene, party, day, farmer[party])
    amount = amounts(stream, scene.income_fen[party] * share[party], 0.5, len(party))
    by_transfer = stream.random(len(party)) < scene.digital[party]
    cash, sent = np.flatnonzero(~by_transfer), np.flatnonzero(by_transfer)
    counter = np.where(stream.random(len(cash)) < 0.6, Channel.COUNTER, Channel.ATM)
    boss = world.outside.persons[0] + party[sent] * 31 % world.outside.persons[1]
    notes = np.maximum(amount[cash] // 10_000, 1) * 10_000
    return [
        flow(
            scene.account[party[cash]],
            seconds_of(stream, day[cash], "counter"),
            Direction.CREDIT,
            notes,
            counter,
            Summary.CASH,
        ),
        flow(
            scene.account[party[sent]],
            seconds_of(stream, day[sent], "evening"),
            Direction.CREDIT,
            amount[sent],
            Channel.MOBILE,
            Summary.TRANSFER,
            boss,
        ),
    ]


def shop_turnover(scene: Scene) -> list[Entries]:
    """Let traders take payments by code all day and buy their goods every week."""
    stream = scene.stream("shops")
    world, days = scene.world, scene.clock.days
    traders = np.flatnonzero(scene.trader & scene.active)
    size = np.exp(stream.normal(0, 0.6, len(traders)))
    weights = calendar.quantile_table(calendar.spending_weights(scene.clock.dates))
    party = repeated(stream, traders, 1.0 * days * size)
    day = scene.clock.first + draw(stream, weights, len(party))
    takings = amounts(stream, scene.income_fen[party] * 1.5 / DAYS_PER_MONTH, 1.1, len(party))
    customers = world.outside.persons[0] + stream.integers(0, world.outside.persons[1], len(party))
    buyer = repeated(stream, traders, 4.0 / DAYS_PER_MONTH * days * size)
    buy_day = scene.clock.first + draw(stream, weights, len(buyer))
    goods = amounts(stream, scene.income_fen[buyer] * 0.9 / 4.0, 0.8, len(buyer))
    supplier = (
        world.outside.firms[0]
        + (buyer * 7 + stream.integers(0, 3, len(buyer))) % (world.outside.firms[1])
    )
    channel = chosen_channels(
        stream, world, buyer, {Channel.MOBILE: 0.7, Channel.ONLINE: 0.3}, Channel.COUNTER
    )
    return [
        flow(
            scene.account[party],
            seconds_of(stream, day, "mobile"),
            Direction.CREDIT,
            takings,
            Channel.QUICK,
            Summary.PAYMENT,
            customers,
        ),
        flow(
            scene.account[buyer],
            seconds_of(stream, buy_day, "business"),
            Direction.DEBIT,
            goods,
            channel,
            Summary.TRANSFER,
            supplier,
        ),
    ]


def firm_turnover(scene: Scene) -> list[Entries]:
    """Let firms receive, pay and be taxed on working days."""
    stream = scene.stream("firms")
    world, days = scene.world, scene.clock.days
    firms = np.flatnonzero(~scene.person & scene.active)
    size = np.where(world.people.kind[firms] == PartyType.ENTERPRISE, 1.0, 0.4)
    weights = calendar.quantile_table(calendar.business_weights(scene.clock.dates))
    flows: list[Entries] = []
    for direction, monthly, share in ((Direction.CREDIT, 14, 1.0), (Direction.DEBIT, 16, 0.55)):
        party = repeated(stream, firms, monthly / DAYS_PER_MONTH * days * size)
        day = scene.clock.first + draw(stream, weights, len(party))
        amount = amounts(stream, scene.income_fen[party] * share / monthly, 1.2, len(party))
        partner = (
            world.outside.firms[0]
            + (party * 13 + stream.integers(0, 8, len(party))) % (world.outside.firms[1])
        )
        channel = np.where(stream.random(len(party)) < 0.82, Channel.ONLINE, Channel.COUNTER)
        flows.append(
            flow(
                scene.account[party],
                seconds_of(stream, day, "business"),
                direction,
                amount,
                channel,
                Summary.TRANSFER,
                partner,
            )
        )
    payer, tax_day = _monthly(scene, firms, np.full(len(firms), 15))
    tax = amounts(stream, scene.income_fen[payer] * 0.03, 0.3, len(payer))
    flows.append(
        flow(
            scene.account[payer],
            seconds_of(stream, tax_day, "business"),
            Direction.DEBIT,
            tax,
            Channel.ONLINE,
            Summary.TAX,
            world.outside.government[0] + _TAX,
        )
    )
    return flows


def _pay_day(scene: Scene, party: Rows) -> Ints:
    world = scene.world
    employer = world.employer[party].astype(np.int64)
    official = (employer >= world.outside.government[0]) & (
        employer < world.outside.government[0] + world.outside.government[1]
    )
    return np.where(official, OFFICIAL_PAY_DAY, 5 + employer % 3 * 5)


def _monthly(scene: Scene, party: Rows, day_of_month: Ints) -> tuple[Rows, Ints]:
    parties, dates = [party[:0]], [np.zeros(0, np.int64)]
    for day in np.unique(day_of_month):
        rows = party[day_of_month == day]
        due = calendar.pay_days(scene.clock.dates, int(day)).astype(np.int64)
        parties.append(np.repeat(rows, len(due)))
        dates.append(np.tile(due, len(rows)))
    return np.concatenate(parties), np.concatenate(dates)


def _payroll(scene: Scene, employer: Rows, day: Ints, amount: Ints) -> Entries:
    local = employer < len(scene.world.accounts.number)
    key = employer[local].astype(np.int64) * 100_000 + day[local]
    group, at = np.unique(key, return_inverse=True)
    total = np.zeros(len(group), np.int64)
    np.add.at(total, at, amount[local])
    account, paid_on = np.divmod(group, 100_000)
    seconds = paid_on * calendar.SECONDS_PER_DAY + 4 * 3_600 + account % 3_600
    return flow(account, seconds, Direction.DEBIT, total, Channel.BATCH, Summary.SALARY)


def _social_account(scene: Scene) -> Ints:
    account = scene.account.astype(np.int64)
    social = np.flatnonzero(scene.world.accounts.product == Product.SOCIAL)
    account[scene.world.accounts.party[social]] = social
    return account


def _buyers(scene: Scene, stream: np.random.Generator, party: Rows) -> tuple[Ints, Flags]:
    world = scene.world
    buyer = np.full(len(party), -1, np.int64)
    wanted = stream.random(len(party)) < 0.4
    luck = stream.integers(0, 1 << 30, len(party))
    for industry in range(Industry.CROP, Industry.ORCHARD + 1):
        firms = np.flatnonzero((world.traits.industry == industry) & ~scene.person & scene.active)
        rows = (world.traits.industry[party] == industry) & wanted
        if len(firms):
            buyer[rows] = scene.account[firms][luck[rows] % len(firms)]
    return buyer, buyer >= 0


def _on_market(scene: Scene, party: Rows, day: Ints, wanted: Flags) -> Ints:
    snapped = calendar.snap_to_market(day, scene.market[party])
    rural = (scene.market[party] >= 0) & wanted & (snapped >= scene.clock.first)
    return np.where(rural, snapped, day)
