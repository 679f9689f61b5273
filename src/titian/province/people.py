"""Parties as a bank knows them, and the hidden traits that drive what they do."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from titian.province import identity
from titian.province.census import Census, take_census
from titian.province.model import (
    NOBODY,
    Channel,
    Codes,
    Dates,
    Education,
    Flags,
    Floats,
    Ground,
    Households,
    Ints,
    Occupation,
    Orgs,
    PartyType,
    People,
    ProvinceConfig,
    Records,
    Refs,
    Text,
    Traits,
    Villages,
)

NEW_IN_WINDOW_SHARE: Final = 0.03
PHONE_CHANGE_SHARE: Final = 0.015
OPTED_OUT_SHARE: Final = 0.06
CARRIER_NETWORK: Final = 100 << 24 | 64 << 16
CARRIER_HOSTS: Final = 1 << 22
SECOND_PHONES_FROM: Final = 50_000_000
_MEDIAN_YUAN: Final = np.array([0, 3_200, 5_200, 6_400, 6_900, 6_600, 1_900, 700, 2_500])
_FIRM_MEDIAN_YUAN: Final = {PartyType.ENTERPRISE: 260_000, PartyType.COOPERATIVE: 70_000}


def build_people(
    config: ProvinceConfig, ground: Ground, first_serial: int
) -> tuple[Records, Households]:
    """Build the parties of a bank: rural persons by household, town persons, then firms.

    `first_serial` numbers the bank's first party across the province, so that phones and true
    persons are distinct everywhere.
    """
    census, households = take_census(config, ground.bank, ground.villages)
    people = _people(config, ground, census, first_serial)
    traits = _traits(config, ground, census, len(households.head), first_serial)
    return Records(people, traits), households


def _people(config: ProvinceConfig, ground: Ground, census: Census, first_serial: int) -> People:
    count = ground.bank.customers
    stream = config.stream(ground.bank.no, "customers")
    age = (config.end_day - census.birth).astype(np.float64) / 365.25
    serial = first_serial + np.arange(count)
    changes = stream.random(count) < PHONE_CHANGE_SHARE
    changed_on = config.start_day + stream.integers(0, config.days, count)
    opted = stream.random(count) < OPTED_OUT_SHARE
    nat = np.datetime64("NaT", "D")
    return People(
        kind=census.kind,
        name=census.name,
        id_no=census.id_no,
        gender=census.gender,
        birth=census.birth,
        phone=identity.phone_numbers(serial),
        address=_addresses(stream, ground, census),
        village=census.village,
        household=census.household,
        marital=census.marital,
        education=_education(stream, census, age),
        occupation=census.occupation,
        income_fen=_incomes(stream, census),
        open_date=_open_dates(stream, config, census.birth),
        org=_home_orgs(stream, ground.orgs, ground.villages, census.village),
        officer=np.full(count, NOBODY, np.int32),
        opt_out_on=np.where(opted, config.start_day - 30, nat),
        new_phone=np.where(changes, identity.phone_numbers(serial + SECOND_PHONES_FROM), 0),
        new_phone_on=np.where(changes, changed_on, nat),
    )


def _addresses(stream: np.random.Generator, ground: Ground, census: Census) -> Text:
    bank, orgs, villages, village = ground.bank, ground.orgs, ground.villages, census.village
    count = len(village)
    rural = np.char.add(villages.township, villages.name)[village]
    roads = np.array(
        ["人民路", "解放路", "建设路", "东风路", "学府路", "滨河路", "老街", "工业园路"]
    )
    town = np.char.add(orgs.township[0], roads[stream.integers(0, len(roads), count)])
    number = stream.integers(1, 180, count)
    team = np.where(census.household >= 0, census.household * 7, number) % 12 + 1
    suffix = np.where(
        village >= 0,
        np.char.add(team.astype(str), "组"),
        np.char.add(number.astype(str), "号"),
    )
    place = np.where(village >= 0, rural, town)
    address: Text = np.char.add(bank.county, np.char.add(place, suffix))
    return address


def _education(stream: np.random.Generator, census: Census, age: Floats) -> Codes:
    years = 14.5 - 0.13 * age + stream.normal(0, 2.4, len(age)) + 2.5 * (census.village < 0)
    official = np.isin(census.occupation, [Occupation.CIVIL, Occupation.TEACHER])
    level = np.digitize(years + 5 * official, [6.5, 9.8, 12.5]) + 1
    level = np.where(np.isnan(age), 0, level)
    capped: Codes = np.minimum(level, np.where(age < 15, Education.MIDDLE, 9)).astype(np.uint8)
    return capped


def _incomes(stream: np.random.Generator, census: Census) -> Ints:
    kind = census.kind
    median = _MEDIAN_YUAN[census.occupation].astype(np.float64)
    for firm, usual in _FIRM_MEDIAN_YUAN.items():
        median = np.where(kind == firm, usual, median)
    spread = np.where(kind == PartyType.PERSON, 0.42, 0.9)
    yuan = median * np.exp(stream.normal(0, 1, len(kind)) * spread)
    income: Ints = (np.round(yuan / 10) * 1_000).astype(np.int64)
    return income


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
    config: ProvinceConfig, ground: Ground, census: Census, households: int, first_serial: int
) -> Traits:
    stream = config.stream(ground.bank.no, "traits")
    count = ground.bank.customers
    person = census.kind == PartyType.PERSON
    age = (config.end_day - census.birth).astype(np.float64) / 365.25
    lean = np.where(person, 2.4 - 0.055 * (age - 30) + 0.6 * (census.village < 0), 2.0)
    digital = 1.0 / (1.0 + np.exp(-(lean + stream.normal(0, 0.9, count))))
    alone = np.where(person, households + np.arange(count), NOBODY)
    more = stream.random((2, count))
    return Traits(
        person=(first_serial + np.arange(count)).astype(np.int64),
        household=np.where(census.household >= 0, census.household, alone).astype(np.int32),
        risk=stream.normal(0, 1, count),
        digital=digital,
        migrant=census.migrant,
        channels=_channels(stream, person, digital),
        devices=(1 + (more[0] < 0.22) + (more[1] < 0.05)).astype(np.uint8),
        ip=(CARRIER_NETWORK + stream.integers(0, CARRIER_HOSTS, count)).astype(np.uint32),
        industry=census.industry,
    )


def _channels(
    stream: np.random.Generator, person: Flags, digital: Floats
) -> npt.NDArray[np.uint16]:
    count = len(digital)
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
