"""Keys as numbers: the same text at the same bank is the same number, for good.

A number is a keyed hash (blake2b, 63 bits), so there is no table that a flood of new keys could
fill and nothing to evict: what the windows forget is forgotten altogether. The key of the hash is
secret, so nobody can choose texts that collide; by chance two of ten million do in one of 200,000
installations. The table here only saves hashing again.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from titian.payments.windows.layout import NONE

MAX_REMEMBERED: Final = 400_000
_MASK: Final = (1 << 63) - 1


class _Known(dict[str | None, int]):
    """Texts numbered lately; asks the ones known before, and hashes what is new."""

    def __init__(self, secret: bytes, before: dict[str | None, int]) -> None:
        super().__init__({None: NONE})
        self._secret, self.before = secret, before

    def __missing__(self, text: str) -> int:
        number = self.before.get(text)
        if number is None:
            digest = blake2b(text.encode(), digest_size=8, key=self._secret).digest()
            number = int.from_bytes(digest, "little") & _MASK
        self[text] = number
        return number


class Interner:
    """Texts to numbers of 63 bits; remembers about the latest `most` to twice as many texts."""

    def __init__(self, secret: bytes, most: int = MAX_REMEMBERED) -> None:
        self._secret, self._most = secret[:64], most
        self._known = _Known(self._secret, {})

    def numbers(self, texts: Iterable[str | None]) -> list[int]:
        """Give the number of each text; NONE for none."""
        if len(self._known) > self._most:
            before = dict(self._known)
            self._known = _Known(self._secret, before)
        return list(map(self._known.__getitem__, texts))

    def remembered(self) -> int:
        """Give how many texts are remembered."""
        return len(self._known) + len(self._known.before)
