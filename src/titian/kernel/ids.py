"""Ids as types, so that a bank's id is never passed where a user's is meant."""

from __future__ import annotations

import os
import re
import threading
import time
from datetime import datetime
from typing import NewType

from titian.kernel.errors import InvalidInput

BankId = NewType("BankId", str)
UserId = NewType("UserId", str)
OrgId = NewType("OrgId", str)
PartyId = NewType("PartyId", str)
AccountId = NewType("AccountId", str)
LoanId = NewType("LoanId", str)
RunId = NewType("RunId", str)

NAME_MAX_CHARACTERS = 63
_NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{NAME_MAX_CHARACTERS - 1}}}")
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"


_order = threading.Lock()
_newest = 0


def new_id(prefix: str) -> str:
    """Make an id that sorts by time of making: prefix, 48 bits of milliseconds, 64 random bits.

    Ids of one process sort in the order of their making even within a millisecond.
    """
    global _newest
    made = time.time_ns() // 1_000_000 << 64 | int.from_bytes(os.urandom(8))
    with _order:
        _newest = made if made > _newest else _newest + 1 + int.from_bytes(os.urandom(4))
        return _written(prefix, _newest)


def least_id(prefix: str, moment: datetime) -> str:
    """Give the id that sorts before all that `new_id` makes from a moment on."""
    return _written(prefix, int(moment.timestamp() * 1_000) << 64)


def _written(prefix: str, number: int) -> str:
    digits = "".join(_BASE32[number >> shift & 31] for shift in range(110, -1, -5))
    return f"{prefix}_{digits}"


def valid_name(text: str, what: str = "name") -> str:
    """Give the text back if it can name a bank, table, column or definition.

    Raises InvalidInput for anything but lower-case letters, digits and `_`, starting with a letter.
    """
    if not _NAME.fullmatch(text):
        raise InvalidInput(
            f"{text[:80]!r} is not a valid {what}",
            f"Use 1 to {NAME_MAX_CHARACTERS} lower-case letters, digits or _, "
            "starting with a letter.",
        )
    return text


def bank_id(text: str) -> BankId:
    """Check a text as a bank's id."""
    return BankId(valid_name(text, "bank id"))
