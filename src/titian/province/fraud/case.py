"""What the scenarios of one bank look at: who can be hit, and the criminals' own accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from titian.province import identity, names
from titian.province.fraud.model import Scenario
from titian.province.model import (
    Channel,
    Codes,
    Events,
    Flags,
    Ints,
    PartyType,
    PayeeKind,
    Payees,
    ProvinceConfig,
    Refs,
    World,
    size,
    take,
)

_DEVICE_STRIDE: Final = 4
_DEVICES_PER_SCENARIO: Final = 1_000_000
_CRIMINAL_BODY: Final = 900 * 10**12 + 5 * 10**9
_DROPS, _GAMBLING, _SHOPS = 24, 16, 12
_PER_CUSTOMERS: Final = 1_000
_MULE_SHARE: Final = 0.006
_ADULT_YEARS: Final = 18
_FAR_SHOPS: Final = ("滨海数码城", "远洋免税店", "星河酒店", "云端商城", "海港烧烤", "金桥机票")
_GAME_SHOP: Final = "欢跃游戏充值"
_GAMBLING_NAMES: Final = ("蓝鲸网络科技", "极光信息服务", "顺意商贸", "飞鸟电子")


@dataclass(frozen=True, slots=True)
class Case:
    """A bank as its scenarios see it; every pool has at least one member.

    `start` and `end` are seconds since 1970 (end exclusive). `adults` are persons with an open
    main account throughout the window, `online` those of them with mobile banking and `offline`
    those without. `mules` are main accounts lent to criminals (rows of Accounts). `drops`,
    `gambling`, `far_shops`, `games` are appended payees; `traders` are payees of the world;
    `swiped` are honest card payments at tills.
    `scale` is thousands of customers times months.
    """

    config: ProvinceConfig
    world: World
    payee_kind: Codes
    card_of: Refs
    start: int
    end: int
    adults: Ints
    online: Ints
    offline: Ints
    mules: Ints
    drops: Ints
    gambling: Ints
    far_shops: Ints
    games: int
    traders: Ints
    swiped: Events
    scale: float

    def campaigns(self, per_thousand_months: float) -> int:
        """How many campaigns of a rate to plant: at least one."""
        return max(1, round(per_thousand_months * self.scale))

    def balance_fen(self, party: Ints) -> Ints:
        """What the main account of each party is meant to hold at the start."""
        opening: Ints = self.world.accounts.opening_fen[self.world.main_account[party]]
        return opening

    def account(self, party: Ints) -> Ints:
        """The main account of each party."""
        account: Ints = self.world.main_account[party].astype(np.int64)
        return account

    def holder(self, account: Ints) -> Ints:
        """The party of each account."""
        party: Ints = self.world.accounts.party[account].astype(np.int64)
        return party

    def handset(self, party: Ints) -> Ints:
        """The usual device of each party."""
        device: Ints = party * _DEVICE_STRIDE
        return device

    def home(self, party: Ints) -> dict[str, Ints]:
        """The usual device and network address of each party."""
        address = self.world.traits.ip[party].astype(np.int64)
        return {"device": self.handset(party), "ip": address}

    def criminal_device(self, scenario: Scenario, number: Ints) -> Ints:
        """Devices nobody honest owns, distinct by scenario and number (below one million)."""
        first = (size(self.world.people) + 1) * _DEVICE_STRIDE
        device: Ints = first + (int(scenario) - 1) * _DEVICES_PER_SCENARIO + number
        return device


def open_case(
    config: ProvinceConfig, world: World, honest: Events, stream: np.random.Generator
) -> tuple[Case, Payees]:
    """Prepare a bank for planting; also return the payees that it appends to the world's."""
    criminals, sizes = _criminals(world, stream)
    bounds = size(world.payees) + np.cumsum([0, *sizes])
    drops, gambling, shops = (np.arange(bounds[n], bounds[n + 1], dtype=np.int64) for n in range(3))
    adults, mobile = _adults(config, world)
    start = int(config.start_day.astype("datetime64[s]").astype(np.int64))
    first, count = world.outside.firms
    case = Case(
        config=config,
        world=world,
        payee_kind=np.r_[world.payees.kind, criminals.kind],
        card_of=_card_of(world),
        start=start,
        end=start + config.days * 86_400,
        adults=adults,
        online=adults[mobile],
        offline=adults[~mobile],
        mules=_mules(world, adults, stream),
        drops=drops,
        gambling=gambling,
        far_shops=shops[:-1],
        games=int(shops[-1]),
        traders=np.arange(first, first + count, dtype=np.int64),
        swiped=take(honest, (honest.channel == Channel.CARD) & (honest.merchant >= 0)),
        scale=size(world.people) / _PER_CUSTOMERS * config.days / 30,
    )
    return case, criminals


def _criminals(world: World, stream: np.random.Generator) -> tuple[Payees, list[int]]:
    more = size(world.people) // _PER_CUSTOMERS
    sizes = [_DROPS + 4 * more, _GAMBLING + 2 * more, _SHOPS]
    gender = stream.integers(1, 3, sizes[0]).astype(np.uint8)
    birth = np.datetime64("1985-01-01", "D") + stream.integers(0, 7_000, sizes[0])
    people = names.person_names(stream, gender, birth)
    sites = np.array([f"{_GAMBLING_NAMES[n % 4]}{n // 4 + 1}部" for n in range(sizes[1])])
    shops = np.array([f"{_FAR_SHOPS[n % 6]}{'一二'[n // 6 % 2]}店" for n in range(_SHOPS - 1)])
    kinds = [PayeeKind.PERSON, PayeeKind.MERCHANT, PayeeKind.MERCHANT]
    serial = stream.permutation(sum(sizes)).astype(np.int64)
    body = _CRIMINAL_BODY + world.bank.no * 10**12 + serial * 7_919
    payees = Payees(
        number=identity.luhn_numbers(body, 17),
        name=np.concatenate([people, sites, shops, [_GAME_SHOP]]),
        kind=np.repeat(kinds, sizes).astype(np.uint8),
    )
    return payees, sizes


def _adults(config: ProvinceConfig, world: World) -> tuple[Ints, Flags]:
    people, accounts, main = world.people, world.accounts, world.main_account
    age = (config.end_day - people.birth).astype(np.float64) / 365.25
    usable = (people.kind == PartyType.PERSON) & (age >= _ADULT_YEARS) & ~accounts.dormant[main]
    usable &= (accounts.open_date[main] < config.start_day) & np.isnat(accounts.close_date[main])
    adults = np.flatnonzero(usable).astype(np.int64)
    mobile = world.traits.channels[adults] >> np.uint16(Channel.MOBILE) & 1 == 1
    return adults, mobile


def _mules(world: World, adults: Ints, stream: np.random.Generator) -> Ints:
    poor = adults[np.argsort(world.people.income_fen[adults], kind="stable")]
    pool = poor[: max(len(poor) // 3, 2)]
    count = max(2, round(len(adults) * _MULE_SHARE))
    mules: Ints = world.main_account[stream.permutation(pool)[:count]].astype(np.int64)
    return mules


def _card_of(world: World) -> Refs:
    card = np.full(size(world.accounts), -1, np.int32)
    card[world.cards.account] = np.arange(size(world.cards))
    return card
