"""From YAML files to entries: what is stated where, each name once, overrides only if allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from titian.data.indicators.model import Origin
from titian.data.strict import Document, Place, nearest, read_yaml
from titian.decide import Label
from titian.kernel.errors import InvalidDefinition, InvalidInput
from titian.kernel.ids import valid_name

MAX_ENTRIES = 20_000


class Section(StrEnum):
    """The parts of a definition file."""

    SOURCES = "sources"
    DIMENSIONS = "dimensions"
    MODIFIERS = "modifiers"
    ATOMICS = "atomics"
    DERIVE = "derive"
    FORMULAS = "formulas"


_DEFAULTS = ("subject", "owner", "version", "overridable")
_KEYS: Mapping[Section, tuple[str, ...]] = {
    Section.SOURCES: ("zh", "en", "table", "timing", "date", "org", "rows", "where", "overridable"),
    Section.DIMENSIONS: ("zh", "en", "column", "table", "values", "overridable"),
    Section.MODIFIERS: ("zh", "en", "where", "overridable"),
    Section.ATOMICS: (
        "zh",
        "en",
        "source",
        "aggregation",
        "measure",
        "denominator",
        "share",
        "where",
        "unit",
        "description",
        *_DEFAULTS,
    ),
    Section.DERIVE: ("atomic", "modifiers", "periods", "names", "description", *_DEFAULTS),
    Section.FORMULAS: ("zh", "en", "formula", "periods", "unit", "description", *_DEFAULTS),
}


_CALLED = {Section.FORMULAS: "indicator"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition as written, with helpers that point at its place when it is wrong."""

    name: str
    spec: Mapping[str, object]
    document: Document
    place: Place
    own: bool
    defaults: Mapping[str, object]

    @property
    def origin(self) -> Origin:
        """Where it is written."""
        return Origin(self.document.file, self.document.line(self.place), self.own)

    def error(self, what: str, remedy: str, *steps: str | int) -> InvalidDefinition:
        """Make the error that points at a part of it."""
        return self.document.error((*self.place, *steps), f"{self.name}: {what}", remedy)

    def get(self, key: str) -> object:
        """Give a value, or the file's default for it."""
        return self.spec.get(key, self.defaults.get(key))

    def need(self, key: str) -> object:
        """Give a value that must be there. Raises InvalidDefinition."""
        if self.get(key) is None:
            raise self.error(f"{key!r} is missing", f"Add `{key}: …`.")
        return self.get(key)

    def text(self, key: str) -> str:
        """Give a text that must be there."""
        return self.document.text(self.need(key), (*self.place, key), key)

    def optional(self, key: str) -> str | None:
        """Give a text if it is there."""
        return None if self.get(key) is None else self.text(key)

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """Give one of a few words."""
        known = [str(choice) for choice in choices]
        return self.document.choice(self.need(key), (*self.place, key), key, known)

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a list of texts; empty where it is not written."""
        value = self.get(key)
        if value is None:
            return ()
        return self.document.texts(value, (*self.place, key), key)

    @property
    def overridable(self) -> bool:
        """Whether a bank may state it anew."""
        value = self.get("overridable") or False
        return self.document.flag(value, (*self.place, "overridable"), "overridable")

    @property
    def label(self) -> Label:
        """Its Chinese and English names."""
        return Label(self.text("zh"), self.text("en"))

    def words(self, key: str) -> Label | None:
        """Give a `{zh, en}` pair, or one text for both, if it is there."""
        value = self.get(key)
        return None if value is None else self.document.label(value, (*self.place, key), key)


@dataclass(slots=True)
class Book:
    """Every entry of several files by section and name; `derive` entries have no name."""

    named: dict[Section, dict[str, Entry]] = field(
        default_factory=lambda: {section: {} for section in Section}
    )
    families: list[Entry] = field(default_factory=list)

    def add(self, section: Section, entry: Entry) -> None:
        """Put a named entry in its place. Raises InvalidDefinition when it may not be there."""
        claim(self.named[section], entry.name, entry, _CALLED.get(section, section.value[:-1]))


def claim(taken: dict[str, Entry], name: str, entry: Entry, what: str) -> None:
    """Note that an entry defines a name; a bank's own may replace an overridable one.

    Raises InvalidDefinition naming the other place.
    """
    other = taken.get(name)
    if other is not None and not (entry.own and not other.own and other.overridable):
        there = f"{other.origin.file}:{other.origin.line}"
        if entry.own and not other.own:
            raise entry.error(
                f"a bank may not define the union's {what} {name} anew (it is in {there})",
                "Choose another name, or ask the union to mark theirs `overridable: true`.",
            )
        raise entry.error(f"{what} {name} is defined twice (also in {there})", "Keep one of them.")
    taken[name] = entry


def read_files(files: Sequence[Path], own: frozenset[Path]) -> Book:
    """Read definition files, the union's first. Raises InvalidDefinition with file and line."""
    book = Book()
    count = 0
    for path in sorted(files, key=lambda path: (path in own, path.name)):
        document = _document(str(path), path.stat().st_mtime_ns, path.stat().st_size)
        for section, entry in _entries(document, own=path in own):
            count += 1
            if count > MAX_ENTRIES:
                raise InvalidDefinition(f"there are over {MAX_ENTRIES} entries", "Remove some.")
            if section is Section.DERIVE:
                book.families.append(entry)
            else:
                book.add(section, entry)
    return book


@lru_cache(maxsize=512)
def _document(file: str, _modified: int, _size: int) -> Document:
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidDefinition("the file is not UTF-8", "Save it as UTF-8.", file=file) from None
    return read_yaml(text, file)


def _entries(document: Document, *, own: bool) -> Iterator[tuple[Section, Entry]]:
    value = document.mapping(document.value or {}, (), "the file")
    document.known_keys(value, ("defaults", *Section), ())
    defaults = document.mapping(value.get("defaults") or {}, ("defaults",), "defaults")
    document.known_keys(defaults, _DEFAULTS, ("defaults",))
    for section in Section:
        part = value.get(section.value)
        if part is None:
            continue
        for name, spec, place in _items(document, section, part):
            entry = Entry(name, spec, document, place, own, defaults)
            document.known_keys(spec, _KEYS[section], place)
            yield section, entry


def _items(
    document: Document, section: Section, part: object
) -> Iterator[tuple[str, Mapping[str, object], Place]]:
    place: Place = (section.value,)
    if section is Section.DERIVE:
        if not isinstance(part, list):
            raise document.error(place, "derive must be a list", "Write one `- atomic: …` each.")
        for at, item in enumerate(part):
            here = (*place, at)
            yield "derive", document.mapping(item, here, "a family"), here
        return
    for name, spec in document.mapping(part, place, section.value).items():
        here = (*place, name)
        try:
            valid_name(name, f"name in {section.value}")
        except InvalidInput as error:
            raise document.error(here, error.what, error.remedy) from None
        yield name, document.mapping(spec, here, name), here


def unknown(
    entry: Entry, what: str, name: str, known: Sequence[str], *steps: str | int
) -> InvalidDefinition:
    """Make the error for a name that is not defined, with the nearest one."""
    return entry.error(f"there is no {what} {name!r}", nearest(name, known), *steps)
