"""Find the messages in the source, write them into the catalogues, name those without a word."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from titian.web.i18n.messages import (
    FOLDER,
    LOCALES,
    SOURCE_LOCALE,
    catalogues,
    first,
    read_catalogue,
)

WEB = FOLDER.parent
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "lazy": None, "ngettext": (1, 2)}
COMMON = "frame"
_TOOLS = frozenset({"collect.py", "messages.py", "errors.py"})

Message = str | tuple[str, str]


def messages() -> dict[Message, list[tuple[str, int]]]:
    """Find every message with the places (file, line) that use it."""
    found: dict[Message, list[tuple[str, int]]] = {}
    for path in _sources():
        place = path.relative_to(WEB).as_posix()
        for line, message in _of_file(path):
            found.setdefault(message, []).append((place, line))
    return found


def _sources() -> Iterator[Path]:
    for pattern in ("**/*.py", "templates/**/*.html"):
        for path in sorted(WEB.glob(pattern)):
            if "static" not in path.parts and path.name not in _TOOLS:
                yield path


@cache
def _of_file(path: Path) -> tuple[tuple[int, Message], ...]:
    method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
    options = {"encoding": "utf-8", "silent": "false"}
    found = extract_from_file(method, path, keywords=KEYWORDS, options=options)
    return tuple(
        (line, message if isinstance(message, str) else (message[0], message[1]))
        for line, message, _comments, _context in found
        if message
    )


def missing_messages() -> list[str]:
    """Name each message without a translation, as `language: message (file:line)`."""
    lacking: list[str] = []
    for language in sorted(LOCALES.keys() - {SOURCE_LOCALE}):
        known = _translated(language)
        for message, places in messages().items():
            if message not in known:
                file, line = places[0]
                lacking.append(f"{language}: {message!r} ({file}:{line})")
    return lacking


def unused() -> list[str]:
    """Name each translation whose message is gone from the source."""
    wanted = set(messages())
    return [
        f"{language}: {message!r}"
        for language in sorted(LOCALES.keys() - {SOURCE_LOCALE})
        for message in sorted(_translated(language) - wanted, key=str)
    ]


def _translated(language: str) -> set[Message]:
    known: set[Message] = set()
    for path in catalogues(language):
        for entry in read_catalogue(path):
            if entry.id and first(entry.string) and not entry.fuzzy:
                known.add(_key(entry.id))
    return known


def room_of(places: list[tuple[str, int]]) -> str:
    """Name the catalogue of a message: the page module that alone uses it, else the frame's."""
    rooms = {_room(Path(file)) for file, _line in places}
    return rooms.pop() if len(rooms) == 1 else COMMON


def _room(file: Path) -> str:
    match file.with_suffix("").parts:
        case ("pages", name) if name != "__init__":
            return name
        case ("templates" | "pages", folder, *_rest) if _rest:
            return folder
        case _:
            return COMMON


def update() -> int:
    """Write new messages into each language's catalogues and drop unused ones; count the new."""
    added = 0
    for language in sorted(LOCALES.keys() - {SOURCE_LOCALE}):
        words: dict[Message, object] = {}
        for path in catalogues(language):
            words.update({_key(e.id): e.string for e in read_catalogue(path) if e.id})
        by_room: dict[str, Catalog] = {}
        for message, places in messages().items():
            room = room_of(places)
            catalogue = by_room.setdefault(room, _empty(language))
            catalogue.add(message, words.get(message, ""), locations=_files(places))  # type: ignore[arg-type]  # Babel takes plural tuples
            added += message not in words
        _write(language, by_room)
    _of_file.cache_clear()
    return added


def _key(source: object) -> Message:
    if isinstance(source, str):
        return source
    assert isinstance(source, list | tuple), "a message is a text or a pair of texts"
    return (source[0], source[1])


def _files(places: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(file, 0) for file in dict.fromkeys(file for file, _line in places)][:3]


def _empty(language: str) -> Catalog:
    return Catalog(locale=language, project="titian", charset="utf-8", fuzzy=False)


def _write(language: str, by_room: dict[str, Catalog]) -> None:
    folder = FOLDER / language
    folder.mkdir(exist_ok=True)
    for path in catalogues(language):
        if path.stem not in by_room:
            path.unlink()
    for room, catalogue in by_room.items():
        with (folder / f"{room}.po").open("wb") as file:
            write_po(
                file, catalogue, width=100, omit_header=True, include_lineno=False, sort_output=True
            )
