"""Passwords: argon2id, and what a password must be."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from titian.kernel.errors import InvalidInput

MIN_CHARACTERS = 10
MAX_CHARACTERS = 128
MIN_DISTINCT_CHARACTERS = 5

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_decoy = _hasher.hash("a password nobody has")


def hashed(password: str, user_id: str) -> str:
    """Check a new password and hash it (argon2id). Raises InvalidInput saying what it lacks."""
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise InvalidInput(
            f"a password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters",
            "Three unrelated words make a good one.",
        )
    if len(set(password)) < MIN_DISTINCT_CHARACTERS or user_id.lower() in password.lower():
        raise InvalidInput(
            "this password is easy to guess",
            f"Use {MIN_DISTINCT_CHARACTERS} different characters or more, and not your name.",
        )
    return _hasher.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Compare in the same time whether the user exists or not (hash None)."""
    try:
        _hasher.verify(password_hash or _decoy, password[:MAX_CHARACTERS])
    except VerifyMismatchError:
        return False
    return password_hash is not None
