"""Parties of a bank: households and their members, town people, firms and cooperatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from titian.province import identity, names
from titian.province.calendar import quantile_table
from titian.province.model import (
    NOBODY,
    Bank,
    Channel,
    Codes,
    Dates,
    Education,
    Flags,
    Floats,
    Gender,
    House,
    Households,
    Industry,
    Ints,
    Marital,
    Occupation,
    Orgs,
    PartyType,
    People,
    ProvinceConfig,
    Refs,
    Text,
    Traits,
    Villages,
)

ENTERPRISE_SHARE: Final = 0.045
COOPERATIVE_SHARE: Final = 0.015
TOWN_SHARE: Final = 0.24
NEW_IN_WINDOW_SHARE: Final = 0.03
PHONE_CHANGE_SHARE: Final = 0.015
OPTED_OUT_SHARE: Final = 0.06
DEVICES_PER_PARTY: Final = 4
CARRIER_NETWORK: Final = 100 << 24 | 64 << 16
CARRIER_HOSTS: Final = 1 << 22

_INDUSTRY_WEIGHTS: Final = np.array([0.38, 0.12, 0.06, 0.06, 0.10, 0.10, 0.18])
_TOWN_WORK: Final = (
    (Occupation.WORKER, 0.42), (Occupation.TRADER, 0.22), (Occupation.CIVIL, 0.13),
    (Occupation.TEACHER, 0.09), (Occupation.OTHER, 0.14),
)  # fmt: skip
_MEDIAN_YUAN: Final = np.array([0, 3_200, 5_200, 6_400, 6_900, 6_600, 1_900, 700, 2_500])
_FIRM_MEDIAN_YUAN: Final = {PartyType.ENTERPRISE: 260_000, PartyType.COOPERATIVE: 70_000}


@dataclass(frozen=True, slots=True)
class _Persons:
    gender: Codes
    birth: Dates
    name: Text
    household: Refs
    village: Refs
    marital: Codes
    occupation: Codes
    industry: Codes
    migrant: Flags


def build_people(
    config: ProvinceConfig, bank: Bank, orgs: Orgs, villages: Villages, first_serial: int
) -> tuple[People, Traits, Households]:
    """Build the parties of a bank: rural persons by household, town persons, then firms.

    `first_serial` numbers the bank's first party across the province, so that phones and true
    persons are distinct everywhere.
    """
    enterprises = round(bank.customers * ENTERPRISE_SHARE)
    cooperatives = max(round(bank.customers * COOPERATIVE_SHARE), 1)
    persons = bank.customers - enterprises - cooperatives
    rural = persons - round(persons * TOWN_SHARE)
    stream = config.stream(bank.no, "people")
    households, members, position = _households(stream, villages, rural)
    inhabitants = _persons(config, stream, households, members, position, persons)
    people = _people(
        config, bank, orgs, villages, stream, inhabitants, enterprises, cooperatives, first_serial
    )
    traits = _traits(config, bank, people, inhabitants, households, first_serial)
    return people, traits, households


def _households(
    stream: np.random.Generator, villages: Villages, rural: int
) -> tuple[Households, Refs, Ints]:
    drawn = np.array([1, 2, 3, 4])[quantile_table(np.array([0.3, 0.4, 0.2, 0.1]))][
        stream.integers(0, 65_536, rural)
    ]
    ends = np.cumsum(drawn)
    count = int(np.searchsorted(ends, rural)) + 1
    sizes = drawn[:count]
    sizes[-1] -= int(ends[count - 1]) - rural
    starts = np.cumsum(sizes) - sizes
    members = np.repeat(np.arange(count), sizes).astype(np.int32)
    industry = quantile_table(_INDUSTRY_WEIGHTS)[stream.integers(0, 65_536, count)] + 1
    land = np.where(industry <= Industry.ORCHARD, stream.gamma(3.0, 2.6, count), 0.8)
    households = Households(
        village=np.sort(stream.integers(0, len(villages.name), count)).astype(np.int32),
        head=starts.astype(np.int32),
        members=(sizes + stream.poisson(1.3, count)).clip(1, 9).astype(np.int32),
        land_centimu=(land * 100).astype(np.int32),
        house=stream.choice(
            [House.BRICK, House.STOREY, House.OLD], count, p=[0.55, 0.33, 0.12]
        ).astype(np.uint8),
        industry=industry.astype(np.uint8),
    )
    return households, members, np.arange(rural) - np.repeat(starts, sizes)


def _persons(
    config: ProvinceConfig,
    stream: np.random.Generator,
    households: Households,
    members: Refs,
    position: Ints,
    persons: int,
) -> _Persons:
    rural, town = len(members), persons - len(members)
    head_age = stream.triangular(26, 47, 74, len(households.head))
    head_man = stream.random(len(households.head)) < 0.86
    age, gender = _rural_shape(stream, head_age[members], head_man[members], position)
    age = np.r_[age, stream.triangular(17, 36, 82, town)]
    gender = np.r_[gender, stream.integers(1, 3, town)].astype(np.uint8)
    birth = config.end_day - (age * 365.25).astype(np.int64)
    surname = names.surnames(stream, len(households.head))[members]
    own = names.surnames(stream, persons)
    surname = np.r_[np.where(position == 1, own[:rural], surname), own[rural:]]
    industry = np.r_[households.industry[members], np.zeros(town, np.uint8)].astype(np.uint8)
    occupation = _occupations(stream, age, industry)
    worker = (occupation == Occupation.WORKER) & (industry > 0)
    return _Persons(
        gender=gender,
        birth=birth,
        name=np.char.add(surname, names.given_names(stream, gender, birth)),
        household=np.r_[members, np.full(town, NOBODY)].astype(np.int32),
        village=np.r_[households.village[members], np.full(town, NOBODY)].astype(np.int32),
        marital=_marital(stream, age, np.r_[position, np.zeros(town, np.int64)]),
        occupation=occupation,
        industry=industry,
        migrant=worker & (age < 56) & (stream.random(persons) < 0.62),
    )


def _rural_shape(
    stream: np.random.Generator, head_age: Floats, head_man: Flags, position: Ints
) -> tuple[Floats, Codes]:
    count = len(position)
    spouse = head_age + stream.normal(-1.5, 2.5, count)
    child = head_age - stream.normal(25.5, 3.0, count)
    elder = head_age + stream.normal(25.0, 3.0, count)
    third = np.where(head_age < 43, elder, child)
    age = np.select([position == 0, position == 1], [head_age, spouse], third)
    any_gender = stream.integers(1, 3, count)
    man = np.where(head_man, Gender.MALE, Gender.FEMALE)
    gender = np.select([position == 0, position == 1], [man, 3 - man], any_gender)
    return age.clip(12, 94), gender.astype(np.uint8)


def _occupations(stream: np.random.Generator, age: Floats, industry: Codes) -> Codes:
    count = len(age)
    luck = stream.random(count)
    farm = np.where(luck < 0.76, Occupation.FARMER, Occupation.WORKER)
    labour = np.where(luck < 0.82, Occupation.WORKER, Occupation.OTHER)
    trade = np.where(luck < 0.85, Occupation.TRADER, Occupation.WORKER)
    kinds = np.array([kind for kind, _ in _TOWN_WORK])
    town = kinds[quantile_table(np.array([share for _, share in _TOWN_WORK]))][
        stream.integers(0, 65_536, count)
    ]
    work = np.select(
        [industry == 0, industry == Industry.TRADE, industry == Industry.LABOUR],
        [town, trade, labour],
        farm,
    )
    retired_from = np.where(industry == 0, 60, 66)
    return np.select(
        [age < 19, (age < 23) & (luck < 0.6), age >= retired_from],
        [Occupation.STUDENT, Occupation.STUDENT, Occupation.RETIRED],
        work,
    ).astype(np.uint8)


def _marital(stream: np.random.Generator, age: Floats, position: Ints) -> Codes:
    luck = stream.random(len(age))
    base = np.select([age < 22, age < 27, age < 60], [0.01, 0.4, 0.88], 0.76)
    alone = np.where(
        (age > 62) & (luck > 0.82),
        Marital.WIDOWED,
        np.where((age > 27) & (luck > 0.93), Marital.DIVORCED, Marital.SINGLE),
    )
    married = (luck < base) | (position == 1)
    return np.where(married, Marital.MARRIED, alone).astype(np.uint8)


def _people(
    config: ProvinceConfig,
    bank: Bank,
    orgs: Orgs,
    villages: Villages,
    stream: np.random.Generator,
    persons: _Persons,
    enterprises: int,
    cooperatives: int,
    first_serial: int,
) -> People:
    count, firms = bank.customers, enterprises + cooperatives
    humans = count - firms
    blank = np.zeros(firms, np.uint8)
    firm_kind = np.repeat(
        [PartyType.ENTERPRISE, PartyType.COOPERATIVE], [enterprises, cooperatives]
    )
    coop_village = stream.integers(0, len(villages.name), cooperatives)
    village = np.r_[persons.village, np.full(enterprises, NOBODY), coop_village].astype(np.int32)
    kind = np.r_[np.full(humans, PartyType.PERSON), firm_kind].astype(np.uint8)
    age = (config.end_day - persons.birth).astype(np.int64) / 365.25
    serial = first_serial + np.arange(count)
    changes = stream.random(count) < PHONE_CHANGE_SHARE
    opted = stream.random(count) < OPTED_OUT_SHARE
    nat = np.datetime64("NaT", "D")
    return People(
        kind=kind,
        name=np.r_[persons.name, _firm_names(config, bank, enterprises, cooperatives)[0]],
        id_no=np.r_[_id_cards(bank, persons), _credit_codes(bank, enterprises, cooperatives)],
        gender=np.r_[persons.gender, blank],
        birth=np.r_[persons.birth, np.full(firms, nat)],
        phone=identity.phone_numbers(serial),
        address=_addresses(stream, bank, orgs, villages, village),
        village=village,
        household=np.r_[persons.household, np.full(firms, NOBODY)].astype(np.int32),
        marital=np.r_[persons.marital, blank],
        education=np.r_[_education(stream, persons, age), blank],
        occupation=np.r_[persons.occupation, blank],
        income_fen=_incomes(stream, np.r_[persons.occupation, blank], kind),
        open_date=_open_dates(stream, config, np.r_[persons.birth, np.full(firms, nat)]),
        org=_home_orgs(stream, orgs, villages, village),
        officer=np.full(count, NOBODY, np.int32),
        opt_out_on=np.where(opted, config.start_day - 30, nat),
        new_phone=np.where(changes, identity.phone_numbers(serial + 50_000_000), 0),
        new_phone_on=np.where(
            changes, config.start_day + stream.integers(0, config.days, count), nat
        ),
    )


def _firm_names(
    config: ProvinceConfig, bank: Bank, enterprises: int, cooperatives: int
) -> tuple[Text, Codes]:
    stream = config.stream(bank.no, "firms")
    firm, firm_industry = names.firm_names(stream, bank.county, enterprises, names.FIRM_TRADES)
    coop, coop_industry = names.firm_names(stream, bank.county, cooperatives, names.COOP_TRADES)
    return np.r_[firm, coop], np.r_[firm_industry, coop_industry]


def _id_cards(bank: Bank, persons: _Persons) -> Text:
    birth = persons.birth
    order = np.argsort(birth, kind="stable")
    ordered = birth[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    nth = np.empty(len(birth), np.int64)
    nth[order] = np.arange(len(birth)) - np.repeat(first, np.diff(np.r_[first, len(birth)]))
    sequence = nth + birth.astype(np.int64) * 7 % 499
    area = np.full(len(birth), bank.no, np.int64)
    return identity.id_card_numbers(area, birth, sequence, persons.gender)


def _credit_codes(bank: Bank, enterprises: int, cooperatives: int) -> Text:
    serial = np.arange(enterprises + cooperatives) * 7_919 + bank.no * 1_000_003
    area = np.full(len(serial), bank.no, np.int64)
    firm = identity.credit_codes(area[:enterprises], serial[:enterprises], "91")
    coop = identity.credit_codes(area[enterprises:], serial[enterprises:], "93")
    return np.r_[firm, coop]


def _addresses(
    stream: np.random.Generator, bank: Bank, orgs: Orgs, villages: Villages, village: Refs
) -> Text:
    count = len(village)
    rural = np.char.add(villages.township, villages.name)[village]
    roads = np.array(
        ["人民路", "解放路", "建设路", "东风路", "学府路", "滨河路", "老街", "工业园路"]
    )
    town = np.char.add(orgs.township[0], roads[stream.integers(0, len(roads), count)])
    number = stream.integers(1, 180, count)
    suffix = np.where(
        village >= 0,
        np.char.add((number % 12 + 1).astype(str), "组"),
        np.char.add(number.astype(str), "号"),
    )
    place = np.where(village >= 0, rural, town)
    return np.char.add(bank.county, np.char.add(place, suffix))


def _education(stream: np.random.Generator, persons: _Persons, age: Floats) -> Codes:
    years = 14.5 - 0.13 * age + stream.normal(0, 2.4, len(age)) + 2.5 * (persons.village < 0)
    official = np.isin(persons.occupation, [Occupation.CIVIL, Occupation.TEACHER])
    level = np.digitize(years + 5 * official, [6.5, 9.8, 12.5]) + 1
    return np.minimum(level, np.where(age < 15, Education.MIDDLE, 9)).astype(np.uint8)


def _incomes(stream: np.random.Generator, occupation: Codes, kind: Codes) -> Ints:
    median = _MEDIAN_YUAN[occupation].astype(np.float64)
    for firm, yuan in _FIRM_MEDIAN_YUAN.items():
        median = np.where(kind == firm, yuan, median)
    spread = np.where(kind == PartyType.PERSON, 0.42, 0.9)
    yuan = median * np.exp(stream.normal(0, 1, len(kind)) * spread)
    return (np.round(yuan / 10) * 1_000).astype(np.int64)


def _open_dates(stream: np.random.Generator, config: ProvinceConfig, birth: Dates) -> Dates:
    count = len(birth)
    old = config.start_day - 1 - (stream.beta(1.2, 1.6, count) * 6_200).astype(np.int64)
    new = config.start_day + stream.integers(0, config.days, count)
    opened = np.where(stream.random(count) < NEW_IN_WINDOW_SHARE, new, old)
    return np.where(np.isnat(birth), opened, np.maximum(opened, birth + 4_000))


def _home_orgs(stream: np.random.Generator, orgs: Orgs, villages: Villages, village: Refs) -> Refs:
    count = len(village)
    desks = np.flatnonzero(orgs.parent >= 0)
    home = np.where(village >= 0, villages.org[village], 1)
    other = desks[stream.integers(0, len(desks), count)]
    stray = stream.random(count) < np.where(village >= 0, 0.08, 0.45)
    return np.where(stray, other, home).astype(np.int32)


def _traits(
    config: ProvinceConfig,
    bank: Bank,
    people: People,
    persons: _Persons,
    households: Households,
    first_serial: int,
) -> Traits:
    stream = config.stream(bank.no, "traits")
    count, humans = bank.customers, len(persons.name)
    firms = count - humans
    age = (config.end_day - people.birth).astype(np.float64) / 365.25
    town = people.village < 0
    lean = np.where(people.kind == PartyType.PERSON, 2.4 - 0.055 * (age - 30) + 0.6 * town, 2.0)
    digital = 1.0 / (1.0 + np.exp(-(lean + stream.normal(0, 0.9, count))))
    lone = len(households.head) + np.arange(count)
    true_household = np.where(people.household >= 0, people.household, lone)
    true_household[humans:] = NOBODY
    _, firm_industry = _firm_names(
        config,
        bank,
        int((people.kind == PartyType.ENTERPRISE).sum()),
        int((people.kind == PartyType.COOPERATIVE).sum()),
    )
    return Traits(
        person=(first_serial + np.arange(count)).astype(np.int64),
        household=true_household.astype(np.int32),
        risk=stream.normal(0, 1, count),
        digital=digital,
        migrant=np.r_[persons.migrant, np.zeros(firms, bool)],
        channels=_channels(stream, people, digital),
        devices=(1 + (stream.random(count) < 0.22) + (stream.random(count) < 0.05)).astype(
            np.uint8
        ),
        ip=(CARRIER_NETWORK + stream.integers(0, CARRIER_HOSTS, count)).astype(np.uint32),
        industry=np.r_[persons.industry, firm_industry].astype(np.uint8),
    )


def _channels(
    stream: np.random.Generator, people: People, digital: Floats
) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    count = len(digital)
    person = people.kind == PartyType.PERSON
    luck = stream.random((4, count))
    chosen = {
        Channel.COUNTER: np.ones(count, bool),
        Channel.ATM: person,
        Channel.CARD: person,
        Channel.ONLINE: ~person | (luck[0] < 0.18 * digital),
        Channel.MOBILE: digital > 0.30,
        Channel.WECHAT: person & (digital > 0.25) & (luck[1] < 0.55),
        Channel.DIRECT: person & (digital > 0.55) & (luck[2] < 0.22),
        Channel.QUICK: person & (digital > 0.35) & (luck[3] < 0.92),
    }
    mask = np.zeros(count, np.uint16)
    for channel, rows in chosen.items():
        mask |= (rows.astype(np.uint16) << channel).astype(np.uint16)
    return mask
