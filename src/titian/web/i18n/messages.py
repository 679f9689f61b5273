"""The reader's language, and messages in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from titian.kernel.settings import settings

LOCALES: dict[str, str] = {"zh": "中文", "en": "English"}
SOURCE_LOCALE = "en"
ERRORS = "_errors.po"
FOLDER = Path(__file__).parent

_locale: ContextVar[str | None] = ContextVar("titian_locale", default=None)


def locale() -> str:
    """Give the reader's language; outside a request, the installation's."""
    return _locale.get() or settings().locale


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Use a language inside the block."""
    token = _locale.set(chosen if chosen in LOCALES else None)
    try:
        yield
    finally:
        _locale.reset(token)


class Lazy:
    """A message that is looked up when it is shown; `%(name)s` parts are filled then."""

    __slots__ = ("_message", "_values")

    def __init__(self, message: str, values: dict[str, object]) -> None:
        self._message = message
        self._values = values

    def __str__(self) -> str:
        return _(self._message, **self._values)

    def __html__(self) -> str:
        from markupsafe import escape

        return str(escape(str(self)))

    def __repr__(self) -> str:
        return f"lazy({self._message!r})"

    def __hash__(self) -> int:
        return hash(self._message)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lazy) and repr(self) == repr(other)


Text = str | Lazy


def lazy(message: str, **values: object) -> Lazy:
    """Give a message that is translated when it is shown."""
    return Lazy(message, values)


def _(message: str, **values: object) -> str:
    """Give a message in the reader's language, with `%(name)s` parts filled."""
    text = _messages(locale()).get(message, message)
    return text % values if values else text


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """Give the message for a number, which is also filled in as `%(num)s`."""
    return plural(one, many, number) % {"num": number, **values}


def plural(one: str, many: str, number: int) -> str:
    """Give the message for a number, its parts not yet filled."""
    return _messages(locale()).get(one, one if number == 1 else many)


@lru_cache(maxsize=8)
def _messages(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in catalogues(language):
        for message in read_catalogue(path):
            source, target = first(message.id), first(message.string)
            if source and target and not message.fuzzy:
                found[source] = target
    return found


def first(words: str | Sequence[str] | None) -> str:
    """Give the first form of a message that may have several."""
    if not words:
        return ""
    return words if isinstance(words, str) else words[0]


def catalogues(language: str) -> list[Path]:
    """List the catalogue files of a language, bar the one of errors."""
    return sorted(path for path in (FOLDER / language).glob("*.po") if path.name != ERRORS)


def read_catalogue(path: Path) -> Catalog:
    """Read a catalogue file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.name)
