"""YAML composed only where it is shallow: PyYAML's composer calls itself for every level.

Deep enough a text would overflow the stack and end the process, so its levels are counted first.
"""

from __future__ import annotations

from typing import Any

import yaml

HARMLESS_CHARACTERS = 1_000
"""So short a text cannot nest deep enough to harm; whoever reads it still bounds its depth."""


class TooDeep(Exception):
    """A text nests deeper than is read; `line` counts from 0."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def compose(text: str, loader: Any, most: int) -> yaml.Node | None:
    """Give the root node of a YAML text. Raises TooDeep beyond `most` levels, yaml.YAMLError."""
    if len(text) > HARMLESS_CHARACTERS:
        _count_levels(text, loader, most)
    root: yaml.Node | None = yaml.compose(text, Loader=loader)
    return root


def _count_levels(text: str, loader: Any, most: int) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > most:
            raise TooDeep(event.start_mark.line if event.start_mark else 0)
