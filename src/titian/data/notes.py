"""What people write beside an act. It is kept for good, so it may not tell who a person is."""

from __future__ import annotations

import re
from collections.abc import Iterable

from titian.kernel.errors import InvalidInput, LimitExceeded
from titian.kernel.scope import holds_a_number

MAX_NOTE_CHARACTERS = 500
MIN_WORDS = 4
MIN_TELLING_CHARACTERS = 2
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_]+")


def checked(note: str) -> str:
    """Give a note without blanks around it.

    Raises LimitExceeded when it is too long, InvalidInput when a number in it may be somebody's:
    identity, phone and account numbers have six figures in a row, or nine with blanks.
    """
    if len(note) > MAX_NOTE_CHARACTERS:
        raise LimitExceeded(
            f"the note has {len(note)} characters", f"Use at most {MAX_NOTE_CHARACTERS}."
        )
    if holds_a_number(note):
        raise InvalidInput(
            "what you wrote holds a number that may be a person's",
            "Leave out numbers of six figures or more: it stays in the audit log for good. "
            "Write dates as 2026-03-31.",
        )
    return note.strip()


def reason(text: str) -> str:
    """Give a reason of at least four words, where a Chinese character is one. Raises as `checked`.

    Also raises InvalidInput when it says less.
    """
    said = checked(text)
    if len(_WORD.findall(said)) < MIN_WORDS:
        raise InvalidInput(
            "the reason is too short", "Say why, in at least four words or Chinese characters."
        )
    return said


def tells(note: str, values: Iterable[str]) -> bool:
    """Say whether a note repeats one of the values that tell who somebody is."""
    words = "".join(note.split())
    return any(len(value) >= MIN_TELLING_CHARACTERS and value in words for value in values)
