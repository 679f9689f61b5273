"""Finding tags and fields to add: by name in either language, by code, by value, by category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from titian.decide import Field
from titian.web.i18n import locale

MAX_FOUND = 40
MAX_NEAR = 6
NEAR = 0.4


@dataclass(frozen=True, slots=True)
class Word:
    """Something that can be added: a field, or one value of it; `add` is what the button sends.

    `names` are the field's names in both languages and its code, `text` all it is found by.
    """

    add: str
    label: str
    value: str
    code: str
    shelf: str
    count: int | None
    names: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """Words by shelf, in the order of the shelves; `near` when none fits and these come close."""

    shelves: tuple[tuple[str, tuple[Word, ...]], ...]
    near: bool = False
    more: int = 0


def words(fields: Iterable[tuple[Field, str]], counts: Mapping[tuple[str, str], int]) -> list[Word]:
    """Make the words of some fields, each with its shelf: the field itself and its values."""
    made: list[Word] = []
    for field, shelf in fields:
        values = dict(field.values or {})
        own = [count for (name, _value), count in counts.items() if name == field.name]
        names = _search(field.label.zh, field.label.en, field.name)
        search = f"{names} {shelf}".casefold()
        label = field.label.text(locale())
        made.append(
            Word(field.name, label, "", field.name, shelf, sum(own) if own else None, names, search)
        )
        for code, word in values.items():
            value = word.text(locale())
            count = counts.get((field.name, code))
            text = f"{search} {_search(word.zh, word.en, code)}"
            made.append(Word(f"{field.name}:{code}", label, value, code, shelf, count, names, text))
    return made


def find(known: Sequence[Word], asked: str) -> Found:
    """Find words; all fields when nothing is asked, and what looks alike when nothing fits."""
    wanted = asked.casefold().split()
    if not wanted:
        return _shelved([word for word in known if not word.value], len(known))
    fits = [word for word in known if all(part in word.text for part in wanted)]
    fields = [word for word in fits if not word.value]
    named = {word.code for word in fields if all(part in word.names for part in wanted)}
    values = [word for word in fits if word.value and word.add.partition(":")[0] not in named]
    ranked = sorted((*fields, *values), key=lambda word: not _begins(word, wanted[0]))
    if ranked:
        return _shelved(ranked, MAX_FOUND)
    return Found(_shelved(_alike(known, asked.casefold()), MAX_NEAR).shelves, near=True)


def _begins(word: Word, part: str) -> bool:
    return (word.value or word.label).casefold().startswith(part)


def _alike(known: Sequence[Word], asked: str) -> list[Word]:
    by_name: dict[str, Word] = {}
    for word in known:
        for name in (word.label, word.code, word.value):
            by_name.setdefault(name.casefold(), word)
    close = get_close_matches(asked, by_name, n=MAX_NEAR, cutoff=NEAR)
    return list(dict.fromkeys(by_name[name] for name in close))


def _shelved(found: Sequence[Word], most: int) -> Found:
    shelves: dict[str, list[Word]] = {}
    for word in found[:most]:
        shelves.setdefault(word.shelf, []).append(word)
    made = tuple((shelf, tuple(inner)) for shelf, inner in shelves.items())
    return Found(made, more=max(0, len(found) - most))


def _search(*names: str) -> str:
    return " ".join(names).casefold()
