"""Persons the records show more than once: twice in one bank, or as customers of two banks."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from titian.province.model import (
    Bank,
    Ints,
    PartyType,
    People,
    ProvinceConfig,
    Records,
    Text,
    Traits,
    replace,
)

Columns = dict[str, npt.NDArray[Any]]

FULL_ID_LENGTH: Final = 18
WITHIN_BANK_SHARE: Final = 0.006
ACROSS_BANKS_SHARE: Final = 0.012
_SAME_FOR_BOTH: Final = (
    "gender", "birth", "occupation", "marital", "education", "income_fen",
)  # fmt: skip
_HOMOPHONES: Final = (
    ("丽", "莉"),
    ("华", "花"),
    ("建", "健"),
    ("军", "君"),
    ("玉", "育"),
    ("英", "瑛"),
)


def within_bank(config: ProvinceConfig, bank: Bank, records: Records) -> Records:
    """Make some town customers second records of other persons of the same bank.

    A third keep the identity number, a third carry its old 15-digit form, a third have none;
    names may be misspelt, phones and addresses are often older ones.
    """
    stream = config.stream(bank.no, "twins")
    people = records.people
    copies, source = _pairs(stream, people, people, WITHIN_BANK_SHARE)
    kind = np.arange(len(copies)) % 3
    full, name = people.id_no[source], people.name[source]
    number = np.select([kind == 0, kind == 1], [full, _fifteen(full)], "")
    spelt = np.where(stream.random(len(copies)) < 0.5, name, _misspelt(name))
    same_phone = stream.random(len(copies)) < 0.4
    phone = np.where(same_phone, people.phone[source], people.phone[copies])
    seen = {"name": spelt, "id_no": number, "phone": phone}
    hidden = {"household": records.traits.household[source]}
    return _copied(records, copies, records, source, seen, hidden)


def across_banks(config: ProvinceConfig, bank: Bank, records: Records, other: Records) -> Records:
    """Make some town customers persons who are also customers of the bank before this one."""
    stream = config.stream(bank.no, "neighbours")
    copies, source = _pairs(stream, records.people, other.people, ACROSS_BANKS_SHARE)
    free = np.char.str_len(other.people.id_no[source]) == FULL_ID_LENGTH
    free &= np.char.str_len(records.people.id_no[copies]) == FULL_ID_LENGTH
    copies, source = copies[free], source[free]
    seen = {name: getattr(other.people, name)[source] for name in ("name", "id_no", "phone")}
    return _copied(records, copies, other, source, seen, {})


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
    records: Records, copies: Ints, other: Records, source: Ints, seen: Columns, hidden: Columns
) -> Records:
    traits = records.traits
    seen = seen | {name: getattr(other.people, name)[source] for name in _SAME_FOR_BOTH}
    hidden = hidden | {name: getattr(other.traits, name)[source] for name in ("person", "risk")}
    return Records(
        replace(records.people, **_put(records.people, copies, seen)),
        replace(traits, **_put(traits, copies, hidden)),
    )


def _put(table: People | Traits, rows: Ints, columns: Columns) -> Columns:
    changed = {}
    for name, values in columns.items():
        old = getattr(table, name)
        kind = np.result_type(old.dtype, values.dtype) if old.dtype.kind == "U" else old.dtype
        changed[name] = old.astype(kind)
        changed[name][rows] = values
    return changed


def _fifteen(numbers: Text) -> Text:
    return np.array([number[:6] + number[8:17] for number in numbers.tolist()], "<U18")


def _misspelt(names: Text) -> Text:
    # numpy cannot replace in an empty column, which small banks have.
    spelt = names
    for right, wrong in _HOMOPHONES if len(names) else ():
        spelt = np.char.replace(spelt, right, wrong)
    return spelt
