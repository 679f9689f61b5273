"""Who lives in a county: rural households and their members, town people, firms, cooperatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from titian.province import identity, names
from titian.province.calendar import quantile_table
from titian.province.model import (
    NOBODY,
    Bank,
    Codes,
    Dates,
    Flags,
    Floats,
    Gender,
    House,
    Households,
    Industry,
    Ints,
    Marital,
    Occupation,
    PartyType,
    ProvinceConfig,
    Refs,
    Text,
    Villages,
    concat,
)

ENTERPRISE_SHARE: Final = 0.045
COOPERATIVE_SHARE: Final = 0.015
TOWN_SHARE: Final = 0.24
_INDUSTRY_WEIGHTS: Final = np.array([0.38, 0.12, 0.06, 0.06, 0.10, 0.10, 0.18])
_TOWN_WORK: Final = (
    (Occupation.WORKER, 0.42), (Occupation.TRADER, 0.22), (Occupation.CIVIL, 0.13),
    (Occupation.TEACHER, 0.09), (Occupation.OTHER, 0.14),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Census:
    """Every party of a bank by nature, before it is a customer: persons first, then firms."""

    kind: Codes
    name: Text
    id_no: Text
    gender: Codes
    birth: Dates
    household: Refs
    village: Refs
    marital: Codes
    occupation: Codes
    industry: Codes
    migrant: Flags


def take_census(
    config: ProvinceConfig, bank: Bank, villages: Villages
) -> tuple[Census, Households]:
    """Populate a county: rural persons by household, town persons, enterprises, cooperatives."""
    enterprises = round(bank.customers * ENTERPRISE_SHARE)
    cooperatives = max(round(bank.customers * COOPERATIVE_SHARE), 1)
    persons = bank.customers - enterprises - cooperatives
    rural = persons - round(persons * TOWN_SHARE)
    stream = config.stream(bank.no, "people")
    households, members, position = _households(stream, villages, rural)
    people = _persons(config, stream, bank, households, members, position, persons)
    firms = _firms(config, bank, villages, enterprises, cooperatives)
    return concat([people, firms]), households


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
    bank: Bank,
    households: Households,
    members: Refs,
    position: Ints,
    persons: int,
) -> Census:
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
    return Census(
        kind=np.full(persons, PartyType.PERSON, np.uint8),
        id_no=_id_cards(bank, birth, gender),
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


def _id_cards(bank: Bank, birth: Dates, gender: Codes) -> Text:
    order = np.argsort(birth, kind="stable")
    ordered = birth[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    nth = np.empty(len(birth), np.int64)
    nth[order] = np.arange(len(birth)) - np.repeat(first, np.diff(np.r_[first, len(birth)]))
    sequence = nth + birth.astype(np.int64) * 7 % 499
    area = np.full(len(birth), bank.no, np.int64)
    return identity.id_card_numbers(area, birth, sequence, gender)


def _firms(
    config: ProvinceConfig, bank: Bank, villages: Villages, enterprises: int, cooperatives: int
) -> Census:
    stream = config.stream(bank.no, "firms")
    firm, firm_trade = names.firm_names(stream, bank.county, enterprises, names.FIRM_TRADES)
    coop, coop_trade = names.firm_names(stream, bank.county, cooperatives, names.COOP_TRADES)
    count = enterprises + cooperatives
    serial = np.arange(count) * 7_919 + bank.no * 1_000_003
    area = np.full(count, bank.no, np.int64)
    home = stream.integers(0, len(villages.name), cooperatives)
    blank = np.zeros(count, np.uint8)
    kinds = [PartyType.ENTERPRISE, PartyType.COOPERATIVE]
    return Census(
        kind=np.repeat(kinds, [enterprises, cooperatives]).astype(np.uint8),
        name=np.r_[firm, coop],
        id_no=np.r_[
            identity.credit_codes(area[:enterprises], serial[:enterprises], "91"),
            identity.credit_codes(area[enterprises:], serial[enterprises:], "93"),
        ],
        gender=blank,
        birth=np.full(count, np.datetime64("NaT", "D")),
        household=np.full(count, NOBODY, np.int32),
        village=np.r_[np.full(enterprises, NOBODY), home].astype(np.int32),
        marital=blank,
        occupation=blank,
        industry=np.r_[firm_trade, coop_trade].astype(np.uint8),
        migrant=np.zeros(count, bool),
    )
