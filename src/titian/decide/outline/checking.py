"""What is wrong with a condition that people build, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from titian.decide.conditions.condition import parse
from titian.decide.conditions.fields import Schema
from titian.decide.conditions.problems import ConditionError, Problem
from titian.decide.outline.model import Group, Part, Path, Text
from titian.decide.outline.writing import Written, write


@dataclass(frozen=True, slots=True)
class Checked:
    """A condition's text with its problems, by the row or text each of them comes from.

    Their positions are those of the whole text; a fault of the whole (too long, too deep) is at
    the empty path.
    """

    written: Written
    problems: Mapping[Path, tuple[Problem, ...]]

    @property
    def text(self) -> str:
        """The condition's text, empty when nothing is asked."""
        return self.written.text

    @property
    def right(self) -> bool:
        """Whether it asks something, and nothing is wrong with it."""
        return bool(self.text) and not self.problems


def checked(group: Group, schema: Schema) -> Checked:
    """Write a group as text and check each of its rows by itself."""
    written = write(group, schema)
    found: dict[Path, tuple[Problem, ...]] = {}
    for path, (start, end) in written.spans.items():
        bracket = isinstance(_part(group, path), Text)
        inner = written.text[start + bracket : end - bracket]
        problems = _problems(inner, schema)
        if problems:
            at = start + bracket
            found[path] = tuple(
                replace(one, start=one.start + at, end=one.end + at) for one in problems
            )
    if not found and written.text:
        whole = _problems(written.text, schema)
        if whole:
            found[()] = whole
    return Checked(written, found)


def _part(part: Part, path: Path) -> Part:
    for number in path:
        assert isinstance(part, Group), "a path leads through groups"
        part = part.parts[number]
    return part


def _problems(text: str, schema: Schema) -> tuple[Problem, ...]:
    try:
        parse(text, schema)
    except ConditionError as error:
        return error.problems
    return ()
