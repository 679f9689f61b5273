"""Words side by side: what somebody probably meant, and which comes first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from titian.kernel.errors import Remedy

MAX_SHOWN = 12
_NUMBER = re.compile(r"([0-9]+)")


def natural(word: str) -> list[str | int]:
    """Give a key that sorts the numbers in words as numbers: 1, 2, 10."""
    return [int(part) if at % 2 else part for at, part in enumerate(_NUMBER.split(word))]


def nearest(word: str, choices: Iterable[str]) -> Remedy:
    """Say which word was probably meant, or which there are."""
    known = sorted({str(choice) for choice in choices})
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return Remedy(f"Did you mean {close[0]!r}?")
    if not known:
        return Remedy("There are none yet.")
    if len(known) > MAX_SHOWN:
        return Remedy(f"Known: {', '.join(known[:MAX_SHOWN])} ….")
    return Remedy(f"Known: {', '.join(known)}.")
