"""Strict reading of definition files: YAML that knows its lines, and words that nearly match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import yaml

from titian.kernel.errors import InvalidDefinition
from titian.kernel.labels import Label
from titian.kernel.near import nearest as nearest  # noqa: PLC0414  # rooms take it from here
from titian.kernel.shallow import TooDeep, compose

Place = tuple[str | int, ...]
MAX_DEPTH = 12
MAX_NODES = 20_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"
# YAML 1.1 also reads yes, no, on and off as booleans; here they are words.
_BOOLEAN = "tag:yaml.org,2002:bool"
# It also reads 16:30 as a number to the base of sixty; here it is text.
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
_TOO_MUCH = "the definition is too large or too deep"


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML text as plain values, with the line on which each of them stands."""

    file: str
    value: object
    lines: Mapping[Place, int] = field(repr=False)

    def line(self, place: Place = ()) -> int:
        """Give the line of a value; of its nearest parent where it is not written itself."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 0)

    def error(self, place: Place, what: str, remedy: str) -> InvalidDefinition:
        """Make the error that points at a value."""
        return InvalidDefinition(what, remedy, file=self.file, line=self.line(place))

    def mapping(self, value: object, place: Place, what: str) -> dict[str, object]:
        """Check that a value maps words to values. Raises InvalidDefinition."""
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise self.error(place, f"{what} must be `key: value` lines", f"It is {_kind(value)}.")
        return value

    def known_keys(self, value: Mapping[str, object], allowed: Iterable[str], place: Place) -> None:
        """Refuse a key that means nothing here, naming the nearest that does."""
        choices = tuple(allowed)
        for key in value:
            if key not in choices:
                raise self.error((*place, key), f"unknown key {key!r}", nearest(key, choices))

    def text(self, value: object, place: Place, what: str) -> str:
        """Check that a value is a non-empty text."""
        if not isinstance(value, str) or not value.strip():
            raise self.error(place, f"{what} must be text", f"It is {_kind(value)}.")
        return value.strip()

    def label(self, value: object, place: Place, what: str) -> Label:
        """Read `{zh: …, en: …}`, or one text that serves both languages."""
        if isinstance(value, str):
            text = self.text(value, place, what)
            return Label(text, text)
        given = self.mapping(value, place, what)
        self.known_keys(given, ("zh", "en"), place)
        return Label(*(self.text(given.get(key), (*place, key), key) for key in ("zh", "en")))

    def texts(self, value: object, place: Place, what: str) -> tuple[str, ...]:
        """Check that a value is a list of texts."""
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(
                place, f"{what} must be a list of words", f"Write [a, b]; it is {_kind(value)}."
            )
        return tuple(value)

    def whole(self, value: object, place: Place, what: str, low: int, high: int) -> int:
        """Check that a value is a whole number within limits."""
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.error(
                place, f"{what} must be a whole number", f"Write one from {low} to {high}."
            )
        return value

    def flag(self, value: object, place: Place, what: str) -> bool:
        """Check that a value is true or false."""
        if not isinstance(value, bool):
            raise self.error(place, f"{what} must be true or false", f"It is {_kind(value)}.")
        return value

    def choice(self, value: object, place: Place, what: str, choices: Sequence[str]) -> str:
        """Check that a value is one of a few words."""
        if value not in choices:
            raise self.error(place, f"{what} {value!r} is not known", nearest(str(value), choices))
        return str(value)


def read_yaml(text: str, file: str, first_line: int = 1) -> Document:
    """Read one YAML document; `first_line` is the line of the file on which the text starts.

    Raises InvalidDefinition for bad YAML, a key written twice, aliases or excessive nesting.
    """
    try:
        node = compose(text, _LOADER, MAX_DEPTH + 1)
    except TooDeep as deep:
        raise InvalidDefinition(
            _TOO_MUCH, "Split it up.", file=file, line=first_line + deep.line
        ) from None
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark.line if error.problem_mark else 0
        raise InvalidDefinition(
            f"this is not YAML: {error.problem or error.context}",
            "Check the indentation, colons and quotes on this line.",
            file=file,
            line=first_line + min(at, text.rstrip().count("\n")),
        ) from None
    except yaml.YAMLError as error:
        raise InvalidDefinition(
            f"this is not YAML: {error}", "Save the file as UTF-8 text.", file=file, line=first_line
        ) from None
    walk = _Walk(file, first_line)
    return Document(file, walk.value(node, ()) if node else None, walk.lines)


class _Walk:
    def __init__(self, file: str, first_line: int) -> None:
        self.file = file
        self.first_line = first_line
        self.lines: dict[Place, int] = {}
        self.loader = yaml.SafeLoader("")

    def value(self, node: yaml.Node, place: Place) -> object:
        self.lines.setdefault(place, node.start_mark.line + self.first_line)
        if len(place) > MAX_DEPTH or len(self.lines) > MAX_NODES:
            raise self.error(node, _TOO_MUCH, "Split it up.")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, at)) for at, item in enumerate(node.value)]
        if node.tag == _BOOLEAN and node.value.lower() not in ("true", "false"):
            return node.value
        if node.tag in _NUMBERS and ":" in node.value:
            return node.value
        try:
            made: object = self.loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError):
            raise self.error(node, f"{node.value!r} is not a value", "Put it in quotes.") from None
        return made

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[object, object]:
        # Keys are scalars, so they can be part of a place.
        made: dict[object, object] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE or not isinstance(key_node, yaml.ScalarNode):
                raise self.error(key_node, "keys must be plain words", "Write the keys out.")
            key = cast("str | int", self.value(key_node, (*place, key_node.value)))
            if key in made:
                raise self.error(key_node, f"{key!r} is written twice", "Keep one of them.")
            self.lines[(*place, key)] = key_node.start_mark.line + self.first_line
            made[key] = self.value(value_node, (*place, key))
        return made

    def error(self, node: yaml.Node, what: str, remedy: str) -> InvalidDefinition:
        line = node.start_mark.line + self.first_line
        return InvalidDefinition(what, remedy, file=self.file, line=line)


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", type(None): "empty"}
    return names.get(type(value), f"{value!r}")
