"""Writes subjects down the way another office would have them: misspelt, outdated, incomplete."""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province.draws import chance
from titian.province.model import Flags, Ints, Text
from titian.province.vendors.model import ID_CHANGES, Disagreement, Records, Subjects

_VARIANTS: Final = dict(
    zip(
        "丽华建军玉英红明海燕伟杰国萍芳静霞晓文志秀云峰刚涛琴梅兰莲珍翠娟慧敏强勇超鹏",
        "莉花健君育瑛虹铭涛艳玮洁帼平方婧侠小雯智绣芸锋钢焘芹玫岚连真萃涓惠民蔷永朝朋",
        strict=True,
    )
)
"""Characters that clerks take for each other: same sound, or nearly the same shape."""

_FULL_LENGTH: Final = 18
_STYLES: Final = (("县", ""), ("组", "队"), ("号", "#"), ("村", ""))


def write_down(
    subjects: Subjects, rows: Ints, rates: Disagreement, stream: np.random.Generator
) -> Records:
    """Records of the given subjects with errors at the given rates."""
    count = len(rows)
    name, misspelt = _names(subjects.name[rows], chance(stream, rates.name_variant, count), stream)
    id_no, change = _numbers(subjects.id_no[rows], rates, stream)
    stale = chance(stream, rates.phone_stale, count)
    moved = subjects.address[rows] != subjects.old_address[rows]
    old = chance(stream, min(rates.address_old / max(float(moved.mean()), 1e-9), 1.0), count)
    old = old & moved if count else moved
    address = np.where(old, subjects.old_address[rows], subjects.address[rows])
    return Records(
        subject=rows.astype(np.int64),
        name=name,
        id_no=id_no,
        phone=np.where(stale, subjects.old_phone[rows], subjects.phone[rows]),
        address=_restyled(address, chance(stream, rates.address_style, count), stream),
        name_variant=misspelt,
        id_change=change,
        phone_stale=stale,
        address_old=old,
    )


def _names(names: Text, wanted: Flags, stream: np.random.Generator) -> tuple[Text, Flags]:
    written = names.astype(f"<U{max(names.dtype.itemsize // 4, 1) + 1}")
    for row in np.flatnonzero(wanted):
        written[row] = _misspelt(str(names[row]), int(stream.integers(0, 1 << 30)))
    return written, written != names


def _misspelt(name: str, luck: int) -> str:
    places = [n for n, char in enumerate(name) if n > 0 and char in _VARIANTS]
    if places:
        at = places[luck % len(places)]
        return name[:at] + _VARIANTS[name[at]] + name[at + 1 :]
    return f"{name[0]} {name[1:]}"


def _numbers(
    numbers: Text, rates: Disagreement, stream: np.random.Generator
) -> tuple[Text, np.ndarray[tuple[int], np.dtype[np.uint8]]]:
    edges = np.cumsum([rates.id_missing, rates.id_fifteen, rates.id_slip])
    change = np.searchsorted(edges, stream.random(len(numbers)), side="right") + 1
    change = np.where(change > len(edges), 0, change)
    person = np.char.str_len(numbers) == _FULL_LENGTH
    change = np.where((change > 1) & ~(person & np.char.isdigit(_head(numbers))), 0, change)
    change = np.where(numbers == "", 1, change)
    written = numbers.copy()
    written[change == ID_CHANGES.index("missing")] = ""
    short = np.flatnonzero(change == ID_CHANGES.index("fifteen"))
    slip = np.flatnonzero(change == ID_CHANGES.index("slip"))
    for row in short:
        written[row] = _fifteen(str(numbers[row]))
    for row, luck in zip(slip, stream.integers(6, 16, len(slip)), strict=True):
        written[row] = _swapped(str(numbers[row]), int(luck))
    same = written == numbers
    return written, np.where(same & (change > 1), 0, change).astype(np.uint8)


def _head(numbers: Text) -> Text:
    return numbers.astype("<U17")


def _fifteen(number: str) -> str:
    return number[:6] + number[8:17]


def _swapped(number: str, at: int) -> str:
    for place in [*range(at, 16), *range(6, at)]:
        if number[place] != number[place + 1]:
            return number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    return number


def _restyled(address: Text, wanted: Flags, stream: np.random.Generator) -> Text:
    style = stream.integers(0, len(_STYLES), len(address))
    written = address
    for number, (usual, other) in enumerate(_STYLES):
        rows = wanted & (style == number)
        if rows.any():
            changed = np.char.replace(address, usual, other)
            written = np.where(rows, changed, written)
    return written
