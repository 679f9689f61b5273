"""Words that nearly match: what somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from titian.kernel.errors import Remedy

MAX_SHOWN = 12


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
