"""Finds the true persons and firms behind the banks' parties."""

from __future__ import annotations

import numpy as np

from titian.province import identity, names
from titian.province.draws import chance
from titian.province.model import (
    Ints,
    PartyType,
    ProvinceConfig,
    Text,
    World,
    concat,
    size,
    take,
)
from titian.province.vendors.model import Subjects

MAX_SUBJECTS = 300_000
"""How many true persons and firms the vendors keep records of."""

_MOVED_SHARE = 0.35
_OLD_PHONE_SERIAL = 75_000_000
_STRANGER_SHARE = 0.08
_STRANGER_SERIAL = 30_000_000
_STRANGER_AREA = 77
_ROADS = np.array(["和平路", "胜利路", "新华街", "北关街", "车站路", "文化巷"])


def true_subjects(
    config: ProvinceConfig, worlds: list[World], limit: int = MAX_SUBJECTS
) -> Subjects:
    """One row per true person or firm of all banks, as its original record has it.

    A person known to several banks, or twice to one, is one subject. In a province of more than
    `MAX_SUBJECTS` persons and firms the vendors know that many, chosen at random.
    """
    everyone = concat([_of_bank(config, world) for world in worlds])
    # The original of a person has the serial number that names the person; copies come after.
    copy = everyone.person != np.arange(size(everyone))
    order = np.lexsort((copy, everyone.person))
    first = np.r_[True, np.diff(everyone.person[order]) > 0][: len(order)]
    known = np.sort(order[first])
    if len(known) > limit:
        stream = config.stream(0, "vendors.known")
        known = np.sort(stream.permutation(known)[:limit])
    return take(everyone, known)


def with_strangers(config: ProvinceConfig, subjects: Subjects) -> Subjects:
    """Add persons who bank elsewhere; half of them share their name with a customer."""
    stream = config.stream(0, "vendors.strangers")
    persons = np.flatnonzero(subjects.kind == PartyType.PERSON)
    count = round(len(persons) * _STRANGER_SHARE)
    like = persons[stream.integers(0, len(persons), count)]
    gender = subjects.gender[like]
    birth = subjects.birth[like] + stream.integers(-4_000, 4_000, count)
    other = names.person_names(stream, gender, birth)
    number = np.arange(count, dtype=np.int64)
    serial = _STRANGER_SERIAL + number
    strangers = Subjects(
        **{name: getattr(subjects, name)[like] for name in Subjects.__slots__}
        | {
            "person": -1 - number,
            "bank_no": np.full(count, -1, np.int64),
            "party": np.full(count, -1, np.int64),
            "name": np.where(chance(stream, 0.5, count), subjects.name[like], other),
            "birth": birth,
            "id_no": identity.id_card_numbers(
                np.full(count, _STRANGER_AREA), birth, stream.integers(0, 500, count), gender
            ),
            "phone": identity.phone_numbers(serial),
            "old_phone": identity.phone_numbers(serial + _STRANGER_SERIAL // 2),
            "address": subjects.old_address[like],
        }
    )
    return concat([subjects, strangers])


def links_of(subjects: Subjects, worlds: list[World]) -> tuple[Ints, Ints]:
    """The subject and the bank number of every party, bank by bank in the order of People.

    The subject is -1 for a party that no vendor knows.
    """
    person = np.concatenate([world.traits.person for world in worlds])
    bank = np.repeat([world.bank.no for world in worlds], [size(w.people) for w in worlds])
    order = np.argsort(subjects.person, kind="stable")
    at = np.searchsorted(subjects.person, person, sorter=order)
    found = order[np.minimum(at, len(order) - 1)]
    subject = np.where(subjects.person[found] == person, found, -1)
    return subject.astype(np.int64), bank.astype(np.int64)


def _of_bank(config: ProvinceConfig, world: World) -> Subjects:
    people, traits, count = world.people, world.traits, size(world.people)
    stream = config.stream(world.bank.no, "vendors.subjects")
    changed = people.new_phone > 0
    aged = identity.phone_numbers(traits.person + _OLD_PHONE_SERIAL)
    moved = chance(stream, _MOVED_SHARE, count)
    before = np.where(moved, _former(world, stream, count), people.address)
    return Subjects(
        person=traits.person.astype(np.int64),
        bank_no=np.full(count, world.bank.no, np.int64),
        party=np.arange(count),
        kind=people.kind,
        name=people.name,
        id_no=people.id_no,
        gender=people.gender,
        birth=people.birth,
        phone=np.where(changed, people.new_phone, people.phone),
        old_phone=np.where(changed, people.phone, aged),
        address=people.address,
        old_address=before,
        income_fen=people.income_fen,
        occupation=people.occupation,
        employer=_employers(world),
        rural=people.village >= 0,
        risk=traits.risk,
    )


def _former(world: World, stream: np.random.Generator, count: int) -> Text:
    road = _ROADS[stream.integers(0, len(_ROADS), count)]
    number = (stream.integers(1, 120, count)).astype(str)
    place = np.char.add(np.char.add(road, number), "号")
    return np.char.add(world.bank.county, place)


def _employers(world: World) -> Text:
    known = world.employer >= 0
    employers: Text = np.where(known, world.payees.name[np.maximum(world.employer, 0)], "")
    return np.where(world.people.kind == PartyType.PERSON, employers, "")
