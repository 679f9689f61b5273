"""How customers use channels: their devices, addresses, cards and terminals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from titian.province.flow import Clock, Rows
from titian.province.model import (
    NOBODY,
    Channel,
    Events,
    EventType,
    Flags,
    Ints,
    PayeeKind,
    ProvinceConfig,
    Refs,
    Result,
    World,
    size,
)

DEVICES_PER_PARTY: Final = 4
NEW_DEVICE_SLOT: Final = 3
NEW_DEVICE_SHARE: Final = 0.06
TERMINALS_PER_MERCHANT: Final = 3
MACHINES_PER_ORG: Final = 2
FIRST_MACHINE: Final = 1_000_000
NETWORK_MASK: Final = 0xFFFF0000
WITH_DEVICE: Final = np.isin(
    np.arange(16), [Channel.ONLINE, Channel.MOBILE, Channel.WECHAT, Channel.DIRECT]
)
"""By channel code: whether the bank sees the device and the address."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What stays with a party.

    `device_day` is the day since 1970 from which the new device is used (a far day = never),
    `card` the card of each account (-1 = none).
    """

    clock: Clock
    device_day: Ints
    card: Refs
    second_device: Flags


def habits_of(config: ProvinceConfig, world: World, clock: Clock) -> Habits:
    """Draw who changes the device in the window, and find each account's card."""
    stream = config.stream(world.bank.no, "habits")
    count = size(world.people)
    changes = stream.random(count) < NEW_DEVICE_SHARE
    changes &= world.traits.channels >> np.uint16(Channel.MOBILE) & 1 == 1
    day = clock.first + stream.integers(0, clock.days, count)
    card = np.full(size(world.accounts), NOBODY, np.int32)
    card[world.cards.account] = np.arange(size(world.cards))
    return Habits(clock, np.where(changes, day, 10**6), card, world.traits.devices > 1)


def make_events(
    world: World,
    habits: Habits,
    stream: np.random.Generator,
    kind: npt.NDArray[np.uint8] | EventType,
    party: Rows,
    seconds: Ints,
    channel: npt.NDArray[np.uint8],
    *,
    account: Rows | None = None,
    amount_fen: Ints | None = None,
    payee: Rows | None = None,
    merchant: Rows | None = None,
    result: npt.NDArray[np.uint8] | Result = Result.SUCCESS,
) -> Events:
    """Return honest events with the device, address, card, phone and terminal that fit them."""
    count = len(party)
    none = np.full(count, NOBODY, np.int32)
    seen = WITH_DEVICE[channel]
    device = devices_of(habits, stream, party, seconds // 86_400)
    own = none if account is None else account.astype(np.int32)
    shop = none if merchant is None else merchant.astype(np.int32)
    return Events(
        at=seconds.astype("datetime64[s]"),
        channel=channel,
        kind=np.broadcast_to(np.asarray(kind, np.uint8), (count,)),
        party=party.astype(np.int32),
        account=own,
        card=np.where(seen | (own < 0), NOBODY, habits.card[own]).astype(np.int32),
        amount_fen=np.full(count, -1, np.int64) if amount_fen is None else amount_fen,
        payee=none if payee is None else payee.astype(np.int32),
        device=np.where(seen, device, NOBODY).astype(np.int32),
        ip=np.where(seen, addresses_of(world, stream, party), 0).astype(np.uint32),
        phone=np.where(seen | (channel == Channel.QUICK), phones_on(world, party, seconds), 0),
        merchant=shop,
        terminal=_terminals(world, stream, party, channel, shop),
        result=np.broadcast_to(np.asarray(result, np.uint8), (count,)),
        label=np.zeros(count, np.int32),
    )


def devices_of(habits: Habits, stream: np.random.Generator, party: Rows, day: Ints) -> Ints:
    """Return the device number a party uses on a day: usual, second, or the new one."""
    other = habits.second_device[party] & (stream.integers(0, 256, len(party), np.uint8) < 40)
    slot = np.where(day >= habits.device_day[party], NEW_DEVICE_SLOT, other.astype(np.int64))
    devices: Ints = party.astype(np.int64) * DEVICES_PER_PARTY + slot
    return devices


def addresses_of(world: World, stream: np.random.Generator, party: Rows) -> npt.NDArray[np.uint32]:
    """Return the usual address of each party, or now and then another of its network."""
    usual = world.traits.ip[party]
    roaming = stream.integers(0, 256, len(party), np.uint8) < 50
    host = stream.integers(0, 65_536, len(party), np.uint16).astype(np.uint32)
    return np.where(roaming, (usual & np.uint32(NETWORK_MASK)) | host, usual)


def phones_on(world: World, party: Rows, seconds: Ints) -> Ints:
    """Return each party's telephone number at a moment."""
    people = world.people
    new = seconds.astype("datetime64[s]") >= people.new_phone_on[party]
    return np.where(new, people.new_phone[party], people.phone[party])


def is_merchant(world: World) -> Flags:
    """Tell for each payee whether payments to it carry a merchant number."""
    kind = world.payees.kind
    return np.isin(kind, [PayeeKind.MERCHANT, PayeeKind.ACCOUNT, PayeeKind.UTILITY])


def _terminals(
    world: World,
    stream: np.random.Generator,
    party: Rows,
    channel: npt.NDArray[np.uint8],
    merchant: Rows,
) -> npt.NDArray[np.int32]:
    luck = stream.integers(0, 256, len(party), np.uint8).astype(np.int64)
    till = merchant.astype(np.int64) * TERMINALS_PER_MERCHANT + luck % TERMINALS_PER_MERCHANT
    machine = FIRST_MACHINE + world.people.org[party] * MACHINES_PER_ORG + luck % MACHINES_PER_ORG
    at_till = np.where(merchant >= 0, till, machine)
    return np.where(channel == Channel.CARD, at_till, NOBODY).astype(np.int32)
