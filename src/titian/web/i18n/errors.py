"""Errors come from the rooms below in English; this finds their words in other languages.

A catalogue `_errors.po` holds each message with `{}` where the source has a value in it. A message
is matched against these patterns, and its values are put into the translation: in their order
(`{}`), or by number (`{1}`) where the other language turns them round.
"""

from __future__ import annotations

import re
from functools import lru_cache

from titian.web.i18n.messages import ERRORS, FOLDER, SOURCE_LOCALE, locale, read_catalogue

HOLE = "{}"
MAX_CHARACTERS = 2_000
_PLACE = re.compile(r"\{(\d?)\}")


def said(text: str) -> str:
    """Give an error's sentence in the reader's language; as it is when nobody translated it."""
    language = locale()
    if language == SOURCE_LOCALE or len(text) > MAX_CHARACTERS:
        return text
    exact, patterns = _patterns(language)
    if text in exact:
        return exact[text]
    for pattern, target in patterns:
        found = pattern.fullmatch(text)
        if found:
            return _filled(target, found.groups())
    return text


def told(text: str) -> str:
    """Give a kept error, `what. remedy` in one text, in the reader's language."""
    for at in (found.start() for found in re.finditer(r"\. ", text[:MAX_CHARACTERS])):
        what, remedy = text[:at], text[at + 2 :]
        if said(what) != what:
            return f"{said(what)}。{said(remedy)}"
    return said(text)


def _filled(target: str, values: tuple[str, ...]) -> str:
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
            patterns.append((re.compile("(.*?)".join(parts), re.DOTALL), target))
        else:
            exact[source] = target
    patterns.sort(key=lambda pair: -len(pair[0].pattern))
    return exact, patterns
