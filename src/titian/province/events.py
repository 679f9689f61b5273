"""Honest events of the six channels: payments as the channels saw them, and all around them.

Every payment, transfer and cash withdrawal of the ledger that went through a channel has its
event at the same second; log-ins, device and payee changes, declined attempts, registrations,
limit changes and bonus claims stand around them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province import calendar
from titian.province.channels import Habits, devices_of, habits_of, is_merchant, make_events
from titian.province.flow import Clock, draw, repeated, seconds_of
from titian.province.model import (
    NOBODY,
    Channel,
    Codes,
    Direction,
    Entries,
    Events,
    EventType,
    ProvinceConfig,
    Result,
    Summary,
    World,
    concat,
    replace,
    size,
    take,
)
from titian.province.scene import registered

BROWSES_PER_DAY: Final = 0.30
DECLINED_SHARE: Final = 0.012
FAILED_LOGIN_SHARE: Final = 0.025
LIMIT_CHANGE_SHARE: Final = 0.03
BONUS_SHARE: Final = 0.16
BONUS_DAYS: Final = (1, 2, 3)
_PAID_FOR: Final = {
    Summary.TRANSFER: EventType.TRANSFER,
    Summary.RED_PACKET: EventType.TRANSFER,
    Summary.CARD_REPAY: EventType.TRANSFER,
    Summary.DEPOSIT: EventType.TRANSFER,
    Summary.TAX: EventType.PAYMENT,
    Summary.PAYMENT: EventType.PAYMENT,
    Summary.MARKET: EventType.PAYMENT,
    Summary.UTILITY: EventType.PAYMENT,
    Summary.SALE: EventType.TRANSFER,
    Summary.CASH: EventType.CASH_OUT,
}
_KIND_OF = np.zeros(32, np.uint8)
for _summary, _event in _PAID_FOR.items():
    _KIND_OF[_summary] = _event
_LOGIN_CHANNELS: Final = np.array([Channel.MOBILE, Channel.WECHAT, Channel.ONLINE, Channel.DIRECT])
_LOGIN_SHARE: Final = np.array([0.78, 0.12, 0.06, 0.04])


def honest_events(config: ProvinceConfig, world: World, entries: Entries) -> Events:
    """Generate the honest events of a bank, by time, from its honest entries."""
    clock = Clock.of(config)
    stream = config.stream(world.bank.no, "events")
    habits = habits_of(config, world, clock)
    paid = payments(world, habits, stream, entries)
    parts = [
        paid,
        _declined(stream, paid),
        _payees_added(world, habits, stream, paid),
        *_logins(world, habits, stream, paid),
        *_joining(config, world, habits, stream),
        _limit_changes(world, habits, stream),
        _bonus_claims(world, habits, stream),
    ]
    events = concat(parts)
    first = clock.first * calendar.SECONDS_PER_DAY
    last = first + clock.days * calendar.SECONDS_PER_DAY
    joined = world.people.open_date.astype("datetime64[s]").astype(np.int64)
    at = events.at.astype(np.int64)
    return take(events, (at >= np.maximum(joined[events.party], first)) & (at < last))


def payments(world: World, habits: Habits, stream: np.random.Generator, entries: Entries) -> Events:
    """Return the channel's view of entries that left an account through a channel."""
    kind = _KIND_OF[entries.summary]
    through = (entries.channel > Channel.ATM) & (entries.channel < Channel.BATCH)
    through |= (entries.channel == Channel.ATM) & (kind == EventType.CASH_OUT)
    rows = np.flatnonzero((entries.direction == Direction.DEBIT) & (kind > 0) & through)
    kind, account = kind[rows], entries.account[rows]
    other = entries.counterparty[rows]
    shop = (kind == EventType.PAYMENT) & (other >= 0) & is_merchant(world)[other]
    channel = entries.channel[rows]
    return make_events(
        world, habits, stream, kind, world.accounts.party[account],
        entries.at[rows].astype(np.int64),
        np.where(channel == Channel.ATM, np.uint8(Channel.CARD), channel),
        account=account,
        amount_fen=entries.amount_fen[rows],
        payee=np.where(kind == EventType.CASH_OUT, NOBODY, other),
        merchant=np.where(shop, other, NOBODY),
    )  # fmt: skip


def _declined(stream: np.random.Generator, paid: Events) -> Events:
    rows = np.flatnonzero(stream.random(size(paid), np.float32) < DECLINED_SHARE)
    tried = take(paid, rows)
    earlier = tried.at - stream.integers(20, 900, len(rows)).astype("timedelta64[s]")
    more = np.round(tried.amount_fen * stream.uniform(1.0, 2.5, len(rows)) / 100) * 100
    failed = np.where(stream.random(len(rows)) < 0.8, Result.DECLINED, Result.FAILED)
    return replace(
        tried, at=earlier, amount_fen=more.astype(np.int64), result=failed.astype(np.uint8)
    )


def _payees_added(
    world: World, habits: Habits, stream: np.random.Generator, paid: Events
) -> Events:
    sent = np.flatnonzero((paid.kind == EventType.TRANSFER) & (paid.channel != Channel.CARD))
    pair = paid.party[sent].astype(np.int64) * size(world.payees) + paid.payee[sent]
    order = np.argsort(paid.at[sent], kind="stable")
    _, first = np.unique(pair[order], return_index=True)
    rows = np.sort(sent[order[first]])
    # Most payees were added before the window began.
    rows = rows[stream.random(len(rows)) < 0.35]
    seconds = paid.at[rows].astype(np.int64) - stream.integers(30, 600, len(rows))
    return make_events(
        world, habits, stream, EventType.PAYEE_ADD, paid.party[rows], seconds, paid.channel[rows],
        payee=paid.payee[rows],
    )  # fmt: skip


