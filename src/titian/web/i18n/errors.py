"""Errors come from the rooms below in English; this finds their words in other languages.

A catalogue `_errors.po` holds each message with `{}` where the source has a value in it. A message
is matched against these patterns, and its values are put into the translation: in their order
(`{}`), or by number (`{1}`) where the other language turns them round. A value that is a name the
caller knows, several of them, or a sentence of its own is put in as the reader calls it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from titian.web.i18n.formats import listed
from titian.web.i18n.messages import ERRORS, FOLDER, LOCALES, SOURCE_LOCALE, locale, read_catalogue

HOLE = "{}"
MAX_CHARACTERS = 2_000
_PLACE = re.compile(r"\{(\d?)\}")
_BETWEEN = ", "
_VALUE = "(.*?)"
Names = Mapping[str, str]
_NOBODY: Names = MappingProxyType({})


def said(text: str, names: Names = _NOBODY) -> str:
    """Give an error's sentence in the reader's language; as it is when nobody translated it.

    `names` say what ids in it are called.
    """
    language = locale()
    if language == SOURCE_LOCALE or len(text) > MAX_CHARACTERS:
        return text
    exact, patterns = _patterns(language)
    if text in exact:
        return exact[text]
    for pattern, target in patterns:
        found = pattern.fullmatch(text)
        if found:
            return _filled(target, [_value(one, names) for one in found.groups()])
    return text


def sentence(text: str) -> str:
    """Begin an English error with a capital letter, unless it begins with a value such as an id."""
    if locale() != SOURCE_LOCALE or len(text) > MAX_CHARACTERS or not _begins_with_words(text):
        return text
    return text[:1].upper() + text[1:]


def _begins_with_words(text: str) -> bool:
    for language in LOCALES.keys() - {SOURCE_LOCALE}:
        exact, patterns = _patterns(language)
        if text in exact:
            return True
        for pattern, _target in patterns:
            if pattern.fullmatch(text):
                return not pattern.pattern.startswith(_VALUE)
    return False


def told(text: str, names: Names = _NOBODY) -> str:
    """Give a kept error, `what. remedy` in one text, in the reader's language."""
    for at in (found.start() for found in re.finditer(r"\. ", text[:MAX_CHARACTERS])):
        what, remedy = text[:at], text[at + 2 :]
        if said(what) != what:
            return f"{said(what, names)}。{said(remedy, names)}"
    return said(text, names)


def _value(text: str, names: Names) -> str:
    parts = text.split(_BETWEEN)
    if all(part in names for part in parts):
        return listed([names[part] for part in parts])
    return said(text, names)


def _filled(target: str, values: Sequence[str]) -> str:
    parts = iter(values)
    return _PLACE.sub(lambda at: values[int(at[1])] if at[1] else next(parts, ""), target)


@lru_cache(maxsize=4)
def _patterns(language: str) -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    path = FOLDER / language / ERRORS
    exact: dict[str, str] = {}
    patterns: list[tuple[re.Pattern[str], str]] = []
    if not path.exists():
        return exact, patterns
    for entry in read_catalogue(path):
        source, target = entry.id, entry.string
        if not isinstance(source, str) or not isinstance(target, str) or not source or not target:
            continue
        if HOLE in source:
            parts = (re.escape(part) for part in source.split(HOLE))
            patterns.append((re.compile(_VALUE.join(parts), re.DOTALL), target))
        else:
            exact[source] = target
    patterns.sort(key=lambda pair: -len(pair[0].pattern))
    return exact, patterns
