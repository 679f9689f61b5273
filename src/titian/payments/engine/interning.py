"""Keys as numbers: the same text at the same bank is the same number, for good.

A number is a keyed hash (blake2b, 63 bits), so there is no table that a flood of new keys could
fill and nothing to evict: what the windows forget is forgotten altogether. The key of the hash is
secret, so nobody can choose texts that collide; by chance two of ten million do in one of 200,000
installations. The table here only saves hashing again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Final

import numpy as np

from titian.payments.windows.layout import NONE, Ints

MAX_REMEMBERED: Final = 400_000
_MASK: Final = (1 << 63) - 1


class Interner:
    """Texts to numbers of 63 bits; remembers the latest `most` to twice as many texts."""

    def __init__(self, secret: bytes, most: int = MAX_REMEMBERED) -> None:
        self._secret, self._most = secret[:64], most
        self._young: dict[str | None, int] = {None: NONE}
        self._old: dict[str | None, int] = {}

    def numbers(self, texts: Sequence[str | None]) -> list[int]:
        """Give the number of each text; NONE for none."""
        young = self._young
        found = [young.get(text) for text in texts]
        if None in found:
            return [self._number(text) for text in texts]
        return found  # type: ignore[return-value]  # no None is left

    def remembered(self) -> int:
        """Give how many texts are remembered."""
        return len(self._young) + len(self._old)

    def _number(self, text: str | None) -> int:
        known = self._young.get(text)
        if known is not None or text is None:
            return NONE if known is None else known
        known = self._old.get(text)
        if known is None:
            digest = blake2b(text.encode(), digest_size=8, key=self._secret).digest()
            known = int.from_bytes(digest, "little") & _MASK
        if len(self._young) > self._most:
            self._old, self._young = self._young, {None: NONE}
        self._young[text] = known
        return known


def paired(first: Ints, second: Ints) -> Ints:
    """Make one number of two (after Steele, Lea and Flood 2014); NONE where either is."""
    mixed = first.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + second.astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = (mixed ^ (mixed >> np.uint64(31))) & np.uint64(_MASK)
    pair: Ints = np.where((first == NONE) | (second == NONE), NONE, mixed.astype(np.int64))
    return pair


def joined(parts: Iterable[Ints]) -> Ints:
    """Make one number of one or several."""
    first, *rest = parts
    for part in rest:
        first = paired(first, part)
    return first
