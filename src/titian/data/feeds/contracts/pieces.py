"""Small parts of a contract that appear in several places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from titian.data.strict import Document, Place, nearest
from titian.kernel.errors import InvalidDefinition
from titian.kernel.labels import UNSAID, Label

PRIVATE_PREFIX = "x-"
_TITLE_SEPARATOR = " / "


@dataclass(frozen=True, slots=True)
class Piece:
    """A value with its place in the document, so that a complaint points at it."""

    document: Document
    value: object
    place: Place

    def error(self, what: str, remedy: str) -> InvalidDefinition:
        """Make the error that points here."""
        return self.document.error(self.place, what, remedy)

    def keys(self, allowed: frozenset[str], what: str) -> dict[str, Piece]:
        """Read a mapping whose keys are known; empty values count as absent."""
        mapping = self.document.mapping(self.value, self.place, what)
        self.document.known_keys(mapping, sorted(allowed), self.place)
        return {
            key: Piece(self.document, value, (*self.place, key))
            for key, value in mapping.items()
            if value is not None
        }

    def items(self, what: str, limit: int) -> list[Piece]:
        """Read a list of at most `limit` values."""
        if not isinstance(self.value, list):
            raise self.error(f"{what} must be a list", "Start each item with `- `.")
        if len(self.value) > limit:
            raise self.error(f"{what} holds {len(self.value)} items", f"At most {limit} fit.")
        return [Piece(self.document, item, (*self.place, at)) for at, item in enumerate(self.value)]

    def text(self, what: str) -> str:
        """Read a text that is not empty."""
        return self.document.text(self.value, self.place, what)

    def any_text(self, what: str) -> str:
        """Read a text that may be empty or all blanks."""
        if not isinstance(self.value, str):
            raise self.error(f"{what} must be text", "Put it in quotes.")
        return self.value

    def flag(self, what: str) -> bool:
        """Read true or false."""
        return self.document.flag(self.value, self.place, what)

    def whole(self, what: str, low: int, high: int) -> int:
        """Read a whole number within limits."""
        return self.document.whole(self.value, self.place, what, low, high)

    def number(self, what: str, low: float, high: float) -> float:
        """Read a number within limits."""
        value = self.value
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or not low <= value <= high
        ):
            raise self.error(f"{what} must be a number", f"Write one from {low:g} to {high:g}.")
        return float(value)

    def choice(self, what: str, choices: list[str]) -> str:
        """Read one of a few words."""
        return self.document.choice(self.value, self.place, what, choices)

    def day(self, what: str) -> date:
        """Read a date, quoted or not."""
        if type(self.value) is date:
            return self.value
        try:
            return date.fromisoformat(str(self.value))
        except ValueError:
            raise self.error(f"{what} is not a date", "Write it as 1998-12-31.") from None

    def texts(self, what: str) -> tuple[str, ...]:
        """Read a list of texts, which may be empty ones."""
        return self.document.texts(self.value, self.place, what)


def custom(
    entries: Mapping[str, Piece], keys: frozenset[str], known: frozenset[str], limit: int = 64
) -> dict[str, Piece]:
    """Read `customProperties` by property name; names starting with x- belong to others.

    `keys` are the keys of one entry, `known` the property names that mean something here.
    """
    if "customProperties" not in entries:
        return {}
    found: dict[str, Piece] = {}
    for entry in entries["customProperties"].items("customProperties", limit):
        parts = entry.keys(keys, "a custom property")
        if "property" not in parts or "value" not in parts:
            raise entry.error(
                "a custom property lacks its name or value", "Write {property: …, value: …}."
            )
        name = parts["property"].text("the property's name")
        if name.startswith(PRIVATE_PREFIX):
            continue
        if name not in known:
            raise parts["property"].error(
                f"custom property {name!r} means nothing here",
                f"{nearest(name, known)} Start names of your own with {PRIVATE_PREFIX}.",
            )
        if name in found:
            raise parts["property"].error(f"{name!r} is written twice", "Keep one of them.")
        found[name] = parts["value"]
    return found


def sentence(
    entries: Mapping[str, Piece], key: str, extra: Mapping[str, Piece], key_zh: str
) -> Label:
    """Read a sentence in English and its Chinese, which is a custom property; one serves both."""
    given = [(entries, key), (extra, key_zh)]
    texts = [found[name].text(name) for found, name in given if name in found]
    return Label(texts[-1], texts[0]) if texts else UNSAID


def titles(entries: Mapping[str, Piece], name: str) -> tuple[str, str]:
    """Split `贷款借据 / Loan receipts` into its Chinese and English names."""
    if "businessName" not in entries:
        return name, name
    text = entries["businessName"].text("businessName")
    zh, separator, en = text.partition(_TITLE_SEPARATOR)
    return (zh.strip(), en.strip()) if separator else (text, text)