def _logins(
    world: World, habits: Habits, stream: np.random.Generator, paid: Events
) -> list[Events]:
    needs = np.array([0.0] * 3 + [0.95, 0.5, 0.12, 0.8] + [0.0] * 9, np.float32)
    before = np.flatnonzero(stream.random(size(paid), np.float32) < needs[paid.channel])
    ahead = stream.integers(15, 240, len(before))
    users = np.flatnonzero(
        registered(
            world, np.arange(size(world.people)), np.full(size(world.people), Channel.MOBILE)
        )
    )
    rate = BROWSES_PER_DAY * world.traits.digital[users] * habits.clock.days
    party = repeated(stream, users, rate)
    weights = calendar.quantile_table(calendar.spending_weights(habits.clock.dates))
    day = habits.clock.first + draw(stream, weights, len(party))
    table = _LOGIN_CHANNELS[calendar.quantile_table(_LOGIN_SHARE)]
    channel = draw(stream, table, len(party)).astype(np.uint8)
    channel = np.where(registered(world, party, channel), channel, np.uint8(Channel.MOBILE))
    who = np.r_[paid.party[before], party]
    seconds = np.r_[paid.at[before].astype(np.int64) - ahead, seconds_of(stream, day, "evening")]
    entered = make_events(
        world, habits, stream, EventType.LOGIN, who, seconds, np.r_[paid.channel[before], channel]
    )
    wrong = np.flatnonzero(stream.random(len(who), np.float32) < FAILED_LOGIN_SHARE)
    missed = take(entered, wrong)
    late = missed.at - stream.integers(5, 40, len(wrong)).astype("timedelta64[s]")
    return [entered, replace(missed, at=late, result=_all(Result.FAILED, len(wrong)))]


def _joining(
    config: ProvinceConfig, world: World, habits: Habits, stream: np.random.Generator
) -> list[Events]:
    people, clock = world.people, habits.clock
    uses = registered(world, np.arange(size(people)), np.full(size(people), Channel.MOBILE))
    fresh = np.flatnonzero(uses & (people.open_date >= config.start_day))
    adopting = np.flatnonzero(
        registered(world, np.arange(size(people)), np.full(size(people), Channel.WECHAT))
        & (people.open_date < config.start_day)
        & (stream.random(size(people)) < 0.05)
    )
    changed = np.flatnonzero(habits.device_day < 10**6)
    day = np.r_[
        people.open_date[fresh].astype(np.int64),
        clock.first + stream.integers(0, clock.days, len(adopting)),
    ]
    party = np.r_[fresh, adopting]
    channel = np.repeat([Channel.MOBILE, Channel.WECHAT], [len(fresh), len(adopting)])
    seconds = seconds_of(stream, day, "business")
    bound = np.r_[party, changed]
    bound_at = np.r_[seconds + 90, seconds_of(stream, habits.device_day[changed], "mobile")]
    bound_on = np.r_[channel, _all(Channel.MOBILE, len(changed))].astype(np.uint8)
    return [
        make_events(
            world, habits, stream, EventType.REGISTRATION, party, seconds, channel.astype(np.uint8)
        ),
        _on_new_device(
            habits,
            make_events(world, habits, stream, EventType.DEVICE_BIND, bound, bound_at, bound_on),
        ),
    ]


def _on_new_device(habits: Habits, events: Events) -> Events:
    quiet = np.random.Generator(np.random.SFC64(0))
    day = events.at.astype("datetime64[D]").astype(np.int64)
    device = devices_of(habits, quiet, events.party, day)
    return replace(events, device=device.astype(np.int32))


def _limit_changes(world: World, habits: Habits, stream: np.random.Generator) -> Events:
    count = size(world.people)
    uses = registered(world, np.arange(count), np.full(count, Channel.MOBILE))
    party = np.flatnonzero(uses & (stream.random(count) < LIMIT_CHANGE_SHARE))
    day = habits.clock.first + stream.integers(0, habits.clock.days, len(party))
    limit = np.array([1, 2, 5, 10, 20, 50])[stream.integers(0, 6, len(party))] * 1_000_000
    return make_events(
        world, habits, stream, EventType.LIMIT_CHANGE, party,
        seconds_of(stream, day, "mobile"), _all(Channel.MOBILE, len(party)), amount_fen=limit,
    )  # fmt: skip


def _bonus_claims(world: World, habits: Habits, stream: np.random.Generator) -> Events:
    dates = habits.clock.dates
    gap = calendar.days_to_festival(dates)
    open_days = np.flatnonzero(
        np.isin(calendar.day_of_month(dates), BONUS_DAYS) | ((gap >= -3) & (gap <= 0))
    )
    count = size(world.people)
    users = np.flatnonzero(registered(world, np.arange(count), np.full(count, Channel.MOBILE)))
    rate = BONUS_SHARE * world.traits.digital[users] / len(BONUS_DAYS) * len(open_days)
    party = repeated(stream, users, rate)
    if not len(open_days):
        party = party[:0]
        open_days = np.zeros(1, np.int64)
    day = habits.clock.first + open_days[stream.integers(0, len(open_days), len(party))]
    amount = np.array([200, 500, 800, 1_800])[stream.integers(0, 4, len(party))]
    return make_events(
        world, habits, stream, EventType.BONUS_CLAIM, party, seconds_of(stream, day, "mobile"),
        _all(Channel.MOBILE, len(party)), amount_fen=amount.astype(np.int64),
    )  # fmt: skip


def _all(code: int, count: int) -> Codes:
    return np.full(count, code, np.uint8)
