"""Persons the records show more than once: twice in one bank, or as customers of two banks."""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province.model import (
    Bank,
    Ints,
    PartyType,
    People,
    ProvinceConfig,
    Text,
    Traits,
    replace,
)

WITHIN_BANK_SHARE: Final = 0.006
ACROSS_BANKS_SHARE: Final = 0.012
_HOMOPHONES: Final = (
    ("丽", "莉"),
    ("华", "花"),
    ("建", "健"),
    ("军", "君"),
    ("玉", "育"),
    ("英", "瑛"),
)


def within_bank(
    config: ProvinceConfig, bank: Bank, people: People, traits: Traits
) -> tuple[People, Traits]:
    """Make some town customers second records of other persons of the same bank.

    A third keep the identity number, a third carry its old 15-digit form, a third have none;
    names may be misspelt, phones and addresses are often older ones.
    """
    stream = config.stream(bank.no, "twins")
    copies, source = _pairs(stream, people, people, WITHIN_BANK_SHARE)
    kind = np.arange(len(copies)) % 3
    full = people.id_no[source]
    number = np.select([kind == 0, kind == 1], [full, _fifteen(full)], "")
    name = np.where(
        stream.random(len(copies)) < 0.5, people.name[source], _misspelt(people.name[source])
    )
    same_phone = stream.random(len(copies)) < 0.4
    phone = np.where(same_phone, people.phone[source], people.phone[copies])
    return _copied(people, traits, copies, people, traits, source, name, number, phone)


def across_banks(
    config: ProvinceConfig,
    bank: Bank,
    people: People,
    traits: Traits,
    other_people: People,
    other_traits: Traits,
) -> tuple[People, Traits]:
    """Make some town customers persons who are also customers of the bank before this one."""
    stream = config.stream(bank.no, "neighbours")
    copies, source = _pairs(stream, people, other_people, ACROSS_BANKS_SHARE)
    free = np.flatnonzero(other_people.id_no[source] != "")
    free = free[np.char.str_len(people.id_no[copies[free]]) == 18]
    copies, source = copies[free], source[free]
    return _copied(
        people,
        traits,
        copies,
        other_people,
        other_traits,
        source,
        other_people.name[source],
        other_people.id_no[source],
        other_people.phone[source],
    )


def _pairs(
    stream: np.random.Generator, people: People, others: People, share: float
) -> tuple[Ints, Ints]:
    town = np.flatnonzero((people.kind == PartyType.PERSON) & (people.village < 0))
    adult = np.datetime64("2004-01-01", "D")
    town = town[people.birth[town] < adult]
    pool = np.flatnonzero((others.kind == PartyType.PERSON) & (others.birth < adult))
    count = min(round(len(people.name) * share), len(town) // 4)
    copies = np.sort(stream.permutation(town)[:count])
    source = stream.permutation(np.setdiff1d(pool, copies if others is people else []))[:count]
    return copies[: len(source)], source.astype(np.int64)


def _copied(
    people: People,
    traits: Traits,
    copies: Ints,
    others: People,
    other_traits: Traits,
    source: Ints,
    name: Text,
    number: Text,
    phone: Ints,
) -> tuple[People, Traits]:
    changed = {
        "name": name,
        "id_no": number,
        "phone": phone,
        "gender": others.gender[source],
        "birth": others.birth[source],
        "occupation": others.occupation[source],
        "marital": others.marital[source],
        "education": others.education[source],
        "income_fen": others.income_fen[source],
    }
    twins = replace(
        people, **{key: _put(getattr(people, key), copies, new) for key, new in changed.items()}
    )
    hidden = {"person": other_traits.person[source], "risk": other_traits.risk[source]}
    if others is people:
        hidden["household"] = other_traits.household[source]
    return twins, replace(
        traits, **{key: _put(getattr(traits, key), copies, new) for key, new in hidden.items()}
    )


def _put(column: Text | Ints, rows: Ints, values: Text | Ints) -> Text | Ints:
    wide = np.result_type(column.dtype, values.dtype) if column.dtype.kind == "U" else column.dtype
    changed = column.astype(wide)
    changed[rows] = values
    return changed


def _fifteen(numbers: Text) -> Text:
    return np.array([number[:6] + number[8:17] for number in numbers.tolist()], "<U18")


def _misspelt(names: Text) -> Text:
    spelt = names
    for right, wrong in _HOMOPHONES:
        spelt = np.char.replace(spelt, right, wrong)
    return spelt
